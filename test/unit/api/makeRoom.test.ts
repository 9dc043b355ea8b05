import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import type { IExecuteFunctions } from 'n8n-workflow';

import { keyedSend } from '../../../nodes/Evolink/api/http/http';

/** An answer of n8n's client whose body is there, and a request that waits for room before it is read. */
function setUp(statusCode = 200) {
	const body = new PassThrough();
	body.write('{"data"');
	const user = new AbortController();
	const context = {
		helpers: {
			httpRequestWithAuthentication: async () => ({
				statusCode,
				headers: { 'content-length': '10' },
				body,
			}),
		},
		logger: { debug: () => undefined },
		getExecutionCancelSignal: () => user.signal,
	} as unknown as IExecuteFunctions;
	const announced: number[] = [];
	let letIn: () => void = () => undefined;
	const send = async (timeoutMs = 60_000) =>
		await keyedSend(
			context,
			'imagesGatewayApi',
			'the-key-0123456789',
		)({
			method: 'POST',
			url: 'https://gateway.example.com/v1/images/generations',
			timeoutMs,
			maxBytes: 1_000,
			makeRoom: async (bytes) => {
				announced.push(bytes);
				await new Promise<void>((resolve) => (letIn = resolve));
			},
		});
	return { body, user, announced, send, letIn: () => letIn() };
}

describe('An answer for which room is made', () => {
	it('is read when there is room', async () => {
		const { body, announced, send, letIn } = setUp();
		const result = send();
		await sleep(5);
		expect(announced).toEqual([10]);
		expect(body.readableLength).toBe(7);
		letIn();
		body.end(':1}');
		expect(await result).toMatchObject({ kind: 'answer', body: Buffer.from('{"data":1}') });
	});

	it('is waited for no longer when the user stops', async () => {
		const { user, send } = setUp();
		const result = send();
		await sleep(5);
		user.abort();
		expect(await result).toMatchObject({ kind: 'stopped' });
	});

	it('has its whole time when there is room, however long that took', async () => {
		const { body, send, letIn } = setUp();
		const result = send(1_000);
		await sleep(1_300);
		letIn();
		body.end(':1}');
		expect(await result).toMatchObject({ kind: 'answer', body: Buffer.from('{"data":1}') });
	});

	it('is given up when it does not arrive in time after there was room', async () => {
		const { send, letIn } = setUp();
		const result = send(50);
		await sleep(100);
		letIn();
		expect(await result).toMatchObject({ kind: 'noAnswer' });
	});

	it('needs none where it is a refusal', async () => {
		const { body, announced, send } = setUp(400);
		body.end(':1}');
		expect(await send()).toMatchObject({ kind: 'answer', status: 400 });
		expect(announced).toEqual([]);
	});
});
