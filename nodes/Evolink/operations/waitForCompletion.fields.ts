import { optionsField } from '../parameters/options';
import {
	binaryPropertyNameField,
	downloadField,
	fileNameOption,
	includeInputFieldsOption,
	itemPerImageOption,
	maxDownloadSizeOption,
	simplifyField,
} from '../parameters/output';
import { concurrencyOption } from '../parameters/spending';
import { taskIdField } from '../parameters/taskId';
import { onTaskFailureOption, timeoutOption } from '../parameters/waiting';
import type { OperationForm } from '../run/run';

export const waitForCompletionForm: OperationForm = {
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
};
