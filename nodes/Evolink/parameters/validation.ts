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
			description: 'Refuse what breaks the documented limits of the model, before anything is paid',
		},
		{
			name: 'Warn',
			value: 'warn',
			description: 'Send it all the same and show a hint',
		},
	],
	default: 'strict',
	description: "What to do with prompts, pictures and options outside the model's limits",
	displayOptions: { show: { '/service': ['evolink'] } },
};

/** Whether what breaks a documented limit is refused. */
export function isStrict(source: ParameterSource, itemIndex: number): boolean {
	const option = parameter(validationOption, 'options');
	return readChoice(source, itemIndex, option, ['strict', 'warn']) === 'strict';
}
