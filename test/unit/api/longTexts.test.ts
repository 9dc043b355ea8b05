import fc from 'fast-check';

import { setLongTextsAside } from '../../../nodes/Evolink/api/http/longTexts';
import { roundsOf } from '../rounds';

const LONG = 'x'.repeat(65 * 1024);

const setAside = async (json: string) => {
	const { json: shortened, long } = await setLongTextsAside(Buffer.from(json));
	return {
		shortened: shortened.toString('utf8'),
		long: new Map([...long].map(([name, text]) => [name, text.toString('utf8')])),
	};
};

/** Puts the long texts back where their names stand. */
function putBack(value: unknown, long: Map<string, string>): unknown {
	return JSON.parse(JSON.stringify(value), (_name, text: unknown) => {
		const whole = typeof text === 'string' ? long.get(text) : undefined;
		return whole === undefined ? text : (JSON.parse(`"${whole}"`) as string);
	});
}

describe('the long texts of an answer', () => {
	it('are set aside, and their beginning stays', async () => {
		const image = `iVBORw0KGgo${LONG}`;
		const { shortened, long } = await setAside(
			JSON.stringify({ created: 1, data: [{ b64_json: image }, { url: 'https://a/b' }] }),
		);
		const body = JSON.parse(shortened) as { data: Array<Record<string, string>> };
		expect(body.data[1]).toEqual({ url: 'https://a/b' });
		expect(body.data[0].b64_json).toMatch(/^iVBORw0KGgox+… \(text 1, \d+ bytes\)$/);
		expect(long).toEqual(new Map([[body.data[0].b64_json, image]]));
	});

	it('are told apart where several begin alike', async () => {
		const texts = [LONG, LONG, `${LONG}y`];
		const { shortened, long } = await setAside(JSON.stringify(texts));
		const names = JSON.parse(shortened) as string[];
		expect(names.map((name) => long.get(name))).toEqual(texts);
	});

	it('give the same JSON again, whatever quotes and backslashes stand in them', async () => {
		const piece = fc.constantFrom('"', '\\', '\\"', '\\\\"', 'ü', '\n', 'a', LONG);
		const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
		const value = fc.array(fc.oneof(text, fc.dictionary(text, text, { maxKeys: 2 })), {
			maxLength: 6,
		});
		await fc.assert(
			fc.asyncProperty(value, async (body) => {
				const json = JSON.stringify([body, LONG]);
				const { shortened, long } = await setAside(json);
				expect(shortened.length).toBeLessThan(json.length);
				// Names of properties are texts, too, but no images: they stay shortened.
				const names = JSON.stringify(putBack(JSON.parse(shortened), long));
				const back = [...long].reduce(
					(all, [name, whole]) => all.replace(JSON.stringify(name), () => `"${whole}"`),
					names,
				);
				expect(back).toBe(json);
			}),
			{ numRuns: 100 },
		);
	});

	it.each([
		['no JSON', `<html>${LONG}`],
		['cut off', `{"b64_json":"${LONG}`],
		['a quote at the end', `${LONG}"`],
	])('stay where they are in what is %s', async (_name, text) => {
		expect(await setAside(text)).toEqual({ shortened: text, long: new Map() });
	});

	it.each([
		['long texts', JSON.stringify(Array(5).fill('A'.repeat(8_500_000)))],
		['escaped quotes', `["${'\\"'.repeat(5_000_000)}"]`],
		['small texts', `[${'"a",'.repeat(5_000_000)}""]`],
	])('let n8n come to its other work: 10 to 40 MB of %s', async (_name, json) => {
		const body = Buffer.from(json);
		expect(await roundsOf(async () => await setLongTextsAside(body))).toBeGreaterThanOrEqual(4);
	});
});
