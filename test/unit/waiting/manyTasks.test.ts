import fc from 'fast-check';

import { EvolinkClient } from '../../../nodes/Evolink/api/client';
import { ApiError, WaitTimeoutError } from '../../../nodes/Evolink/api/errors/errors';
import { paced } from '../../../nodes/Evolink/api/http/pace';
import type { ReadResult } from '../../../nodes/Evolink/api/http/retry';
import { parseTask, type Task } from '../../../nodes/Evolink/api/task';
import { TaskWatch } from '../../../nodes/Evolink/waiting/polling/taskWatch';
import { answer, ScriptedSend } from '../scriptedSend';
import { VirtualClock } from '../virtualClock';

const SECOND = 1_000;

interface Behaviour {
	batch?: 'works' | 'missing' | 'alwaysBusy' | 'throttledAtFirst' | 'withoutPictures' | 'empty';
	/** Seconds that the service expects; undefined: not told. */
	estimate?: (seconds: number) => number | undefined;
	/** Whether what is left shrinks with time; otherwise every answer tells the same. */
	countsDown?: boolean;
}

/** A service that takes its time, and writes down who asked for what and when. */
class TimedService implements Pick<EvolinkClient, 'pollTask' | 'pollTasks'> {
	readonly endings = new Map<string, { startedAt: number; seconds: number }>();
	/** Times of the questions for each task. */
	readonly asked = new Map<string, number[]>();
	requests = 0;
	batchRequests = 0;

	constructor(
		private readonly clock: VirtualClock,
		private readonly behaviour: Behaviour,
	) {}

	start(seconds: number): Task {
		const id = `task-unified-${this.endings.size + 1}`;
		this.endings.set(id, { startedAt: this.clock.now(), seconds });
		this.asked.set(id, []);
		return this.view(id);
	}

	async pollTask(taskId: string): Promise<ReadResult<Task>> {
		this.requests++;
		return { ok: true, value: this.look(taskId) };
	}

	async pollTasks(taskIds: string[]): Promise<ReadResult<Map<string, Task>>> {
		this.requests++;
		this.batchRequests++;
		expect(taskIds.length).toBeLessThanOrEqual(50);
		const { batch = 'works' } = this.behaviour;
		if (batch === 'missing') {
			return { ok: false, error: new ApiError('No', 'No.'), mayPass: false };
		}
		if (batch === 'alwaysBusy') {
			return { ok: false, error: new ApiError('No', 'No.'), mayPass: true };
		}
		if (batch === 'throttledAtFirst' && this.batchRequests <= 5) {
			return { ok: false, error: new ApiError('Slow', 'Wait.', { status: 429 }), mayPass: true };
		}
		if (batch === 'empty') return { ok: true, value: new Map() };
		const tasks = taskIds.map((id): [string, Task] => [id, this.look(id)]);
		if (batch === 'withoutPictures') for (const [, task] of tasks) task.results = [];
		return { ok: true, value: new Map(tasks) };
	}

	private look(id: string): Task {
		this.asked.get(id)?.push(this.clock.now());
		return this.view(id);
	}

	private view(id: string): Task {
		const { startedAt, seconds } = this.endings.get(id)!;
		const elapsed = (this.clock.now() - startedAt) / SECOND;
		const ended = elapsed >= seconds;
		const { estimate = (exact: number) => exact, countsDown = true } = this.behaviour;
		const expected = estimate(seconds);
		const left =
			expected === undefined ? undefined : Math.max(0, expected - (countsDown ? elapsed : 0));
		return parseTask({
			id,
			status: ended ? 'completed' : 'processing',
			results: ended ? ['https://r.example.com/1.png'] : undefined,
			task_info: ended ? {} : { estimated_time: left },
		})!;
	}
}

interface Figures {
	/** From the start of all to the last response, as a share of the longest task. */
	wall: number;
	requestsPerTask: number;
	batchRequests: number;
	/** Seconds from the end of a task to the answer that tells of it. */
	median: number;
	worst: number;
	/** Questions for tasks that had not ended. */
	early: number;
	/** Shortest time in seconds between two questions for a task. */
	shortestGap: number;
	questions: number;
}

/** All tasks at once, or so many at a time. */
async function watchAll(
	durations: number[],
	behaviour: Behaviour,
	atATime = durations.length,
): Promise<Figures> {
	const clock = new VirtualClock();
	const service = new TimedService(clock, behaviour);
	const watch = new TaskWatch(service, clock);
	const queue = [...durations];
	const worker = async () => {
		for (let seconds = queue.shift(); seconds !== undefined; seconds = queue.shift()) {
			await clock.pass(2); // a create takes time
			const created = service.start(seconds);
			const { task } = await watch.untilEnded(created.id, 600, created);
			expect(task).toMatchObject({ id: created.id, status: 'completed' });
		}
	};
	await Promise.all(Array.from({ length: atATime }, worker));

	const tasks = [...service.endings].map(([id, { startedAt, seconds }]) => ({
		endsAt: startedAt + seconds * SECOND,
		seconds,
		asked: service.asked.get(id)!,
	}));
	const delays = tasks
		.map(({ endsAt, asked }) => (asked.at(-1)! - endsAt) / SECOND)
		.sort((a, b) => a - b);
	const gaps = tasks.flatMap(({ asked }) => asked.slice(1).map((at, index) => at - asked[index]));
	const questions = tasks.reduce((sum, { asked }) => sum + asked.length, 0);
	return {
		wall: clock.elapsed / SECOND / Math.max(...durations),
		requestsPerTask: service.requests / durations.length,
		batchRequests: service.batchRequests,
		median: delays[Math.floor(delays.length / 2)],
		worst: delays.at(-1)!,
		early: questions - tasks.length,
		shortestGap: Math.min(...gaps) / SECOND,
		questions,
	};
}

/** Spread over 6 to 10 s in an order that is no order. */
const HUNDRED = Array.from({ length: 100 }, (_, index) => 6 + (4 * ((index * 37) % 100)) / 99);

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => jest.restoreAllMocks());

describe('a hundred tasks of 6 to 10 s at a time', () => {
	it('are asked for together when they should have ended', async () => {
		const figures = await watchAll(HUNDRED, {});
		expect(figures.wall).toBeLessThanOrEqual(1.03);
		expect(figures.requestsPerTask).toBeLessThanOrEqual(0.15);
		expect(figures.median).toBeLessThanOrEqual(0.5);
		expect(figures.worst).toBeLessThanOrEqual(0.5);
		expect(figures.early).toBe(0);
	});

	it('are found soon where estimates are told in whole seconds', async () => {
		const figures = await watchAll(HUNDRED, { estimate: Math.ceil });
		expect(figures.wall).toBeLessThanOrEqual(1.03);
		expect(figures.requestsPerTask).toBeLessThanOrEqual(0.15);
		expect(figures.median).toBeLessThanOrEqual(0.5);
		expect(figures.worst).toBeLessThanOrEqual(1.35); // The second, and the wait for company.
		expect(figures.early).toBeLessThanOrEqual(50);
	});

	it.each(['missing', 'empty', 'withoutPictures'] as const)(
		'are asked for one by one where the batch query is %s',
		async (batch) => {
			const figures = await watchAll(HUNDRED, { batch });
			expect(figures.wall).toBeLessThanOrEqual(1.03);
			if (batch !== 'withoutPictures') expect(figures.batchRequests).toBe(1);
			expect(figures.requestsPerTask - figures.batchRequests / 100).toBeLessThanOrEqual(1);
			expect(figures.median).toBeLessThanOrEqual(0.5);
		},
	);

	it('are asked for one by one after three faults of the batch query in a row', async () => {
		const { batchRequests } = await watchAll(HUNDRED, { batch: 'alwaysBusy' });
		expect(batchRequests).toBe(3);
	});

	it.each<[string, Behaviour]>([
		['the same for all', { estimate: () => 30 }],
		['the same for all, in every answer', { estimate: () => 30, countsDown: false }],
		['not told', { estimate: () => undefined }],
	])(
		'are found soon, and not asked for too often, where estimates are %s',
		async (_, behaviour) => {
			const figures = await watchAll(HUNDRED, behaviour);
			expect(figures.wall).toBeLessThanOrEqual(1.1);
			expect(figures.requestsPerTask).toBeLessThanOrEqual(0.15);
			// The vendor's clients: every 3 s, so 3 or 4 times for a task of 6 to 10 s.
			expect(figures.questions).toBeLessThanOrEqual(
				HUNDRED.reduce((sum, seconds) => sum + Math.ceil(seconds / 3), 0),
			);
		},
	);

	it('are not asked for early any more where whole seconds are exact', async () => {
		const whole = Array.from({ length: 100 }, (_, index) => 6 + (index % 5));
		const figures = await watchAll(whole, {});
		expect(figures.early).toBeLessThanOrEqual(10);
		expect(figures.worst).toBeLessThanOrEqual(0.5);
		expect(figures.wall).toBeLessThanOrEqual(1.03);
	});

	it('are found within 3 s of their end, and the wait for company, where estimates are too short', async () => {
		const figures = await watchAll(HUNDRED, { estimate: () => 2 });
		expect(figures.worst).toBeLessThanOrEqual(3.3);
		expect(figures.shortestGap).toBeGreaterThanOrEqual(3);
	});
});

it('estimates beyond all numbers end no run', async () => {
	const durations = Array.from({ length: 20 }, (_, index) => 6 + index / 5);
	const { wall } = await watchAll(durations, { estimate: () => 1e306 }, 2);
	expect(wall).toBeLessThanOrEqual(60);
});

it('useless estimates are seen through whatever the order of the tasks: at worst the pace of 3 s', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.double({ min: 6, max: 10, noNaN: true }), { minLength: 100, maxLength: 100 }),
			async (durations) => {
				const { wall } = await watchAll([...durations, 10], { estimate: () => 30 });
				expect(wall).toBeLessThanOrEqual(1.31);
			},
		),
		{ numRuns: 25 },
	);
});

it('ten at a time: a slot is free again soon after its task has ended', async () => {
	const figures = await watchAll(HUNDRED, {}, 10);
	const ideal = HUNDRED.reduce((sum, seconds) => sum + seconds, 0) / 10 / 10;
	expect(figures.wall / ideal).toBeLessThanOrEqual(1.1);
	expect(figures.requestsPerTask).toBeLessThanOrEqual(1);
});

it('slow tasks among quick ones: estimates are believed task by task', async () => {
	const durations = HUNDRED.map((seconds, index) => (index % 10 === 7 ? 60 + seconds : seconds));
	const figures = await watchAll(durations, {});
	expect(figures.wall).toBeLessThanOrEqual(1.03);
	expect(figures.median).toBeLessThanOrEqual(0.5);
});

it('two items may wait for the same task', async () => {
	const clock = new VirtualClock();
	const service = new TimedService(clock, {});
	const watch = new TaskWatch(service, clock);
	const { id } = service.start(5);
	const seen = await Promise.all([watch.untilEnded(id, 60), watch.untilEnded(id, 60)]);
	expect(seen.map(({ task }) => task.status)).toEqual(['completed', 'completed']);
});

it.each([1, 10, 100])(
	'the time limit holds however long the service throttles (%p tasks)',
	async (count) => {
		const clock = new VirtualClock();
		const throttled = answer(429, '', { 'retry-after': '60' });
		const send = paced(new ScriptedSend(clock, [throttled]).send, clock);
		const addresses = { baseUrl: 'https://api.example.com', filesBaseUrl: '' };
		const watch = new TaskWatch(new EvolinkClient(send, clock, addresses), clock);
		const known = parseTask({ id: 'task-unified-1', task_info: { estimated_time: 8 } });
		const waits = Array.from({ length: count }, async (_, index) => {
			await expect(watch.untilEnded(`task-unified-${index}`, 600, known)).rejects.toThrow(
				WaitTimeoutError,
			);
			expect(clock.elapsed).toBeLessThanOrEqual(602_000);
		});
		await Promise.all(waits);
	},
);

it('the batch query is not given up because the service throttles it', async () => {
	const { batchRequests, requestsPerTask } = await watchAll(HUNDRED, { batch: 'throttledAtFirst' });
	expect(batchRequests / 100).toBe(requestsPerTask);
});

it('a question that fails unexpectedly ends its waits', async () => {
	const clock = new VirtualClock();
	const broken = new Error('Broken');
	const watch = new TaskWatch(
		{
			pollTask: async () => await Promise.reject(broken),
			pollTasks: async () => await Promise.reject(broken),
		},
		clock,
	);
	await expect(watch.untilEnded('task-unified-1', 60)).rejects.toBe(broken);
});
