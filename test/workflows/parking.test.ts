import type { IDataObject, INodeExecutionData, IRun } from 'n8n-workflow';

import { samplePicture, type Simulator, startSimulator } from '../simulator';
import { binaryField, bytesOf, editImage, sent } from './harness';
import { type ParkedOptions, ParkedWorkflow } from './parkedWorkflow';

/** Parking and waking where something is unusual: the usual way is in suspendUntilCallback.test.ts. */

let simulator: Simulator;
beforeEach(async () => {
	simulator = await startSimulator({ taskSeconds: 600 });
});
afterEach(async () => await simulator.close());

function parked(prompts: string[], more: Partial<ParkedOptions> = {}): ParkedWorkflow {
	return new ParkedWorkflow({
		simulator,
		items: prompts.map((prompt) => ({ json: { prompt } })),
		parameters: editImage(simulator, { wait: 'callback', prompt: '={{ $json.prompt }}' }),
		...more,
	});
}

async function start(workflow: ParkedWorkflow): Promise<void> {
	expect((await workflow.start()).status).toBe('waiting');
}

function endAllTasks(): void {
	simulator.clockOffsetSeconds += 1_000;
}

function tasks() {
	return [...simulator.tasks.values()];
}

/** Address of a task's callback, and its body. */
function callOf(index = 0): [string, { id: string }] {
	const task = tasks()[index];
	return [String(task.request.callback_url), { id: task.id }];
}

function itemsOf(run: IRun, node = 'EvoLink'): INodeExecutionData[] {
	return run.data.resultData.runData[node]?.at(-1)?.data?.main[0] ?? [];
}

describe('A run that 0.1.0 has parked', () => {
	/** The node's context as 0.1.0 saved it, key by key: items 0 and 2 have tasks, item 1 had no prompt. */
	async function parkedBy010(more: IDataObject = {}) {
		const image = await samplePicture('png', { width: 400, height: 400 });
		const workflow = parked(['One', '', 'Three'], { node: { onError: 'continueRegularOutput' } });
		await start(workflow);
		const [one, three] = tasks();
		const request = ({ id, request: body }: typeof one) => ({
			made: 1,
			open: [
				{
					executionId: workflow.executionId,
					fingerprint: 'of 0.1.0, which took other fields for it',
					idempotencyKey: `n8n-${id}`,
					body,
					taskId: id,
					creditsReserved: 1,
				},
			],
		});
		const secret = new URL(String(one.request.callback_url)).searchParams.get('evolink');
		const until = Date.now() + 600_000;
		const item = (prompt: string) => ({
			json: { prompt },
			binary: { data: binaryField(image, 'a.png', 'image/png') },
		});
		const { context } = workflow;
		for (const key of Object.keys(context)) delete context[key];
		Object.assign(context, {
			evolinkRequests: { 'run 0 item 0': request(one), 'run 0 item 2': request(three) },
			evolinkParked: { runIndex: 0, secret, taskIds: [one.id, three.id], until, ...more },
			evolinkInput: {
				items: [item('One'), item(''), item('Three')],
				failures: { 1: { json: { error: "'Prompt' is empty" }, pairedItem: { item: 1 } } },
			},
		});
		return workflow;
	}

	it.each([
		['never woken before', {}],
		['woken before, by a process that has died since', { copy: 'f2b4' }],
	])('is woken by this version, and pays nothing: %s', async (_, more) => {
		const workflow = await parkedBy010(more);
		endAllTasks();
		const answer = await workflow.call(...callOf());
		expect(answer.status).toBe(200);
		const run = await workflow.wake(answer.workflowData);
		expect(run.status).toBe('success');
		const [one, failed, three] = itemsOf(run);
		expect([one, three].map(({ json }) => json.id)).toEqual(tasks().map(({ id }) => id));
		for (const { json, binary } of [one, three]) {
			expect(json.status).toBe('completed');
			expect(bytesOf(binary?.data).length).toBeGreaterThan(1_000);
		}
		expect(failed.json).toEqual({ error: "'Prompt' is empty" });
		expect(itemsOf(run).map(({ pairedItem }) => pairedItem)).toEqual(
			[0, 1, 2].map((item) => ({ item })),
		);
		expect(simulator.paidTasks()).toBe(2);
	});

	it('refuses who does not know its secret', async () => {
		const workflow = await parkedBy010();
		endAllTasks();
		const [url, body] = callOf();
		const forged = url.replace(/evolink=\w+/, `evolink=${'0'.repeat(40)}`);
		expect(await workflow.call(forged, body)).toMatchObject({ status: 403 });
	});

	it('goes on when its time is up', async () => {
		const workflow = await parkedBy010();
		const output = itemsOf(await workflow.timeIsUp());
		expect(output.map(({ json }) => json.timed_out)).toEqual([true, undefined, true]);
	});
});

it('a run that was parked by a version with another record waits for its time limit', async () => {
	const workflow = parked(['One']);
	await start(workflow);
	(workflow.context.evolinkParked as IDataObject).version = 99;
	endAllTasks();
	const answer = await workflow.call(...callOf());
	expect(answer).toMatchObject({ status: 409 });
	expect(answer.workflowData).toBeUndefined();
});

describe('The secret of the address', () => {
	const forgeries: Array<[string, (url: URL) => void]> = [
		['none', (url) => url.searchParams.delete('evolink')],
		['an empty one', (url) => url.searchParams.set('evolink', '')],
		['one of the same length', (url) => url.searchParams.set('evolink', '0'.repeat(40))],
		[
			'a part of it',
			(url) =>
				url.searchParams.set('evolink', (url.searchParams.get('evolink') ?? '').slice(0, -1)),
		],
	];

	it.each(forgeries)('turns callers away who have %s, and nothing is sent', async (_, forge) => {
		const workflow = parked(['One']);
		await start(workflow);
		endAllTasks();
		const [address, body] = callOf();
		const url = new URL(address);
		forge(url);
		const before = sent(simulator).all.length;
		const answer = await workflow.call(String(url), body);
		expect(answer.status).toBe(403);
		expect(answer.workflowData).toBeUndefined();
		expect(sent(simulator).all).toHaveLength(before);
	});

	it('is another one for each execution and each node', async () => {
		const secrets = new Set<unknown>();
		for (const node of [{}, { id: 'another' }]) {
			const workflow = parked(['One'], { node });
			await start(workflow);
			secrets.add((workflow.context.evolinkParked as IDataObject).secret);
		}
		expect(secrets.size).toBe(2);
		expect([...secrets].every((secret) => /^[0-9a-f]{40}$/.test(String(secret)))).toBe(true);
	});
});

it.each([
	'Edit "the" image',
	"it's",
	'}} {{ $json }}',
	'back\\slash ${x} `tick`',
	'U+2028 \u2028 U+2029 \u2029',
	'Bild 画像 🖼️',
])('a node can be called anything: %j', async (name) => {
	const workflow = parked(['One'], { node: { name } });
	await start(workflow);
	endAllTasks();
	const answer = await workflow.call(...callOf());
	expect(answer.status).toBe(200);
	const run = await workflow.wake(answer.workflowData);
	expect(itemsOf(run, name)[0].json.status).toBe('completed');
});

describe("A second resume of n8n 1.x's", () => {
	it.each([false, true])('runs nothing that follows; Always Output Data: %s', async (always) => {
		const workflow = parked(['One'], { node: { alwaysOutputData: always } });
		await start(workflow);
		endAllTasks();
		const { workflowData } = await workflow.call(...callOf());
		const wake = async () => await workflow.wake(structuredClone(workflowData));
		const [first, second] = await Promise.all([wake(), wake()]);
		const after = [first, second].flatMap((run) => itemsOf(run, 'After'));
		expect(after.map(({ json }) => json.status)).toEqual(['completed']);
		expect([first.status, second.status]).toEqual(['success', 'success']);
	});
});

describe('A call is read whatever its content type', () => {
	const id = () => callOf()[1].id;
	const bodies: Array<[string, () => unknown, () => string | undefined]> = [
		['JSON', () => ({ id: id() }), () => undefined],
		['text', () => JSON.stringify({ id: id() }), () => JSON.stringify({ id: id() })],
		['a form', () => ({ [JSON.stringify({ id: id() })]: '' }), () => JSON.stringify({ id: id() })],
		['nothing that n8n knows', () => ({}), () => JSON.stringify({ id: id() })],
		[
			'a task in an envelope',
			() => ({ id: 'evt-1', data: { id: id(), status: 'completed' } }),
			() => undefined,
		],
	];

	it.each(bodies)('%s', async (_, body, wire) => {
		const workflow = parked(['One']);
		await start(workflow);
		endAllTasks();
		const answer = await workflow.call(callOf()[0], body(), wire());
		expect(answer.status).toBe(200);
		expect(answer.workflowData?.[0]).toHaveLength(1);
	});

	it.each([
		['no JSON', '<task/>', 400],
		['no task', '{"task": 1}', 400],
		['an ID of another form', '{"id": "../../credits"}', 400],
		['a body of 300 KB', JSON.stringify({ id: 'x', more: 'x'.repeat(300_000) }), 413],
	])('but not %s', async (_, wire, status) => {
		const workflow = parked(['One']);
		await start(workflow);
		const before = sent(simulator).all.length;
		expect(await workflow.call(callOf()[0], {}, wire)).toMatchObject({ status });
		expect(sent(simulator).all).toHaveLength(before);
	});
});
