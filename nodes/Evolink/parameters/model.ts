import type { INodeProperties } from 'n8n-workflow';

import { isRecord } from '../api/http/json';
import { DEFAULT_GENERATING_MODEL_ID, DEFAULT_MODEL_ID, findModel } from '../models/catalogue';
import {
	parameter,
	type ParameterSource,
	readRequiredText,
	readValue,
	toRequiredText,
} from './reader';

export const modelField: INodeProperties = {
	displayName: 'Model',
	name: 'model',
	type: 'resourceLocator',
	default: {
		mode: 'list',
		value: DEFAULT_MODEL_ID,
		cachedResultName: findModel(DEFAULT_MODEL_ID)?.name,
	},
	required: true,
	description: 'The model that edits the images',
	displayOptions: { show: { service: ['evolink'] } },
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Select a model…',
			typeOptions: { searchListMethod: 'searchModels', searchable: true },
		},
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. qwen-image-edit',
			hint: "For models that are not in the list. Limits aren't checked beforehand; add model-specific parameters under Options > Additional Fields.",
		},
	],
};

/** For Generate Image; the list has other models there. */
export const modelToGenerateField: INodeProperties = {
	...modelField,
	default: {
		mode: 'list',
		value: DEFAULT_GENERATING_MODEL_ID,
		cachedResultName: findModel(DEFAULT_GENERATING_MODEL_ID)?.name,
	},
	description: 'The model that generates the images',
};

const gatewayModel: INodeProperties = {
	displayName: 'Model',
	name: 'gatewayModel',
	type: 'string',
	default: 'qwen-image-edit-2509',
	required: true,
	placeholder: 'e.g. qwen-image-edit-2509',
	description: 'The ID that the gateway uses for the model',
	displayOptions: { show: { service: ['imagesGateway'] } },
};

export const gatewayModelField: INodeProperties = {
	...gatewayModel,
	hint: "OpenAI, LiteLLM, one-api and new-api: set Options > Gateway Request to 'Edits, Form with Files', because their generations ignore images and charge for them",
};

/** For Generate Image. */
export const gatewayModelToGenerateField: INodeProperties = {
	...gatewayModel,
	default: 'qwen-image',
	placeholder: 'e.g. qwen-image',
};

/**
 * The model's ID.
 *
 * @throws {InvalidInputError}
 */
export function readModel(source: ParameterSource, itemIndex: number): string {
	const value = readValue(source, itemIndex, parameter(modelField))?.value;
	// The locator of n8n, or the ID alone, as workflows made by hand have it.
	const id = isRecord(value) && 'mode' in value && 'value' in value ? value.value : value;
	return toRequiredText(
		id,
		modelField.displayName,
		'Select a model from the list, or enter its ID.',
	);
}

/**
 * The model's ID, as a gateway calls it.
 *
 * @throws {InvalidInputError}
 */
export function readGatewayModel(source: ParameterSource, itemIndex: number): string {
	return readRequiredText(
		source,
		itemIndex,
		parameter(gatewayModelField),
		'Enter the ID that the gateway uses for the model, e.g. qwen-image-edit-2509.',
	);
}
