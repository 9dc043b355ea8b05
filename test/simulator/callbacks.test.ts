import {
	createServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

import { startSimulator, type Simulator } from '.';
import { until } from '../../tools/until';
import { create, query, type ApiBody } from '../../tools/simulator/serviceCalls';

const callback_url = 'https://hooks.example.com/hook?token=abc';

describe('callbacks of the simulator', () => {
	let simulator: Simulator;
	let receiver: Server;
	let received: Array<{
		method?: string;
		url?: string;
		headers: IncomingHttpHeaders;
		body: ApiBody;
	}>;
	/** Statuses to answer with, one after the other; then 200. -1 does not answer. */
	let answers: number[];

	beforeEach(async () => {
		received = [];
		answers = [];
		const receive = async (request: IncomingMessage, response: ServerResponse) => {
			const chunks: Buffer[] = [];
			for await (const chunk of request) chunks.push(chunk as Buffer);
			const { method, url, headers } = request;
			const body = JSON.parse(Buffer.concat(chunks).toString()) as ApiBody;
			received.push({ method, url, headers, body });
			const status = answers.shift() ?? 200;
			if (status > 0) response.writeHead(status).end();
		};
		receiver = createServer((request, response) => void receive(request, response));
		await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
		const { port } = receiver.address() as AddressInfo;
		simulator = await startSimulator({
			taskSeconds: 0.05,
			callbackHosts: { 'hooks.example.com': `http://127.0.0.1:${port}` },
			callbackRetrySeconds: [0.05, 0.1, 0.2],
			callbackTimeoutSeconds: 3,
		});
	});

	afterEach(async () => {
		await simulator.close();
		receiver.closeAllConnections();
		await new Promise((resolve) => receiver.close(resolve));
	});

	it('carry the task as a query would tell it, with nobody polling', async () => {
		const { body } = await create(simulator, { callback_url });
		await until(() => received.length === 1);
		expect(received[0]).toMatchObject({
			method: 'POST',
			url: '/hook?token=abc',
			headers: { host: 'hooks.example.com', 'content-type': 'application/json' },
			body: { id: body.id, status: 'completed', progress: 100 },
		});
		expect(received[0].body).toEqual((await query(simulator, body.id)).body);
		expect(JSON.stringify(received[0])).not.toContain(simulator.apiKey);
		await until(() => simulator.callbacks.length === 1);
		expect(simulator.callbacks[0]).toMatchObject({ attempt: 1, status: 200, accepted: true });
	});

	it.each(['failed', 'cancelled'] as const)('tell that a task %s, refunded', async (end) => {
		simulator.nextTask({ end });
		await create(simulator, { callback_url });
		await until(() => received.length === 1);
		expect(received[0].body.status).toBe(end);
		expect(simulator.ledger[0].refunded).toBe(true);
	});

	it('are repeated three times at most, after growing waits', async () => {
		answers = [500, 404, -1, 302, 200];
		await create(simulator, { callback_url });
		await until(() => simulator.callbacks.length === 4);
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(received).toHaveLength(4);
		expect(simulator.callbacks).toMatchObject([
			{ attempt: 1, status: 500, accepted: false },
			{ attempt: 2, status: 404, accepted: false },
			{ attempt: 3, error: expect.any(String) as string, accepted: false },
			{ attempt: 4, status: 302, accepted: false },
		]);
		const [first, second, third] = simulator.callbacks.map(({ at }) => at);
		expect(second - first).toBeGreaterThanOrEqual(45);
		expect(third - second).toBeGreaterThanOrEqual(95);
	});

	it('stop with the first 2xx', async () => {
		answers = [503, 204];
		await create(simulator, { callback_url });
		await until(() => simulator.callbacks.some(({ accepted }) => accepted));
		expect(simulator.callbacks.map(({ status }) => status)).toEqual([503, 204]);
	});

	it('never go to a host that is not mapped', async () => {
		await create(simulator, { callback_url: 'https://elsewhere.example.com/' });
		await until(() => simulator.callbacks.length === 4);
		expect(simulator.callbacks[0]).toMatchObject({
			accepted: false,
			error: expect.stringContaining('not mapped') as string,
		});
		expect(simulator.callbacks[0].sentTo).toBeUndefined();
	});

	it('can be lost, doubled, and sent by hand', async () => {
		simulator.nextTask({ callbackCopies: 0 });
		simulator.nextTask({ callbackCopies: 2 });
		const lost = await create(simulator, { callback_url });
		const doubled = await create(simulator, { callback_url });
		await until(() => received.length === 2);
		expect(received.map(({ body }) => body.id)).toEqual([doubled.body.id, doubled.body.id]);
		await simulator.sendCallback(lost.body.id);
		await simulator.sendCallback(lost.body.id, { id: 'forged' });
		expect(received.slice(2).map(({ body }) => body.id)).toEqual([lost.body.id, 'forged']);
	});

	it('can come late, and be held back and sent by hand as the service does', async () => {
		simulator.nextTask({ callbackLate: 3 });
		simulator.nextTask({});
		simulator.nextTask({ callbackCopies: 0 });
		const late = await create(simulator, { callback_url });
		const punctual = await create(simulator, { callback_url });
		const held = await create(simulator, { callback_url });
		await until(() => received.length === 2);
		expect(received.map(({ body }) => body.id)).toEqual([punctual.body.id, late.body.id]);
		answers = [500, 200];
		await simulator.deliverCallback(held.body.id);
		await until(() => received.length === 4);
		expect(simulator.callbacks.slice(-2)).toMatchObject([
			{ taskId: held.body.id, attempt: 1, accepted: false },
			{ taskId: held.body.id, attempt: 2, accepted: true },
		]);
	});
});
