import type { INodeProperties } from 'n8n-workflow';

import { editImage } from './editImage/editImage.operation';
import { getCredits } from './getCredits.operation';
import { getManyTasks } from './getManyTasks.operation';
import { getTask } from './getTask.operation';
import type { Operation } from '../run/run';
import { waitForCompletion } from './waitForCompletion.operation';

/** By the value of the parameter 'operation'. */
export const operations: Readonly<Record<string, Operation>> = {
	editImage,
	getCredits,
	getManyTasks,
	getTask,
	waitForCompletion,
};

/** Every operation's parameters, each shown for its operation only. */
export const operationFields: INodeProperties[] = Object.entries(operations).flatMap(
	([name, { fields }]) =>
		fields.map((field) => ({
			...field,
			displayOptions: {
				...field.displayOptions,
				show: { ...field.displayOptions?.show, operation: [name] },
			},
		})),
);
