import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { until } from '../../tools/until';
import { samplePicture, type Simulator, tasksAskedFor } from '../simulator';
import {
	binaryField,
	bytesOf,
	editImage,
	runWorkflow,
	sent,
	type WorkflowOptions,
} from './harness';
import { scenarios } from './scenarios';

/** Items whose prompts are 'Row 1', 'Row 2', … */
function rows(count: number, binary?: INodeExecutionData['binary']): INodeExecutionData[] {
	return Array.from({ length: count }, (_, index) => ({
		json: { prompt: `Row ${index + 1}` },
		...(binary ? { binary } : {}),
	}));
}

async function run(
	simulator: Simulator,
	items: INodeExecutionData[],
	options: INodeParameters = {},
	more: Partial<WorkflowOptions> = {},
	parameters: INodeParameters = {},
) {
	return await runWorkflow({
		simulator,
		items,
		parameters: editImage(simulator, { prompt: '={{ $json.prompt }}', options, ...parameters }),
		...more,
	});
}

function promptOf(simulator: Simulator, { json }: INodeExecutionData): unknown {
	return simulator.tasks.get(json.id as string)?.request.prompt;
}

/** The most tasks that ran at the same time. */
function mostAtATime(simulator: Simulator): number {
	const events = [...simulator.tasks.values()].flatMap(({ createdAt, endsAt }) => [
		{ at: createdAt, change: 1 },
		{ at: endsAt, change: -1 },
	]);
	let running = 0;
	let most = 0;
	for (const { change } of events.sort((a, b) => a.at - b.at || a.change - b.change)) {
		running += change;
		most = Math.max(most, running);
	}
	return most;
}

describe('Many items', () => {
	scenarios(
		{
			'run together up to the limit, and come out in order, each with its own image': async (
				simulator,
			) => {
				// The earlier, the slower.
				for (let row = 1; row <= 12; row++) {
					const prompt = new RegExp(`^Row ${row}$`);
					simulator.nextTask({ prompt, seconds: 2.4 - row / 10 });
				}
				const { items } = await run(simulator, rows(12), { concurrency: 4 });
				expect(items.map((item) => promptOf(simulator, item))).toEqual(
					rows(12).map(({ json }) => json.prompt),
				);
				expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
					rows(12).map((_, item) => ({ item })),
				);
				const images = new Set(items.map(({ binary }) => binary?.data.data));
				expect(images.size).toBe(12);
				expect(mostAtATime(simulator)).toBe(4);
				expect(simulator.paidTasks()).toBe(12);
			},

			'give their slot back as soon as their task has ended, not when its image is there': async (
				simulator,
			) => {
				simulator.nextTask({ delivery: { truncated: 'stall' } });
				const onStarted = (stop: () => void) => {
					void until(() => sent(simulator).creates.length === 2).then(stop);
				};
				await run(simulator, rows(2), { concurrency: 1 }, { onStarted });
				expect(sent(simulator).creates).toHaveLength(2);
			},

			'are not held back by one slow task': async (simulator) => {
				simulator.nextTask({ prompt: /Row 1$/, seconds: 1000, estimatedTime: null });
				const running = run(simulator, rows(4), { concurrency: 2 });
				await until(() => simulator.tasks.size === 4);
				simulator.clockOffsetSeconds += 1000;
				expect((await running).items).toHaveLength(4);
			},

			'are asked for together': async (simulator) => {
				simulator.nextTask({ seconds: 1, times: 60 });
				const { items } = await run(simulator, rows(60), { concurrency: 60 });
				expect(items).toHaveLength(60);
				const questions = sent(simulator).polls;
				// Nine where the machine has time for us; by themselves, the tasks would take 60 at least.
				expect(questions.length).toBeLessThan(60);
				for (const question of questions) {
					expect(tasksAskedFor(question)?.length).toBeLessThanOrEqual(50);
				}
			},

			'upload images ahead, and only once': async (simulator) => {
				const png = await samplePicture('png');
				const images = rows(8).map((row, index) => {
					const content = Buffer.concat([png, Buffer.from(String(index))]);
					return { ...row, binary: { data: binaryField(content, 'a.png', 'image/png') } };
				});
				simulator.nextTask({ prompt: /Row [12]$/, seconds: 1000, estimatedTime: null, times: 2 });
				const running = run(
					simulator,
					images,
					{ concurrency: 2 },
					{},
					{ images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } },
				);
				// The third item's image is there before a slot is free for it.
				await until(() => sent(simulator).uploads.length > 2 && simulator.tasks.size === 2);
				simulator.clockOffsetSeconds += 1000;
				const { items } = await running;
				expect(items.every(({ binary }) => bytesOf(binary?.data).length > 1000)).toBe(true);
				expect(sent(simulator).uploads).toHaveLength(8);
				expect(simulator.overwrittenFiles).toBe(0);
			},

			'tell how many are done': async (simulator) => {
				const { hints } = await run(simulator, rows(3));
				expect(hints.map(({ message }) => message)).toEqual([
					expect.stringMatching(/^3 items done in [\d.]+ s$/),
				]);
			},

			'tell how many failed': async (simulator) => {
				simulator.nextTask({ end: 'failed' });
				const { hints } = await run(
					simulator,
					rows(3),
					{},
					{ node: { onError: 'continueRegularOutput' } },
				);
				expect(hints.at(-1)?.message).toMatch(/^3 items done in [\d.]+ s, 1 of them failed$/);
			},

			'a single item tells nothing': async (simulator) => {
				const { hints } = await run(simulator, rows(1));
				expect(hints).toEqual([]);
			},
		},
		{ taskSeconds: 0.5 },
	);

	scenarios(
		{
			'are asked for one by one where the service knows no batch query': async (simulator) => {
				const { items } = await run(simulator, rows(8));
				expect(items.map(({ json }) => json.status)).toEqual(Array(8).fill('completed'));
				const batches = sent(simulator).polls.filter(({ method }) => method === 'POST');
				// A second one may be on its way when the first is refused.
				expect(batches.length).toBeLessThanOrEqual(2);
			},
		},
		{ taskSeconds: 1, batchQuery: false },
	);

	scenarios(
		{
			'slow down together when the service throttles them, and all come through, paid once': async (
				simulator,
			) => {
				const { items, error } = await run(simulator, rows(20), { concurrency: 20 });
				expect(error).toBeUndefined();
				expect(items.map((item) => promptOf(simulator, item))).toEqual(
					rows(20).map(({ json }) => json.prompt),
				);
				expect(simulator.paidTasks()).toBe(20);
				const throttled = simulator.requests.filter(({ status }) => status === 429);
				// On its own, every item would have tried again in every second.
				expect(throttled.length).toBeLessThan(40);
			},
		},
		{ taskSeconds: 0.5, requestsPerSecond: 4 },
	);
});

describe('A full account', () => {
	scenarios(
		{
			'is no failure: creates wait until one of the tasks ends': async (simulator) => {
				const { items, error } = await run(simulator, rows(8), { concurrency: 8 });
				expect(error).toBeUndefined();
				expect(items.map(({ json }) => json.status)).toEqual(Array(8).fill('completed'));
				expect(mostAtATime(simulator)).toBe(2);
				expect(simulator.paidTasks()).toBe(8);
				expect(sent(simulator).creates.length).toBeLessThanOrEqual(24);
			},

			'is no failure where nothing is waited for': async (simulator) => {
				const { items, error } = await run(simulator, rows(5), {}, {}, { wait: 'none' });
				expect(error).toBeUndefined();
				expect(items.map(({ json }) => json.id)).toEqual([...simulator.tasks.keys()]);
				expect(simulator.paidTasks()).toBe(5);
			},

			'with tasks of others only: tries again until there is room': async (simulator) => {
				simulator.nextTask({ seconds: 4, times: 2, prompt: /Row/ });
				await run(simulator, rows(2), {}, {}, { wait: 'none' });
				const { items } = await run(simulator, rows(1));
				expect(items[0].json.status).toBe('completed');
			},
		},
		{ taskSeconds: 1, tasksAtATime: 2 },
	);
});

describe('Automatic concurrency', () => {
	const automatic = { typeVersion: 1.1 };

	/** Lets the tasks end once so many run; later ones end at once. */
	async function runUntil(tasks: number, ...args: Parameters<typeof run>) {
		const [simulator] = args;
		simulator.nextTask({ seconds: 1000, estimatedTime: null, times: tasks });
		const running = run(...args);
		await until(() => simulator.tasks.size >= tasks);
		simulator.clockOffsetSeconds += 1000;
		await running;
	}

	scenarios({
		'is for nodes from version 1.1 on': async (simulator) => {
			await runUntil(21, simulator, rows(40), {}, { node: automatic });
			expect(mostAtATime(simulator)).toBeGreaterThan(20);
		},

		'is not for saved nodes of version 1': async (simulator) => {
			await runUntil(10, simulator, rows(12));
			expect(mostAtATime(simulator)).toBe(10);
		},

		'is for nodes of version 1 where the option is 0': async (simulator) => {
			await runUntil(21, simulator, rows(40), { concurrency: 0 });
			expect(mostAtATime(simulator)).toBeGreaterThan(20);
		},

		'stops creating after the first failure': async (simulator) => {
			const create = { host: 'api', method: 'POST', path: /generations$/ } as const;
			const match = ({ body }: { body: Buffer }) => body.includes('Row 1"');
			const fault = simulator.refusal('insufficientCredits');
			simulator.inject({ ...create, match, fault });
			simulator.inject({ ...create, times: Infinity, fault: { slow: 15_000 } });
			const { error } = await run(simulator, rows(100), {}, { node: automatic });
			expect(error?.message).toContain('Insufficient quota');
			expect(sent(simulator).creates.length).toBeLessThanOrEqual(10);
		},
	});
});

describe('Keep Credits', () => {
	scenarios({
		'starts nothing that would take the account below it': async (simulator) => {
			simulator.credits = 53;
			const node = { onError: 'continueRegularOutput' } as const;
			const { items } = await run(simulator, rows(5), { keepCredits: 50 }, { node });
			expect(simulator.paidTasks()).toBe(3);
			expect(simulator.credits).toBe(50);
			expect(items.at(-1)?.json.error).toMatch(
				/the account has 50 credits, and another task for 1 credit would go below 'Keep Credits' \(50\)/,
			);
		},

		'asks for the balance once where it is far above': async (simulator) => {
			await run(simulator, rows(5), { keepCredits: 50 });
			expect(sent(simulator).all.filter(({ path }) => path === '/v1/credits')).toHaveLength(1);
		},

		'not set: does not ask for the balance': async (simulator) => {
			await run(simulator, rows(1));
			expect(sent(simulator).all.filter(({ path }) => path === '/v1/credits')).toEqual([]);
		},
	});
});

describe('Max Credits, where the service quotes prices', () => {
	scenarios(
		{
			'a first task that is too dear is not started, and the error names both figures': async (
				simulator,
			) => {
				const { error } = await run(simulator, rows(2), { maxCredits: 0.5 });
				expect(error?.message).toMatch(/costs 1 credit, more than 'Max Credits' \(0\.5\) allows/);
				expect(sent(simulator).creates).toEqual([]);
			},
		},
		{ taskSeconds: 0.3, quotes: true },
	);
});

describe('Max Credits', () => {
	scenarios({
		'stops starting tasks, and hands on those that are paid': async (simulator) => {
			const node = { onError: 'continueRegularOutput' } as const;
			const { items } = await run(simulator, rows(5), { maxCredits: 3 }, { node });
			expect(items.map(({ json }) => json.status ?? json.error)).toEqual([
				'completed',
				'completed',
				'completed',
				expect.stringContaining("would exceed 'Max Credits' (3)"),
				expect.stringContaining("would exceed 'Max Credits' (3)"),
			]);
			expect(simulator.paidTasks()).toBe(3);
			expect(sent(simulator).creates).toHaveLength(3);
		},

		'ends the run, and the error names what is paid': async (simulator) => {
			const { error, items } = await run(simulator, rows(3), { maxCredits: 1 });
			expect(items).toEqual([]);
			expect(error?.message).toContain("would exceed 'Max Credits' (1)");
			expect(error?.description).toContain([...simulator.tasks.keys()][0]);
			expect(simulator.paidTasks()).toBe(1);
		},

		'counts what an earlier try has paid': async (simulator) => {
			const node = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
			const { error } = await run(simulator, rows(3), { maxCredits: 2 }, { node });
			expect(error?.message).toContain('has reserved 2 credits');
			expect(simulator.paidTasks()).toBe(2);
		},

		'0 buys nothing': async (simulator) => {
			const { error } = await run(simulator, rows(1), { maxCredits: 0 });
			expect(error?.message).toContain("would exceed 'Max Credits' (0)");
			expect(sent(simulator).creates).toEqual([]);
		},

		'counts all rounds of a loop': async (simulator) => {
			const node = { onError: 'continueRegularOutput' } as const;
			const { items } = await run(
				simulator,
				rows(1),
				{ maxCredits: 2 },
				{ node, loops: 5 },
				{
					prompt: 'Beach',
				},
			);
			expect(items).toHaveLength(5);
			expect(sent(simulator).creates).toHaveLength(2);
		},

		'keeps prices by kind, whatever the prompts': async (simulator) => {
			const model = { __rl: true, mode: 'list', value: 'wan2.5-image-to-image' };
			const node = { onError: 'continueRegularOutput' } as const;
			const parameters = { model, numberOfImages: '={{ $json.count }}' };
			const items = [1, 4, 1, 4, 1].map((count) => ({ json: { prompt: `Row ${count}`, count } }));
			const result = await run(simulator, items, { maxCredits: 9 }, { node }, parameters);
			expect(result.items.map(({ json }) => json.status ?? 'too dear')).toEqual([
				'completed',
				'completed',
				'completed',
				'too dear',
				'completed',
			]);
		},

		'takes decimal prices': async (simulator) => {
			const model = { __rl: true, mode: 'list', value: 'wan2.5-image-to-image' };
			const node = { onError: 'continueRegularOutput' } as const;
			const parameters = { model, numberOfImages: 1 };
			await run(simulator, rows(4), { maxCredits: 3.6 }, { node }, parameters);
			expect(simulator.paidTasks()).toBe(3);
		},
	});
});
