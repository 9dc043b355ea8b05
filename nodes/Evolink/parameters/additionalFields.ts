import type { IDataObject, INodeProperties } from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import { type BodyPart, conflictWith } from '../models/parameters';
import { parameter, type ParameterSource, readJsonObject } from './reader';
import type { SetText } from './texts';

export const additionalFieldsOption: INodeProperties = {
	displayName: 'Additional Fields',
	name: 'additionalFields',
	type: 'json',
	default: '{}',
	placeholder: 'e.g. { "seed": 7 }',
	description:
		"JSON object to add to the request body, for API parameters that aren't available as a field",
};

/** @throws {InvalidInputError} it is no JSON object */
export function readAdditionalFields(source: ParameterSource, itemIndex: number): IDataObject {
	const option = parameter(additionalFieldsOption, 'options');
	return readJsonObject(source, itemIndex, option, '{ "seed": 7 }');
}

/** @throws {InvalidInputError} 'Additional Fields' names what a parameter already sets */
export function requireNoConflict(parts: BodyPart[], additionalFields: IDataObject): void {
	const conflict = conflictWith(parts, additionalFields);
	if (!conflict) return;
	throw new InvalidInputError(
		`'Additional Fields' contains '${conflict.path.join('.')}', which is set by '${conflict.displayName}'`,
		"Remove it from 'Additional Fields'.",
	);
}

/** For `problemsOfTexts`. */
export function textsOfFields(additionalFields: IDataObject): SetText[] {
	if (Object.keys(additionalFields).length === 0) return [];
	return [[additionalFieldsOption.displayName, JSON.stringify(additionalFields)]];
}
