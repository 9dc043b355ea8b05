import { lacksImages } from '../api/task';
import {
	binaryPropertyNameField,
	downloadField,
	optionsField,
	type OutputSettings,
	readOutputSettings,
	readTaskId,
	simplifyField,
	taskIdField,
} from '../parameters/fields';
import { defineOperation } from '../run/run';
import { taskItem } from '../run/taskItem';

interface GetTaskPlan {
	taskId: string;
	output: OutputSettings;
}

/** Asks once for a task and gives whatever state it is in. */
export const getTask = defineOperation<GetTaskPlan>({
	fields: [
		taskIdField,
		downloadField,
		binaryPropertyNameField,
		simplifyField,
		optionsField(['concurrency', 'maxDownloadSize']),
	],

	plan: ({ context }, itemIndex) => ({
		taskId: readTaskId(context, itemIndex),
		output: readOutputSettings(context, itemIndex),
	}),

	async perform(run, { taskId, output }) {
		const task = await run.slots.run(async () => await run.client.getTask(taskId));
		run.tally.note(task);
		if (lacksImages(task)) {
			run.context.addExecutionHints({
				message: `Task ${taskId} is complete, but EvoLink has not delivered its images yet. Get them with 'Wait for Completion', or run Get Task again in a few seconds.`,
				location: 'outputPane',
			});
		}
		return await taskItem(run, { task }, output);
	},
});
