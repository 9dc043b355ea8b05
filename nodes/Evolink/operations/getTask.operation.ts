import { lacksImages } from '../api/task';
import { optionsField } from '../parameters/options';
import {
	binaryPropertyNameField,
	downloadField,
	fileNameOption,
	includeInputFieldsOption,
	itemPerImageOption,
	maxDownloadSizeOption,
	type OutputSettings,
	readOutputSettings,
	simplifyField,
	textsOfOutput,
} from '../parameters/output';
import { concurrencyOption } from '../parameters/spending';
import { readTaskId, taskIdField } from '../parameters/taskId';
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
	menu: {
		name: 'Get Task',
		description: 'Get the status of a task, and its images once it is complete',
		action: 'Get a task',
	},

	fields: [
		taskIdField,
		downloadField,
		binaryPropertyNameField,
		simplifyField,
		optionsField(
			concurrencyOption,
			fileNameOption,
			includeInputFieldsOption,
			itemPerImageOption,
			maxDownloadSizeOption,
		),
	],

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
