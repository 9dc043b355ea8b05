import type { INodeProperties } from 'n8n-workflow';

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
			description: 'Return the task immediately, and get the result later by its ID',
		},
		{
			name: 'Poll Until Complete',
			value: 'poll',
			description: 'Check the task until it is finished. Works everywhere.',
		},
		{
			name: 'Suspend Until Callback',
			value: 'callback',
			description:
				'Pause the execution until EvoLink calls back. Requires n8n to have a public HTTPS URL.',
		},
	],
	default: 'poll',
	description: 'How to wait for the result',
	displayOptions: { show: { service: ['evolink'] } },
};

export const callbackUrlField: INodeProperties = {
	displayName: 'Callback URL',
	name: 'callbackUrl',
	type: 'string',
	default: '',
	placeholder: 'e.g. https://n8n.example.com/webhook/…',
	description:
		'Public HTTPS URL that EvoLink calls when the task is finished, e.g. the production URL of an EvoLink Trigger',
	displayOptions: { show: { service: ['evolink'], wait: ['none'] } },
};

export const timeoutOption: INodeProperties = {
	displayName: 'Timeout (Seconds)',
	name: 'timeout',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 600,
	description:
		'Max time to wait for the result, or for a busy service to accept the task. The task keeps running after that and can be fetched by its ID.',
};

export const onTaskFailureOption: INodeProperties = {
	displayName: 'On Task Failure',
	name: 'onTaskFailure',
	type: 'options',
	options: [
		{
			name: 'Error',
			value: 'error',
			description: 'Stop with an error (see Settings > On Error)',
		},
		{
			name: 'Output',
			value: 'output',
			description: "Return the task as an item with a 'failure' field",
		},
	],
	default: 'error',
	description: 'What to do if a task fails or is cancelled',
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
export async function readCallbackUrl(
	source: ParameterSource,
	itemIndex: number,
): Promise<string | undefined> {
	const address = readText(source, itemIndex, parameter(callbackUrlField));
	if (address === '') return undefined;
	const { requireCallableUrl } = await import('../waiting/callbackUrl');
	requireCallableUrl(address);
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
