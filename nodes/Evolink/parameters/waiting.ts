import type { INodeProperties } from 'n8n-workflow';

import { checkCallbackUrl } from '../waiting/callbackUrl';
import { readNumberOption } from './options';
import { parameter, type ParameterSource, readChoice, readText } from './reader';

/** What the node does while the service works, and how long. */

export const waitField: INodeProperties = {
	displayName: 'Wait',
	name: 'wait',
	type: 'options',
	options: [
		{
			name: 'Do Not Wait',
			value: 'none',
			description: 'Return the task at once; fetch it later by its ID',
		},
		{
			name: 'Poll Until Complete',
			value: 'poll',
			description: 'Ask the service until the pictures are ready',
		},
		{
			name: 'Suspend Until Callback',
			value: 'callback',
			description: 'Park the execution until EvoLink calls; n8n must be reachable by public https',
		},
	],
	default: 'poll',
	description: 'What to do while the service works',
	displayOptions: { show: { service: ['evolink'] } },
};

export const callbackUrlField: INodeProperties = {
	displayName: 'Callback URL',
	name: 'callbackUrl',
	type: 'string',
	default: '',
	placeholder: 'e.g. https://n8n.example.com/webhook/…',
	description:
		'The public https address that EvoLink calls when the task ends, for instance the production URL of an EvoLink Trigger',
	displayOptions: { show: { service: ['evolink'], wait: ['none'] } },
};

export const timeoutOption: INodeProperties = {
	displayName: 'Timeout (Seconds)',
	name: 'timeout',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 600,
	description:
		'How long to wait for a task to end (it goes on after that), for a busy service to take it, or for the answer of a gateway',
};

export const onTaskFailureOption: INodeProperties = {
	displayName: 'On Task Failure',
	name: 'onTaskFailure',
	type: 'options',
	options: [
		{
			name: 'Error',
			value: 'error',
			description: 'A failed or cancelled task is an error of this node',
		},
		{
			name: 'Output',
			value: 'output',
			description: "A failed or cancelled task is an output item with 'failure'",
		},
	],
	default: 'error',
	description: 'What to do when the service could not edit the picture',
	displayOptions: { hide: { '/service': ['imagesGateway'], '/wait': ['none'] } },
};

/** How the node waits for a task: by polling, by letting n8n park the execution, or not at all. */
export type Wait = 'poll' | 'callback' | 'none';

/** @throws {InvalidInputError} */
export function readWait(source: ParameterSource, itemIndex: number): Wait {
	return readChoice(source, itemIndex, parameter(waitField), ['poll', 'callback', 'none']);
}

/**
 * The address that is called when the task ends; undefined where none is set.
 *
 * @throws {InvalidInputError} EvoLink cannot call it
 */
export function readCallbackUrl(source: ParameterSource, itemIndex: number): string | undefined {
	const address = readText(source, itemIndex, parameter(callbackUrlField));
	if (address === '') return undefined;
	checkCallbackUrl(address);
	return address;
}

/** Seconds. */
export function readTimeout(source: ParameterSource, itemIndex: number): number {
	return readNumberOption(source, itemIndex, timeoutOption, 1, 7 * 24 * 3600);
}

export function givesFailureAsData(source: ParameterSource, itemIndex: number): boolean {
	const option = parameter(onTaskFailureOption, 'options');
	return readChoice(source, itemIndex, option, ['error', 'output']) === 'output';
}
