import type { HttpAnswer, HttpFailure } from '../../../nodes/Evolink/api/http/http';
import { logged } from '../../../nodes/Evolink/api/http/logged';
import { answer, noAnswer } from '../scriptedSend';

async function linesOf(
	result: HttpAnswer | HttpFailure,
	url: string,
	showPath: boolean,
): Promise<string[]> {
	const lines: string[] = [];
	const times = [1_000, 1_250];
	const clock = { now: () => times.shift()! };
	const logger = { debug: (line: string) => lines.push(line) };
	const send = logged(async () => result, logger, showPath, clock);
	await send({
		method: 'POST',
		url,
		headers: { 'Idempotency-Key': 'key-1' },
		body: { prompt: 'a secret prompt' },
		timeoutMs: 1,
		maxBytes: 1,
	});
	return lines;
}

const API = 'https://api.example.com/v1/images/generations?model=x';
const LINK = 'https://files.example.com/secret/a.png?Signature=abc';

it('tells of a request in one line, with the name that the service gave it', async () => {
	const given = answer(200, { id: 'task' }, { 'x-oneapi-request-id': 'req-9' });
	const lines = await linesOf(given, API, true);
	expect(lines).toEqual([
		'EvoLink node: POST api.example.com/v1/images/generations 200 (request ID req-9) in 250 ms',
	]);
});

it('tells of an image no more than its host', async () => {
	expect(await linesOf(answer(200, 'bytes'), LINK, false)).toEqual([
		'EvoLink node: POST files.example.com 200 in 250 ms',
	]);
});

it('tells why no answer came', async () => {
	expect(await linesOf(noAnswer, API, true)).toEqual([
		expect.stringMatching(/ noAnswer \(the connection was lost\) in \d+ ms$/),
	]);
});
