import type { IDataObject } from 'n8n-workflow';

import { type ImageModel, makesSeveral, type ParameterValues } from '../models/model';
import { assemble, type BodyPart, bodyPartsOf, merge } from '../models/parameters';
import { readAdditionalFields, requireNoConflict } from './additionalFields';
import type { ParameterSource } from './reader';

/** Body fields that the node itself makes, with the parameters that they come from. */
const OWN_FIELDS: ReadonlyArray<Omit<BodyPart, 'value'>> = [
	{ displayName: 'Model', path: ['model'] },
	{ displayName: 'Prompt', path: ['prompt'] },
	{ displayName: 'Images', path: ['image_urls'] },
	{ displayName: 'Callback URL', path: ['callback_url'] },
];

/**
 * What goes into the request body beside model, prompt and images: the model's options and, as it is, the
 * option 'Additional Fields'.
 *
 * @throws {InvalidInputError} 'Additional Fields' is no JSON object, or names what a parameter already sets
 */
export function readBodyFields(
	source: ParameterSource,
	itemIndex: number,
	model: ImageModel | undefined,
	request: { values: ParameterValues; numberOfImages: number; hasMask: boolean },
): IDataObject {
	const parts = model ? bodyPartsOf(model, request.values) : [];
	if (model && makesSeveral(model)) {
		parts.push({ displayName: 'Number of Images', path: ['n'], value: request.numberOfImages });
	}
	const additional = readAdditionalFields(source, itemIndex);
	const taken: BodyPart[] = [
		...OWN_FIELDS.map((field) => ({ ...field, value: true })),
		...(request.hasMask ? [{ displayName: 'Mask', path: ['mask_url'], value: true }] : []),
		...parts,
	];
	requireNoConflict(taken, additional);
	return merge(assemble(parts), additional) ?? {};
}
