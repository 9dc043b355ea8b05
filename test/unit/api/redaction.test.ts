import { parseServiceError } from '../../../nodes/Evolink/api/errors/advice';
import { redacted, withoutSecrets } from '../../../nodes/Evolink/api/errors/redaction';
import { parseJson } from '../../../nodes/Evolink/api/http/json';

const RESUME = 'https://n8n.example.com/webhook-waiting/12/callback?signature=s1gn&evolink=s3cr3t';

it.each([
	['as it is', RESUME],
	['in the middle of a sentence', `callback_url "${RESUME}" is not reachable.`],
	[
		'in another order',
		RESUME.replace('signature=s1gn&evolink=s3cr3t', 'evolink=s3cr3t&signature=s1gn'),
	],
	['escaped as Go does', RESUME.replace('&', '\\u0026')],
	['escaped as HTML', RESUME.replace('&', '&amp;')],
	['inside another address', `https://api.example.com/?url=${encodeURIComponent(RESUME)}`],
	['in capitals', RESUME.replace('evolink', 'EVOLINK').replace('signature', 'Signature')],
])('the secrets of a parked run are not shown: %s', (_name, text) => {
	expect(redacted(text)).not.toMatch(/s1gn|s3cr3t/);
	expect(redacted(text)).toContain('n8n.example.com');
	const { message } = parseServiceError(JSON.stringify({ error: { message: text } }));
	expect(message).not.toMatch(/s1gn|s3cr3t/);
});

it.each([
	'Authorization: Bearer abcdef0123456789',
	'bearer eyJhbGciOi.J9.x_y-z was refused',
	'Incorrect API key provided: sk-evo-0123456789abcdef0123',
])('no token is shown: %s', (text) => {
	expect(redacted(text)).not.toMatch(/abcdef0123|eyJ|0123456789abcdef/);
});

it.each(['The bearer of bad news', 'Signature of the image', 'sk-short'])('%s stays', (text) => {
	expect(redacted(text)).toBe(text);
});

describe('an answer as it arrives', () => {
	const arrive = async (text: string, key = 'a/key"123') =>
		(await withoutSecrets(Buffer.from(text), key)).toString('utf8');

	it('keeps the signatures of result links', async () => {
		const text = '{"results":["https://r.example.com/a.png?Signature=abc&x=1"]}';
		expect(await arrive(text)).toBe(text);
	});

	it.each(['a/key"123', 'a%2Fkey%22123', 'a/key\\"123'])('has no key: %s', async (form) => {
		expect(await arrive(`No such key: ${form}!`)).toBe('No such key: [API key]!');
	});

	it.each(['x', '1', 'null', 'test', 'sk-1234'])(
		'is whole where the key is a word as %s',
		async (key) => {
			const text = JSON.stringify({ id: 'task-1234', x: null, data: [{ b64_json: 'AAtestAAx1' }] });
			expect(await arrive(text, key)).toBe(text);
		},
	);

	it('has no address that wakes a run, and keeps the rest', async () => {
		const link = 'https://r.example.com/a.png?signature=keep';
		const text = JSON.stringify({ callback_url: RESUME, results: [link] });
		expect(await arrive(text)).not.toMatch(/s1gn|s3cr3t/);
		expect(await arrive(text)).toContain(link);
	});

	it.each([0, 1, 10])('has no key between two pieces that are searched (%i)', async (before) => {
		const filler = 'A'.repeat(4 * 1024 * 1024 - before);
		expect(await arrive(`${filler}sk-0123456789!`, 'sk-0123456789')).toBe(`${filler}[API key]!`);
	});

	it('of many megabytes is read once, not again and again', async () => {
		// Again and again would take hours.
		const base64 = 'A'.repeat(20_000_000);
		expect(await arrive(`{"b64_json":"${base64}","callback_url":"${RESUME}"}`)).toContain(
			'[redacted]',
		);
	}, 60_000);
});

describe('JSON from outside', () => {
	it.each([
		'{"__proto__":{"error":"x"},"a":1}',
		'{"\\u005f_proto__":{"error":"x"},"a":1}',
		'{"a":1,"b":{"__proto__":null}}',
	])('cannot change what an object is: %s', (text) => {
		const value = parseJson(text) as Record<string, unknown>;
		expect(value.a).toBe(1);
		expect(JSON.stringify(value)).not.toContain('__proto__');
		expect(value.error).toBeUndefined();
	});

	it('may begin with a byte order mark', () => {
		expect(parseJson('\ufeff{"a":1}')).toEqual({ a: 1 });
	});
});
