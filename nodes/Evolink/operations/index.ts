import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readChoice } from '../parameters/reader';
import type { Operation } from '../run/run';
import { editImage } from './editImage/editImage.operation';
import { estimateCost } from './estimateCost.operation';
import { generateImage } from './generateImage/generateImage.operation';
import { getCredits } from './getCredits.operation';
import { getManyTasks } from './getManyTasks.operation';
import { getTask } from './getTask.operation';
import { uploadImage } from './uploadImage.operation';
import { waitForCompletion } from './waitForCompletion.operation';

/**
 * The registry: all that the node can do, by the value of the parameter 'operation', in the order of the menu. Menu,
 * subtitle, fields and routing are made from it.
 */
const OPERATIONS: Readonly<Record<string, Operation>> = {
	editImage,
	estimateCost,
	generateImage,
	getCredits,
	getManyTasks,
	getTask,
	uploadImage,
	waitForCompletion,
};

const names = Object.keys(OPERATIONS) as [string, ...string[]];

/** Where n8n shows the credential. Without it, that is below 'Service', which decides on the credential and stands last. */
const credentialPlace: INodeProperties = {
	displayName: 'Credential',
	name: 'credentials',
	type: 'credentials',
	default: '',
};

const operationField: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	options: names.map((value) => ({ value, ...OPERATIONS[value].menu })),
	default: 'editImage',
};

/** What stands under the node's name on the canvas: the name of its operation. */
export const subtitle = `={{ ${JSON.stringify(
	Object.fromEntries(names.map((value) => [value, OPERATIONS[value].menu.name])),
)}[$parameter["operation"]] }}`;

/** The menu, and every operation's parameters, each shown for its operation only. */
export const properties: INodeProperties[] = [
	credentialPlace,
	operationField,
	...names.flatMap(fieldsOf),
];

function fieldsOf(operation: string): INodeProperties[] {
	return OPERATIONS[operation].fields.map((field) => ({
		...field,
		displayOptions: {
			...field.displayOptions,
			show: { ...field.displayOptions?.show, operation: [operation] },
		},
	}));
}

/** @throws {InvalidInputError} there is none of this name */
export function readOperation(source: ParameterSource): Operation {
	return OPERATIONS[readChoice(source, 0, parameter(operationField), names)];
}
