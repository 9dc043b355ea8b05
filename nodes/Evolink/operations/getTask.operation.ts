import { lacksImages } from '../api/task';
import { type OutputSettings, readOutputSettings, textsOfOutput } from '../parameters/output';
import { readTaskId } from '../parameters/taskId';
import { hintsOnTexts } from '../parameters/texts';
import { settle } from '../parameters/validation';
import { defineOperation } from '../run/run';
import { taskItem } from '../run/taskItem';

interface GetTaskPlan {
	taskId: string;
	output: OutputSettings;
}

/** Asks once for a task and gives whatever state it is in. */
export const getTask = defineOperation<GetTaskPlan>({
	plan({ context }, itemIndex) {
		const taskId = readTaskId(context, itemIndex);
		const output = readOutputSettings(context, itemIndex);
		settle(context, itemIndex, hintsOnTexts(textsOfOutput(output)));
		return { taskId, output };
	},

	async perform(run, { taskId, output }, itemIndex) {
		const task = await run.slots.run(async () => await run.client.getTask(taskId));
		run.tally.note(task);
		if (lacksImages(task)) {
			run.context.addExecutionHints({
				message: `Task ${taskId} is complete, but EvoLink hasn't delivered its images yet. Get them with 'Wait for Completion', or run 'Get Task' again in a few seconds.`,
				location: 'outputPane',
			});
		}
		return await taskItem(run, { task }, output, itemIndex);
	},
});
