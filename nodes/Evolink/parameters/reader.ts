import type {
	IDataObject,
	IExecuteFunctions,
	IGetNodeParameterOptions,
	INodeProperties,
	IWebhookFunctions,
} from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import { shortened } from '../api/errors/shortened';
import { isRecord, parseJson } from '../api/http/json';

/**
 * The one reader of what a person sets. An expression can give anything, so every value is checked: what is certainly
 * meant (a number as text, 'false') is taken for it, everything else is refused with the parameter's name, what it is
 * and what it must be. Nothing becomes '', undefined or [object Object] in silence.
 */

/** What is needed of n8n's context. */
export type ParameterSource = Pick<IExecuteFunctions, 'getNodeParameter'>;

/** The parameters of a node that is called from outside, where there is no item. */
export function parametersOf(
	context: Pick<IWebhookFunctions, 'getNodeParameter'>,
): ParameterSource {
	const read = (
		name: string,
		_itemIndex: number,
		fallback?: unknown,
		options?: IGetNodeParameterOptions,
	) => context.getNodeParameter(name, fallback, options);
	return { getNodeParameter: read as ParameterSource['getNodeParameter'] };
}

/** A parameter as a person knows it, and where its value stands in the node. */
export interface Parameter {
	displayName: string;
	/** For instance `prompt` or `options.timeout`. */
	path: string;
}

interface Limits {
	min?: number;
	max?: number;
}

/** @param collection the collection that the field is an option of */
export function parameter(
	{ displayName, name }: Pick<INodeProperties, 'displayName' | 'name'>,
	collection?: string,
): Parameter {
	return { displayName, path: collection === undefined ? name : `${collection}.${name}` };
}

/** @returns undefined where the parameter is not set, or is hidden: n8n leaves hidden ones out */
export function readValue(
	source: ParameterSource,
	itemIndex: number,
	{ displayName, path }: Parameter,
): { value: unknown } | undefined {
	const [collection, ...inside] = path.split('.');
	if (inside.length > 0) {
		const raw: unknown = source.getNodeParameter(collection, itemIndex, {}, RAW);
		if (!isRecord(raw))
			throw new InvalidInputError(
				`'${collection}' is ${describe(raw)}; it must be an object`,
				`Set the expression on '${displayName}' itself.`,
			);
	}
	const raw: unknown = source.getNodeParameter(path, itemIndex, NOT_SET, RAW);
	return raw === NOT_SET ? undefined : { value: source.getNodeParameter(path, itemIndex) };
}

const RAW = { rawExpressions: true };
const NOT_SET = Symbol('not set');

/**
 * A text without blanks around it; '' where none is set.
 *
 * @throws {InvalidInputError}
 */
export function readText(
	source: ParameterSource,
	itemIndex: number,
	field: Parameter,
	byDefault = '',
): string {
	const found = readValue(source, itemIndex, field);
	return found ? toText(found.value, field.displayName) : byDefault;
}

/**
 * A text that may not be empty.
 *
 * @throws {InvalidInputError}
 */
export function readRequiredText(
	source: ParameterSource,
	itemIndex: number,
	field: Parameter,
	advice: string,
): string {
	return toRequiredText(readValue(source, itemIndex, field)?.value, field.displayName, advice);
}

/** @throws {InvalidInputError} */
export function readBoolean(
	source: ParameterSource,
	itemIndex: number,
	field: Parameter,
	byDefault: boolean,
): boolean {
	const found = readValue(source, itemIndex, field);
	return found ? toBoolean(found.value, field.displayName) : byDefault;
}

/**
 * A number within its limits; undefined where none is set.
 *
 * @throws {InvalidInputError}
 */
export function readNumber(
	source: ParameterSource,
	itemIndex: number,
	field: Parameter,
	limits: Limits = {},
	advice?: string,
): number | undefined {
	const found = readValue(source, itemIndex, field);
	return found ? toNumber(found.value, field.displayName, limits, advice) : undefined;
}

/**
 * One of a list, of which the first stands where nothing is set.
 *
 * @throws {InvalidInputError}
 */
export function readChoice<T extends string>(
	source: ParameterSource,
	itemIndex: number,
	field: Parameter,
	values: readonly [T, ...T[]],
): T {
	const found = readValue(source, itemIndex, field);
	return found ? toChoice(found.value, field.displayName, values) : values[0];
}

/**
 * Several texts: an array, or one text in which commas or line breaks separate them. Empty ones are left out.
 *
 * @throws {InvalidInputError}
 */
export function readTexts(source: ParameterSource, itemIndex: number, field: Parameter): string[] {
	const found = readValue(source, itemIndex, field);
	if (!found) return [];
	return [found.value]
		.flat()
		.flatMap((value) => toText(value, field.displayName).split(/[,\n]/))
		.map((text) => text.trim())
		.filter((text) => text !== '');
}

/**
 * The entries of a list in which each has fields of its own; none where nothing is set. What the fields hold is not
 * looked at.
 *
 * @throws {InvalidInputError}
 */
export function readEntries(
	source: ParameterSource,
	itemIndex: number,
	field: Parameter,
): Array<Record<string, unknown>> {
	const found = readValue(source, itemIndex, field);
	const entries: unknown = found ? found.value : [];
	if (Array.isArray(entries) && entries.every(isRecord)) return entries;
	throw new InvalidInputError(
		`'${field.displayName}' is ${describe(entries)}; it must be a list of entries`,
		'Give expressions to the fields of an entry, not to the list.',
	);
}

/**
 * A JSON object, also as text; empty where none is set.
 *
 * @throws {InvalidInputError}
 */
export function readJsonObject(
	source: ParameterSource,
	itemIndex: number,
	field: Parameter,
	example: string,
): IDataObject {
	const found = readValue(source, itemIndex, field);
	if (!found || found.value === '') return {};
	const { value } = found;
	const parsed = typeof value === 'string' ? parseJson(value) : value;
	if (!isRecord(parsed) || isSpecial(parsed)) {
		throw new InvalidInputError(
			`'${field.displayName}' is not a JSON object: it is ${describe(value)}`,
			`Write it like ${example}. ${CHECK_EXPRESSION}`,
		);
	}
	return parsed as IDataObject;
}

/** @throws {InvalidInputError} what no text can be made of without doubt */
export function toText(value: unknown, displayName: string): string {
	if (typeof value === 'string') return value.trim();
	if (typeof value === 'number' && Number.isFinite(value)) return String(value);
	if (typeof value === 'bigint') return String(value);
	throw wrongType(displayName, value, 'text');
}

/** @throws {InvalidInputError} also where there is none */
export function toRequiredText(value: unknown, displayName: string, advice: string): string {
	const isNothing = value === undefined || value === null;
	const text = isNothing ? '' : toText(value, displayName);
	if (text !== '') return text;
	throw new InvalidInputError(
		`'${displayName}' is empty`,
		isNothing ? `${advice} The expression returns ${value}, but must return text.` : advice,
	);
}

/** @throws {InvalidInputError} */
export function toBoolean(value: unknown, displayName: string): boolean {
	if (typeof value === 'boolean') return value;
	const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
	if (word === 'true' || word === 'false') return word === 'true';
	throw wrongType(displayName, value, 'boolean', 'true or false');
}

/** @throws {InvalidInputError} */
export function toNumber(
	value: unknown,
	displayName: string,
	{ min = -Infinity, max = Infinity }: Limits,
	advice?: string,
): number {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	if (typeof number === 'number' && Number.isFinite(number) && number >= min && number <= max) {
		return number;
	}
	const from = min === -Infinity ? '' : ` from ${min}`;
	const wanted = `a number${from}${max === Infinity ? '' : ` to ${max}`}`;
	throw wrongType(displayName, value, 'number', wanted, advice);
}

/** @throws {InvalidInputError} */
export function toChoice<T extends string>(
	value: unknown,
	displayName: string,
	values: readonly [T, ...T[]],
): T {
	const chosen = values.find((known) => known === value);
	if (chosen === undefined) {
		throw wrongType(displayName, value, 'text', `one of ${values.join(', ')}`);
	}
	return chosen;
}

const CHECK_EXPRESSION = 'Check the expression if there is one.';

/** @param kind the type that is wanted */
export function wrongType(
	displayName: string,
	value: unknown,
	kind: 'text' | 'number' | 'boolean',
	wanted: string = kind,
	advice?: string,
): InvalidInputError {
	const isWantedKind = typeof value === (kind === 'text' ? 'string' : kind);
	const not = isWantedKind ? undefined : PRIMITIVES[typeof value];
	return new InvalidInputError(
		`'${displayName}' is ${describe(value)}; it must be ${wanted}${not ? `, not ${not}` : ''}`,
		advice ?? adviceFor(value),
	);
}

const PRIMITIVES: Partial<Record<string, string>> = {
	string: 'text',
	boolean: 'a boolean',
	number: 'a number',
	bigint: 'a number',
};

function adviceFor(value: unknown): string {
	if (value === undefined || value === null) {
		return 'Check the expression: the field it refers to may be missing in this item.';
	}
	if (!isRecord(value) || isSpecial(value)) return 'Correct the value or its expression.';
	const fields = shortened(Object.keys(value).join(', '));
	return fields === ''
		? 'Correct the expression.'
		: `Correct the expression: refer to a single field of the object. It has: ${fields}.`;
}

/** A value as a message can tell it: what it is where that is short, and otherwise its type. */
export function describe(value: unknown): string {
	if (typeof value === 'string') return shortened(JSON.stringify(value));
	if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
	if (typeof value !== 'object' || value === null) return shortened(String(value));
	if (Array.isArray(value)) return `an array of ${value.length}`;
	return isSpecial(value) ? `a ${kindOf(value)}` : 'an object';
}

/** Objects that are more than their fields: dates, Luxon's DateTime, buffers, maps. */
function isSpecial(value: object): boolean {
	return kindOf(value) !== 'Object';
}

/** By the name of its class: what comes from an expression may be of another realm. */
function kindOf(value: object): string {
	const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
	return prototype?.constructor?.name || 'Object';
}
