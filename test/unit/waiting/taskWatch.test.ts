import { EvolinkClient } from '../../../nodes/Evolink/api/client';
import {
	ApiError,
	EvolinkError,
	StoppedError,
	TaskFailedError,
	WaitTimeoutError,
} from '../../../nodes/Evolink/api/errors/errors';
import { lacksImages, parseTask, type Task, withoutImages } from '../../../nodes/Evolink/api/task';
import { assertSucceeded, TaskWatch } from '../../../nodes/Evolink/waiting/polling/taskWatch';
import { answer, HTML, noAnswer, ScriptedSend, type Step } from '../scriptedSend';
import { COMPLETED, FAILED, PENDING, PROCESSING, TASK_ID } from '../taskAnswers';
import { VirtualClock } from '../virtualClock';

const SECOND = 1_000;

function taskOf(body: object): Task {
	const task = parseTask(body);
	if (!task) throw new Error('The test needs a task');
	return task;
}

function created(estimatedTime?: number): Task {
	return taskOf({ ...PENDING, task_info: { estimated_time: estimatedTime } });
}

function setUp(...steps: Step[]) {
	const clock = new VirtualClock();
	const service = new ScriptedSend(clock, steps);
	const addresses = { baseUrl: 'https://api.example.com', filesBaseUrl: '' };
	const client = new EvolinkClient(service.send, clock, addresses);
	const wait = async (timeoutSeconds: number, known?: Task) =>
		await new TaskWatch(client, clock).untilEnded(TASK_ID, timeoutSeconds, known);
	const errorOf = async (timeoutSeconds: number, known?: Task) => {
		const error: unknown = await wait(timeoutSeconds, known).catch((reason: unknown) => reason);
		if (error instanceof EvolinkError) return error;
		throw new Error('The wait should have ended with an error');
	};
	return { clock, service, wait, errorOf };
}

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => jest.restoreAllMocks());

/** Seconds from the start at which the only task of a run is asked for, if it never ends. */
async function questionTimes(
	{ progress, ...more }: { estimate?: number; progress?: number },
	timeoutSeconds: number,
): Promise<number[]> {
	const { service, errorOf } = setUp(answer(200, { ...PROCESSING, progress, task_info: {} }));
	await errorOf(timeoutSeconds, created(more.estimate));
	return service.requests.map(({ atMs }) => atMs / SECOND);
}

describe('when the only task of a run is asked for', () => {
	it.each([
		['every 3 s without an estimate', {}, 13, [3, 6, 9, 12]],
		['when a short estimate is over, then every 3 s', { estimate: 4 }, 11, [4.05, 7.05, 10.05]],
		['soon where nothing is left to wait for', { estimate: 0 }, 4, [0.02, 3.02]],
		['soon after a negative estimate', { estimate: -5 }, 4, [0.02, 3.02]],
		['from a fifth of a long estimate on', { estimate: 20 }, 12, [4, 7, 10]],
		['from 30 s on at the latest', { estimate: 1_000 }, 41, [30, 33.75, 37.96875]],
		['when its progress says that it ends', { estimate: 8, progress: 75 }, 13, [8.05, 11.05]],
	])('%s', async (_name, told, timeout, expected) => {
		const times = await questionTimes(told, timeout);
		expect(times.slice(0, expected.length)).toEqual(expected);
	});

	it('less and less often when it is long overdue, but at least every 10 s', async () => {
		const times = await questionTimes({ estimate: 10 }, 600);
		const gaps = times.slice(1).map((at, index) => at - times[index]);
		const rounded = gaps.map((gap) => Math.round(gap));
		expect(rounded).toEqual([...rounded].sort((a, b) => a - b));
		expect([rounded[0], rounded.at(-1)]).toEqual([3, 10]);
	});
});

describe('waiting', () => {
	it('asks until the task has ended, and gives it', async () => {
		const { service, wait } = setUp(
			answer(200, PROCESSING),
			answer(200, PROCESSING),
			answer(200, COMPLETED),
		);
		const { task } = await wait(600, created(30));
		expect(task).toMatchObject({ status: 'completed', results: COMPLETED.results });
		expect(service.requests.map(({ atMs }) => atMs)).toEqual([6_000, 9_000, 12_000]);
	});

	it('keeps what only the create said of the credits', async () => {
		const { wait } = setUp(answer(200, COMPLETED));
		expect((await wait(600, created())).task.creditsReserved).toBe(1);
	});

	it('says when the task was last seen unfinished', async () => {
		const { clock, wait } = setUp(answer(200, PROCESSING), answer(200, COMPLETED));
		const { unfinishedAt } = await wait(600);
		expect(unfinishedAt).toBe(clock.startedAt);
	});

	it('asks nothing for a task that has ended already', async () => {
		const { service, wait } = setUp(answer(500));
		await expect(wait(600, taskOf(COMPLETED))).resolves.toMatchObject({
			task: { status: 'completed' },
		});
		expect(service.requests).toHaveLength(0);
	});

	it.each(['cancelled', 'canceled', 'failed'])('ends with a task that %s', async (status) => {
		const { wait } = setUp(answer(200, PROCESSING), answer(200, { ...FAILED, status }));
		const { task } = await wait(600);
		expect(task.failure?.code).toBe('content_policy_violation');
	});

	it('goes on in a state that is not known', async () => {
		const { wait } = setUp(
			answer(200, { ...PROCESSING, status: 'reticulating' }),
			answer(200, COMPLETED),
		);
		await expect(wait(600)).resolves.toMatchObject({ task: { status: 'completed' } });
	});

	it.each([1, 2, 7, 60, 61.5, 600])('ends exactly after %p s', async (timeout) => {
		const { clock, service, errorOf } = setUp(answer(200, PROCESSING));
		const error = await errorOf(timeout, created(30));
		expect(error).toBeInstanceOf(WaitTimeoutError);
		expect(error.message).toBe(
			`The task didn't finish within ${timeout} ${timeout === 1 ? 'second' : 'seconds'}`,
		);
		expect(error.trace.taskId).toBe(TASK_ID);
		expect(clock.elapsed).toBe(timeout * SECOND);
		expect(Math.min(...service.gaps)).toBeGreaterThanOrEqual(3 * SECOND);
	});

	it('gives the last question a second for its answer, and takes it', async () => {
		const { service, clock, wait } = setUp({ ...answer(200, COMPLETED), takesMs: 900 });
		await expect(wait(10, created(12))).resolves.toMatchObject({ task: { status: 'completed' } });
		expect(service.requests.map(({ atMs }) => atMs)).toEqual([10_000]);
		expect(clock.elapsed).toBe(10_900);
	});

	it('ends a second after the time limit when the last question hangs', async () => {
		const hanging = { ...answer(200, PROCESSING), takesMs: 60_000 };
		const { clock, errorOf } = setUp(hanging);
		expect(await errorOf(10, created(12))).toBeInstanceOf(WaitTimeoutError);
		expect(clock.elapsed).toBe(11_000);
	});

	it('does not ask twice within 3 s at the time limit', async () => {
		const { service, errorOf } = setUp(answer(200, PROCESSING));
		await errorOf(7, created());
		expect(service.requests.map(({ atMs }) => atMs)).toEqual([3_000, 6_000]);
	});
});

describe('a task that is complete without images', () => {
	const IMAGELESS = { ...COMPLETED, progress: 50, results: null };
	const times = (count: number, body: object) =>
		Array.from({ length: count }, () => answer(200, body));

	it('is polled until it has some', async () => {
		const { clock, service, wait } = setUp(...times(3, IMAGELESS), answer(200, COMPLETED));
		const { task } = await wait(600);
		expect(task).toMatchObject({ status: 'completed', results: COMPLETED.results });
		expect(task).not.toHaveProperty('failure');
		expect(service.gaps).toEqual([3_000, 3_000, 3_000]);
		expect(clock.elapsed).toBe(9_000);
	});

	it('fails after 60 s without', async () => {
		const { clock, wait } = setUp(answer(200, PROCESSING), answer(200, IMAGELESS));
		const { task } = await wait(600);
		expect(task).toMatchObject({
			status: 'completed',
			results: [],
			failure: { code: 'no_images', retryable: false },
		});
		expect(clock.elapsed).toBe(12_050 + 60_000); // Complete when the estimate was over.
	});

	it('counts these seconds anew when it turns out to go on', async () => {
		const { clock, wait } = setUp(
			...times(15, IMAGELESS),
			answer(200, PROCESSING),
			...times(15, IMAGELESS),
			answer(200, COMPLETED),
		);
		expect((await wait(600)).task.results).toEqual(COMPLETED.results);
		expect(clock.elapsed).toBeGreaterThan(60_000);
	});

	it.each([10, 13, 60])('leaves nothing running when the time is up (%i s)', async (seconds) => {
		const { clock, errorOf } = setUp(answer(200, PROCESSING));
		expect(await errorOf(seconds)).toBeInstanceOf(WaitTimeoutError);
		await clock.pass(1);
		expect(clock.sleeping).toBe(0);
	});

	it('fails when the time is up, though faults came last', async () => {
		const { clock, wait } = setUp(answer(200, IMAGELESS), noAnswer);
		expect((await wait(20)).task.failure?.code).toBe('no_images');
		expect(clock.elapsed).toBe(20_000);
	});

	it('is polled on when the create was answered so', async () => {
		const { service, wait } = setUp(answer(200, COMPLETED));
		expect((await wait(600, taskOf(IMAGELESS))).task.results).toEqual(COMPLETED.results);
		expect(service.requests.map(({ atMs }) => atMs)).toEqual([3_000]);
	});
});

it('a task without an ID is the one that was asked for', async () => {
	const { wait } = setUp(answer(200, { ...COMPLETED, id: undefined }));
	expect((await wait(600)).task).toMatchObject({ id: TASK_ID, results: COMPLETED.results });
});

describe('a clock that jumps', () => {
	const HOUR = 3_600 * SECOND;

	it('forward: a task that has ended meanwhile is found', async () => {
		const { clock, wait } = setUp(answer(200, PROCESSING), answer(200, COMPLETED));
		clock.jumpAt(20 * SECOND, HOUR);
		const { task } = await wait(60);
		expect(task.results).toEqual(COMPLETED.results);
		expect(clock.elapsed).toBeLessThan(HOUR + 25 * SECOND);
	});

	it('forward, and the poll that was under way is lost: it is polled again', async () => {
		const lost = { ...noAnswer, takesMs: 10_000 };
		const { clock, service, wait } = setUp(lost, answer(200, COMPLETED));
		clock.jumpAt(5 * SECOND, HOUR);
		expect((await wait(60)).task.results).toEqual(COMPLETED.results);
		expect(service.requests).toHaveLength(2);
	});

	it('forward: one that goes on is given up soon, after a poll', async () => {
		const { clock, service, errorOf } = setUp(answer(200, PROCESSING));
		clock.jumpAt(20 * SECOND, HOUR);
		expect(await errorOf(60)).toBeInstanceOf(WaitTimeoutError);
		expect(service.requests.at(-1)?.atMs).toBeGreaterThanOrEqual(HOUR);
		expect(clock.elapsed).toBeLessThanOrEqual(HOUR + 31 * SECOND);
	});

	it('forward, by less than the time limit: nothing changes', async () => {
		const { clock, errorOf } = setUp(answer(200, PROCESSING));
		clock.jumpAt(20 * SECOND, 100 * SECOND);
		expect(await errorOf(600)).toBeInstanceOf(WaitTimeoutError);
		expect(clock.elapsed).toBe(600 * SECOND);
	});
});

describe('faults while waiting', () => {
	const FAULTS: Array<[string, Step]> = [
		['429', answer(429, { error: { message: 'Slow down' } })],
		['500', answer(500, { error: { message: 'Oops' } })],
		['502 with HTML', answer(502, HTML)],
		['a lost connection', noAnswer],
		['an answer that hangs', { ...answer(200, COMPLETED), takesMs: 60_000 }],
		['HTML under 200', answer(200, HTML)],
		['broken JSON', answer(200, '{"id"')],
		['another task', answer(200, { ...COMPLETED, id: 'task-unified-other' })],
	];

	it.each(FAULTS)('%s, twenty times, does not end the wait', async (_name, fault) => {
		const steps = Array.from({ length: 20 }, () => fault);
		const { wait, service } = setUp(...steps, answer(200, COMPLETED));
		await expect(wait(1_200)).resolves.toMatchObject({ task: { status: 'completed' } });
		expect(Math.min(...service.gaps)).toBeGreaterThanOrEqual(3 * SECOND);
	});

	it.each(FAULTS)(
		'%s that lasts ends it at the time limit, with the cause',
		async (_name, fault) => {
			const { clock, errorOf } = setUp(fault);
			const error = await errorOf(120);
			expect(error).toBeInstanceOf(WaitTimeoutError);
			expect(error.message).toContain('; last response: Could not get the task: ');
			expect(error.trace.taskId).toBe(TASK_ID);
			expect(clock.elapsed).toBeGreaterThanOrEqual(120 * SECOND);
			expect(clock.elapsed).toBeLessThanOrEqual(121 * SECOND);
		},
	);

	it('that have passed are not in the error', async () => {
		const { errorOf } = setUp(noAnswer, answer(200, PROCESSING));
		expect((await errorOf(60)).message).not.toContain('last response');
	});

	it('are followed by a pause as Retry-After says', async () => {
		const { service, wait } = setUp(
			answer(429, '', { 'retry-after': '20' }),
			answer(200, COMPLETED),
		);
		await wait(600);
		expect(service.gaps).toEqual([20_000]);
	});

	it.each([
		[400, /parameters/],
		[401, /API key/],
		[402, /Top up/],
		[403, /permissions/],
		[404, /Check the ID/],
	])('%d ends it at once, with advice and the paid task', async (status, advice) => {
		const { service, errorOf } = setUp(
			answer(200, PROCESSING),
			answer(status, { error: { message: 'No' } }),
			answer(200, COMPLETED),
		);
		const error = await errorOf(600);
		expect(error).toBeInstanceOf(ApiError);
		expect(error.advice).toMatch(advice);
		expect(error.trace.taskId).toBe(TASK_ID);
		expect(service.requests).toHaveLength(2);
	});
});

describe('a task that the service does not know', () => {
	it('is asked for again when it was created just now', async () => {
		const { service, wait } = setUp(answer(404), answer(404), answer(200, COMPLETED));
		await expect(wait(600, created(0))).resolves.toMatchObject({ task: { status: 'completed' } });
		expect(service.requests).toHaveLength(3);
	});

	it('is given up after some seconds, with the task in the error', async () => {
		const { clock, errorOf } = setUp(answer(404));
		const error = await errorOf(600, created(0));
		expect(error).toMatchObject({ status: 404, trace: { taskId: TASK_ID } });
		expect(clock.elapsed).toBeGreaterThan(5 * SECOND);
		expect(clock.elapsed).toBeLessThan(30 * SECOND);
	});
});

it('a stop ends the wait at once, and nothing more is asked', async () => {
	const { clock, service, errorOf } = setUp(answer(200, { ...PROCESSING, task_info: {} }));
	clock.stopAt = clock.now() + 4_000;
	expect(await errorOf(600)).toBeInstanceOf(StoppedError);
	expect(clock.elapsed).toBe(4_000);
	expect(service.requests.map(({ atMs }) => atMs)).toEqual([0, 3_000]);
});

describe('how a task ended', () => {
	it('an image is fine', () => {
		expect(() => assertSucceeded(taskOf(COMPLETED))).not.toThrow();
	});

	it.each([
		[
			'failed',
			FAILED,
			'failed: Content policy',
			'content_policy_violation',
			/Change them before you retry/,
		],
		[
			'cancelled',
			{ ...FAILED, status: 'canceled', error: null },
			'was cancelled: ',
			'request_cancelled',
			/Retry if/,
		],
		[
			'complete without a picture',
			{ ...COMPLETED, results: [] },
			'It is complete and may have been charged',
			'no_images',
			/'Wait for Completion'/,
		],
	])('%s is an error with message, code, advice and task', (_name, body, what, code, advice) => {
		let error: unknown;
		try {
			const task = taskOf(body);
			assertSucceeded(lacksImages(task) ? withoutImages(task) : task);
		} catch (thrown) {
			error = thrown;
		}
		expect(error).toBeInstanceOf(TaskFailedError);
		const { message, advice: given, trace } = error as TaskFailedError;
		expect(message).toContain(what);
		expect(given).toMatch(advice);
		expect(trace).toMatchObject({ taskId: TASK_ID, code });
	});
});
