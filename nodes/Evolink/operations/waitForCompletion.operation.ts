import { assertSucceeded } from '../waiting/polling/taskWatch';
import {
	binaryPropertyNameField,
	downloadField,
	givesFailureAsData,
	optionsField,
	type OutputSettings,
	readOutputSettings,
	readTaskId,
	readTimeout,
	simplifyField,
	taskIdField,
} from '../parameters/fields';
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
	fields: [
		taskIdField,
		downloadField,
		binaryPropertyNameField,
		simplifyField,
		optionsField(['concurrency', 'maxDownloadSize', 'onTaskFailure', 'timeout']),
	],

	plan: ({ context }, itemIndex) => ({
		taskId: readTaskId(context, itemIndex),
		timeoutSeconds: readTimeout(context, itemIndex),
		failureAsData: givesFailureAsData(context, itemIndex),
		output: readOutputSettings(context, itemIndex),
	}),

	async perform(run, { taskId, timeoutSeconds, failureAsData, output }) {
		const seen = await run.slots.run(
			async () => await run.watch.untilEnded(taskId, timeoutSeconds),
		);
		run.tally.note(seen.task);
		if (!failureAsData) assertSucceeded(seen.task);
		return await taskItem(run, seen, output);
	},
});
