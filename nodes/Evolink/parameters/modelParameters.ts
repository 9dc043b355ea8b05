import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { isRecord, textOf } from '../api/http/json';
import { readOneReference, type Reference } from '../images/inputImages';
import type { Violation } from '../models/checkRequest';
import {
	type ImageModel,
	makesSeveral,
	type ParameterName,
	type ParameterValue,
	type ParameterValues,
} from '../models/model';
import {
	assemble,
	type BodyPart,
	bodyPartsOf,
	merge,
	normalize,
	PARAMETERS,
} from '../models/parameters';
import { checkNoConflict, readAdditionalFields } from './fields';

/** Reads the options of an item that only some models take. */

/** The options that the user has set and the model takes, as the service writes them. */
export function readParameters(
	context: IExecuteFunctions,
	itemIndex: number,
	model: ImageModel | undefined,
): { values: ParameterValues; hints: Violation[] } {
	const values: ParameterValues = {};
	const hints: Violation[] = [];
	for (const name of Object.keys(PARAMETERS) as ParameterName[]) {
		const value = readOption(context, itemIndex, name);
		if (value === undefined) continue;
		const rule = model?.parameters[name];
		if (rule) values[name] = normalize(rule, value);
		else hints.push(notSent(PARAMETERS[name].displayName, model));
	}
	return { values, hints };
}

/** Comes up where the model is an expression: otherwise n8n hides what the model does not take. */
export function notSent(displayName: string, model: ImageModel | undefined): Violation {
	return {
		message: `'${displayName}' is not sent: ${model ? `${model.name} does not take it` : 'the model is not in the list'}`,
		advice: "Send it as one of the 'Additional Fields'.",
		hintOnly: true,
	};
}

/** @returns undefined where the option is not there, or its expression gives nothing */
function readOption(
	context: IExecuteFunctions,
	itemIndex: number,
	name: ParameterName | 'mask',
): ParameterValue | undefined {
	const value: unknown = context.getNodeParameter(`options.${name}`, itemIndex, '');
	if (typeof value === 'boolean' || typeof value === 'number') return value;
	return isRecord(value) || Array.isArray(value) ? JSON.stringify(value) : textOf(value);
}

/**
 * The option 'Mask': a link, or the name of a binary field.
 *
 * @throws {InvalidInputError} a link that is none, a field that is missing or no picture
 */
export async function readMask(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<Reference | undefined> {
	const value: unknown = context.getNodeParameter('options.mask', itemIndex, '');
	if (isNotSet(value)) return undefined;
	return await readOneReference(context, itemIndex, value, 'Mask');
}

function isNotSet(value: unknown): boolean {
	return (
		value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
	);
}

/** Body fields that the node itself makes, with the parameters that they come from. */
const OWN_FIELDS: ReadonlyArray<Omit<BodyPart, 'value'>> = [
	{ displayName: 'Model', path: ['model'] },
	{ displayName: 'Prompt', path: ['prompt'] },
	{ displayName: 'Images', path: ['image_urls'] },
	{ displayName: 'Callback URL', path: ['callback_url'] },
];

/**
 * What goes into the request body beside model, prompt and pictures: the model's options and, as it is, the
 * option 'Additional Fields'.
 *
 * @throws {InvalidInputError} 'Additional Fields' is no JSON object, or names what a parameter already sets
 */
export function readBodyFields(
	context: IExecuteFunctions,
	itemIndex: number,
	model: ImageModel | undefined,
	request: { values: ParameterValues; numberOfImages: number; hasMask: boolean },
): IDataObject {
	const parts = model ? bodyPartsOf(model, request.values) : [];
	if (model && makesSeveral(model)) {
		parts.push({ displayName: 'Number of Images', path: ['n'], value: request.numberOfImages });
	}
	const additional = readAdditionalFields(context, itemIndex);
	const taken: BodyPart[] = [
		...OWN_FIELDS.map((field) => ({ ...field, value: true })),
		...(request.hasMask ? [{ displayName: 'Mask', path: ['mask_url'], value: true }] : []),
		...parts,
	];
	checkNoConflict(taken, additional);
	return merge(assemble(parts), additional) ?? {};
}
