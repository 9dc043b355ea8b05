import { startSimulator, type Simulator } from '.';
import { callApi, create, query } from '../../tools/simulator/serviceCalls';

describe('faults of the simulator', () => {
	let simulator: Simulator;

	beforeEach(async () => {
		simulator = await startSimulator({ taskSeconds: 0 });
	});

	afterEach(async () => await simulator.close());

	const onCreate = { host: 'api', method: 'POST', path: /generations$/ } as const;

	it('answers by script, then as ever', async () => {
		const headers = { 'retry-after': '7' };
		simulator.inject({ ...onCreate, fault: simulator.refusal('rateLimited', { headers }) });
		const refused = await create(simulator);
		expect(refused.status).toBe(429);
		expect(refused.headers.get('retry-after')).toBe('7');
		expect(refused.body.error.code).toBe('rate_limit_exceeded');
		expect(simulator.requests[0]).toMatchObject({ status: 429, fault: 'status 429' });
		expect((await create(simulator)).status).toBe(200);
		expect(simulator.paidTasks()).toBe(1);
	});

	it('answers HTML as it is', async () => {
		simulator.inject({ host: 'api', fault: { status: 502, body: '<html>Bad gateway</html>' } });
		const response = await fetch(`${simulator.apiUrl}/v1/credits`);
		expect(response.headers.get('content-type')).toContain('text/html');
		expect(await response.text()).toBe('<html>Bad gateway</html>');
	});

	it('answers with an error although a create was paid', async () => {
		simulator.inject({ ...onCreate, fault: { status: 504, body: {}, handled: true } });
		expect((await create(simulator)).status).toBe(504);
		expect(simulator.paidTasks()).toBe(1);
	});

	it.each([
		['resetBefore', 0],
		['resetAfter', 1],
	] as const)('%s costs %d', async (fault, paid) => {
		simulator.inject({ ...onCreate, fault });
		await expect(create(simulator)).rejects.toThrow();
		expect(simulator.paidTasks()).toBe(paid);
		expect(simulator.requests[0]).toMatchObject({ fault });
		expect(simulator.requests[0].status).toBeUndefined();
	});

	it.each([
		['hang', 0],
		['hangAfter', 1],
	] as const)('%s costs %d', async (fault, paid) => {
		simulator.inject({ ...onCreate, fault });
		const request = fetch(`${simulator.apiUrl}/v1/images/generations`, {
			method: 'POST',
			headers: {
				authorization: `Bearer ${simulator.apiKey}`,
				'content-type': 'application/json',
			},
			body: JSON.stringify({
				model: 'qwen-image-edit',
				prompt: 'x',
				image_urls: [`${simulator.picturesUrl}/cat.png`],
			}),
			signal: AbortSignal.timeout(3_000),
		});
		await expect(request).rejects.toThrow(/timeout/);
		expect(simulator.paidTasks()).toBe(paid);
	});

	it('breaks in the middle of an answer', async () => {
		simulator.inject({ ...onCreate, fault: 'answerThenBreak' });
		await expect(create(simulator)).rejects.toThrow();
		expect(simulator.paidTasks()).toBe(1);
		expect(simulator.requests[0].status).toBe(200);
	});

	it('answers broken JSON', async () => {
		simulator.inject({ host: 'api', fault: 'brokenJson' });
		await expect(callApi(simulator, 'GET', '/v1/credits')).rejects.toThrow(/JSON/);
	});

	it('is slow', async () => {
		simulator.inject({ host: 'api', fault: { slow: 120 } });
		const startedAt = Date.now();
		expect((await callApi(simulator, 'GET', '/v1/credits')).status).toBe(200);
		expect(Date.now() - startedAt).toBeGreaterThanOrEqual(115);
	});

	it('hits by order, number and condition', async () => {
		simulator.inject({ host: 'api', method: 'GET', after: 1, times: 2, fault: { status: 500 } });
		const lasting = simulator.inject({
			...onCreate,
			times: Infinity,
			match: ({ json }) => (json as { prompt: string }).prompt === 'bad',
			fault: simulator.refusal('unavailable'),
		});
		const { body } = await create(simulator);
		const path = `/v1/tasks/${body.id}`;
		const statuses: number[] = [];
		for (let poll = 0; poll < 4; poll++) {
			const headers = { authorization: `Bearer ${simulator.apiKey}` };
			statuses.push((await fetch(simulator.apiUrl + path, { headers })).status);
		}
		expect(statuses).toEqual([200, 500, 500, 200]);
		expect(simulator.pollGaps(body.id)).toHaveLength(3);
		expect((await create(simulator, { prompt: 'bad' })).status).toBe(503);
		expect((await create(simulator, { prompt: 'bad' })).status).toBe(503);
		expect(lasting.hits).toBe(2);
		lasting.remove();
		expect((await create(simulator, { prompt: 'bad' })).status).toBe(200);
	});

	it('closes fast although connections hang', async () => {
		simulator.inject({ host: 'api', times: 2, fault: 'hang' });
		simulator.inject({ host: 'api', fault: { slow: 60_000 } });
		const calls = [1, 2, 3].map(async () => await callApi(simulator, 'GET', '/v1/credits'));
		const outcomes = Promise.allSettled(calls);
		await new Promise((resolve) => setTimeout(resolve, 50));
		const startedAt = Date.now();
		await simulator.close();
		expect(Date.now() - startedAt).toBeLessThan(10_000); // The slow one takes a minute.
		expect((await outcomes).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
	});
});

describe('error bodies', () => {
	it.each([
		['A', { code: 401, message: 'Invalid or expired token', type: 'authentication_error' }],
		['B', { code: 'unauthorized', type: 'authentication_error' }],
		['C', { code: 'key_expired', message: expect.stringMatching(/\(request id: .+\)$/) as string }],
	] as const)('of generation %s', async (errorStyle, error) => {
		const simulator = await startSimulator({ errorStyle });
		const headers = { authorization: 'Bearer wrong' };
		const { body } = await callApi(simulator, 'GET', '/v1/credits', { headers });
		await simulator.close();
		expect(body.error).toMatchObject(error);
	});

	it('of several generations in one test', async () => {
		const simulator = await startSimulator();
		for (const style of ['A', 'C'] as const) {
			simulator.inject({ host: 'api', fault: simulator.refusal('insufficientCredits', { style }) });
		}
		const codes = [await create(simulator), await create(simulator)].map(({ status, body }) => {
			return [status, body.error.code];
		});
		expect((await query(simulator, 'task-unified-1-x')).status).toBe(404);
		await simulator.close();
		expect(codes).toEqual([
			[402, 402],
			[402, 'insufficient_user_quota'],
		]);
	});
});
