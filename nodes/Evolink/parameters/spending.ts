import type { INodeProperties } from 'n8n-workflow';

import { isFirstVersion, type VersionedSource } from './nodeVersion';
import { readNumberOption } from './options';
import { parameter, type ParameterSource, readBoolean, readValue } from './reader';

/** How much is done at a time, and how much may be spent. What is read without an item holds for the whole run. */

const MAX_CONCURRENCY = 1_000;
/** Where the option is 0, or not set in nodes from 1.1 on: tasks, and other requests. */
const AUTOMATIC_TASKS = 100;
const AUTOMATIC_REQUESTS = 10;

/** Its default holds where it is added; what holds where it is not set depends on the node's version. */
export const concurrencyOption: INodeProperties = {
	displayName: 'Concurrency',
	name: 'concurrency',
	type: 'number',
	typeOptions: { minValue: 0, maxValue: MAX_CONCURRENCY },
	default: 10,
	description:
		'Max number of tasks to run at the same time. Set to 0 to run as many as EvoLink accepts, at most 100, or 10 with an images gateway.',
};

export const maxCreditsOption: INodeProperties = {
	displayName: 'Max Credits',
	name: 'maxCredits',
	type: 'number',
	typeOptions: { minValue: 0, numberPrecision: 4 },
	default: 100,
	description:
		'Max credits to spend per execution, in all runs of this node. Tasks start only if they fit the limit; the first of each kind runs alone, because its price may not be known beforehand.',
	displayOptions: { hide: { '/service': ['imagesGateway'] } },
};

export const keepCreditsOption: INodeProperties = {
	displayName: 'Keep Credits',
	name: 'keepCredits',
	type: 'number',
	typeOptions: { minValue: 0, numberPrecision: 4 },
	default: 100,
	description:
		"Don't start tasks when the account's balance is, or would fall, below this. Works across executions.",
	displayOptions: { hide: { '/service': ['imagesGateway'] } },
};

export const retryChargedOption: INodeProperties = {
	displayName: 'Retry Charged Tasks',
	name: 'retryCharged',
	type: 'boolean',
	default: false,
	description:
		"Whether 'Retry On Fail' may create a failed task again even if EvoLink has charged it. The new task is charged, too.",
	displayOptions: { hide: { '/service': ['imagesGateway'], '/wait': ['none'] } },
};

/** Requests at a time, where no tasks are created. */
export function readConcurrency(source: VersionedSource): number {
	return readSetConcurrency(source) ?? AUTOMATIC_REQUESTS;
}

/** The most tasks at a time. */
export function readTaskConcurrency(source: VersionedSource): number {
	return readSetConcurrency(source) ?? AUTOMATIC_TASKS;
}

/** Undefined for automatic. */
function readSetConcurrency(source: VersionedSource): number | undefined {
	const notSet = { ...concurrencyOption, default: isFirstVersion(source) ? 10 : 0 };
	const value = Math.floor(readNumberOption(source, 0, notSet, 0, MAX_CONCURRENCY));
	return value === 0 ? undefined : value;
}

/** Undefined where the option is not set: no limit. */
export function readMaxCredits(source: ParameterSource): number | undefined {
	return readCredits(source, maxCreditsOption);
}

/** Undefined where the option is not set: all may be spent. */
export function readKeepCredits(source: ParameterSource): number | undefined {
	return readCredits(source, keepCreditsOption);
}

function readCredits(source: ParameterSource, option: INodeProperties): number | undefined {
	const isSet = readValue(source, 0, parameter(option, 'options')) !== undefined;
	return isSet ? readNumberOption(source, 0, option, 0, 1_000_000_000) : undefined;
}

export function retriesCharged(source: ParameterSource, itemIndex: number): boolean {
	return readBoolean(source, itemIndex, parameter(retryChargedOption, 'options'), false);
}
