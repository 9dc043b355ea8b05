import { assertSucceeded } from '../waiting/polling/taskWatch';
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
import {
	givesFailureAsData,
	onTaskFailureOption,
	readTimeout,
	timeoutOption,
} from '../parameters/waiting';
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
	menu: {
		name: 'Wait for Completion',
		description: 'Wait until a task is finished, then get its images',
		action: 'Wait for a task to complete',
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
			onTaskFailureOption,
			timeoutOption,
		),
	],

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
