import fc from 'fast-check';

import { decodeInPlace, isBase64 } from '../../../nodes/Evolink/images/base64';
import { roundsOf } from '../rounds';

const MEGABYTE = 1024 * 1024;

const decoded = async (text: string) => await decodeInPlace(Buffer.from(text));

/** Bytes whose base64 has all its characters, over several pieces. */
function noise(length: number): Buffer {
	const bytes = Buffer.alloc(length);
	let state = 1;
	for (let index = 0; index < length; index++) {
		state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
		bytes[index] = state >>> 16;
	}
	return bytes;
}

describe('base64 that is decoded in pieces', () => {
	const image = noise(2 * MEGABYTE + 1);
	const base64 = image.toString('base64');

	it.each<[string, (text: string) => string]>([
		['as it is', (text) => text],
		['without padding', (text) => text.replace(/=+$/, '')],
		['for URLs', (text) => text.replaceAll('+', '-').replaceAll('/', '_')],
		['in lines', (text) => text.replace(/.{76}/g, '$&\r\n')],
		['in lines, escaped', (text) => text.replace(/.{76}/g, '$&\\r\\n')],
		['with slashes escaped', (text) => text.replaceAll('/', '\\/')],
		['with codes', (text) => text.replaceAll('+', '\\u002b').replaceAll('/', '\\u002F')],
		['with blanks around it', (text) => ` \\n\n${text}\n `],
	])('is the same image %s', async (_name, written) => {
		expect((await decoded(written(base64))).equals(image)).toBe(true);
	});

	it('is the same image wherever an escape falls between two pieces', async () => {
		// A piece ends after 786,432 characters.
		for (let before = 786_424; before <= 786_434; before++) {
			const text = `${'A'.repeat(before)}\\u002F\\/${'B'.repeat(100)}`;
			const plain = `${'A'.repeat(before)}//${'B'.repeat(100)}`;
			expect((await decoded(text)).equals(Buffer.from(plain, 'base64'))).toBe(true);
		}
	});

	it('is the same image, however long it is', async () => {
		await fc.assert(
			fc.asyncProperty(fc.uint8Array({ maxLength: 50 }), async (bytes) => {
				const content = Buffer.from(bytes);
				expect(await decoded(content.toString('base64'))).toEqual(content);
				expect(await decoded(content.toString('base64url'))).toEqual(content);
			}),
		);
	});

	it('is handed out in pieces in their order', async () => {
		const pieces: Buffer[] = [];
		await decodeInPlace(Buffer.from(base64), (piece) => pieces.push(Buffer.from(piece)));
		expect(pieces.length).toBeGreaterThan(2);
		expect(Buffer.concat(pieces).equals(image)).toBe(true);
	});

	it('lets n8n come to its other work, also where several are decoded at a time', async () => {
		const decode = async () => await decodeInPlace(Buffer.from(base64));
		const all = async () => await Promise.all([1, 2, 3, 4, 5].map(decode));
		// 2.7 MB each, a megabyte in each round.
		expect(await roundsOf(all)).toBeGreaterThanOrEqual(10);
	});
});

it.each([
	['iVBORw0KGgo=', true],
	['iVBORw0K\nGgo=', true],
	['iVBO\\/w0K\\nGgo=', true],
	['', true],
	['<html>', false],
	['{"error":"no"}', false],
	['a\\qb', false],
])('%j may be base64: %s', (text, may) => {
	expect(isBase64(Buffer.from(text))).toBe(may);
});
