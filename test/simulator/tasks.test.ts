import { setTimeout as sleep } from 'node:timers/promises';

import { samplePicture, startSimulator, type Simulator, type TaskScript } from '.';
import { until } from '../../tools/until';
import {
	callApi,
	create,
	createAndWait,
	query,
	type ApiBody,
	type FilesBody,
} from '../../tools/simulator/serviceCalls';

describe('tasks of the simulator', () => {
	let simulator: Simulator;

	beforeAll(async () => {
		simulator = await startSimulator({ taskSeconds: 0, credits: Infinity });
	});

	afterAll(async () => await simulator.close());

	it('take their time, and show it', async () => {
		simulator.nextTask({ seconds: 1000, estimatedTime: 3000 });
		const { body: created } = await create(simulator);
		expect(created.task_info.estimated_time).toBe(3000);
		const seen: ApiBody[] = [];
		for (const passed of [0, 300, 600, 100]) {
			simulator.clockOffsetSeconds += passed;
			seen.push((await query(simulator, created.id)).body);
			await sleep(40);
		}

		const states = seen.map(({ status }) => status);
		expect(states).toEqual(['pending', 'processing', 'processing', 'completed']);
		const progress = seen.map((task) => task.progress);
		expect(progress).toEqual([...progress].sort((a, b) => a - b));
		expect(progress.at(-1)).toBe(100);
		const early = seen.slice(0, -1);
		expect(early.every((task) => task.results === undefined && task.progress < 100)).toBe(true);
		const gaps = simulator.pollGaps(created.id);
		expect(gaps).toHaveLength(seen.length - 1);
		expect(Math.min(...gaps)).toBeGreaterThanOrEqual(39);
	});

	it('are told together, without those that are unknown', async () => {
		const ids = [(await createAndWait(simulator)).id, (await createAndWait(simulator)).id];
		const body = { task_ids: [ids[1], 'task-unified-1-unknown', ids[0]] };
		const answer = await callApi(simulator, 'POST', '/v1/tasks/batch', { body });
		expect(answer.status).toBe(200);
		const tasks = answer.body.data as ApiBody[];
		expect(tasks.map(({ id, status }) => [id, status])).toEqual([
			[ids[1], 'completed'],
			[ids[0], 'completed'],
		]);
		expect(tasks[0].results).toHaveLength(1);
		expect(simulator.pollGaps(ids[0]).length).toBeGreaterThan(0);
	});

	it.each([[undefined], [[]], ['task-unified-1'], [Array.from({ length: 51 }, () => 'a')]])(
		'are not told together for %j',
		async (taskIds) => {
			const body = { task_ids: taskIds };
			const { status } = await callApi(simulator, 'POST', '/v1/tasks/batch', { body });
			expect(status).toBe(400);
		},
	);

	it('are not told together by a host that cannot do that', async () => {
		const other = await startSimulator({ batchQuery: false });
		const { status } = await callApi(other, 'POST', '/v1/tasks/batch', {
			body: { task_ids: ['a'] },
		});
		await other.close();
		expect(status).toBe(404);
	});

	it('are told no faster than the service allows', async () => {
		const slow = await startSimulator({ requestsPerSecond: 2 });
		const call = async () => (await callApi(slow, 'GET', '/v1/credits')).status;
		const statuses = await Promise.all([call(), call(), call()]);
		await sleep(1010);
		expect(await call()).toBe(200);
		await slow.close();
		expect(statuses.sort()).toEqual([200, 200, 429]);
	});

	it.each<[string, TaskScript, object]>([
		[
			'failed',
			{ end: 'failed', code: 'service_error', message: 'Sorry' },
			{
				status: 'failed',
				error: { code: 'service_error', message: 'Sorry', type: 'task_error' },
			},
		],
		[
			'cancelled by error code',
			{ end: 'failed', code: 'request_cancelled' },
			{
				status: 'failed',
				error: { code: 'request_cancelled' },
			},
		],
		['completed without pictures', { results: 0 }, { status: 'completed', results: [] }],
		['with an error that is null', { errorNull: true }, { status: 'completed', error: null }],
		[
			'with result_data as a list',
			{ resultsIn: 'result_data', results: 2 },
			{
				result_data: [
					{ image_url: expect.any(String) as string },
					{ image_url: expect.any(String) as string },
				],
			},
		],
		[
			'with result_data as one object',
			{ resultsIn: 'result_data_object' },
			{
				result_data: { image_url: expect.stringContaining('/1.png') as string },
			},
		],
	])('can end %s', async (_name, script, expected) => {
		simulator.nextTask(script);
		expect(await createAndWait(simulator)).toMatchObject(expected);
	});

	it('can leave fields out', async () => {
		simulator.nextTask({ omitProgress: true, estimatedTime: null });
		const { body: created } = await create(simulator);
		expect(created).not.toHaveProperty('progress');
		expect(created.task_info).not.toHaveProperty('estimated_time');
		const { body: task } = await query(simulator, created.id);
		expect(task).not.toHaveProperty('progress');
	});

	it.each([
		[true, 30],
		[false, 20],
	])('estimate anew what is left, unless the estimate stands: %s', async (estimateStands, left) => {
		simulator.nextTask({ seconds: 60, estimatedTime: 30, estimateStands });
		const { body: created } = await create(simulator);
		simulator.clockOffsetSeconds += 10;
		const { body: later } = await query(simulator, created.id);
		simulator.clockOffsetSeconds -= 10;
		expect(created.task_info.estimated_time).toBe(30);
		expect(later.task_info.estimated_time).toBe(left);
	});

	it('can fail as barely as the documented example', async () => {
		simulator.nextTask({ end: 'failed', bareFailure: true });
		const task = await createAndWait(simulator);
		expect(Object.keys(task).sort()).toEqual([
			'error',
			'id',
			'model',
			'object',
			'progress',
			'status',
		]);
		expect(Object.keys(task.error).sort()).toEqual(['code', 'message']);
	});

	it('can go through unknown states, and never end', async () => {
		simulator.nextTask({ end: 'never', seconds: 1000, statuses: ['queued', 'dreaming'] });
		const { body } = await create(simulator);
		expect((await query(simulator, body.id)).body.status).toBe('queued');
		simulator.clockOffsetSeconds += 1200;
		expect((await query(simulator, body.id)).body).toMatchObject({
			status: 'dreaming',
			progress: 99,
		});
	});

	it('use their scripts in order, or by prompt', async () => {
		simulator.nextTask({ prompt: /bad/, end: 'failed' });
		simulator.nextTask({ times: 2, end: 'cancelled' });
		const ends: string[] = [];
		for (const prompt of ['good', 'bad', 'good', 'good']) {
			ends.push((await createAndWait(simulator, { prompt })).status);
		}
		expect(ends).toEqual(['cancelled', 'failed', 'cancelled', 'completed']);
	});

	it('are listed, newest first, without links', async () => {
		const account = await startSimulator({ taskSeconds: 0 });
		account.nextTask({ end: 'failed' });
		const failed = await createAndWait(account);
		const done = await createAndWait(account, { model: 'wan2.5-image-to-image', n: 2 });
		account.nextTask({ end: 'never', seconds: 60 });
		const { body: running } = await create(account);
		const { body } = await callApi(account, 'GET', '/v1/tasks?page_size=2');
		const next = await callApi(account, 'GET', '/v1/tasks?page_size=2&page=2');
		const filtered = await callApi(account, 'GET', '/v1/tasks?status=processing');
		const models = await callApi(account, 'GET', '/v1/models');
		await account.close();
		expect(body).toMatchObject({ total: 3, page: 1, page_size: 2 });
		expect(body.data).toMatchObject([
			{ id: running.id, status: 'pending', has_results: false, credits_used: 0 },
			{ id: done.id, status: 'completed', has_results: true, credits_used: 2.4, progress: 100 },
		]);
		expect(JSON.stringify(body)).not.toContain('http');
		expect(next.body.data).toMatchObject([{ id: failed.id, status: 'failed', has_error: true }]);
		expect(filtered.body.data).toMatchObject([{ id: running.id }]);
		expect(models.body.data).toContainEqual({ id: 'qwen-image-edit' });
	});

	describe('fetch the source images', () => {
		async function upload(bytes: Buffer, type: string, name: string): Promise<string> {
			const form = new FormData();
			form.append('file', new Blob([bytes], { type }), name);
			const response = await fetch(`${simulator.filesUrl}/api/v1/files/upload/stream`, {
				method: 'POST',
				headers: { authorization: `Bearer ${simulator.apiKey}` },
				body: form,
			});
			return ((await response.json()) as FilesBody).data.file_url;
		}

		it('themselves, without a key', async () => {
			const from = simulator.requests.length;
			const { body } = await create(simulator);
			await until(() => simulator.tasks.get(body.id)?.ended ?? false);
			expect(simulator.requests.slice(from).filter(({ fromService }) => fromService)).toMatchObject(
				[{ host: 'pictures', path: '/cat.png' }],
			);
			expect(simulator.keyLeaks).toEqual([]);
		});

		it.each([
			['/missing.png', 'image_processing_error'],
			['/tiny.png', 'image_dimension_mismatch'],
		])('and fail over %s', async (path, code) => {
			const image_urls = [`${simulator.picturesUrl}${path}`];
			expect(await createAndWait(simulator, { image_urls })).toMatchObject({
				status: 'failed',
				error: { code },
			});
		});

		it('and fail over a host that cannot be reached', async () => {
			const task = await createAndWait(simulator, { image_urls: ['http://127.0.0.1:1/a.png'] });
			expect(task.error.code).toBe('image_processing_error');
		});

		it('and fail over a format that the model does not take', async () => {
			const url = await upload(await samplePicture('gif'), 'image/gif', 'a.gif');
			const task = await createAndWait(simulator, { image_urls: [url] });
			expect(task.error).toMatchObject({ code: 'image_processing_error' });
		});

		it('and fail over transparency where the model takes none', async () => {
			const url = await upload(await samplePicture('png', { alpha: true }), 'image/png', 'a.png');
			const request = { model: 'wan2.5-image-to-image', image_urls: [url] };
			expect((await createAndWait(simulator, request)).status).toBe('failed');
			expect((await createAndWait(simulator, { image_urls: [url] })).status).toBe('completed');
		});

		it('and fail over an upload that has expired', async () => {
			const url = await upload(await samplePicture('png'), 'image/png', 'old.png');
			simulator.clockOffsetSeconds += 72 * 3600 + 1;
			const task = await createAndWait(simulator, { image_urls: [url] });
			expect(task.error.code).toBe('image_processing_error');
		});
	});
});
