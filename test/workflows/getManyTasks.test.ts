import type { INodeParameters } from 'n8n-workflow';

import type { Simulator, TaskScript } from '../simulator';
import { editImage, runWorkflow, sent } from './harness';
import { scenarios } from './scenarios';

const getManyTasks = (more: INodeParameters = {}): INodeParameters => ({
	operation: 'getManyTasks',
	...more,
});

/** Tasks that were created earlier, without waiting; their ids, newest first. */
async function createdTasks(simulator: Simulator, ...scripts: TaskScript[]): Promise<string[]> {
	for (const script of scripts) simulator.nextTask(script);
	await runWorkflow({
		simulator,
		parameters: editImage(simulator, { wait: 'none', options: { concurrency: 1 } }),
		items: scripts.map(() => ({ json: {} })),
		executionId: 'create',
	});
	return [...simulator.tasks.keys()].reverse();
}

const listings = (simulator: Simulator) =>
	sent(simulator).all.filter(({ method, path }) => method === 'GET' && path === '/v1/tasks');

describe('Get Many Tasks', () => {
	scenarios(
		{
			'asks for so many items at a time as the user says': async (simulator) => {
				await createdTasks(simulator, {});
				simulator.inject({ host: 'api', path: /tasks$/, times: 3, fault: { slow: 200 } });
				await runWorkflow({
					simulator,
					parameters: getManyTasks({ options: { concurrency: 1 } }),
					items: [{ json: {} }, { json: {} }, { json: {} }],
				});
				const times = listings(simulator).map(({ at }) => at);
				expect(times).toHaveLength(3);
				expect(times[2] - times[0]).toBeGreaterThanOrEqual(390);
			},

			'gives an item per task, running and ended, newest first': async (simulator) => {
				const [newest, oldest] = await createdTasks(
					simulator,
					{ seconds: 0 },
					{ end: 'never', statuses: ['processing'] },
				);
				await simulator.tasks.get(oldest)?.work;
				const { items } = await runWorkflow({ simulator, parameters: getManyTasks() });
				expect(items).toEqual([
					{
						json: {
							id: newest,
							status: 'processing',
							model: 'qwen-image-edit',
							type: 'image',
							progress: expect.any(Number) as number,
							created_at: expect.stringMatching(/^2.*Z$/) as string,
							credits_used: 0,
						},
						pairedItem: { item: 0 },
					},
					{
						json: expect.objectContaining({
							id: oldest,
							status: 'completed',
							progress: 100,
							credits_used: 1,
						}) as object,
						pairedItem: { item: 0 },
					},
				]);
				expect(simulator.paidTasks()).toBe(2);
			},

			'finds a task whose creation had an unknown outcome, as the error says': async (
				simulator,
			) => {
				simulator.inject({
					host: 'api',
					path: /generations/,
					times: Infinity,
					fault: { status: 502, handled: true },
				});
				const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
				expect(error?.message).toContain('Get Many Tasks');
				const { items } = await runWorkflow({ simulator, parameters: getManyTasks() });
				expect(items.map(({ json }) => json.id)).toEqual([...simulator.tasks.keys()]);
				expect(simulator.paidTasks()).toBe(1);
			},

			'filters by status and model': async (simulator) => {
				const [, failed] = await createdTasks(
					simulator,
					{ seconds: 0 },
					{ seconds: 0, end: 'failed' },
					{ end: 'never' },
				);
				await Promise.all([...simulator.tasks.values()].map(async ({ work }) => await work));
				const idsFor = async (filters: INodeParameters) => {
					const { items } = await runWorkflow({ simulator, parameters: getManyTasks({ filters }) });
					return items.map(({ json }) => json.id);
				};
				expect(await idsFor({ status: 'failed' })).toEqual([failed]);
				expect(await idsFor({ status: 'processing' })).toHaveLength(1);
				expect(await idsFor({ model: 'qwen-image-edit' })).toHaveLength(3);
				expect(await idsFor({ model: 'wan2.5-image-to-image' })).toEqual([]);
			},

			'gives as many as wanted, or all': async (simulator) => {
				const ids = await createdTasks(simulator, ...Array<TaskScript>(53).fill({ seconds: 0 }));
				const some = await runWorkflow({ simulator, parameters: getManyTasks({ limit: 2 }) });
				expect(some.items.map(({ json }) => json.id)).toEqual(ids.slice(0, 2));
				const usual = await runWorkflow({ simulator, parameters: getManyTasks() });
				expect(usual.items).toHaveLength(50);
				const all = await runWorkflow({
					simulator,
					parameters: getManyTasks({ returnAll: true }),
				});
				expect(all.items.map(({ json }) => json.id)).toEqual(ids);
				expect(listings(simulator).map(({ query }) => query.page)).toEqual(['1', '1', '1', '2']);
			},

			'pairs the tasks with the item that asked for them': async (simulator) => {
				await createdTasks(simulator, { seconds: 0 }, { seconds: 0, end: 'failed' });
				await Promise.all([...simulator.tasks.values()].map(async ({ work }) => await work));
				const { items } = await runWorkflow({
					simulator,
					parameters: getManyTasks({ filters: { status: '={{ $json.status }}' } }),
					items: [{ json: { status: 'cancelled' } }, { json: {} }, { json: { status: 'failed' } }],
				});
				expect(items.map(({ pairedItem, json }) => [pairedItem, json.status])).toEqual([
					[{ item: 1 }, 'failed'],
					[{ item: 1 }, 'completed'],
					[{ item: 2 }, 'failed'],
				]);
			},

			"gives the service's own lines with Simplify off": async (simulator) => {
				const [id] = await createdTasks(simulator, { seconds: 0 });
				await simulator.tasks.get(id)?.work;
				const { items } = await runWorkflow({
					simulator,
					parameters: getManyTasks({ simplify: false }),
				});
				expect(items[0].json).toMatchObject({ id, has_results: true, has_error: false });
			},

			'explains an account or a host without a history': async (simulator) => {
				simulator.inject({ host: 'api', path: /tasks/, fault: simulator.refusal('routeNotFound') });
				const { error } = await runWorkflow({ simulator, parameters: getManyTasks() });
				expect(error?.message).toContain('Could not get the tasks of the account');
				expect(error?.description).toContain("doesn't offer its task history");
				expect(error?.httpCode).toBe('404');
			},

			'refuses a limit that is none': async (simulator) => {
				const { error } = await runWorkflow({
					simulator,
					parameters: getManyTasks({ limit: '={{ 0 }}' }),
				});
				expect(error?.message).toBe("'Limit' is 0; it must be a number from 1");
				expect(sent(simulator).all).toEqual([]);
			},
		},
		{ taskSeconds: 0.3 },
	);
});
