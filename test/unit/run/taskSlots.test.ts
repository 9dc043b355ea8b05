import { ApiError, StoppedError } from '../../../nodes/Evolink/api/errors/errors';
import { TaskSlots } from '../../../nodes/Evolink/run/taskSlots';
import { VirtualClock } from '../virtualClock';

const TIMEOUT_MS = 600_000;
const BUSY = new ApiError('Rate limit exceeded', 'Wait.', { status: 429 });

interface Account {
	/** Tasks that it takes at a time. */
	takes: number;
	answerMs?: number;
	retryAfterMs?: number;
	most?: number;
	/** Whether the end of a task is waited for. */
	waits?: boolean;
	/** What others have in flight there, until then. */
	full?: { untilMs: number };
}

/** Runs tasks of such seconds against an account. */
async function runTasks(taskSeconds: number[], account: Account) {
	const { takes, answerMs = 30, retryAfterMs, most = 100, waits = true, full } = account;
	const clock = new VirtualClock();
	const told: string[] = [];
	const slots = new TaskSlots(clock, most, (message) => told.push(message));
	let inFlight = 0;
	let refused = 0;
	let mostAtATime = 0;
	const createdAt: number[] = [];
	const oneTask = async (seconds: number) => {
		const slot = await slots.enter(TIMEOUT_MS);
		for (;;) {
			await clock.sleep(answerMs);
			const isFull = inFlight >= takes || clock.elapsed < (full?.untilMs ?? 0);
			if (!isFull) break;
			refused++;
			if (!(await slot.again({ error: BUSY, ...(retryAfterMs ? { retryAfterMs } : {}) }))) {
				throw BUSY;
			}
		}
		createdAt.push(clock.elapsed);
		slot.accepted();
		mostAtATime = Math.max(mostAtATime, ++inFlight);
		const end = clock.sleep(seconds * 1_000).then(() => inFlight--);
		if (waits) await end;
		slot.leave();
	};
	const outcomes = await Promise.allSettled(taskSeconds.map(oneTask));
	const failed = outcomes.filter(({ status }) => status === 'rejected').length;
	return { clock, told, refused, failed, mostAtATime, createdAt, seconds: clock.elapsed / 1_000 };
}

/** From 6 to 10 s, in mixed order. */
const HUNDRED = Array.from({ length: 100 }, (_, index) => 6 + (((index * 37) % 100) / 99) * 4);
const SUM = HUNDRED.reduce((sum, seconds) => sum + seconds, 0);

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0.5));
afterEach(() => jest.restoreAllMocks());

it.each([
	[30, 0.2],
	[300, 1.5],
])('creates answered after %p ms: all tasks run soon', async (answerMs, seconds) => {
	const { createdAt, mostAtATime } = await runTasks(HUNDRED, { takes: Infinity, answerMs });
	expect(Math.max(...createdAt)).toBeLessThanOrEqual(seconds * 1_000);
	expect(mostAtATime).toBe(100);
});

it('begins with ten, so that a mistake can still be stopped', async () => {
	const { createdAt } = await runTasks(HUNDRED, { takes: Infinity, answerMs: 300 });
	expect(createdAt.filter((at) => at <= 300)).toHaveLength(10);
	expect(createdAt.filter((at) => at <= 600)).toHaveLength(30);
});

it.each([1, 3, 10, 25])('never has more than %p at a time where that is set', async (most) => {
	const { mostAtATime } = await runTasks(HUNDRED, { takes: Infinity, most });
	expect(mostAtATime).toBe(most);
});

it.each([1, 2, 5, 8, 17, 40])(
	'an account that takes %p at a time is kept busy, with few refusals',
	async (takes) => {
		const { seconds, refused, failed } = await runTasks(HUNDRED, { takes });
		expect(failed).toBe(0);
		expect(refused).toBeLessThanOrEqual(150);
		// The last tasks end one by one.
		expect(seconds).toBeLessThan(SUM / takes / 0.95 + 10);
	},
);

it('long tasks on a full account: nothing fails, however long it takes in all', async () => {
	const { failed, seconds } = await runTasks(Array<number>(20).fill(500), { takes: 1 });
	expect(failed).toBe(0);
	expect(seconds).toBeGreaterThan(10_000);
	expect(seconds).toBeLessThan(10_100);
});

it('with nothing of its own in flight it tries again with growing pauses, then goes on', async () => {
	const full = { untilMs: 100_000 };
	const { failed, refused, createdAt } = await runTasks(HUNDRED, { takes: 100, full });
	expect(failed).toBe(0);
	expect(refused).toBeLessThan(25);
	expect(createdAt[0]).toBeLessThan(120_000);
});

it('what the service asks for is kept', async () => {
	const full = { untilMs: 44_000 };
	const { createdAt, refused } = await runTasks([1], { takes: 1, full, retryAfterMs: 20_000 });
	expect(refused).toBe(2);
	expect(createdAt[0]).toBeGreaterThanOrEqual(45_000);
});

it('where no end is waited for, it goes on as the account has room', async () => {
	const { failed, refused, mostAtATime } = await runTasks(HUNDRED.slice(0, 30), {
		takes: 5,
		waits: false,
	});
	expect([failed, mostAtATime]).toEqual([0, 5]);
	expect(refused).toBeLessThanOrEqual(120);
});

it('an account that stays full is an error of all items once the time is up, none is sent on and on', async () => {
	const full = { untilMs: Number.POSITIVE_INFINITY };
	const { failed, seconds, refused, told } = await runTasks(HUNDRED, { takes: 1, full });
	expect(failed).toBe(100);
	expect(seconds).toBeGreaterThanOrEqual(600);
	expect(seconds).toBeLessThan(605);
	expect(refused).toBeLessThan(60);
	expect(told[0]).toMatch(/^Rate limit exceeded\. Waiting 2 s before the next try, at most 600 s/);
});

it('tells that it waits for a task of its own', async () => {
	const { told } = await runTasks(HUNDRED, { takes: 2 });
	expect(told.at(-1)).toBe('Rate limit exceeded. Waiting until one of 2 running tasks ends');
});

it('a stop ends the waiting of all', async () => {
	const clock = new VirtualClock();
	const slots = new TaskSlots(clock, 100);
	const slot = await slots.enter(TIMEOUT_MS);
	const again = slot.again({ error: BUSY });
	const queued = Array.from({ length: 20 }, async () => await slots.enter(TIMEOUT_MS));
	clock.stopAt = clock.now() + 500;
	await expect(again).rejects.toBeInstanceOf(StoppedError);
	await expect(Promise.all(queued)).rejects.toBeInstanceOf(StoppedError);
});
