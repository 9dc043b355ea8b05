import { startSimulator, type Simulator } from '.';
import { callApi, create, createAndWait, query } from '../../tools/simulator/serviceCalls';

const KEY = 'item-0_execution.1234';

describe('the account of the simulator', () => {
	let simulator: Simulator;

	beforeEach(async () => {
		simulator = await startSimulator({ taskSeconds: 0, credits: 3 });
	});

	afterEach(async () => await simulator.close());

	it('charges at creation and says what was reserved', async () => {
		const { status, body } = await create(simulator);
		expect(status).toBe(200);
		expect(body).toMatchObject({
			id: expect.stringMatching(/^task-unified-\d+-\w{8}$/) as string,
			object: 'image.generation.task',
			type: 'image',
			status: 'pending',
			progress: 0,
			model: 'qwen-image-edit',
			usage: { billing_rule: 'per_call', credits_reserved: 1, user_group: 'default' },
		});
		expect(simulator.paidTasks()).toBe(1);
		expect(simulator.credits).toBe(2);
		expect(simulator.requests[0]).toMatchObject({ charged: 1, status: 200 });
	});

	it('charges wan2.5 per result', async () => {
		const { body } = await create(simulator, { model: 'wan2.5-image-to-image', n: 2 });
		expect(body.usage.credits_reserved).toBe(2.4);
		expect(simulator.credits).toBe(0.6);
	});

	it('answers 402 when the balance does not suffice', async () => {
		simulator.credits = 0.5;
		const { status, body } = await create(simulator);
		expect(status).toBe(402);
		expect(body.error.code).toBe('insufficient_quota');
		expect(simulator.paidTasks()).toBe(0);
	});

	it('tells the balance', async () => {
		await create(simulator);
		const { body } = await callApi(simulator, 'GET', '/v1/credits');
		expect(body).toEqual({
			data: {
				token: { remaining_credits: 2, used_credits: 1, unlimited_credits: false },
				user: { remaining_credits: 2, used_credits: 1 },
			},
			message: '',
			success: true,
		});
	});

	it.each(['failed', 'cancelled', 'canceled'] as const)('refunds a task that %s', async (end) => {
		simulator.nextTask({ end });
		const task = await createAndWait(simulator);
		expect(task.status).toBe(end);
		expect(simulator.ledger).toMatchObject([{ taskId: task.id, credits: 1, refunded: true }]);
		expect(simulator.credits).toBe(3);
		expect(simulator.paidTasks()).toBe(1);
	});

	it('refunds also when nobody asks for the task', async () => {
		simulator.nextTask({ end: 'failed' });
		const { body } = await create(simulator);
		await simulator.tasks.get(body.id)?.work;
		expect(simulator.credits).toBe(3);
	});

	it('accepts no other key', async () => {
		const headers = { authorization: 'Bearer sk-evo-other' };
		expect((await create(simulator, {}, headers)).status).toBe(401);
		expect((await callApi(simulator, 'GET', '/v1/credits', { headers })).status).toBe(401);
		expect(simulator.paidTasks()).toBe(0);
	});

	describe('Idempotency-Key', () => {
		const headers = { 'idempotency-key': KEY };

		it('gives the original task for a repetition, and charges once', async () => {
			const first = await create(simulator, {}, headers);
			await query(simulator, first.body.id);
			const second = await create(simulator, {}, headers);
			expect(second.body).toEqual(first.body);
			expect(first.headers.get('idempotency-replayed')).toBeNull();
			expect(second.headers.get('idempotency-replayed')).toBe('true');
			expect(simulator.ledger).toMatchObject([{ idempotencyKey: KEY }]);
		});

		it('charges once for repetitions that arrive together', async () => {
			const answers = await Promise.all([1, 2, 3].map(() => create(simulator, {}, headers)));
			expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
			expect(simulator.paidTasks()).toBe(1);
		});

		it('refuses another body', async () => {
			await create(simulator, {}, headers);
			const { status, body } = await create(simulator, { prompt: 'Something else' }, headers);
			expect(status).toBe(409);
			expect(body.error.code).toBe('idempotency_conflict');
			expect(simulator.paidTasks()).toBe(1);
		});

		it('is not used up by a create that was refused', async () => {
			expect((await create(simulator, { prompt: '' }, headers)).status).toBe(400);
			expect((await create(simulator, {}, headers)).status).toBe(200);
		});

		it.each(['too-short', 'x'.repeat(97), 'with spaces in between', 'schräge-zeichen-öäü'])(
			'refuses the malformed key %s',
			async (key) => {
				expect((await create(simulator, {}, { 'idempotency-key': key })).status).toBe(400);
				expect(simulator.paidTasks()).toBe(0);
			},
		);

		it('without one, each create is a new task', async () => {
			await create(simulator);
			await create(simulator);
			expect(simulator.paidTasks()).toBe(2);
		});
	});
});
