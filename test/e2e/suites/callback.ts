import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IConnections, INode, INodeParameters } from 'n8n-workflow';

import type { HostVersion } from '../../../tools/host/install';
import { startN8n } from '../../../tools/host/n8n';
import { type Execution, outputItems } from '../../../tools/host/rest';
import { workflowOf } from '../../../tools/host/sketch';
import type { Simulator } from '../../simulator';
import { until } from '../../../tools/until';
import {
	download,
	edited,
	errorText,
	Fixture,
	items,
	PUBLIC_HOST,
	type TestNode,
	to,
} from '../fixture';

const NEXT: TestNode = { name: 'Next', type: 'n8n-nodes-base.noOp' };

/** Edit Image that parks, with the prompts of its items. */
function parking(
	fixture: Fixture,
	parameters: INodeParameters = {},
	settings: Partial<INode> = {},
): TestNode {
	return fixture.editImage(
		{ wait: 'callback', prompt: '={{ $json.prompt }}', ...parameters },
		settings,
	);
}

function prompts(...texts: string[]): TestNode[] {
	return items(...texts.map((prompt) => ({ prompt })));
}

/** For tasks that end, and are told, when the test lets them: see `release`. */
const HELD = { seconds: 1_000, estimatedTime: null, callbackCopies: 0 };

/** The ID of a task; items create theirs at the same time, in any order. */
function taskOf({ simulator }: Fixture, prompt: string): string {
	const task = [...simulator.tasks.values()].find(({ request }) => request.prompt === prompt);
	if (!task) throw new Error(`No task has the prompt ${prompt}`);
	return task.id;
}

/** The held tasks end, and the service calls for these, one after the other. */
async function release({ simulator }: Fixture, ...taskIds: string[]): Promise<void> {
	// n8n 1.x has no lock for two calls at one moment: what an earlier one asks the API is answered by then.
	if (simulator.callbacks.length > 0) await sleep(1_500);
	simulator.clockOffsetSeconds += HELD.seconds;
	await until(() => taskIds.every((id) => simulator.tasks.get(id)?.ended));
	for (const id of taskIds) {
		const before = simulator.callbacks.length;
		void simulator.deliverCallback(id);
		await until(() => simulator.callbacks.length > before);
	}
}

/** Starts a workflow, and waits until n8n has parked it. */
async function parked(
	fixture: Fixture,
	nodes: TestNode[],
	connections?: IConnections,
): Promise<string> {
	const { n8n } = fixture;
	const executionId = await n8n.runWorkflow(await fixture.store(nodes, connections));
	await n8n.waitForExecution(executionId, { until: ['waiting'] });
	return executionId;
}

/** The execution when it has ended. */
async function ended({ n8n }: Fixture, executionId: string): Promise<Execution> {
	return await n8n.waitForExecution(executionId, { timeoutMs: 90_000 });
}

/** Parks, is called, ends. Its tasks are short, so on a busy machine nobody may see it parked: only calls end it. */
async function whole(
	fixture: Fixture,
	nodes: TestNode[],
	connections?: IConnections,
): Promise<Execution> {
	const { n8n, simulator } = fixture;
	const execution = await ended(
		fixture,
		await n8n.runWorkflow(await fixture.store(nodes, connections)),
	);
	expect(simulator.callbacks.some(({ accepted }) => accepted)).toBe(true);
	return execution;
}

/** The prompts of the tasks that came out, in order. */
function promptsOf({ simulator }: Fixture, execution: Execution, node = 'EvoLink'): string[] {
	return outputItems(execution, node).map(
		({ json }) => simulator.tasks.get(json.id as string)?.request.prompt ?? '',
	);
}

function pairs(execution: Execution): unknown[] {
	return edited(execution).map(({ pairedItem }) => pairedItem);
}

/** The statuses of all calls that the service made, in order. */
function calls({ callbacks }: Simulator): Array<number | undefined> {
	return callbacks.map(({ status }) => status);
}

/** What everything after the node saw of it: one run with so many items. */
function expectNextRanOnce(execution: Execution, count: number): void {
	expect(execution.data.resultData.runData.Next).toHaveLength(1);
	expect(outputItems(execution, 'Next')).toHaveLength(count);
}

/** A call that is not the service's own: to the address of a task, changed as the test wants. */
async function call(
	{ n8n, simulator }: Fixture,
	change: (url: URL) => void,
	{ method = 'POST', body }: { method?: string; body?: string } = {},
): Promise<number> {
	const [task] = simulator.tasks.values();
	const url = new URL(String(task.request.callback_url));
	change(url);
	const { status } = await fetch(n8n.baseUrl + url.pathname + url.search, {
		method,
		headers: { 'content-type': 'application/json', connection: 'close' },
		...(method === 'POST' ? { body: body ?? JSON.stringify({ id: task.id }) } : {}),
	});
	return status;
}

const unchanged = () => undefined;

export function callback(given: () => Fixture, version: HostVersion): void {
	describe('Suspend Until Callback', () => {
		it('parks one execution for all items, and wakes it once when the last task has ended', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask({ prompt: /Quick/, ...HELD });
			simulator.nextTask({ prompt: /Middle/, ...HELD, seconds: 2 * HELD.seconds });
			simulator.nextTask({ prompt: /Slow/, ...HELD, seconds: 3 * HELD.seconds });
			const executionId = await parked(fixture, [
				...prompts('Slow', 'Quick', 'Middle'),
				parking(fixture),
				NEXT,
			]);
			const before = simulator.requests.length;
			for (const prompt of ['Quick', 'Middle', 'Slow']) {
				await release(fixture, taskOf(fixture, prompt));
			}
			// While it is parked, nobody asks anything.
			const first = simulator.callbacks[0].at;
			const early = simulator.requests
				.slice(before)
				.filter(({ at, fromService }) => at < first - 200 && !fromService);
			expect(early).toEqual([]);

			const execution = await ended(fixture, executionId);
			expect(execution.status).toBe('success');
			const output = edited(execution);
			expect(output.map(({ json }) => json.status)).toEqual(Array(3).fill('completed'));
			expect(pairs(execution)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
			expect(promptsOf(fixture, execution)).toEqual(['Slow', 'Quick', 'Middle']);
			for (const item of output) expect((await fixture.picture(item)).length).toBeGreaterThan(1000);
			expectNextRanOnce(execution, 3);
			expect(simulator.paidTasks()).toBe(3);
			expect(calls(simulator)).toEqual([200, 200, 200]);
		});

		it('takes many calls, with several images each', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const texts = Array.from({ length: 20 }, (_, index) => `Number ${index}`);
			// Out of order, and some at the same moment.
			for (const index of texts.keys()) simulator.nextTask({ seconds: 3 + (index % 7) / 2 });
			const execution = await whole(fixture, [
				...prompts(...texts),
				parking(fixture, {
					model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' },
					numberOfImages: 2,
					options: { concurrency: 20 },
				}),
				NEXT,
			]);
			expect(execution.status).toBe('success');
			expect(promptsOf(fixture, execution)).toEqual(texts);
			for (const { json, binary } of edited(execution)) {
				expect(json.status).toBe('completed');
				expect(Object.keys(binary ?? {})).toEqual(['data', 'data_1']);
			}
			expectNextRanOnce(execution, 20);
			expect(simulator.paidTasks()).toBe(20);
			// The last of them may find the execution awake: then n8n refuses them itself.
			const answers = new Map(simulator.callbacks.map(({ taskId, status }) => [taskId, status]));
			expect(answers.size).toBe(20);
			expect(new Set([...answers.values(), 200, 409])).toEqual(new Set([200, 409]));
		});

		it('gives a parked node its binary input and expressions back, whatever its name', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.taskSeconds = 2;
			const name = `Bild "ändern" {{ 'x' }} \\ $("EvoLink")`;
			const nodes = [
				...prompts('Blue'),
				download(`${simulator.picturesUrl}/cat.png`),
				parking(
					fixture,
					{
						prompt: "={{ $('Items').item.json.prompt }} {{ $itemIndex }}",
						images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
						binaryPropertyName: "={{ 'picture_' + $('Items').item.json.prompt }}",
					},
					{ name },
				),
				NEXT,
			];
			const execution = await whole(fixture, nodes);
			expect(execution.status).toBe('success');
			expect(promptsOf(fixture, execution, name)).toEqual(['Blue 0']);
			const [item] = outputItems(execution, name);
			expect(Object.keys(item.binary ?? {})).toEqual(['picture_Blue']);
			const [source] = outputItems(execution, 'Get Picture');
			const image = await fixture.picture(item, 'picture_Blue');
			expect(image.equals(await fixture.picture(source))).toBe(false);
			expect(simulator.files.size).toBe(1);
			expectNextRanOnce(execution, 1);
		});

		it('parks twice in a row and in parallel branches', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const nodes = [
				...prompts('One', 'Two'),
				parking(fixture, {}, { name: 'First' }),
				parking(fixture, { prompt: 'Then' }, { name: 'Second' }),
				parking(fixture, { prompt: 'Beside' }, { name: 'Branch' }),
				NEXT,
			];
			const execution = await whole(fixture, nodes, {
				Start: to('List'),
				List: to('Items'),
				Items: {
					main: [
						[
							{ node: 'First', type: 'main', index: 0 },
							{ node: 'Branch', type: 'main', index: 0 },
						],
					],
				},
				First: to('Second'),
				Second: to('Next'),
			});
			expect(execution.status).toBe('success');
			expect(promptsOf(fixture, execution, 'First')).toEqual(['One', 'Two']);
			expect(promptsOf(fixture, execution, 'Second')).toEqual(['Then', 'Then']);
			expect(promptsOf(fixture, execution, 'Branch')).toEqual(['Beside', 'Beside']);
			expectNextRanOnce(execution, 2);
			expect(simulator.paidTasks()).toBe(6);
		});

		it('parks in each round of a loop, and knows late calls of an earlier one', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const nodes: TestNode[] = [
				...prompts('One', 'Two', 'Three'),
				{
					name: 'Loop',
					type: 'n8n-nodes-base.splitInBatches',
					typeVersion: 3,
					parameters: { options: {} },
				},
				parking(fixture),
				NEXT,
			];
			simulator.nextTask({ prompt: /Two/, ...HELD });
			const workflowId = await fixture.store(nodes, {
				Start: to('List'),
				List: to('Items'),
				Items: to('Loop'),
				Loop: to('Next', 'EvoLink'),
				EvoLink: to('Loop'),
			});
			const executionId = await fixture.n8n.runWorkflow(workflowId);
			await until(() => simulator.tasks.size === 2);
			const [first, second] = simulator.tasks.keys();
			await until(async () => (await simulator.sendCallback(first)).status === 403);
			await release(fixture, second);
			const execution = await ended(fixture, executionId);
			expect(execution.status).toBe('success');
			expectNextRanOnce(execution, 3);
			const { runData } = execution.data.resultData;
			expect(runData.EvoLink).toHaveLength(3);
			expect(outputItems(execution, 'Next').map(({ json }) => json.status)).toEqual(
				Array(3).fill('completed'),
			);
			expect(simulator.paidTasks()).toBe(3);
		});

		it('fails the execution for a failed task', async () => {
			const fixture = given();
			fixture.simulator.nextTask({ prompt: /Bad/, end: 'failed', code: 'invalid_parameters' });
			fixture.simulator.nextTask({ seconds: 2 });
			const nodes = [...prompts('Bad', 'Good'), parking(fixture), NEXT];
			const execution = await whole(fixture, nodes);
			expect(execution.status).toBe('error');
			expect(errorText(execution)).toContain('invalid_parameters');
			expect(execution.data.resultData.runData.Next).toBeUndefined();
		});

		it.each([
			['On Task Failure is Output', { options: { onTaskFailure: 'output' } }, {}, 'failure'],
			['it continues', {}, { onError: 'continueRegularOutput' as const }, 'error'],
		])('hands a failed task on when %s', async (_, parameters, settings, key) => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask({ prompt: /Bad/, end: 'failed', code: 'content_policy_violation' });
			simulator.nextTask({ prompt: /Gone/, end: 'canceled' });
			const nodes = [
				...prompts('Bad', 'Good', 'Gone'),
				parking(fixture, parameters, settings),
				NEXT,
			];
			const execution = await whole(fixture, nodes);
			expect(execution.status).toBe('success');
			const output = edited(execution);
			expect(promptsOf(fixture, execution)).toEqual(['Bad', 'Good', 'Gone']);
			expect(output.map(({ json }) => key in json)).toEqual([true, false, true]);
			expect(output.map(({ binary }) => binary !== undefined)).toEqual([false, true, false]);
			expect(pairs(execution)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
			expectNextRanOnce(execution, 3);
		});

		it('loses nothing when n8n tries again because of a first item with an error', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask({ prompt: /Bad/, end: 'failed', code: 'content_policy_violation' });
			const settings = {
				onError: 'continueRegularOutput' as const,
				retryOnFail: true,
				maxTries: 2,
			};
			const nodes = [...prompts('Bad', 'Good'), parking(fixture, {}, settings), NEXT];
			const execution = await whole(fixture, nodes);
			expect(execution.status).toBe('success');
			expect(edited(execution).map(({ json }) => 'error' in json)).toEqual([true, false]);
			expect((await fixture.picture(edited(execution)[1])).length).toBeGreaterThan(1000);
			expectNextRanOnce(execution, 2);
			expect(simulator.paidTasks()).toBe(2);
		});

		it('wakes for a complete task whose images come only seconds later, and waits for them', async () => {
			const fixture = given();
			fixture.simulator.nextTask({ seconds: 2, imagesAfter: 4 });
			const execution = await whole(fixture, [...prompts('Late'), parking(fixture), NEXT]);
			const [item] = edited(execution);
			expect(item.json.status).toBe('completed');
			expect((await fixture.picture(item)).length).toBeGreaterThan(999);
			expectNextRanOnce(execution, 1);
			expect(fixture.simulator.paidTasks()).toBe(1);
		});

		it('moves a failed task, and an item that was refused before, to the error output', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask({ prompt: /Bad/, end: 'failed', code: 'content_policy_violation' });
			const refused = simulator.inject({
				host: 'api',
				path: /generations/,
				match: ({ body }) => String(body).includes('Refused'),
				times: Infinity,
				fault: simulator.refusal('invalidRequest'),
			});
			const nodes = [
				...prompts('Bad', 'Good', 'Refused', ''),
				parking(fixture, {}, { onError: 'continueErrorOutput' }),
			];
			const execution = await whole(fixture, nodes);
			expect(execution.status).toBe('success');
			expect(promptsOf(fixture, execution)).toEqual(['Good']);
			const errors = edited(execution, 1).map(({ json }) => json);
			expect(errors.map((json) => Object.keys(json).includes('error'))).toEqual(
				Array(3).fill(true),
			);
			expect(JSON.stringify(errors[0])).toContain('task-unified-');
			expect(JSON.stringify(errors[2])).toContain("'Prompt' is empty");
			expect(refused.hits).toBe(1);
			expect(simulator.paidTasks()).toBe(2);
		});

		it('asks a failed task anew with Retry On Fail only where that makes sense', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const retry = { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 };
			simulator.nextTask({ prompt: /Again/, end: 'failed', code: 'generation_timeout' });
			const good = await whole(fixture, [
				...prompts('Good', 'Again'),
				parking(fixture, {}, retry),
				NEXT,
			]);
			expect(good.status).toBe('success');
			expect(promptsOf(fixture, good)).toEqual(['Good', 'Again']);
			expectNextRanOnce(good, 2);
			expect(simulator.paidTasks()).toBe(3);

			simulator.nextTask({ prompt: /Never/, end: 'failed', code: 'invalid_parameters' });
			const bad = await whole(fixture, [...prompts('Never'), parking(fixture, {}, retry), NEXT]);
			expect(bad.status).toBe('error');
			expect(errorText(bad)).toContain('invalid_parameters');
			expect(simulator.paidTasks()).toBe(4);
		});

		it('pays once when creating fails and n8n tries again before it parks', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.inject({
				host: 'api',
				path: /generations/,
				match: ({ body }) => String(body).includes('Two'),
				fault: { status: 402 },
			});
			const retry = { retryOnFail: true, waitBetweenTries: 2000 };
			const execution = await whole(fixture, [
				...prompts('One', 'Two', 'Three'),
				parking(fixture, {}, retry),
				NEXT,
			]);
			expect(execution.status).toBe('success');
			expect(promptsOf(fixture, execution)).toEqual(['One', 'Two', 'Three']);
			expectNextRanOnce(execution, 3);
			expect(simulator.paidTasks()).toBe(3);
		});

		it('does not park when all tasks ended while it was still creating', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.inject({
				host: 'api',
				path: /generations/,
				match: ({ body }) => String(body).includes('Late'),
				fault: { slow: 10_000 },
			});
			const execution = await fixture.run([...prompts('Early', 'Late'), parking(fixture), NEXT]);
			expect(execution.status).toBe('success');
			expect(promptsOf(fixture, execution)).toEqual(['Early', 'Late']);
			expectNextRanOnce(execution, 2);
			expect(simulator.callbacks.every(({ accepted }) => !accepted)).toBe(true);
			expect(simulator.paidTasks()).toBe(2);
		});

		it('polls when its calls may have come before, and the API does not tell', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			simulator.inject({
				host: 'api',
				path: /generations/,
				match: ({ body }) => String(body).includes('Late'),
				fault: { slow: 10_000 },
			});
			const down = simulator.inject({
				host: 'api',
				path: /tasks/,
				times: Infinity,
				fault: { status: 503 },
			});
			simulator.nextTask({ prompt: /Late/, callbackCopies: 0 });
			const nodes = [...prompts('Early', 'Late'), parking(fixture), NEXT];
			const executionId = await n8n.runWorkflow(await fixture.store(nodes));
			await until(() => down.hits > 0);
			await sleep(5000);
			down.remove();
			const execution = await n8n.waitForExecution(executionId, { timeoutMs: 30_000 });
			expect(execution.status).toBe('success');
			expectNextRanOnce(execution, 2);
			expect(simulator.callbacks.every(({ accepted }) => !accepted)).toBe(true);
			expect(simulator.paidTasks()).toBe(2);
		});

		it('is moved by nothing but calls of its own tasks that have ended', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask(HELD);
			const executionId = await parked(fixture, [...prompts('One'), parking(fixture), NEXT]);
			const [task] = simulator.tasks.values();
			const before = simulator.requests.filter(({ fromService }) => !fromService).length;
			const secret = (value?: string) => (url: URL) => {
				if (value === undefined) url.searchParams.delete('evolink');
				else url.searchParams.set('evolink', value);
			};
			expect(await call(fixture, secret())).toBe(403);
			expect(await call(fixture, secret('0'.repeat(40)))).toBe(403);
			expect(await call(fixture, secret('kurz'))).toBe(403);
			const unsigned = await call(fixture, (url) => url.searchParams.delete('signature'));
			// 1.123 signs nothing, so there it is a call like any other, of a task that has not ended.
			expect(unsigned).toBe(version === '2.41' ? 401 : 503);
			expect(await call(fixture, unchanged, { body: '{"id":"task-unified-1-other"}' })).toBe(404);
			expect(await call(fixture, unchanged, { body: '{"status":"completed"}' })).toBe(400);
			expect(await call(fixture, unchanged, { body: '[]' })).toBe(400);
			expect(await call(fixture, unchanged, { body: '{"id":' })).toBe(422);
			expect(await call(fixture, unchanged, { method: 'GET' })).toBe(404);
			const asked = simulator.requests.filter(({ fromService }) => !fromService);
			expect(asked.length - before).toBe(version === '2.41' ? 0 : 1);
			// Early, with a body that lies.
			expect(
				(await simulator.sendCallback(task.id, { ...task.view(), status: 'completed' })).status,
			).toBe(503);
			expect((await fixture.n8n.getExecution(executionId)).status).toBe('waiting');

			await release(fixture, task.id, task.id);
			const execution = await ended(fixture, executionId);
			expect(execution.status).toBe('success');
			expectNextRanOnce(execution, 1);
			await until(() => calls(simulator).filter((status) => status !== 503).length >= 2);
			expect((await simulator.sendCallback(task.id)).status).toBe(409);
			expect(simulator.paidTasks()).toBe(1);
		});

		it('runs what follows once, however many calls come at one moment', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask({ times: 2, seconds: 3, callbackCopies: 0 });
			const executionId = await parked(fixture, [...prompts('One', 'Two'), parking(fixture), NEXT]);
			await sleep(3500);
			const ids = [...simulator.tasks.keys()];
			const sent = Array.from({ length: 10 }, async (_, index) => {
				return await simulator.sendCallback(ids[index % 2]);
			});
			const answers = (await Promise.all(sent)).map(({ status }) => status);
			expect(answers).toContain(200);
			const execution = await ended(fixture, executionId);
			expect(execution.status).toBe('success');
			expectNextRanOnce(execution, 2);
			await sleep(1500);
			// A second copy would have written its own record over the first.
			const downloads = simulator.requests.filter(
				({ host, method, fromService }) => host === 'results' && method === 'GET' && !fromService,
			);
			expect(downloads).toHaveLength(2);
		});

		it('heals a lost call by the next one, and an API that is down by the next try', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask({ prompt: /First|Lost/, times: 2, ...HELD });
			simulator.nextTask({ prompt: /Last/, ...HELD, seconds: 2 * HELD.seconds });
			const executionId = await parked(fixture, [
				...prompts('Lost', 'First', 'Last'),
				parking(fixture),
				NEXT,
			]);
			await release(fixture, taskOf(fixture, 'First'));
			await sleep(1_500); // Not to refuse what the first call asks.
			const down = simulator.inject({
				host: 'api',
				path: /tasks/,
				times: Infinity,
				fault: { status: 503 },
			});
			await release(fixture, taskOf(fixture, 'Last'));
			await until(() => simulator.callbacks.length === 2);
			down.remove();
			const execution = await ended(fixture, executionId);
			expect(execution.status).toBe('success');
			expect(promptsOf(fixture, execution)).toEqual(['Lost', 'First', 'Last']);
			expectNextRanOnce(execution, 3);
			expect(calls(simulator)).toEqual([200, 503, 200]);
		});

		it('stays stopped when the user stops a parked execution', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			simulator.nextTask(HELD);
			const executionId = await parked(fixture, [...prompts('One'), parking(fixture), NEXT]);
			await n8n.stopExecution(executionId);
			await release(fixture, ...simulator.tasks.keys());
			await until(() => simulator.callbacks.length > 0);
			await sleep(1000);
			const execution = await n8n.getExecution(executionId);
			expect(execution.status).toBe('canceled');
			expect(execution.data.resultData.runData.Next).toBeUndefined();
			expect(simulator.callbacks[0].accepted).toBe(false);
		});

		it('polls in a sub-workflow, whose caller waits', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			const nodes = [...prompts('One'), parking(fixture)];
			const trigger: TestNode = {
				name: 'Start',
				type: 'n8n-nodes-base.executeWorkflowTrigger',
				typeVersion: 1.1,
				parameters: { inputSource: 'passthrough' },
			};
			const subWorkflow = await n8n.createWorkflow({
				name: 'Sub-workflow',
				nodes: [trigger, ...nodes].map((node, index) => ({
					id: `sub-${index}`,
					typeVersion: 1,
					position: [index * 200, 0],
					parameters: {},
					...node,
				})),
				connections: { Start: to('List'), List: to('Items'), Items: to('EvoLink') },
				settings: { executionOrder: 'v1' },
			});
			await n8n.activate(subWorkflow);
			const execution = await fixture.run([
				{
					name: 'EvoLink',
					type: 'n8n-nodes-base.executeWorkflow',
					typeVersion: 1.2,
					parameters: {
						workflowId: { __rl: true, mode: 'id', value: subWorkflow.id },
						options: { waitForSubWorkflow: true },
					},
				},
			]);
			expect(execution.status).toBe('success');
			expect(edited(execution)[0].json.status).toBe('completed');
			const [task] = simulator.tasks.values();
			expect(task.request.callback_url).toBeUndefined();
		});

		it('parks in an active workflow that saves no executions', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			simulator.taskSeconds = 2;
			const path = `parking-${Date.now()}`;
			const nodes: TestNode[] = [
				{
					name: 'Start',
					type: 'n8n-nodes-base.webhook',
					typeVersion: 2,
					webhookId: path,
					parameters: { path, httpMethod: 'POST', responseMode: 'lastNode', options: {} },
				},
				parking(fixture, { prompt: '={{ $json.body.prompt }}' }),
				{
					name: 'Next',
					type: 'n8n-nodes-base.httpRequest',
					typeVersion: 4.2,
					parameters: { url: `=${simulator.picturesUrl}/cat.png?done={{ $json.status }}` },
				},
			];
			const workflow = await n8n.createWorkflow({
				...workflowOf('Saves nothing', nodes),
				settings: {
					executionOrder: 'v1',
					saveDataSuccessExecution: 'none',
					saveDataErrorExecution: 'none',
					saveManualExecutions: false,
				},
			});
			await n8n.activate(workflow);
			await sleep(1500);
			const response = await fetch(`${n8n.baseUrl}/webhook/${path}`, {
				method: 'POST',
				headers: { 'content-type': 'application/json', connection: 'close' },
				body: '{"prompt":"Blue"}',
			});
			// The last node that has run by now.
			expect(await response.json()).toMatchObject({ status: 'pending' });
			const done = () => simulator.requests.flatMap(({ query }) => query.done ?? []);
			await until(() => done().length > 0);
			await sleep(1000);
			expect(done()).toEqual(['completed']);
			const [task] = simulator.tasks.values();
			expect(task.request.prompt).toBe('Blue');
			expect(simulator.callbacks.map(({ accepted }) => accepted)).toEqual([true]);
			expect(await n8n.listExecutions({ workflowId: workflow.id })).toEqual([]);
		});

		it('survives kill -9 while it is parked, and while it goes on', async () => {
			const { simulator } = given();
			const userFolder = mkdtempSync(join(tmpdir(), `n8n-killed-${version}-`));
			const boot = { version, userFolder, env: { WEBHOOK_URL: `https://${PUBLIC_HOST}/` } };
			let n8n = await startN8n({ ...boot, packageTarball: process.env.PACKAGE_TARBALL });
			const restart = async () => {
				await n8n.kill();
				n8n = await startN8n(boot);
				await n8n.setUpOwner();
				simulator.callbackHosts[PUBLIC_HOST] = n8n.baseUrl;
			};
			try {
				await n8n.setUpOwner();
				const credential = await n8n.createCredential('EvoLink', 'evolinkApi', {
					apiKey: simulator.apiKey,
					baseUrl: simulator.apiUrl,
					filesBaseUrl: simulator.filesUrl,
				});
				const fixture = () => new Fixture(n8n, simulator, credential);
				simulator.nextTask({ callbackCopies: 0, seconds: 0.5, delivery: { slow: 15_000 } });
				simulator.nextTask({ callbackCopies: 0, seconds: 0.5 });
				const nodes = [...prompts('One', 'Two'), parking(fixture()), NEXT];
				const executionId = await parked(fixture(), nodes);
				await sleep(2000); // n8n writes its journal a moment later.
				await restart();
				// For some milliseconds n8n takes any parked execution for crashed, then it parks it again.
				await until(async () => (await n8n.getExecution(executionId)).status === 'waiting');

				const [first, second] = simulator.tasks.keys();
				expect((await simulator.sendCallback(first)).status).toBe(200);
				await until(() => simulator.requests.some(({ host }) => host === 'results'));
				await restart();
				// It was running, so n8n takes it for crashed. 1.123 wakes it again if a further call comes.
				await n8n.waitForExecution(executionId, { until: ['crashed'] });
				const { accepted } = await simulator.sendCallback(second);
				expect(accepted).toBe(version === '1.123');
				if (accepted) {
					await until(async () => (await n8n.getExecution(executionId)).status === 'success');
					const execution = await ended(fixture(), executionId);
					expect(promptsOf(fixture(), execution)).toEqual(['One', 'Two']);
					expectNextRanOnce(execution, 2);
				}
				const getTask = { operation: 'getTask', taskId: first };
				const fetched = await fixture().run([fixture().evolink(getTask)]);
				expect((await fixture().picture(edited(fetched)[0])).length).toBeGreaterThan(1000);
				expect(simulator.paidTasks()).toBe(2);
			} finally {
				await n8n.stop();
				rmSync(userFolder, { recursive: true, force: true });
			}
		}, 900_000);

		it('goes on when the time is up, and only once when it was woken just before', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const options = { timeout: 60 };
			simulator.nextTask({ prompt: /Lost/, times: 2, seconds: 5, callbackCopies: 0 });
			simulator.nextTask({ prompt: /Late/, seconds: 56 });
			const visit = (name: string): TestNode => ({
				name: 'Next',
				type: 'n8n-nodes-base.httpRequest',
				typeVersion: 4.2,
				parameters: {
					url: `=${simulator.picturesUrl}/cat.png?${name}={{ $json.status }}`,
				},
			});
			const [lost, late] = await Promise.all([
				parked(fixture, [
					...prompts('Lost One', 'Lost Two'),
					parking(fixture, { options }),
					fixture.evolink(
						{ operation: 'waitForCompletion', taskId: '={{ $json.id }}' },
						{ name: 'Next' },
					),
				]),
				// On 1.123, n8n's clock starts it again while the last two nodes are at work.
				parked(fixture, [
					...prompts('Late'),
					parking(fixture, { options }, { alwaysOutputData: true }),
					{
						name: 'Pause',
						type: 'n8n-nodes-base.wait',
						typeVersion: 1.1,
						parameters: { resume: 'timeInterval', amount: 12, unit: 'seconds' },
					},
					visit('late'),
				]),
			]);
			const wait = { timeoutMs: 170_000 };
			const [lostEnd, lateEnd] = await Promise.all([
				fixture.n8n.waitForExecution(lost, wait),
				fixture.n8n.waitForExecution(late, wait),
			]);
			expect(lostEnd.status).toBe('success');
			expect(edited(lostEnd).map(({ json }) => [json.status, json.timed_out])).toEqual([
				['pending', true],
				['pending', true],
			]);
			expect(pairs(lostEnd)).toEqual([{ item: 0 }, { item: 1 }]);
			expect(promptsOf(fixture, lostEnd, 'Next')).toEqual(['Lost One', 'Lost Two']);
			for (const item of outputItems(lostEnd, 'Next')) {
				expect(item.json).not.toHaveProperty('timed_out');
				expect((await fixture.picture(item)).length).toBeGreaterThan(1000);
			}

			await sleep(15_000);
			expect(simulator.requests.flatMap(({ query }) => query.late ?? [])).toEqual(['completed']);
			expect(lateEnd.status).toBe('success');
			expect(simulator.paidTasks()).toBe(3);
		}, 200_000);
	});
}
