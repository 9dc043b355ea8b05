import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import { isRecord, numberOf, parseJson, textOf } from '../api/http/json';
import { TASK_ID } from '../api/task';
import { type BodyPart, conflictWith } from '../models/parameters';
import { isFirstVersion } from './nodeVersion';

/** Parameters that several operations share. */

export const downloadField: INodeProperties = {
	displayName: 'Download',
	name: 'download',
	type: 'boolean',
	default: true,
	description:
		'Whether to fetch the edited pictures into binary fields at once. Their links stop working after 24 hours.',
};

export const binaryPropertyNameField: INodeProperties = {
	displayName: 'Output Data Field Name',
	name: 'binaryPropertyName',
	type: 'string',
	default: 'data',
	required: true,
	placeholder: 'e.g. data',
	hint: 'Further pictures go to the same name with _1, _2, … at the end',
	description: 'The name of the binary field to put the edited picture in',
	displayOptions: { show: { download: [true] } },
};

export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

export const taskIdField: INodeProperties = {
	displayName: 'Task ID',
	name: 'taskId',
	type: 'string',
	default: '',
	required: true,
	placeholder: 'e.g. task-unified-1757156493-imcg5zqt',
	description: 'The ID that Edit Image gives for a task',
};

const MAX_CONCURRENCY = 1_000;
/** Where the option is 0, or not set in nodes from 1.1 on: tasks, and other requests. */
const AUTOMATIC_TASKS = 100;
const AUTOMATIC_REQUESTS = 10;

const concurrencyOption: INodeProperties = {
	displayName: 'Concurrency',
	name: 'concurrency',
	type: 'number',
	typeOptions: { minValue: 0, maxValue: MAX_CONCURRENCY },
	default: 10,
	description:
		'Max number of tasks to run at the same time. Set to 0 to run as many as EvoLink accepts, at most 100.',
};

const maxCreditsOption: INodeProperties = {
	displayName: 'Max Credits',
	name: 'maxCredits',
	type: 'number',
	typeOptions: { minValue: 0, numberPrecision: 4 },
	default: 100,
	description:
		'Max credits to spend per execution, in all runs of this node. Tasks start only if they fit the limit; the first of each kind runs alone, because its price may not be known beforehand.',
	displayOptions: { hide: { '/service': ['imagesGateway'] } },
};

const keepCreditsOption: INodeProperties = {
	displayName: 'Keep Credits',
	name: 'keepCredits',
	type: 'number',
	typeOptions: { minValue: 0, numberPrecision: 4 },
	default: 100,
	description:
		"Don't start tasks when the account's balance is, or would fall, below this. Works across executions.",
	displayOptions: { hide: { '/service': ['imagesGateway'] } },
};

const maxDownloadSizeOption: INodeProperties = {
	displayName: 'Max Download Size (MB)',
	name: 'maxDownloadSize',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 50,
	description: 'A picture that is larger is not fetched; its link is in the error',
	displayOptions: { hide: { '/wait': ['none'] } },
};

const onTaskFailureOption: INodeProperties = {
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

const retryChargedOption: INodeProperties = {
	displayName: 'Retry Charged Tasks',
	name: 'retryCharged',
	type: 'boolean',
	default: false,
	description:
		'Whether Retry On Fail may create a failed task again although EvoLink says that it was charged. The new task is charged, too.',
	displayOptions: { hide: { '/service': ['imagesGateway'], '/wait': ['none'] } },
};

const timeoutOption: INodeProperties = {
	displayName: 'Timeout (Seconds)',
	name: 'timeout',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 600,
	description:
		'How long to wait for a task to end (it goes on after that), for a busy service to take it, or for the answer of a gateway',
};

const OPTIONS = {
	concurrency: concurrencyOption,
	keepCredits: keepCreditsOption,
	maxCredits: maxCreditsOption,
	maxDownloadSize: maxDownloadSizeOption,
	onTaskFailure: onTaskFailureOption,
	retryCharged: retryChargedOption,
	timeout: timeoutOption,
};

/** The collection 'Options' with some of the shared options and the operation's own, in alphabetical order. */
export function optionsField(
	names: Array<keyof typeof OPTIONS>,
	...own: INodeProperties[]
): INodeProperties {
	return {
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [...names.map((name) => OPTIONS[name]), ...own].sort(byDisplayName),
	};
}

/** Not with `localeCompare`, whose first call takes longer than loading the whole package. */
function byDisplayName(one: INodeProperties, other: INodeProperties): number {
	return Number(one.displayName > other.displayName) - Number(one.displayName < other.displayName);
}

/** How the output of a task is made. */
export interface OutputSettings {
	download: boolean;
	binaryPropertyName: string;
	simplify: boolean;
	maxDownloadMegabytes: number;
}

export function readOutputSettings(context: IExecuteFunctions, itemIndex: number): OutputSettings {
	const settings = {
		download: context.getNodeParameter('download', itemIndex, true),
		binaryPropertyName: String(
			context.getNodeParameter('binaryPropertyName', itemIndex, 'data'),
		).trim(),
		simplify: context.getNodeParameter('simplify', itemIndex, true) as boolean,
		maxDownloadMegabytes: readNumberOption(context, itemIndex, maxDownloadSizeOption, 2048),
	};
	if (settings.download && settings.binaryPropertyName === '') {
		throw new InvalidInputError(
			"'Output Data Field Name' is empty",
			"Enter a name for the binary field, for instance 'data'.",
		);
	}
	return settings;
}

/**
 * One of a list, of which the first stands where nothing is set. Expressions can give anything.
 *
 * @throws {InvalidInputError}
 */
export function readChoice<T extends string>(
	context: IExecuteFunctions,
	name: string,
	itemIndex: number,
	displayName: string,
	values: readonly [T, ...T[]],
): T {
	const value: unknown = context.getNodeParameter(name, itemIndex, values[0]);
	const chosen = values.find((known) => known === value);
	if (chosen === undefined) {
		throw new InvalidInputError(
			`'${displayName}' is ${JSON.stringify(value)}; it must be one of ${values.join(', ')}`,
			'Correct the expression.',
		);
	}
	return chosen;
}

/** Seconds. */
export function readTimeout(context: IExecuteFunctions, itemIndex: number): number {
	return readNumberOption(context, itemIndex, timeoutOption, 7 * 24 * 3600);
}

/** Requests at a time, where no tasks are created. */
export function readConcurrency(context: IExecuteFunctions): number {
	return readSetConcurrency(context) ?? AUTOMATIC_REQUESTS;
}

/** The most tasks at a time. */
export function readTaskConcurrency(context: IExecuteFunctions): number {
	return readSetConcurrency(context) ?? AUTOMATIC_TASKS;
}

/** Undefined for automatic. */
function readSetConcurrency(context: IExecuteFunctions): number | undefined {
	const notSet = { ...concurrencyOption, default: isFirstVersion(context) ? 10 : 0 };
	const value = Math.floor(readNumberOption(context, 0, notSet, MAX_CONCURRENCY, 0));
	return value === 0 ? undefined : value;
}

/** Undefined where the option is not set: no limit. */
export function readMaxCredits(context: IExecuteFunctions): number | undefined {
	return readCredits(context, maxCreditsOption);
}

/** Undefined where the option is not set: all may be spent. */
export function readKeepCredits(context: IExecuteFunctions): number | undefined {
	return readCredits(context, keepCreditsOption);
}

function readCredits(context: IExecuteFunctions, option: INodeProperties): number | undefined {
	const isSet = context.getNodeParameter(`options.${option.name}`, 0, null) !== null;
	return isSet ? readNumberOption(context, 0, option, 1_000_000_000, 0) : undefined;
}

export function givesFailureAsData(context: IExecuteFunctions, itemIndex: number): boolean {
	return context.getNodeParameter('options.onTaskFailure', itemIndex, 'error') === 'output';
}

export function retriesCharged(context: IExecuteFunctions, itemIndex: number): boolean {
	return context.getNodeParameter('options.retryCharged', itemIndex, false) === true;
}

/** @throws {InvalidInputError} */
export function readPrompt(
	context: IExecuteFunctions,
	itemIndex: number,
	optional = false,
): string {
	const prompt = readText(context, 'prompt', itemIndex);
	if (prompt === '' && !optional) {
		throw new InvalidInputError(
			"'Prompt' is empty",
			"Say what to change, for instance 'Replace the background with a beach'. Check the expression if there is one.",
		);
	}
	return prompt;
}

/** A text without blanks around it; '' where there is none. */
export function readText(context: IExecuteFunctions, name: string, itemIndex: number): string {
	const value: unknown = context.getNodeParameter(name, itemIndex, '', {
		extractValue: true,
	});
	return textOf(value)?.trim() ?? '';
}

/**
 * The option 'Additional Fields'.
 *
 * @throws {InvalidInputError} it is no JSON object
 */
export function readAdditionalFields(context: IExecuteFunctions, itemIndex: number): IDataObject {
	const value: unknown = context.getNodeParameter('options.additionalFields', itemIndex, '');
	if (value === undefined || value === null || value === '') return {};
	const fields = typeof value === 'string' ? parseJson(value) : value;
	if (!isRecord(fields)) {
		throw new InvalidInputError(
			"'Additional Fields' is not a JSON object",
			'Write it like { "seed": 7 }. Check the expression if there is one.',
		);
	}
	return fields as IDataObject;
}

/** @throws {InvalidInputError} 'Additional Fields' names what a parameter already sets */
export function checkNoConflict(parts: BodyPart[], additionalFields: IDataObject): void {
	const conflict = conflictWith(parts, additionalFields);
	if (!conflict) return;
	throw new InvalidInputError(
		`'Additional Fields' has '${conflict.path.join('.')}', which comes from '${conflict.displayName}'`,
		'Remove it there.',
	);
}

/** @throws {InvalidInputError} */
export function readTaskId(context: IExecuteFunctions, itemIndex: number): string {
	const taskId = (textOf(context.getNodeParameter('taskId', itemIndex)) ?? '').trim();
	if (!TASK_ID.test(taskId)) {
		throw new InvalidInputError(
			taskId === ''
				? "'Task ID' is empty"
				: `'Task ID' is not the ID of a task: ${taskId.slice(0, 100)}`,
			"Enter the ID that Edit Image gives; it starts with 'task-unified-'.",
		);
	}
	return taskId;
}

function readNumberOption(
	context: IExecuteFunctions,
	itemIndex: number,
	option: INodeProperties,
	max: number,
	min = 1,
): number {
	const value: unknown = context.getNodeParameter(
		`options.${option.name}`,
		itemIndex,
		option.default,
	);
	const number = numberOf(value) ?? Number.NaN;
	if (!(number >= min && number <= max)) {
		throw new InvalidInputError(
			`'${option.displayName}' is ${JSON.stringify(value)}; it must be a number from ${min} to ${max}`,
			`Correct the option or remove it: the default is ${JSON.stringify(option.default)}.`,
		);
	}
	return number;
}
