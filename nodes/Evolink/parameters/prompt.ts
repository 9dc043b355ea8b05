import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readRequiredText, readText } from './reader';

/** Not required for n8n, which would not publish a workflow with a model that needs none: the node itself checks it. */
export const promptField: INodeProperties = {
	displayName: 'Prompt',
	name: 'prompt',
	type: 'string',
	typeOptions: { rows: 4 },
	default: '',
	placeholder: 'e.g. Replace the background with a beach',
	description:
		'Describe the change you want. Optional for Layerize models, which then separate everything they find; not used by Remove Background models.',
};

/** For Generate Image. */
export const promptToGenerateField: INodeProperties = {
	...promptField,
	placeholder: 'e.g. A lighthouse at dusk, watercolor',
	description: 'Describe the image you want',
};

/**
 * @param optional whether it may be empty
 * @throws {InvalidInputError}
 */
export function readPrompt(source: ParameterSource, itemIndex: number, optional = false): string {
	const field = parameter(promptField);
	if (optional) return readText(source, itemIndex, field);
	return readRequiredText(
		source,
		itemIndex,
		field,
		"Describe the change, e.g. 'Replace the background with a beach'. Check the expression if there is one.",
	);
}
