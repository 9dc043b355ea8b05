import fc from 'fast-check';
import type { IWebhookFunctions } from 'n8n-workflow';

import { InvalidInputError } from '../../../nodes/Evolink/api/errors/errors';
import {
	parameter,
	parametersOf,
	type ParameterSource,
	readBoolean,
	readChoice,
	readEntries,
	readJsonObject,
	readNumber,
	readRequiredText,
	readText,
	readTexts,
	readValue,
} from '../../../nodes/Evolink/parameters/reader';

const FIELD = parameter({ displayName: 'The Field', name: 'field' });

/** A node with these parameters, as n8n hands them out. */
function node(parameters: Record<string, unknown>): ParameterSource {
	const getNodeParameter = (path: string, _itemIndex: number, fallback: unknown) => {
		const [name, inside] = path.split('.');
		const value = name in parameters ? parameters[name] : fallback;
		if (inside === undefined) return value;
		const fields = value as Record<string, unknown>;
		return inside in fields ? fields[inside] : fallback;
	};
	return { getNodeParameter: getNodeParameter as ParameterSource['getNodeParameter'] };
}

type Read = (source: ParameterSource) => unknown;

const READERS: Record<string, Read> = {
	text: (source) => readText(source, 0, FIELD),
	'required text': (source) => readRequiredText(source, 0, FIELD, 'Enter it.'),
	texts: (source) => readTexts(source, 0, FIELD),
	boolean: (source) => readBoolean(source, 0, FIELD, false),
	number: (source) => readNumber(source, 0, FIELD, { min: 1, max: 600 }),
	choice: (source) => readChoice(source, 0, FIELD, ['poll', 'none']),
	'JSON object': (source) => readJsonObject(source, 0, FIELD, '{ "n": 2 }'),
	entries: (source) => readEntries(source, 0, FIELD),
};

const read = (kind: string, value: unknown) => READERS[kind](node({ field: value }));

function refusalOf(kind: string, value: unknown): InvalidInputError {
	try {
		read(kind, value);
	} catch (error) {
		if (error instanceof InvalidInputError) return error;
		throw error;
	}
	throw new Error(`${kind} takes ${String(value)}`);
}

class DateTime {}

it.each([
	['text', '  a text ', 'a text'],
	['text', '', ''],
	['text', 7, '7'],
	['text', 7n, '7'],
	['required text', ' x ', 'x'],
	['texts', 'a, b\nc,,', ['a', 'b', 'c']],
	['texts', ['a', 'b, c', ''], ['a', 'b', 'c']],
	['texts', [], []],
	['boolean', true, true],
	['boolean', 'false', false],
	['boolean', ' TRUE ', true],
	['number', 60, 60],
	['number', ' 60 ', 60],
	['choice', 'none', 'none'],
	['JSON object', { a: 1 }, { a: 1 }],
	['JSON object', '{ "a": 1 }', { a: 1 }],
	['JSON object', '', {}],
	['entries', [{ a: 1 }, {}], [{ a: 1 }, {}]],
	['entries', [], []],
])('reads a %s: %p', (kind, value, expected) => {
	expect(read(kind, value)).toEqual(expected);
});

it.each([
	['text', ''],
	['texts', []],
	['boolean', false],
	['number', undefined],
	['choice', 'poll'],
	['JSON object', {}],
	['entries', []],
])('gives the default of a %s where nothing is set', (kind, byDefault) => {
	expect(READERS[kind](node({}))).toEqual(byDefault);
});

/** What an expression may give in place of each kind, and how a message names it. */
const STRANGERS: Array<[name: string, value: unknown]> = [
	['undefined', undefined],
	['null', null],
	['an object', { url: 'x' }],
	['an array of 2', [{}, {}]],
	['a Date', new Date(0)],
	['a DateTime', new DateTime()],
	['a Map', new Map()],
	['a Buffer', Buffer.from('x')],
	['a function', () => 1],
	['a symbol', Symbol('x')],
	['NaN', Number.NaN],
];

const WANTED: Array<[kind: string, wanted: RegExp]> = [
	['text', /must be text/],
	['texts', /must be text/],
	['boolean', /must be true or false/],
	['number', /must be a number from 1 to 600/],
	['choice', /must be one of poll, none/],
	['JSON object', /is not a JSON object/],
	['entries', /must be a list of entries/],
];

describe.each(WANTED)('A %s', (kind, wanted) => {
	const own: Record<string, unknown> = {
		texts: 'array',
		entries: 'array',
		'JSON object': 'object',
	};
	const strangers = STRANGERS.filter(([name]) => name.split(' ')[1] !== own[kind]);

	it.each(strangers)(
		'that is %s is refused, with its name, what it is and what it must be',
		(name, value) => {
			const { message, advice } = refusalOf(kind, value);
			expect(message).toContain("'The Field'");
			expect(message).toContain(name);
			expect(message).toMatch(wanted);
			expect(advice).not.toBe('');
		},
	);
});

it('names the fields of an object that stands where one of them is meant', () => {
	expect(refusalOf('text', { url: 'x', id: 2 }).advice).toContain('url, id');
});

it.each([
	['undefined', undefined],
	['null', null],
])('required text: an expression that gives %s is told', (name, value) => {
	const { message, advice } = refusalOf('required text', value);
	expect(message).toBe("'The Field' is empty");
	expect(advice).toContain(name);
});

it.each([
	['choice', 'Poll'],
	['number', 0],
	['number', 601],
	['number', 'many'],
	['number', ''],
	['boolean', 'yes'],
	['boolean', 1],
	['JSON object', '[1]'],
	['JSON object', 'n: 2'],
	['entries', 'https://a.example/x.png'],
	['entries', ['https://a.example/x.png']],
	['entries', { source: 'url' }],
])('refuses a %s: %p', (kind, value) => {
	expect(refusalOf(kind, value).message).toContain("'The Field'");
});

it('says of a number that is no text, and of a text that is no number, what it is', () => {
	expect(refusalOf('choice', 3).message).toContain('a number');
	expect(refusalOf('number', 'many').message).toContain('text');
});

it('tells nothing in silence: whatever a value is, it is read as what it says or refused', () => {
	const kinds = fc.constantFrom(...Object.keys(READERS));
	fc.assert(
		fc.property(
			kinds,
			fc.anything({ withBigInt: true, withDate: true, withMap: true }),
			(kind, value) => {
				let result: unknown;
				try {
					result = read(kind, value);
				} catch (error) {
					expect(error).toBeInstanceOf(InvalidInputError);
					return;
				}
				// An object is only given where one is wanted.
				if (kind !== 'JSON object' && kind !== 'entries') {
					expect(typeof value === 'object' && !Array.isArray(value)).toBe(false);
				}
				if (result === '' || result === undefined) expect(String(value).trim()).toBe('');
			},
		),
	);
});

it('repeats no more than 100 characters of a value', () => {
	const long = 'x'.repeat(400_000);
	const number = BigInt('9'.repeat(4_000));
	const values = [long, number, [long], { [long]: long }, [{}, long], new Map([[long, long]])];
	for (const kind of Object.keys(READERS)) {
		for (const value of values) {
			try {
				read(kind, value);
			} catch (error) {
				const { message, advice } = error as InvalidInputError;
				expect(`${message} ${advice}`).not.toMatch(/[x9]{101}/);
			}
		}
	}
});

it('does not read the fields of a collection that an expression made something else', () => {
	const field = parameter({ displayName: 'Timeout', name: 'timeout' }, 'options');
	expect(readValue(node({ options: { timeout: 5 } }), 0, field)).toEqual({ value: 5 });
	expect(readValue(node({ options: {} }), 0, field)).toBeUndefined();
	expect(() => readValue(node({ options: 'fast' }), 0, field)).toThrow(/'options' is "fast"/);
});

it('reads the parameters of a node that is called from outside', () => {
	const context = { getNodeParameter: (name: string) => `the ${name}` };
	const source = parametersOf(context as unknown as IWebhookFunctions);
	expect(readText(source, 0, FIELD)).toBe('the field');
});
