import { assertSucceeded } from '../waiting/polling/taskWatch';
import { type OutputSettings, readOutputSettings, textsOfOutput } from '../parameters/output';
import { readTaskId } from '../parameters/taskId';
import { givesFailureAsData, readTimeout } from '../parameters/waiting';
import { hintsOnTexts } from '../parameters/texts';
import { settle } from '../parameters/validation';
import { defineOperation } from '../run/run';
import { taskItem } from '../run/taskItem';

interface WaitForCompletionPlan {
	taskId: string;
	timeoutSeconds: number;
	failureAsData: boolean;
	output: OutputSettings;
}

/** Asks for a task until it ends. */
export const waitForCompletion = defineOperation<WaitForCompletionPlan>({
	plan({ context }, itemIndex) {
		const plan = {
			taskId: readTaskId(context, itemIndex),
			timeoutSeconds: readTimeout(context, itemIndex),
			failureAsData: givesFailureAsData(context, itemIndex),
			output: readOutputSettings(context, itemIndex),
		};
		settle(context, itemIndex, hintsOnTexts(textsOfOutput(plan.output)));
		return plan;
	},

	async perform(run, { taskId, timeoutSeconds, failureAsData, output }, itemIndex) {
		const seen = await run.slots.run(
			async () => await run.watch.untilEnded(taskId, timeoutSeconds),
		);
		run.tally.note(seen.task);
		if (!failureAsData) assertSucceeded(seen.task);
		return await taskItem(run, seen, output, itemIndex);
	},
});
