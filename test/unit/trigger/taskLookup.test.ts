import { ApiError } from '../../../nodes/Evolink/api/errors/errors';
import type { ReadResult } from '../../../nodes/Evolink/api/http/retry';
import { parseTask, type Task } from '../../../nodes/Evolink/api/task';
import { TaskLookup } from '../../../nodes/EvolinkTrigger/taskLookup';
import { COMPLETED } from '../taskAnswers';
import { VirtualClock } from '../virtualClock';

type Answer = ReadResult<Task>;

const unknown = {
	ok: false,
	error: new ApiError('No such task', '', { status: 404 }),
	mayPass: false,
} as const;
const busy = {
	ok: false,
	error: new ApiError('Slow down', '', { status: 429 }),
	mayPass: true,
} as const;

/** An account whose tasks are called honest-…; every answer takes a while. */
class Service {
	readonly singles: string[] = [];

	readonly batches: string[][] = [];

	kind: 'batches' | 'none' | 'empty' | 'imageless' | 'busy' = 'batches';

	constructor(private readonly clock: VirtualClock) {}

	async pollTask(taskId: string): Promise<Answer> {
		this.singles.push(taskId);
		await this.clock.pass(200);
		return taskId.startsWith('honest') ? { ok: true, value: taskOf(taskId) } : unknown;
	}

	async pollTasks(taskIds: string[]): Promise<ReadResult<Map<string, Task>>> {
		this.batches.push(taskIds);
		await this.clock.pass(200);
		if (this.kind === 'none') return { ok: false, error: unknown.error, mayPass: false };
		if (this.kind === 'busy') return busy;
		if (this.kind === 'empty') return { ok: true, value: new Map() };
		const own = taskIds.filter((id) => id.startsWith('honest')).map(taskOf);
		if (this.kind === 'imageless') for (const task of own) task.results = [];
		return { ok: true, value: new Map(own.map((task) => [task.id, task])) };
	}
}

function taskOf(id: string): Task {
	return parseTask({ ...COMPLETED, id }) as Task;
}

function setUp(kind: Service['kind'] = 'batches') {
	const clock = new VirtualClock();
	const service = new Service(clock);
	service.kind = kind;
	const lookup = new TaskLookup(clock);
	const ask = async (ids: string[]) =>
		await Promise.all(ids.map(async (id) => await lookup.poll(id, service)));
	return { clock, service, ask };
}

const named = (name: string, count: number) =>
	Array.from({ length: count }, (_, index) => `${name}-${index}`);
const found = (answers: Answer[]) => answers.filter(({ ok }) => ok).length;

it('a thousand at one moment are looked up fifty at a time, and all are found', async () => {
	const { clock, service, ask } = setUp();
	expect(found(await ask(named('honest', 1_000)))).toBe(1_000);
	expect(service.batches).toHaveLength(20);
	expect(service.singles).toEqual([]);
	expect(clock.elapsed).toBeLessThan(10_000);
});

it('a flood of forged ones is no flood at EvoLink, and honest ones come through', async () => {
	const { clock, service, ask } = setUp();
	const forged = named('forged', 1_000);
	const answers = await ask([...forged, 'honest-1', ...named('other', 500)]);
	expect(found(answers)).toBe(1);
	expect(answers[1_000]).toMatchObject({ ok: true });
	expect(answers[0]).toMatchObject({ ok: false, mayPass: false, error: { status: 404 } });
	const requests = service.batches.length + service.singles.length;
	expect(requests).toBeLessThanOrEqual(2 * Math.ceil(1_501 / 50));
	expect(requests).toBeLessThanOrEqual((2 * clock.elapsed) / 150);
});

it('beyond two thousand that wait, further ones are to come again', async () => {
	const { service, ask } = setUp();
	const answers = await ask(named('honest', 2_500));
	expect(found(answers)).toBe(2_000);
	expect(answers[2_499]).toMatchObject({ ok: false, mayPass: true });
	expect(service.batches).toHaveLength(40);
	expect(found(await ask(['honest-2499']))).toBe(1);
});

it('one alone is read alone, and the same task once for all that ask', async () => {
	const { service, ask } = setUp();
	expect(found(await ask(['honest-1', 'honest-1', 'honest-1']))).toBe(3);
	expect([service.singles, service.batches]).toEqual([['honest-1'], []]);
});

it.each(['none', 'empty'] as const)(
	'without batch queries (%s) all are read alone',
	async (kind) => {
		const { clock, service, ask } = setUp(kind);
		expect(found(await ask(named('honest', 200)))).toBe(200);
		expect(service.batches.length).toBeLessThanOrEqual(4);
		expect(service.singles).toHaveLength(200);
		expect(clock.elapsed).toBeGreaterThan(200 * 20 - 1_000);
		expect(clock.elapsed).toBeLessThan(10_000);
	},
);

it('a list without images is no reason to start without: such tasks are read alone', async () => {
	const { service, ask } = setUp('imageless');
	const answers = await ask(named('honest', 3));
	expect(answers.map((answer) => answer.ok && answer.value.results.length)).toEqual([1, 1, 1]);
	expect(service.singles).toHaveLength(3);
});

it('a fault that may pass is told to all, and nothing more is asked', async () => {
	const { service, ask } = setUp('busy');
	expect(await ask(named('honest', 60))).toEqual(Array(60).fill(busy));
	expect([service.batches.length, service.singles.length]).toEqual([2, 0]);
});
