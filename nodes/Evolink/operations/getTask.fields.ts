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
import type { OperationForm } from '../run/run';

export const getTaskForm: OperationForm = {
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
};
