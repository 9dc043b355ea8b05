import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readRequiredText, readValue } from './reader';

export const jobKeyOption: INodeProperties = {
	displayName: 'Job Key',
	name: 'jobKey',
	type: 'string',
	default: '',
	placeholder: 'e.g. {{ $json.orderId }}',
	description:
		'Text that identifies the job, e.g. an order number. The same job is charged once in this n8n, across items, executions and workflows: it gets the task that is already there.',
	displayOptions: { hide: { '/service': ['imagesGateway'] } },
};

/**
 * Undefined where the option is not set.
 *
 * @throws {InvalidInputError} it is set and empty: a job without a name would be paid each time
 */
export function readJobKey(source: ParameterSource, itemIndex: number): string | undefined {
	const field = parameter(jobKeyOption, 'options');
	if (readValue(source, itemIndex, field) === undefined) return undefined;
	return readRequiredText(
		source,
		itemIndex,
		field,
		'Enter what identifies the job, or remove the option.',
	);
}
