import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readChoice } from '../parameters/reader';
import type { Operation, OperationForm } from '../run/run';
import { editImageForm } from './editImage/editImage.fields';
import { estimateCostForm } from './estimateCost.fields';
import { generateImageForm } from './generateImage/generateImage.fields';
import { getCreditsForm } from './getCredits.fields';
import { getManyTasksForm } from './getManyTasks.fields';
import { getTaskForm } from './getTask.fields';
import { uploadImageForm } from './uploadImage.fields';
import { waitForCompletionForm } from './waitForCompletion.fields';

/** An operation as the editor shows it; what it does is loaded when it first runs. */
interface Entry extends OperationForm {
	load(): Promise<Operation>;
}

/**
 * The registry: all that the node can do, by the value of the parameter 'operation', in the order of the menu. Menu,
 * subtitle, fields and routing are made from it.
 */
const OPERATIONS: Readonly<Record<string, Entry>> = {
	editImage: {
		...editImageForm,
		load: async () => (await import('./editImage/editImage.operation')).editImage,
	},
	estimateCost: {
		...estimateCostForm,
		load: async () => (await import('./estimateCost.operation')).estimateCost,
	},
	generateImage: {
		...generateImageForm,
		load: async () => (await import('./generateImage/generateImage.operation')).generateImage,
	},
	getCredits: {
		...getCreditsForm,
		load: async () => (await import('./getCredits.operation')).getCredits,
	},
	getManyTasks: {
		...getManyTasksForm,
		load: async () => (await import('./getManyTasks.operation')).getManyTasks,
	},
	getTask: {
		...getTaskForm,
		load: async () => (await import('./getTask.operation')).getTask,
	},
	uploadImage: {
		...uploadImageForm,
		load: async () => (await import('./uploadImage.operation')).uploadImage,
	},
	waitForCompletion: {
		...waitForCompletionForm,
		load: async () => (await import('./waitForCompletion.operation')).waitForCompletion,
	},
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
export async function readOperation(source: ParameterSource): Promise<Operation> {
	return await OPERATIONS[readChoice(source, 0, parameter(operationField), names)].load();
}
