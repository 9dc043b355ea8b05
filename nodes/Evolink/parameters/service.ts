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
			description: 'Works with tasks: create, wait, fetch',
		},
		{
			name: 'Images Gateway',
			value: 'imagesGateway',
			description: 'A host that answers a request with the edited picture itself',
		},
	],
	default: 'evolink',
	description: 'Who edits the pictures',
};

export type Service = 'evolink' | 'imagesGateway';

/** @throws {InvalidInputError} an expression gives another one */
export function readService(source: ParameterSource): Service {
	return readChoice(source, 0, parameter(serviceField), ['evolink', 'imagesGateway']);
}
