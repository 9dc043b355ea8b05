import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';
import sharp from 'sharp';

import type { HostVersion } from '../../../tools/host/install';
import { startN8n } from '../../../tools/host/n8n';
import { type Execution, outputItems, type WorkflowJson } from '../../../tools/host/rest';
import type { Simulator } from '../../simulator';
import { create } from '../../../tools/simulator/serviceCalls';
import { until } from '../../../tools/until';
import { Fixture, PUBLIC_HOST } from '../fixture';

/** On a busy machine a call is taken before the API has told of its task. */
const TAKEN = [200, 202];

/** How long the service waits for an answer to a callback (docs/facts/evolink.md). */
const CALL_LIMIT_MS = 10_000;

/** An active workflow that begins with an EvoLink Trigger. */
class Triggered {
	constructor(
		private readonly fixture: Fixture,
		readonly workflowId: string,
		private readonly path: string,
	) {}

	/** What the user puts into 'Callback URL'. */
	get callbackUrl(): string {
		return `https://${PUBLIC_HOST}${this.path}`;
	}

	/** Calls the webhook as nobody but the test does; the answer, and how long it took. */
	async call(
		body: unknown,
		{ method = 'POST', contentType = 'application/json' } = {},
	): Promise<{ status: number; milliseconds: number }> {
		const started = Date.now();
		const { status } = await fetch(this.fixture.n8n.baseUrl + this.path, {
			method,
			headers: { 'content-type': contentType, connection: 'close' },
			...(method === 'POST'
				? { body: typeof body === 'string' ? body : JSON.stringify(body) }
				: {}),
		});
		return { status, milliseconds: Date.now() - started };
	}

	/** The executions that were started, oldest first, when all is quiet; fails if they are not `count`. */
	async executions(count: number): Promise<Execution[]> {
		const { n8n } = this.fixture;
		const list = async () => await n8n.listExecutions({ workflowId: this.workflowId });
		for (let tries = 0; tries < 60 && (await list()).length < count; tries++) await sleep(250);
		await sleep(1500); // For those that should not be.
		const executions = (await list()).reverse();
		expect(executions).toHaveLength(count);
		return await Promise.all(executions.map(async ({ id }) => await n8n.waitForExecution(id)));
	}

	/** What the trigger handed on in its only execution. */
	async item(): Promise<INodeExecutionData> {
		const [execution] = await this.executions(1);
		expect(execution.status).toBe('success');
		const items = outputItems(execution, 'EvoLink Trigger');
		expect(items).toHaveLength(1);
		return items[0];
	}
}

async function triggered(
	fixture: Fixture,
	parameters: INodeParameters = {},
	{ active = true } = {},
): Promise<Triggered> {
	const { n8n, simulator, credential } = fixture;
	const webhookId = randomUUID();
	const { id } = await n8n.createWorkflow({
		name: `Trigger: ${expect.getState().currentTestName}`.slice(0, 120),
		nodes: [
			{
				id: 'trigger',
				name: 'EvoLink Trigger',
				type: 'n8n-nodes-evolink.evolinkTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters,
				webhookId,
				credentials: { evolinkApi: { id: credential.id, name: credential.name } },
			},
			{
				id: 'next',
				name: 'Next',
				type: 'n8n-nodes-base.noOp',
				typeVersion: 1,
				position: [200, 0],
				parameters: {},
			},
		],
		connections: { 'EvoLink Trigger': { main: [[{ node: 'Next', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	});
	simulator.callbackHosts[PUBLIC_HOST] = n8n.baseUrl;
	const workflow = new Triggered(
		fixture,
		id,
		`/webhook${active ? '' : '-test'}/${webhookId}/webhook`,
	);
	if (active) {
		await n8n.activate({ id });
		// n8n answers 404 until the webhook is there, and the node itself 400.
		while ((await workflow.call({})).status !== 400) await sleep(100);
	}
	return workflow;
}

/** A task that calls back to the workflow when it ends; its id. */
async function task(
	{ simulator }: Fixture,
	{ callbackUrl }: Triggered,
	changes: object = {},
): Promise<string> {
	const { body } = await create(simulator, { callback_url: callbackUrl, ...changes });
	return body.id;
}

/** The service calls back: an EvoLink Trigger starts, once, with what the API says. */
export function trigger(given: () => Fixture, version: HostVersion): void {
	describe('EvoLink Trigger', () => {
		it('is offered as a trigger, not as a tool, with its credential', async () => {
			const types = await given().n8n.nodeTypes();
			const [node, ...others] = types.filter(({ name }) => name.includes('evolinkTrigger'));
			expect(others).toEqual([]);
			expect(node).toMatchObject({
				name: 'n8n-nodes-evolink.evolinkTrigger',
				displayName: 'EvoLink Trigger',
				group: ['trigger'],
				inputs: [],
				credentials: [{ name: 'evolinkApi', required: true }],
			});
		});

		it('starts, by the example, with the image that Edit Image did not wait for', async () => {
			const fixture = given();
			const { n8n, simulator, credential } = fixture;
			simulator.callbackHosts[PUBLIC_HOST] = n8n.baseUrl;
			const example = JSON.parse(
				readFileSync(resolve(__dirname, '../../../examples/edit-and-trigger.json'), 'utf8').replace(
					'https://example.com/image.png',
					`${simulator.picturesUrl}/cat.png`,
				),
			) as WorkflowJson;
			const webhookId = randomUUID();
			for (const node of example.nodes) {
				if (node.credentials?.evolinkApi) node.credentials.evolinkApi = credential;
				if (node.name === 'EvoLink Trigger') node.webhookId = webhookId;
			}
			const start = { triggerNode: 'When clicking ‘Execute workflow’' };

			// As it is, the example says what is missing, before anything is paid.
			const { id } = await n8n.createWorkflow(example);
			const unfinished = await n8n.waitForExecution(await n8n.runWorkflow(id, start));
			expect(unfinished.data.resultData.error?.message).toContain(
				"'Callback URL' is not an HTTPS URL",
			);
			expect(simulator.paidTasks()).toBe(0);

			const workflow = new Triggered(fixture, id, `/webhook/${webhookId}/webhook`);
			for (const { name, parameters } of example.nodes) {
				if (name === 'EvoLink') parameters.callbackUrl = workflow.callbackUrl;
			}
			await n8n.updateWorkflow(id, { nodes: example.nodes });
			await n8n.activate({ id });
			while ((await workflow.call({})).status !== 400) await sleep(100);
			const sent = await n8n.waitForExecution(await n8n.runWorkflow(id, start));
			const [{ json: created }] = outputItems(sent, 'EvoLink');
			expect(created).toMatchObject({ status: 'pending', results: [] });

			const [, , execution] = await workflow.executions(3);
			expect(execution.mode).toBe('webhook');
			const [item] = outputItems(execution, 'Edited Image');
			expect(item.json).toMatchObject({
				id: created.id,
				status: 'completed',
				model: 'qwen-image-edit',
				progress: 100,
				results: [expect.stringContaining(simulator.resultsUrl)],
				expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
			});
			expect(item.binary?.data).toMatchObject({
				mimeType: 'image/png',
				fileName: expect.stringMatching(/^1-\S+\.png$/) as string,
			});
			expect((await sharp(await fixture.picture(item)).metadata()).format).toBe('png');
			expect(simulator.paidTasks()).toBe(1);
			expect(simulator.keyLeaks).toEqual([]);
		});

		it('starts once for a task that is delivered ten times at once and again later', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture);
			simulator.nextTask({ callbackCopies: 10 });
			const id = await task(fixture, workflow);
			const item = await workflow.item();
			expect(item.json).toMatchObject({ id, status: 'completed' });
			expect(item.json.results).toHaveLength(1);
			expect(item.binary).toBeUndefined();
			await simulator.sendCallback(id);
			await workflow.executions(1);
			// A call that a busy machine answers too late is made again.
			expect(simulator.callbacks.filter(({ accepted }) => accepted)).toHaveLength(11);
		});

		it('starts once for each of many tasks, in whatever order they are delivered', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture);
			simulator.nextTask({ times: 8, callbackCopies: 0 });
			const ids = await Promise.all(
				Array.from({ length: 8 }, async () => await task(fixture, workflow)),
			);
			await until(() => ids.every((id) => simulator.tasks.get(id)?.ended));
			const disorder = [...ids].reverse().flatMap((id) => [id, id]);
			await Promise.all(disorder.map(async (id) => await simulator.sendCallback(id)));
			const executions = await workflow.executions(8);
			const started = executions.map((one) => outputItems(one, 'EvoLink Trigger')[0].json.id);
			expect(started.sort()).toEqual([...ids].sort());
		});

		it('starts for each of 40 honest calls among as many forged ones, with few requests', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			const workflow = await triggered(fixture);
			const count = 40;
			simulator.nextTask({ times: count, callbackCopies: 0, seconds: 0.1 });
			const ids: string[] = [];
			while (ids.length < count) {
				const some = Array.from({ length: 20 }, async () => await task(fixture, workflow));
				ids.push(...(await Promise.all(some)));
			}
			await until(() => ids.every((id) => simulator.tasks.get(id)?.ended));
			const before = simulator.requests.length;
			const calls = ids.flatMap((id) => [
				// On a busy machine they are taken before the API has told of them.
				{ id, expected: [200, 202] },
				{ id: `${id}x`, expected: [404, 202] },
			]);
			const answers = await Promise.all(
				calls.map(async ({ id, expected }) => {
					let status: number;
					// EvoLink calls again, too, where n8n itself has no time.
					do ({ status } = await workflow.call({ id, status: 'completed' }));
					while (status >= 500);
					return { status, isExpected: expected.includes(status) };
				}),
			);
			expect(answers.filter(({ isExpected }) => !isExpected)).toEqual([]);
			expect(simulator.requests.length - before).toBeLessThanOrEqual(count);
			for (let tries = 0; tries < 800 && (await started()) < count; tries++) await sleep(250);
			await sleep(1_500); // For those that should not be.
			expect(await started()).toBe(count);

			async function started(): Promise<number> {
				const filter = encodeURIComponent(JSON.stringify({ workflowId: workflow.workflowId }));
				const path = `/rest/executions?limit=1&filter=${filter}`;
				return (await n8n.request<{ count: number }>('GET', path)).count;
			}
		}, 900_000);

		it('knows after a restart of n8n what has started before', async () => {
			const { simulator } = given();
			const userFolder = mkdtempSync(join(tmpdir(), `n8n-restart-${version}-`));
			const packageTarball = process.env.PACKAGE_TARBALL;
			let n8n = await startN8n({ version, userFolder, packageTarball });
			try {
				await n8n.setUpOwner();
				const credential = await n8n.createCredential('EvoLink', 'evolinkApi', {
					apiKey: simulator.apiKey,
					baseUrl: simulator.apiUrl,
					filesBaseUrl: simulator.filesUrl,
				});
				const before = await triggered(new Fixture(n8n, simulator, credential));
				simulator.nextTask({ times: 4, seconds: 0.5 });
				const ids: string[] = [];
				// Some at the same time, which overwrite each other's static data, and one after them.
				for (const count of [3, 1]) {
					const some = Array.from({ length: count }, async () => {
						return await task(new Fixture(n8n, simulator, credential), before);
					});
					ids.push(...(await Promise.all(some)));
					await before.executions(ids.length);
				}

				await n8n.stop();
				n8n = await startN8n({ version, userFolder });
				await n8n.setUpOwner();
				simulator.callbackHosts[PUBLIC_HOST] = n8n.baseUrl;
				const { pathname } = new URL(before.callbackUrl);
				const after = new Triggered(
					new Fixture(n8n, simulator, credential),
					before.workflowId,
					pathname,
				);
				while ((await after.call({})).status !== 400) await sleep(100);
				for (const id of ids) {
					const { status } = await simulator.sendCallback(id);
					expect(TAKEN).toContain(status);
				}
				await after.executions(4);
			} finally {
				await n8n.stop();
				rmSync(userFolder, { recursive: true, force: true });
			}
		}, 900_000);

		it('takes nothing but the ID from a call', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture);
			simulator.nextTask({ callbackCopies: 0 });
			const id = await task(fixture, workflow);
			await until(() => simulator.tasks.get(id)?.ended === true);
			const forged = {
				id,
				status: 'failed',
				model: 'another',
				results: [`${simulator.picturesUrl}/cat.png`],
				callback_url: `${simulator.picturesUrl}/room.jpg`,
				error: { code: 'unknown_error', message: 'Forged' },
			};
			expect(TAKEN).toContain((await workflow.call(forged)).status);
			const { json } = await workflow.item();
			expect(json).toMatchObject({ id, status: 'completed', model: 'qwen-image-edit' });
			expect(json).not.toHaveProperty('failure');
			expect(JSON.stringify(json)).not.toContain(simulator.picturesUrl);
			const asked = simulator.requests.filter(({ fromService }) => !fromService);
			expect(new Set(asked.map(({ method, path }) => `${method} ${path}`))).toEqual(
				new Set(['POST /v1/images/generations', `GET /v1/tasks/${id}`]),
			);
		});

		it('refuses what is no task of the account, starts nothing, and asks nobody but the API', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture);
			simulator.nextTask({ end: 'never' });
			const unfinished = await task(fixture, workflow);
			const link = `${simulator.picturesUrl}/cat.png`;
			const unknown = {
				id: 'task-unified-1757156493-imcg5zqt',
				status: 'completed',
				results: [link],
			};
			const calls: Array<[number, unknown, { method?: string; contentType?: string }?]> = [
				[404, unknown],
				[404, { ...unknown, id: 'another-form' }],
				[409, { ...unknown, id: unfinished }],
				[400, {}],
				[400, []],
				[400, [unknown]],
				[400, { task: unknown }],
				[400, { ...unknown, id: null }],
				[400, { ...unknown, id: { toString: 1 } }],
				[400, { ...unknown, id: '' }],
				[400, { ...unknown, id: '..' }],
				[400, { ...unknown, id: '../credits' }],
				[400, { ...unknown, id: link }],
				[400, { ...unknown, id: 'x'.repeat(200) }],
				[400, 'null'],
				[400, ''],
				[422, '{"id": "task-'],
				[400, 'id', { contentType: 'text/plain' }],
				[400, '<id>task</id>', { contentType: 'application/octet-stream' }],
				[400, 'a=b', { contentType: 'application/x-www-form-urlencoded' }],
				[413, { ...unknown, id: unfinished, more: 'x'.repeat(300_000) }],
				[404, undefined, { method: 'GET' }],
			];
			for (const [status, body, how] of calls) {
				const answer = await workflow.call(body, how);
				const isExpected =
					answer.status === status || ([404, 409].includes(status) && answer.status === 202);
				expect([JSON.stringify(body)?.slice(0, 100), answer.status, isExpected]).toEqual([
					JSON.stringify(body)?.slice(0, 100),
					answer.status,
					true,
				]);
				expect(answer.milliseconds).toBeLessThan(CALL_LIMIT_MS);
			}
			// Beyond n8n's own limit for bodies, n8n answers before the node is asked.
			const { status } = await workflow.call({ id: unfinished, more: 'x'.repeat(17_000_000) });
			expect(status).toBeGreaterThanOrEqual(400);
			await workflow.executions(0);
			const asked = simulator.requests.filter(({ method, fromService }) => {
				return method === 'GET' && !fromService;
			});
			expect(new Set(asked.map(({ host, path }) => `${host} ${path}`))).toEqual(
				new Set([
					`api /v1/tasks/${unknown.id}`,
					'api /v1/tasks/another-form',
					`api /v1/tasks/${unfinished}`,
				]),
			);
		});

		it('reads JSON that does not say that it is JSON', async () => {
			const fixture = given();
			const workflow = await triggered(fixture);
			fixture.simulator.nextTask({ callbackCopies: 0, times: 2, seconds: 0 });
			for (const contentType of ['text/plain', 'application/octet-stream']) {
				const id = await task(fixture, workflow);
				await until(() => fixture.simulator.tasks.get(id)?.ended === true);
				expect(TAKEN).toContain(
					(await workflow.call(JSON.stringify({ id }), { contentType })).status,
				);
			}
			await workflow.executions(2);
		});

		it('starts for the chosen ends and models only, and accepts the others', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const onFailure = await triggered(fixture, { events: ['failed', 'cancelled'] });
			const onPlus = await triggered(fixture, {
				options: { models: 'wan2.5-image-to-image, qwen-image-edit-plus' },
			});
			simulator.nextTask({ end: 'failed', prompt: /fail/ });
			await task(fixture, onFailure);
			const failed = await task(fixture, onFailure, { prompt: 'fail' });
			await task(fixture, onPlus);
			const plus = await task(fixture, onPlus, { model: 'qwen-image-edit-plus' });
			expect((await onFailure.item()).json.id).toBe(failed);
			expect((await onPlus.item()).json.id).toBe(plus);
			expect(simulator.callbacks.every(({ accepted }) => accepted)).toBe(true);
			expect(simulator.callbacks).toHaveLength(4);
		});

		it('gives failed and cancelled tasks as data', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture);
			const raw = await triggered(fixture, { simplify: false });
			simulator.nextTask({ end: 'failed', code: 'service_error', message: 'Later', prompt: /1/ });
			simulator.nextTask({ end: 'canceled', prompt: /2/ });
			simulator.nextTask({ end: 'failed', code: 'service_error', message: 'Later', prompt: /3/ });
			const first = await task(fixture, workflow, { prompt: '1' });
			const second = await task(fixture, workflow, { prompt: '2' });
			const third = await task(fixture, raw, { prompt: '3' });
			const executions = await workflow.executions(2);
			const jsons = executions.map((one) => outputItems(one, 'EvoLink Trigger')[0].json);
			expect(jsons.find(({ id }) => id === first)).toMatchObject({
				status: 'failed',
				failure: { code: 'service_error', message: 'Later', retryable: true },
			});
			expect(jsons.find(({ id }) => id === second)).toMatchObject({
				status: 'cancelled',
				failure: { code: 'request_cancelled' },
			});
			const { json } = await raw.item();
			expect(json).toMatchObject({
				id: third,
				object: 'image.generation.task',
				failure: { code: 'service_error', type: 'task_error' },
			});
			for (const one of [...jsons, json]) expect(one).not.toHaveProperty('error');
			expect(executions.map(({ status }) => status)).toEqual(['success', 'success']);
		});

		it('fetches the images after it has answered', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture, { download: true, binaryPropertyName: 'edited' });
			simulator.nextTask({ results: 2, callbackCopies: 0, seconds: 0, delivery: { slow: 12_000 } });
			const id = await task(fixture, workflow);
			await until(() => simulator.tasks.get(id)?.ended === true);
			const { status, milliseconds } = await workflow.call({ id });
			expect(TAKEN).toContain(status);
			expect(milliseconds).toBeLessThan(CALL_LIMIT_MS);
			const item = await workflow.item();
			expect(Object.keys(item.binary ?? {})).toEqual(['edited', 'edited_1']);
			expect((await sharp(await fixture.picture(item, 'edited_1')).metadata()).format).toBe('png');
			expect(item.json).not.toHaveProperty('download_error');
			expect(simulator.keyLeaks).toEqual([]);
		});

		it('starts once, with the image, where a complete task has it only seconds later', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture, { download: true });
			simulator.nextTask({ imagesAfter: 3, callbackCopies: 2 });
			const id = await task(fixture, workflow);
			await until(() => simulator.callbacks.length === 2);
			const { json, binary } = await workflow.item();
			expect(json).toMatchObject({ id, status: 'completed', results: [expect.any(String)] });
			expect(binary?.data).toMatchObject({ mimeType: 'image/png' });
			expect(simulator.callbacks.every(({ accepted }) => accepted)).toBe(true);
		});

		it('gives each image an item and a name of its own', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture, {
				download: true,
				options: { itemPerImage: true, fileName: '=edit of {{ $json.model }}/x' },
			});
			simulator.nextTask({ results: 2 });
			await task(fixture, workflow);
			const [execution] = await workflow.executions(1);
			const items = outputItems(execution, 'Next');
			expect(items.map(({ json }) => json.image_index)).toEqual([0, 1]);
			for (const { json } of items) expect(json.results).toHaveLength(1);
			expect(items.map(({ binary }) => binary?.data.fileName)).toEqual([
				'edit of qwen-image-edit_x.png',
				'edit of qwen-image-edit_x_1.png',
			]);
		});

		it('gives the task without its image, and says why, where that cannot be fetched', async () => {
			const fixture = given();
			fixture.simulator.nextTask({ delivery: { status: 403 } });
			const workflow = await triggered(fixture, { download: true });
			const id = await task(fixture, workflow);
			const { json, binary } = await workflow.item();
			expect(json).toMatchObject({
				id,
				status: 'completed',
				results: [expect.stringContaining(fixture.simulator.resultsUrl)],
				download_error: expect.stringMatching(/status 403.*Get Task/) as string,
			});
			expect(json).not.toHaveProperty('error');
			expect(binary).toBeUndefined();
		});

		it('can be stopped while it fetches an image', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			simulator.nextTask({ delivery: { truncated: 'stall' } });
			const workflow = await triggered(fixture, { download: true });
			await task(fixture, workflow);
			await until(() => simulator.requests.some(({ host }) => host === 'results'));
			const [{ id }] = await n8n.listExecutions({ workflowId: workflow.workflowId });
			await n8n.stopExecution(id);
			const [execution] = await workflow.executions(1);
			expect(execution.status).toBe('canceled');
			expect(execution.data.resultData.runData).not.toHaveProperty('Next');
		});

		it.each([503, 429, 401, 402, 403])('is called again after the API said %i', async (status) => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture);
			simulator.inject({ host: 'api', method: 'GET', path: /tasks/, fault: { status } });
			const id = await task(fixture, workflow);
			expect((await workflow.item()).json).toMatchObject({ id, status: 'completed' });
			expectSettled(simulator, 503);
			const warning = `EvoLink Trigger was called for a task ${id}`;
			expect(fixture.log.includes(warning)).toBe(simulator.callbacks[0].status === 503);
			expect(fixture.log).not.toContain(simulator.apiKey);
		});

		it('is called again after it was called too early', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture);
			const body = {
				id: 'set below',
				status: 'processing',
				model: 'qwen-image-edit',
				progress: 99,
			};
			const rule = { status: 200, body };
			simulator.inject({ host: 'api', method: 'GET', path: /tasks/, fault: rule });
			simulator.nextTask({ seconds: 1 });
			body.id = await task(fixture, workflow);
			expect((await workflow.item()).json).toMatchObject({ id: body.id, status: 'completed' });
			expectSettled(simulator, 409);
		});

		it.each([
			['is slow', { slow: 2500 }],
			['is silent at first', 'answerThenHang'],
		] as const)('answers before the API does when it %s, and starts later', async (_, fault) => {
			const fixture = given();
			const { simulator } = fixture;
			const workflow = await triggered(fixture);
			simulator.nextTask({ callbackCopies: 0, seconds: 0 });
			const id = await task(fixture, workflow);
			await until(() => simulator.tasks.get(id)?.ended === true);
			simulator.inject({ host: 'api', method: 'GET', path: /tasks/, fault });
			const { status, milliseconds } = await workflow.call({ id });
			expect(status).toBe(202);
			expect(milliseconds).toBeLessThan(CALL_LIMIT_MS);
			for (let tries = 0; tries < 40 && (await startedIn(fixture, workflow)) === 0; tries++) {
				await sleep(500);
			}
			expect((await workflow.item()).json).toMatchObject({ id, status: 'completed' });
		});

		it('takes a test call in the editor, with the item as in production', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			const workflow = await triggered(fixture, {}, { active: false });
			expect((await workflow.call({})).status).toBe(404);
			await expect(n8n.runWorkflow(workflow.workflowId)).rejects.toThrow('waits to be called');
			expect((await workflow.call({})).status).toBe(400);
			simulator.nextTask({ callbackCopies: 2 });
			const id = await task(fixture, workflow);
			const [execution] = await workflow.executions(1);
			expect(execution).toMatchObject({ mode: 'manual', status: 'success' });
			expect(outputItems(execution, 'EvoLink Trigger')[0].json).toMatchObject({ id });
		});

		it('registers nothing with the service when it is switched on and off', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			const workflow = await triggered(fixture);
			await n8n.deactivate({ id: workflow.workflowId });
			while ((await workflow.call({})).status !== 404) await sleep(100);
			await n8n.activate({ id: workflow.workflowId });
			while ((await workflow.call({})).status !== 400) await sleep(100);
			expect(simulator.requests).toEqual([]);
		});
	});
}

/** Refused and called again; on a busy computer the node may take the call before the API has answered. */
function expectSettled({ callbacks }: Simulator, refusal: number): void {
	const statuses = callbacks.map(({ status }) => status).join(' ');
	expect([`${refusal} 200`, `${refusal} 202`, '202']).toContain(statuses);
}

async function startedIn({ n8n }: Fixture, { workflowId }: Triggered): Promise<number> {
	return (await n8n.listExecutions({ workflowId })).length;
}
