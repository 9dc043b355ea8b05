import type { IDataObject, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { EvolinkClient } from '../../../../nodes/Evolink/api/client';
import type { HttpRequest, Send } from '../../../../nodes/Evolink/api/http/http';
import { receiveCallback } from '../../../../nodes/Evolink/waiting/parking/receiveCallback';
import { answer } from '../../scriptedSend';
import { COMPLETED, FAILED, PROCESSING } from '../../taskAnswers';
import { VirtualClock } from '../../virtualClock';

/** A call to a parked execution, without n8n around it: what is answered, what is asked, and what goes on. */

const SECRET = 'a1b2c3d4'.repeat(5);
const IDS = ['task-unified-1-a', 'task-unified-1-b', 'task-unified-1-c'];
const LIMIT_MS = 600_000;

let executions = 0;

/** One parked execution, and the service that knows its tasks. */
class Parked {
	readonly clock = new VirtualClock();

	readonly requests: HttpRequest[] = [];

	/** What the service says of each task; without an entry it answers 503. */
	readonly tasks: Record<string, object | undefined> = {};

	readonly log: string[] = [];

	readonly node = { id: 'node', name: 'EvoLink', disabled: true };

	/** Whether n8n still has what enables the node. */
	isWakeable = true;

	record: IDataObject | null;

	query: IDataObject = { evolink: SECRET };

	/** Why n8n does not give the parked items. */
	fault?: Error;

	/** Milliseconds that each request takes. */
	takesMs = 10;

	private readonly executionId = String(++executions);

	constructor(private readonly taskIds = IDS.slice(0, 1)) {
		this.record = {
			version: 1,
			runIndex: 0,
			secret: SECRET,
			taskIds,
			until: this.clock.now() + LIMIT_MS,
		};
	}

	async call(id = this.taskIds[0], body: unknown = { id }) {
		const given: { status?: number; message?: string; answers: number } = { answers: 0 };
		const response = {
			get headersSent() {
				return given.status !== undefined;
			},
			status(code: number) {
				given.status = code;
				given.answers += 1;
				return response;
			},
			json({ message }: { message: string }) {
				given.message = message;
			},
		};
		const items = this.taskIds.map((taskId, index) => ({
			json: { id: taskId, status: 'pending', timed_out: true, index },
			binary: { data: { mimeType: 'image/png', data: '' } },
		}));
		const context = {
			evaluateExpression: (expression: string) => {
				if (expression.includes('evolinkParked')) return JSON.stringify(this.record);
				if (this.fault) throw this.fault;
				return expression.includes('$input.all()') ? JSON.stringify(items) : '';
			},
			getNode: () => this.node,
			getQueryData: () => this.query,
			getBodyData: () => body,
			getRequestObject: () => ({}),
			getResponseObject: () => response,
			getExecutionId: () => this.executionId,
			logger: { warn: (text: string) => this.log.push(text) },
			...(this.isWakeable ? { executeData: { node: this.node } } : {}),
		} as unknown as IWebhookFunctions;
		const makeClient = async () =>
			new EvolinkClient(this.send, this.clock, { baseUrl: 'https://api', filesBaseUrl: '' });
		const { workflowData, noWebhookResponse } = await receiveCallback(
			context,
			makeClient,
			this.clock,
		);
		expect(noWebhookResponse).toBe(true);
		expect(given.answers).toBe(1);
		return { ...given, woken: workflowData?.[0] };
	}

	/** How often each task was asked for. */
	get asked(): string[][] {
		return this.requests.map(({ url, body }) => {
			const [, id] = /\/v1\/tasks\/(?!batch)([^/?]+)$/.exec(url) ?? [];
			return id === undefined ? (body as { task_ids: string[] }).task_ids : [id];
		});
	}

	private readonly send: Send = async (request) => {
		this.requests.push(request);
		const ids = this.asked[this.asked.length - 1];
		await this.clock.pass(this.takesMs);
		const known = ids.map((id) => this.tasks[id] && { ...this.tasks[id], id });
		if (known.includes(undefined)) return answer(503, 'busy');
		return answer(200, request.method === 'GET' ? known[0] : { data: known });
	};
}

const jsonOf = (items: INodeExecutionData[] | undefined) => items?.map(({ json }) => json);

describe('A call to a parked execution', () => {
	it('wakes it when its only task has ended, with what the API says of it', async () => {
		const parked = new Parked();
		parked.tasks[IDS[0]] = COMPLETED;
		const { status, message, woken } = await parked.call(IDS[0], {
			id: IDS[0],
			status: 'failed',
			results: ['https://evil.example/a.png'],
		});
		expect([status, message]).toEqual([200, 'Received']);
		expect(woken).toEqual([
			{
				json: {
					id: IDS[0],
					status: 'completed',
					progress: 100,
					results: COMPLETED.results,
					index: 0,
					evolink_woken_by: 0,
				},
				binary: { data: { mimeType: 'image/png', data: '' } },
				pairedItem: { item: 0 },
			},
		]);
		expect(parked.node.disabled).toBe(false);
		expect(parked.asked).toEqual([[IDS[0]]]);
		expect(parked.requests[0].timeoutMs).toBe(4_000);
		expect(parked.log).toEqual([]);
	});

	it('hands on how each task ended, the second with its failure, the mark in the first item alone', async () => {
		const parked = new Parked(IDS.slice(0, 2));
		parked.tasks[IDS[0]] = COMPLETED;
		parked.tasks[IDS[1]] = FAILED;
		const { woken } = await parked.call(IDS[1]);
		expect(jsonOf(woken)).toEqual([
			expect.objectContaining({ id: IDS[0], status: 'completed', evolink_woken_by: 1 }),
			expect.objectContaining({
				id: IDS[1],
				status: 'failed',
				failure: expect.objectContaining({ code: 'content_policy_violation' }) as unknown,
			}),
		]);
		expect(woken?.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		expect(woken?.[1].json).not.toHaveProperty('evolink_woken_by');
		expect(woken?.[0].json).not.toHaveProperty('failure');
	});

	it('needs no mark where n8n signs its addresses', async () => {
		const parked = new Parked();
		parked.tasks[IDS[0]] = COMPLETED;
		parked.query.signature = 'x';
		const { woken } = await parked.call();
		expect(woken?.[0].json).not.toHaveProperty('evolink_woken_by');
	});

	it('hands the ended tasks on without the node, should n8n not let it be enabled any more', async () => {
		const parked = new Parked();
		parked.isWakeable = false;
		parked.tasks[IDS[0]] = COMPLETED;
		const { woken } = await parked.call();
		expect(jsonOf(woken)).toEqual([expect.objectContaining({ status: 'completed' })]);
		expect(woken?.[0].json).not.toHaveProperty('evolink_woken_by');
		expect(parked.node.disabled).toBe(true);
	});

	const forged: Array<[string, (parked: Parked) => void]> = [
		['no secret', (parked) => (parked.query = {})],
		['an empty secret', (parked) => (parked.query = { evolink: '' })],
		['another secret', (parked) => (parked.query = { evolink: '0'.repeat(40) })],
		['a part of the secret', (parked) => (parked.query = { evolink: SECRET.slice(0, -1) })],
		['more than the secret', (parked) => (parked.query = { evolink: `${SECRET}0` })],
		['a list of secrets', (parked) => (parked.query = { evolink: [SECRET] })],
		['the secret elsewhere', (parked) => (parked.query = { secret: SECRET })],
	];
	it.each(forged)('is refused with %s: nobody is asked, nothing goes on', async (_what, forge) => {
		const parked = new Parked();
		parked.tasks[IDS[0]] = COMPLETED;
		forge(parked);
		const { status, message, woken } = await parked.call();
		expect([status, message]).toEqual([403, 'This URL is unknown']);
		expect(woken).toBeUndefined();
		expect(parked.requests).toEqual([]);
		expect(parked.node.disabled).toBe(true);
	});

	it.each([
		['nothing is waited for', null],
		['the record has another version', { version: 2 }],
		['the record has no secret', { secret: undefined }],
		['the record has no tasks', { taskIds: undefined }],
	])('is refused where %s', async (_what, change) => {
		const parked = new Parked();
		parked.record = change && ({ ...parked.record, ...change } as IDataObject);
		expect(await parked.call()).toMatchObject({ status: 409, message: 'No task is expected here' });
		expect(parked.requests).toEqual([]);
	});

	it('is refused for a task that this execution does not wait for, and for what is no task', async () => {
		const parked = new Parked();
		expect(await parked.call('task-unified-1-other')).toMatchObject({
			status: 404,
			message: 'This task is not expected here',
		});
		expect(await parked.call(IDS[0], { a: 1 })).toMatchObject({
			status: 400,
			message: 'The body is not a task',
		});
		expect(parked.requests).toEqual([]);
	});

	it('is to come again while its task has not ended, or cannot be read', async () => {
		const parked = new Parked();
		const later = { status: 503, message: "The task isn't finished yet" };
		parked.tasks[IDS[0]] = PROCESSING;
		expect(await parked.call()).toMatchObject(later);
		delete parked.tasks[IDS[0]];
		expect(await parked.call()).toMatchObject(later);
		parked.tasks[IDS[0]] = COMPLETED;
		expect((await parked.call()).woken).toHaveLength(1);
	});

	it('is taken, and wakes nothing, while others have not ended', async () => {
		const parked = new Parked(IDS);
		parked.tasks[IDS[0]] = COMPLETED;
		parked.tasks[IDS[1]] = PROCESSING;
		parked.tasks[IDS[2]] = PROCESSING;
		const first = await parked.call();
		expect([first.status, first.woken]).toEqual([200, undefined]);
		// Its own task, then the others together.
		expect(parked.asked).toEqual([[IDS[0]], [IDS[1], IDS[2]]]);
		parked.tasks[IDS[1]] = COMPLETED;
		const second = await parked.call(IDS[1]);
		expect([second.status, second.woken]).toEqual([200, undefined]);
		// What has ended is not asked for again.
		expect(parked.asked.slice(2)).toEqual([[IDS[1]], [IDS[2]]]);
		parked.tasks[IDS[2]] = COMPLETED;
		expect((await parked.call(IDS[2])).woken).toHaveLength(3);
	});

	it('wakes also where the calls of others were lost', async () => {
		const parked = new Parked(IDS);
		for (const id of IDS) parked.tasks[id] = COMPLETED;
		expect((await parked.call(IDS[2])).woken).toHaveLength(3);
	});

	it('that comes again meanwhile is received before, and asks nobody', async () => {
		const parked = new Parked();
		parked.tasks[IDS[0]] = COMPLETED;
		await parked.call();
		const asked = parked.requests.length;
		expect(await parked.call()).toMatchObject({ status: 200, message: 'Received before' });
		expect(parked.requests).toHaveLength(asked);
		// A wake-up that went nowhere is tried again.
		await parked.clock.pass(29_900);
		expect((await parked.call()).woken).toBeUndefined();
		await parked.clock.pass(100);
		expect((await parked.call()).woken).toHaveLength(1);
	});

	it('and another at the same moment wake it once', async () => {
		const parked = new Parked(IDS.slice(0, 2));
		for (const id of IDS) parked.tasks[id] = COMPLETED;
		const answers = await Promise.all([
			parked.call(IDS[0]),
			parked.call(IDS[1]),
			parked.call(IDS[0]),
		]);
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
		expect(new Set(answers.map(({ message }) => message))).toEqual(
			new Set(['Received', 'Received before']),
		);
		expect(answers.filter(({ woken }) => woken)).toHaveLength(1);
	});

	it.each([
		[-1_999, 0],
		[-2_000, 1],
		[1_999, 0],
		[2_000, 1],
	])('wakes nothing about when n8n does so itself: %i ms from the limit', async (from, woken) => {
		const parked = new Parked();
		parked.takesMs = 0;
		parked.tasks[IDS[0]] = COMPLETED;
		parked.record = { ...parked.record, until: parked.clock.now() - from };
		const answered = await parked.call();
		expect(answered.status).toBe(200);
		expect(answered.woken ?? []).toHaveLength(woken);
	});

	it('asks for many open tasks once a second at most, for all calls together', async () => {
		const ids = Array.from({ length: 14 }, (_, index) => `task-unified-2-${index}`);
		const parked = new Parked(ids);
		for (const id of ids) parked.tasks[id] = PROCESSING;
		parked.tasks[ids[0]] = COMPLETED;
		await parked.call(ids[0]);
		expect(parked.asked.map(({ length }) => length)).toEqual([1, 13]);
		// Within a second: its own task alone, then one poll of all that are open, for two calls.
		parked.tasks[ids[1]] = COMPLETED;
		parked.tasks[ids[2]] = COMPLETED;
		const at = parked.clock.now();
		parked.takesMs = 0;
		await Promise.all([parked.call(ids[1]), parked.call(ids[2])]);
		expect(parked.asked.slice(2).map(({ length }) => length)).toEqual([1, 1, 11]);
		expect(parked.clock.now() - at).toBeGreaterThan(900);
		expect(parked.clock.now() - at).toBeLessThanOrEqual(1_000);
	});

	it('asks for ten open tasks at once, however soon after the last time', async () => {
		const ids = Array.from({ length: 12 }, (_, index) => `task-unified-3-${index}`);
		const parked = new Parked(ids);
		parked.takesMs = 0;
		for (const id of ids) parked.tasks[id] = PROCESSING;
		for (const id of ids.slice(0, 2)) {
			parked.tasks[id] = COMPLETED;
			await parked.call(id);
		}
		expect(parked.asked.map(({ length }) => length)).toEqual([1, 11, 1, 10]);
		expect(parked.clock.elapsed).toBe(0);
	});

	it('asks again for tasks that could not be read, three times, with pauses', async () => {
		const parked = new Parked(IDS.slice(0, 2));
		parked.takesMs = 0;
		parked.tasks[IDS[0]] = COMPLETED;
		const at = parked.clock.now();
		const { status, woken } = await parked.call();
		expect([status, woken]).toEqual([200, undefined]);
		expect(parked.asked).toEqual([[IDS[0]], [IDS[1]], [IDS[1]], [IDS[1]]]);
		expect(parked.clock.now() - at).toBe(2_000);
	});

	it('is answered once, also where something fails after the answer', async () => {
		const parked = new Parked();
		parked.tasks[IDS[0]] = COMPLETED;
		parked.fault = new Error('The items are gone');
		const { status, woken } = await parked.call();
		expect([status, woken]).toEqual([200, undefined]);
		expect(parked.log).toEqual(['EvoLink could not process a callback: The items are gone']);
	});

	it('says in the log why it could not be taken, and is to come again', async () => {
		const parked = new Parked();
		const context = {
			evaluateExpression: () => {
				throw new Error('No such node');
			},
			getNode: () => ({ name: 'EvoLink' }),
			getResponseObject: () => ({
				headersSent: false,
				status: (code: number) => {
					expect(code).toBe(503);
					return { json: (body: object) => parked.log.push(JSON.stringify(body)) };
				},
			}),
			logger: { warn: (text: string) => parked.log.push(text) },
		} as unknown as IWebhookFunctions;
		const unused = async () => await Promise.reject(new Error('unused'));
		expect(await receiveCallback(context, unused)).toEqual({ noWebhookResponse: true });
		expect(parked.log).toEqual([
			'EvoLink could not process a callback: No such node',
			'{"message":"The task can\'t be read at the moment"}',
		]);
	});
});
