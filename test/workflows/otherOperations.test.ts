import type { INodeParameters } from 'n8n-workflow';

import type { Simulator, TaskScript } from '../simulator';
import { bytesOf, editImage, runWorkflow, sent } from './harness';
import { scenarios } from './scenarios';
import { until } from '../../tools/until';

/** A task that was created earlier, without waiting; its id. */
async function createdTask(simulator: Simulator, script: TaskScript = {}): Promise<string> {
	simulator.nextTask(script);
	const { items } = await runWorkflow({
		simulator,
		parameters: editImage(simulator, { wait: 'none' }),
		executionId: `create ${simulator.tasks.size}`,
	});
	return items[0].json.id as string;
}

async function ended(simulator: Simulator, taskId: string): Promise<void> {
	await until(() => simulator.tasks.get(taskId)?.ended === true);
}

const getTask = (taskId: string, more: INodeParameters = {}): INodeParameters => ({
	operation: 'getTask',
	taskId,
	...more,
});

const waitFor = (taskId: string, more: INodeParameters = {}): INodeParameters => ({
	operation: 'waitForCompletion',
	taskId,
	...more,
});

describe('Get Task', () => {
	scenarios({
		'gives a task that is under way as it is': async (simulator) => {
			const taskId = await createdTask(simulator, { end: 'never', statuses: ['processing'] });
			const { items } = await runWorkflow({ simulator, parameters: getTask(taskId) });
			expect(items[0].json).toMatchObject({ id: taskId, status: 'processing', results: [] });
			expect(items[0].json).not.toHaveProperty('expires_at');
			expect(items[0].binary).toBeUndefined();
			expect(sent(simulator).polls).toHaveLength(1);
		},

		'gives a pending task as it is': async (simulator) => {
			const taskId = await createdTask(simulator, { end: 'never', statuses: ['pending'] });
			const { items } = await runWorkflow({ simulator, parameters: getTask(taskId) });
			expect(items[0].json).toMatchObject({ status: 'pending' });
		},

		'fetches the images of a complete task': async (simulator) => {
			const taskId = await createdTask(simulator, { results: 2 });
			await ended(simulator, taskId);
			const { items } = await runWorkflow({ simulator, parameters: getTask(taskId) });
			expect(items[0].json).toMatchObject({ id: taskId, status: 'completed', progress: 100 });
			expect(items[0].json.expires_at).toMatch(/^\d{4}-.*Z$/);
			expect(Object.keys(items[0].binary ?? {})).toEqual(['data', 'data_1']);
			expect(bytesOf(items[0].binary?.data).length).toBeGreaterThan(1000);
			expect(simulator.paidTasks()).toBe(1);
		},

		'leaves the images where they are with Download off': async (simulator) => {
			const taskId = await createdTask(simulator);
			await ended(simulator, taskId);
			const { items } = await runWorkflow({
				simulator,
				parameters: getTask(taskId, { download: false }),
			});
			expect(items[0].json.results).toHaveLength(1);
			expect(items[0].binary).toBeUndefined();
			expect(sent(simulator).downloads).toEqual([]);
		},

		"gives a failed task as data with 'failure', not as an error": async (simulator) => {
			const failed = { end: 'failed', code: 'content_policy_violation', message: 'No.' } as const;
			for (const script of [failed, { ...failed, bareFailure: true }]) {
				const taskId = await createdTask(simulator, { ...script, seconds: 0 });
				await ended(simulator, taskId);
				const { items, error } = await runWorkflow({ simulator, parameters: getTask(taskId) });
				expect(error).toBeUndefined();
				expect(items[0].json).toMatchObject({
					id: taskId,
					status: 'failed',
					failure: { code: 'content_policy_violation', message: 'No.', retryable: false },
				});
				expect(items[0].json).not.toHaveProperty('error');

				const raw = await runWorkflow({
					simulator,
					parameters: getTask(taskId, { simplify: false }),
				});
				expect(raw.items[0].json).toMatchObject({ failure: { message: 'No.' } });
				expect(raw.items[0].json).not.toHaveProperty('error');
			}
		},

		'gives a cancelled task as data in one spelling': async (simulator) => {
			for (const end of ['cancelled', 'canceled'] as const) {
				const taskId = await createdTask(simulator, { end, seconds: 0 });
				await ended(simulator, taskId);
				const { items } = await runWorkflow({ simulator, parameters: getTask(taskId) });
				expect(items[0].json).toMatchObject({
					status: 'cancelled',
					failure: { code: 'request_cancelled', retryable: true },
				});
			}
		},

		'says that an unknown task may be of another account, and keeps its ID': async (simulator) => {
			const taskId = 'task-unified-1757156493-imcg5zqt';
			const { error } = await runWorkflow({ simulator, parameters: getTask(taskId) });
			expect(error?.message).toContain('Task not found or expired');
			expect(error?.description).toContain('Tasks of other accounts');
			expect(error?.description).toContain(taskId);
			expect(error?.httpCode).toBe('404');
			expect(sent(simulator).polls).toHaveLength(1);
		},

		'asks once per item and keeps their order and pairing': async (simulator) => {
			const taskIds = await Promise.all(
				[0, 1, 2].map(async (index) => {
					const { items } = await runWorkflow({
						simulator,
						parameters: editImage(simulator, { wait: 'none' }),
						executionId: `create ${index}`,
					});
					return items[0].json.id as string;
				}),
			);
			const { items } = await runWorkflow({
				simulator,
				parameters: getTask('={{ $json.id }}'),
				items: taskIds.map((id) => ({ json: { id } })),
			});
			expect(items.map(({ json }) => json.id)).toEqual(taskIds);
			expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
				taskIds.map((_id, item) => ({ item })),
			);
		},
	});
});

describe('Wait for Completion', () => {
	scenarios({
		'waits for a task that was created earlier and fetches its images': async (simulator) => {
			const taskId = await createdTask(simulator, { seconds: 1000, estimatedTime: null });
			const running = runWorkflow({ simulator, parameters: waitFor(taskId) });
			await until(() => sent(simulator).polls.length > 0);
			simulator.clockOffsetSeconds += 1000;
			const { items } = await running;
			expect(items[0].json).toMatchObject({ id: taskId, status: 'completed' });
			expect(items[0].binary?.data).toMatchObject({ mimeType: 'image/png' });
			expect(sent(simulator).polls.length).toBeGreaterThanOrEqual(2);
			expect(Math.min(...simulator.pollGaps(taskId))).toBeGreaterThanOrEqual(1000);
		},

		'fails with a task that failed': async (simulator) => {
			const taskId = await createdTask(simulator, { end: 'failed', code: 'service_error' });
			await ended(simulator, taskId);
			const { items, error } = await runWorkflow({ simulator, parameters: waitFor(taskId) });
			expect(items).toEqual([]);
			expect(error?.message).toMatch(/^The task failed: /);
			expect(error?.description).toMatch(/Retry in a few minutes/);
			expect(error?.description).toContain(`Task ID: ${taskId} (service_error)`);
		},

		'gives a failed task as data where the user wants it': async (simulator) => {
			const taskId = await createdTask(simulator, { end: 'failed', code: 'service_error' });
			await ended(simulator, taskId);
			const { items } = await runWorkflow({
				simulator,
				parameters: waitFor(taskId, { options: { onTaskFailure: 'output' } }),
			});
			expect(items[0].json).toMatchObject({ status: 'failed', failure: { retryable: true } });
		},

		'names the task when the time is up': async (simulator) => {
			const taskId = await createdTask(simulator, { end: 'never' });
			const { error } = await runWorkflow({
				simulator,
				parameters: waitFor(taskId, { options: { timeout: 1 } }),
			});
			expect(error?.message).toContain("The task didn't finish within 1 second");
			expect(error?.description).toContain(`Task ID: ${taskId}`);
		},
	});
});

describe('Get Credits', () => {
	scenarios(
		{
			'gives what is left, for nothing': async (simulator) => {
				const { items } = await runWorkflow({
					simulator,
					parameters: { operation: 'getCredits' },
					items: [{ json: {} }, { json: {} }],
				});
				expect(items).toHaveLength(2);
				expect(items[1]).toMatchObject({
					json: { user: { remaining_credits: 12.5, used_credits: 0 } },
					pairedItem: { item: 1 },
				});
				expect(simulator.paidTasks()).toBe(0);
			},

			'says what to check when the key is wrong': async (simulator) => {
				const { error } = await runWorkflow({
					simulator,
					parameters: { operation: 'getCredits' },
					credential: { apiKey: 'sk-evo-another-key' },
				});
				expect(error).toMatchObject({
					message: 'EvoLink rejected the API key',
					description: expect.stringContaining('Check the API key') as string,
					httpCode: '401',
				});
				expect(sent(simulator).all).toHaveLength(1);
			},

			'comes through passing faults': async (simulator) => {
				const path = /^\/v1\/credits$/;
				const fault = simulator.refusal('rateLimited', { headers: { 'retry-after': '0' } });
				simulator.inject({ host: 'api', path, fault });
				simulator.inject({ host: 'api', path, fault: 'brokenJson' });
				const { error, items } = await runWorkflow({
					simulator,
					parameters: { operation: 'getCredits' },
				});
				expect(error).toBeUndefined();
				expect(items[0].json.user).toBeDefined();
				expect(sent(simulator).all).toHaveLength(3);
			},
		},
		{ credits: 12.5 },
	);
});

describe('A bad item', () => {
	scenarios({
		'ends the run before anything is asked for its neighbours': async (simulator) => {
			const taskId = await createdTask(simulator);
			await ended(simulator, taskId);
			const before = sent(simulator).all.length;
			const { error } = await runWorkflow({
				simulator,
				parameters: getTask('={{ $json.taskId }}'),
				items: [{ json: { taskId } }, { json: { taskId } }, { json: { taskId: 'a b' } }],
			});
			expect(error?.context.itemIndex).toBe(2);
			expect(sent(simulator).all).toHaveLength(before);
		},
	});
});

describe('A time limit with a fraction', () => {
	scenarios(
		{
			holds: async (simulator) => {
				const taskId = await createdTask(simulator, { end: 'never' });
				const options = { timeout: 50 / 23 };
				const { error } = await runWorkflow({
					simulator,
					parameters: waitFor(taskId, { options }),
				});
				expect(error?.message).toMatch(/didn't finish within 2\.17\d* seconds/);
			},
		},
		{ taskSeconds: 0.3 },
	);
});
