import fc from 'fast-check';

import { InvalidInputError } from '../../nodes/Evolink/api/errors/errors';
import { retryAfterMs, retryDelayMs } from '../../nodes/Evolink/api/http/retry';
import { parseServiceError } from '../../nodes/Evolink/api/errors/advice';
import { parseTask } from '../../nodes/Evolink/api/task';
import { examineImage } from '../../nodes/Evolink/images/imageReader';
import { splitLinks } from '../../nodes/Evolink/images/inputImages';
import { requireCallableUrl } from '../../nodes/Evolink/waiting/callbackUrl';
import { taskFields } from './arbitraries';
import { apiErrorFrom } from './refusedAnswer';

/** Whatever comes over the wire or out of an expression, the readers give an answer or a clear refusal. */

/** @returns the value, or undefined for a refusal in plain words; anything else is passed on */
function unlessRefused<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof InvalidInputError && error.advice !== '') return undefined;
		throw error;
	}
}

const STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'];

describe('a task', () => {
	const taskLike = fc
		.tuple(taskFields, fc.oneof(fc.string(), fc.constant('task-unified-1'), fc.jsonValue()))
		.map(([fields, id]) => ({ ...fields, id }));

	it('is read from any JSON, and what is read makes sense', () => {
		fc.assert(
			fc.property(fc.oneof(taskLike, fc.jsonValue(), fc.anything()), (body) => {
				const task = parseTask(body);
				if (!task) return;
				expect(task.id).toMatch(/^[\w.:-]{1,128}$/);
				expect(STATUSES).toContain(task.status);
				expect(task.progress).toBeGreaterThanOrEqual(0);
				expect(task.progress).toBeLessThanOrEqual(100);
				expect(task.results.every((link) => typeof link === 'string' && link !== '')).toBe(true);
				expect(task.results.length === 0 || task.status === 'completed').toBe(true);
				expect('failure' in task).toBe(task.status === 'failed' || task.status === 'cancelled');
				// The output item writes it with 24 hours added.
				const expires = new Date((task.createdAt ?? 0) + 24 * 3_600_000).toISOString();
				expect(expires).toMatch(/^\d{4}-/);
			}),
			{ numRuns: 3_000 },
		);
	});
});

describe('an error body', () => {
	const errorLike = fc.record(
		{
			error: fc.oneof(
				fc.string(),
				fc.record({ code: fc.jsonValue(), message: fc.jsonValue(), type: fc.jsonValue() }),
				fc.jsonValue(),
			),
			code: fc.jsonValue(),
			msg: fc.jsonValue(),
			message: fc.jsonValue(),
			success: fc.jsonValue(),
		},
		{ requiredKeys: [] },
	);
	const text = fc.oneof(
		fc.string(),
		fc.string({ unit: 'binary' }),
		fc.oneof(errorLike, fc.jsonValue()).map((body) => JSON.stringify(body)),
		errorLike.map((body) => JSON.stringify(body).slice(0, -3)),
	);

	it('gives at most a short message and a code', () => {
		fc.assert(
			fc.property(text, (body) => {
				const { code, message } = parseServiceError(body);
				expect(message?.length ?? 1).toBeGreaterThan(0);
				expect(message?.length ?? 1).toBeLessThanOrEqual(501);
				expect(code).not.toBe('');
				expect(code).toBe(code?.toLowerCase());
			}),
			{ numRuns: 2_000 },
		);
	});

	it('always becomes an error with advice in words', () => {
		const status = fc.oneof(fc.integer({ min: 100, max: 599 }), fc.integer());
		const codes = fc.constantFrom('constructor', '__proto__', 'hasOwnProperty', 'key_expired');
		const body = fc.oneof(
			text,
			codes.map((code) => JSON.stringify({ error: { code } })),
		);
		fc.assert(
			fc.property(status, body, (httpStatus, given) => {
				const { advice, message } = apiErrorFrom('It failed', httpStatus, given);
				expect(advice).toMatch(/^[A-Z].*\.$/);
				expect(message).toMatch(/^(?:It failed: .|EvoLink rejected the API key$)/s);
			}),
			{ numRuns: 2_000 },
		);
	});
});

describe('waiting times', () => {
	it('from any Retry-After stay within bounds', () => {
		const header = fc.oneof(
			fc.string(),
			fc.double().map(String),
			fc.bigInt().map(String),
			fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
		);
		fc.assert(
			fc.property(header, fc.integer({ min: 1, max: 10_000 }), (value, tries) => {
				const wanted = retryAfterMs({ headers: { 'retry-after': value } }, Date.now());
				if (wanted !== undefined) expect(wanted).toBeGreaterThanOrEqual(0);
				const delay = retryDelayMs(tries, wanted);
				expect(delay).toBeGreaterThanOrEqual(Math.floor(wanted ?? 1_000));
				expect(delay).toBeLessThanOrEqual(75_000);
			}),
			{ numRuns: 2_000 },
		);
	});
});

describe('an image', () => {
	const MAGIC = [
		'\x89PNG\r\n\x1a\n',
		'\xff\xd8\xff',
		'\xff\xd8\xff\xe0\0\0',
		'RIFF\0\0\0\0WEBPVP8 ',
		'RIFF\0\0\0\0WEBPVP8L',
		'RIFF\0\0\0\0WEBPVP8X',
		'GIF89a',
		'BM',
		'II*\0',
		'\0\0\0\x20ftypavif',
		'',
	];

	it('is looked for in any bytes without harm', () => {
		const bytes = fc
			.tuple(fc.constantFrom(...MAGIC), fc.uint8Array({ maxLength: 200 }))
			.map(([magic, rest]) => Buffer.concat([Buffer.from(magic, 'latin1'), rest]));
		fc.assert(
			fc.property(bytes, (given) => {
				const facts = examineImage(given);
				for (const side of [facts?.width, facts?.height]) {
					if (side !== undefined) expect(side).toBeGreaterThanOrEqual(0);
				}
			}),
			{ numRuns: 5_000 },
		);
	});
});

describe('links', () => {
	it('from any expression are http or https, or refused in words', () => {
		fc.assert(
			fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.anything()), (value) => {
				const links = unlessRefused(() => splitLinks(value, 'Image 1'));
				for (const link of links ?? []) expect(new URL(link).protocol).toMatch(/^https?:$/);
			}),
			{ numRuns: 3_000 },
		);
	});

	it('come out as they were joined', () => {
		const link = fc
			.webUrl({ withQueryParameters: true, withFragments: true })
			.filter((url) => !/[,;|]$|,(?:[a-z][a-z0-9+.-]*:\/\/|data:)/i.test(url));
		const separator = fc.constantFrom(',', ', ', '\n', '\r\n', ' ,\n', ',\n\n');
		fc.assert(
			fc.property(fc.array(link, { minLength: 1, maxLength: 5 }), separator, (links, between) => {
				expect(splitLinks(links.join(between), 'Image 1')).toEqual(links);
			}),
			{ numRuns: 1_000 },
		);
	});
});

describe('callback addresses', () => {
	it('are taken or refused in words, whatever is entered', () => {
		const host = fc.oneof(
			fc.string(),
			fc.ipV4Extended(),
			fc.ipV6().map((ip) => `[${ip}]`),
		);
		const address = fc.oneof(
			fc.string(),
			fc.webUrl({ validSchemes: ['https', 'http'] }),
			host.map((name) => `https://${name}/`),
		);
		fc.assert(
			fc.property(address, (given) => {
				unlessRefused(() => requireCallableUrl(given));
			}),
			{ numRuns: 2_000 },
		);
	});

	it('of private hosts are refused, however they are written', () => {
		const byte = fc.nat(255);
		const octets = fc.oneof(
			fc.tuple(fc.constantFrom(0, 10, 127), byte, byte, byte),
			fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
			fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
			fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
		);
		const written = octets.chain(([a, b, c, d]) => {
			const number = ((a * 256 + b) * 256 + c) * 256 + d;
			const hex = number.toString(16);
			return fc.constantFrom(
				`${a}.${b}.${c}.${d}`,
				`${a}.${b}.${c}.${d}.`,
				`${a}.${b}.${c * 256 + d}`,
				`${a}.${(b * 256 + c) * 256 + d}`,
				String(number),
				`0x${hex}`,
				`0${number.toString(8)}`,
				`0x${a.toString(16)}.0${b.toString(8)}.${c}.${d}`,
				`[::ffff:${a}.${b}.${c}.${d}]`,
				`[0:0:0:0:0:FFFF:${a}.${b}.${c}.${d}]`,
				`[::${a}.${b}.${c}.${d}]`,
				`[64:ff9b::${a}.${b}.${c}.${d}]`,
			);
		});
		fc.assert(
			fc.property(written, (host) => {
				expect(() => requireCallableUrl(`https://${host}/webhook`)).toThrow(/private host/);
			}),
			{ numRuns: 2_000 },
		);
	});
});
