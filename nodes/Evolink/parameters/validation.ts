import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readChoice } from './reader';

export const validationOption: INodeProperties = {
	displayName: 'Validation',
	name: 'validation',
	type: 'options',
	options: [
		{
			name: 'Strict',
			value: 'strict',
			description: "Stop before anything is charged if an input exceeds the model's limits",
		},
		{
			name: 'Warn',
			value: 'warn',
			description: 'Send the request anyway and show a warning',
		},
	],
	default: 'strict',
	description: "What to do with prompts, images and options that exceed the model's limits",
	displayOptions: { show: { '/service': ['evolink'] } },
};

/** Whether what breaks a documented limit is refused. */
export function isStrict(source: ParameterSource, itemIndex: number): boolean {
	const option = parameter(validationOption, 'options');
	return readChoice(source, itemIndex, option, ['strict', 'warn']) === 'strict';
}
