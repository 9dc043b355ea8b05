import type { IDataObject, IHttpRequestOptions, IWebhookFunctions } from 'n8n-workflow';

import { receiveDelivery } from '../../../nodes/EvolinkTrigger/receiveDelivery';
import { COMPLETED, FAILED, PROCESSING } from '../taskAnswers';
import { VirtualClock } from '../virtualClock';

/** A call to the trigger, without n8n around it: what is answered, what is asked, and what is started. */

let calls = 0;

class Called {
	/** Another workflow for each test, so that nothing is remembered from one to the next. */
	readonly workflowId = `workflow ${++calls}`;

	readonly taskId = `task-unified-7-${calls}`;

	/** Answers to single reads, the last for ever. */
	answers: Array<{ statusCode: number; body: object | string; takesMs?: number }> = [];

	parameters: IDataObject = { events: ['completed', 'failed', 'cancelled'], simplify: true };

	credential: IDataObject = {
		apiKey: `sk-${calls}`,
		baseUrl: 'https://api.example.com',
		filesBaseUrl: 'https://files.example.com',
	};

	mode = 'webhook';

	staticData: IDataObject = {};

	readonly log: unknown[][] = [];

	readonly asked: IHttpRequestOptions[] = [];

	readonly clock = new VirtualClock();

	async call(body: unknown = { id: this.taskId }) {
		const answered: Array<[number, string]> = [];
		const response = {
			headersSent: false,
			status: (status: number) => ({
				json: ({ message }: { message: string }) => {
					response.headersSent = true;
					answered.push([status, message]);
				},
			}),
		};
		const context = {
			getResponseObject: () => response,
			getBodyData: () => body,
			getRequestObject: () => ({}),
			getCredentials: async () => this.credential,
			getNode: () => ({ id: 'node', name: 'EvoLink Trigger' }),
			getWorkflow: () => ({ id: this.workflowId }),
			getMode: () => this.mode,
			getWorkflowStaticData: (kind: string) => (kind === 'node' ? this.staticData : {}),
			getNodeParameter: (name: string, byDefault: unknown) => this.parameters[name] ?? byDefault,
			logger: {
				debug: () => undefined,
				warn: (...said: unknown[]) => this.log.push(said),
			},
			helpers: {
				httpRequestWithAuthentication: async (_type: string, options: IHttpRequestOptions) =>
					await this.answer(options),
			},
		} as unknown as IWebhookFunctions;
		const { noWebhookResponse, workflowData } = await receiveDelivery(context, this.clock);
		expect(noWebhookResponse).toBe(true);
		expect(answered).toHaveLength(1);
		return { status: answered[0][0], message: answered[0][1], started: workflowData?.[0] };
	}

	private async answer(options: IHttpRequestOptions) {
		this.asked.push(options);
		const [first] = this.answers;
		if (this.answers.length > 1) this.answers.shift();
		await this.clock.pass(first.takesMs ?? 0);
		const text = typeof first.body === 'string' ? first.body : JSON.stringify(first.body);
		return { statusCode: first.statusCode, headers: {}, body: Buffer.from(text) };
	}
}

function calledFor(task: object, more: Partial<Called> = {}): Called {
	const called = Object.assign(new Called(), more);
	called.answers = [{ statusCode: 200, body: { ...task, id: called.taskId } }];
	return called;
}

const refused = (statusCode: number) => ({ statusCode, body: { error: { message: 'no' } } });

describe('A call to the trigger', () => {
	it('starts once, with what the API says, and remembers it', async () => {
		const called = calledFor(COMPLETED);
		const forged = { id: called.taskId, status: 'failed', results: ['https://evil.example/a'] };
		const first = await called.call(forged);
		expect(first).toMatchObject({ status: 200, message: 'Received' });
		expect(first.started).toEqual([
			{
				json: expect.objectContaining({
					id: called.taskId,
					status: 'completed',
					results: COMPLETED.results,
				}) as unknown,
			},
		]);
		expect(called.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
			`GET https://api.example.com/v1/tasks/${called.taskId}`,
		]);
		expect(Object.keys(called.staticData.delivered as object)).toEqual([
			`${called.taskId} completed`,
		]);
		const again = await called.call();
		expect(again).toEqual({ status: 200, message: 'Received before', started: undefined });
		expect(called.staticData.delivered).toHaveProperty([`${called.taskId} completed`]);
		expect(called.log).toEqual([]);
	});

	it.each(['webhook', 'manual'])('starts each workflow that it is for (%s)', async (mode) => {
		const one = calledFor(COMPLETED, { mode });
		const other = calledFor(COMPLETED, { mode, taskId: one.taskId });
		expect((await one.call()).started).toHaveLength(1);
		expect((await other.call()).started).toHaveLength(1);
	});

	it('does not start where another process has saved that it did', async () => {
		const called = calledFor(COMPLETED);
		called.staticData.delivered = { [`${called.taskId} completed`]: called.clock.now() };
		expect(await called.call()).toMatchObject({ message: 'Received before', started: undefined });
	});

	it('starts again in a test after some seconds, and leaves the saved data alone', async () => {
		const called = calledFor(COMPLETED, { mode: 'manual' });
		const again = async () => (await called.call()).started;
		expect(await again()).toHaveLength(1);
		const startedAt = called.clock.now();
		await called.clock.pass(9_500);
		expect(await again()).toBeUndefined();
		await called.clock.pass(startedAt + 10_000 - called.clock.now());
		expect(await again()).toHaveLength(1);
		expect(called.staticData).toEqual({});
	});

	it('gives the raw task where that is wanted', async () => {
		const called = calledFor(COMPLETED);
		called.parameters.simplify = false;
		expect((await called.call()).started?.[0].json).toEqual({ ...COMPLETED, id: called.taskId });
	});

	it.each([
		[['failed'], COMPLETED, false],
		[['completed'], COMPLETED, true],
		[['completed', 'cancelled'], FAILED, false],
		[['failed'], FAILED, true],
		[['cancelled'], { ...FAILED, status: 'canceled' }, true],
		[['failed'], { ...FAILED, status: 'canceled' }, true],
		[[], COMPLETED, false],
	])('starts for the events %j alone', async (events, task, starts) => {
		const called = calledFor(task);
		called.parameters.events = events;
		const { status, message, started } = await called.call();
		expect(status).toBe(200);
		expect(started !== undefined).toBe(starts);
		if (!starts) expect(message).toBe('Received; this node does not start for it');
	});

	it.each<[unknown, boolean]>([
		['', true],
		[' , \n', true],
		['gpt-4o-image', true],
		['other, gpt-4o-image', true],
		['other\ngpt-4o-image', true],
		[['other', 'gpt-4o-image'], true],
		['gpt-4o', false],
		['other', false],
		[[null, 7], false],
	])('starts for the models %j alone', async (models, starts) => {
		const called = calledFor(COMPLETED);
		called.parameters['options.models'] = models as IDataObject[string];
		expect((await called.call()).started !== undefined).toBe(starts);
	});

	it('is refused where it is about no task, and nobody is asked', async () => {
		const called = calledFor(COMPLETED);
		expect(await called.call({ a: 1 })).toEqual({
			status: 400,
			message: 'The body is not a task',
			started: undefined,
		});
		expect(called.asked).toEqual([]);
		expect(called.log).toEqual([]);
	});

	it.each([400, 404, 410, 422])(
		'is refused where the account has no such task (%i)',
		async (status) => {
			const called = new Called();
			called.answers = [refused(status)];
			expect(await called.call()).toEqual({
				status: 404,
				message: "This task doesn't exist",
				started: undefined,
			});
			expect(called.asked).toHaveLength(1);
			expect(called.log).toEqual([]);
		},
	);

	it('is to come again while the task has not ended', async () => {
		const called = calledFor(PROCESSING);
		expect(await called.call()).toEqual({
			status: 409,
			message: "The task isn't finished",
			started: undefined,
		});
		expect(called.log).toEqual([]);
		called.answers = [{ statusCode: 200, body: { ...COMPLETED, id: called.taskId } }];
		expect((await called.call()).started).toHaveLength(1);
	});

	it.each([401, 402, 403, 429, 500, 503])(
		'is to come again where the API does not tell (%i), and the log says so',
		async (status) => {
			const called = new Called();
			called.answers = [refused(status)];
			expect(await called.call()).toEqual({
				status: 503,
				message: "The task can't be read at the moment",
				started: undefined,
			});
			const [[text, about], ...more] = called.log;
			expect(more).toEqual([]);
			expect(text).toMatch(
				new RegExp(
					`^EvoLink Trigger was called for a task ${called.taskId}: .* EvoLink was told to call again\\.$`,
				),
			);
			expect(about).toEqual({ workflowId: called.workflowId });
		},
	);

	it('names in the log what can be done, and not that one may try later', async () => {
		const called = new Called();
		called.answers = [refused(401)];
		await called.call();
		expect(called.log[0][0]).toMatch(/Check the API key/);
		const busy = new Called();
		busy.answers = [refused(503)];
		await busy.call();
		expect(busy.log[0][0]).not.toMatch(/Try again later/);
		expect(busy.log[0][0]).toMatch(/\. EvoLink was told to call again\.$/);
	});

	it('is to come again where the credential is of no use', async () => {
		const called = calledFor(COMPLETED, { credential: { apiKey: 'k', baseUrl: 'nonsense' } });
		expect(await called.call()).toMatchObject({ status: 503, started: undefined });
		expect(called.log).toEqual([
			[
				expect.stringMatching(
					/^EvoLink Trigger was called for a task that was not checked: 'Base URL' .* EvoLink was told to call again\.$/,
				),
				{ workflowId: called.workflowId },
			],
		]);
	});

	it('is taken before the API has answered, and starts when it has', async () => {
		const called = calledFor(COMPLETED);
		called.answers[0].takesMs = 900;
		expect(await called.call()).toMatchObject({ status: 202, message: 'Received' });
		const slow = calledFor(COMPLETED);
		slow.answers[0].takesMs = 900;
		const { status, started } = await slow.call();
		expect([status, started?.length]).toEqual([202, 1]);
		expect(slow.log).toEqual([]);
	});

	it('that was taken early and is about no task is told in the log', async () => {
		const called = new Called();
		called.answers = [{ ...refused(404), takesMs: 900 }];
		expect(await called.call()).toMatchObject({ status: 202, started: undefined });
		expect(called.asked).toHaveLength(1);
		expect(called.log).toHaveLength(1);
		expect(called.log[0][0]).toMatch(
			new RegExp(
				`task ${called.taskId}: .*No execution was started\\. Get the task with 'Get Task'\\.$`,
			),
		);
	});

	it.each([
		['the API is busy', refused(503)],
		['the task has not ended', { statusCode: 200, body: PROCESSING }],
	])('that was taken early is asked for again where %s', async (_name, first) => {
		const called = calledFor(COMPLETED);
		const body =
			first.statusCode === 200 ? { ...first.body, id: called.taskId } : (first.body as object);
		called.answers.unshift({ ...first, body, takesMs: 900 });
		const { status, started } = await called.call();
		expect([status, started?.length]).toEqual([202, 1]);
		expect(called.asked).toHaveLength(2);
	});

	it('that was taken early, and whose task does not end, is told in the log', async () => {
		const called = calledFor(PROCESSING);
		called.answers[0].takesMs = 900;
		expect(await called.call()).toMatchObject({ status: 202, started: undefined });
		expect(called.log[0][0]).toMatch(/: The task isn't finished\. No execution was started\./);
	});

	it('starts without the images that do not come within a minute', async () => {
		const called = calledFor({ ...COMPLETED, results: [] });
		const startedAt = called.clock.now();
		const { started } = await called.call();
		expect(started?.[0].json).toMatchObject({ failure: { code: 'no_images' } });
		const seconds = (called.clock.now() - startedAt) / 1_000;
		expect(seconds).toBeGreaterThanOrEqual(60);
		expect(seconds).toBeLessThan(90);
	});

	it.each([
		['Trigger On', { events: ['exploded'] }],
		['Models', { 'options.models': { a: 1 } }],
	])('names the parameter that is wrong: %s', async (name, parameters) => {
		const called = calledFor(COMPLETED);
		Object.assign(called.parameters, parameters);
		expect(await called.call()).toMatchObject({ status: 503, started: undefined });
		expect(called.log[0][0]).toContain(`'${name}'`);
	});

	it('of a flood is to come again where too many wait, which the log says once a minute', async () => {
		const called = new Called();
		called.answers = [{ ...refused(404), takesMs: Infinity }];
		for (let index = 0; index < 2_000; index++) void called.call({ id: `task-unified-${index}` });
		const startedAt = called.clock.now();
		const toldAfter = async (milliseconds: number) => {
			await called.clock.pass(startedAt + milliseconds - called.clock.now());
			expect(await called.call()).toMatchObject({ status: 503, started: undefined });
			return called.log.filter(([text]) => String(text).includes('Too many')).length;
		};
		expect(await toldAfter(0)).toBe(1);
		expect(await toldAfter(59_999)).toBe(1);
		expect(await toldAfter(60_000)).toBe(2);
	});

	it('waits for the images of a complete task, the caller being answered', async () => {
		const called = calledFor({ ...COMPLETED, results: [] });
		called.answers.push({ statusCode: 200, body: { ...COMPLETED, id: called.taskId } });
		const { status, started } = await called.call();
		expect(status).toBe(202);
		expect(started?.[0].json).toMatchObject({ results: COMPLETED.results });
		expect(called.asked).toHaveLength(2);
	});
});
