import type { INodeProperties } from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import { shortened } from '../api/errors/shortened';
import { adviceIfUnevaluated } from '../api/errors/unevaluated';
import { TASK_ID } from '../api/task';
import { parameter, type ParameterSource, readRequiredText } from './reader';

export const taskIdField: INodeProperties = {
	displayName: 'Task ID',
	name: 'taskId',
	type: 'string',
	default: '',
	required: true,
	placeholder: 'e.g. task-unified-1757156493-imcg5zqt',
	description: 'The ID of the task, from the output of Edit Image or Generate Image',
};

/** @throws {InvalidInputError} */
export function readTaskId(source: ParameterSource, itemIndex: number): string {
	const taskId = readRequiredText(
		source,
		itemIndex,
		parameter(taskIdField),
		"Enter the ID that 'Edit Image' returns. It starts with 'task-unified-'.",
	);
	if (TASK_ID.test(taskId)) return taskId;
	throw new InvalidInputError(
		`'Task ID' is not a valid task ID: ${shortened(taskId)}`,
		`Enter the ID that 'Edit Image' returns. It starts with 'task-unified-'.${adviceIfUnevaluated('Task ID', taskId)}`,
	);
}
