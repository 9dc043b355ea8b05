import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readChoice } from './reader';

export const serviceField: INodeProperties = {
	displayName: 'Service',
	name: 'service',
	type: 'options',
	noDataExpression: true,
	options: [
		{
			name: 'EvoLink',
			value: 'evolink',
			description: 'The EvoLink API (recommended)',
		},
		{
			name: 'Images Gateway',
			value: 'imagesGateway',
			description: 'Another API that returns the edited image directly in its response',
		},
	],
	default: 'evolink',
	description: 'Which API edits the images',
};

export type Service = 'evolink' | 'imagesGateway';

/** @throws {InvalidInputError} an expression gives another one */
export function readService(source: ParameterSource): Service {
	return readChoice(source, 0, parameter(serviceField), ['evolink', 'imagesGateway']);
}
