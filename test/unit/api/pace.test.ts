import type { HttpRequest } from '../../../nodes/Evolink/api/http/http';
import { paced } from '../../../nodes/Evolink/api/http/pace';
import { answer, ScriptedSend, type Step } from '../scriptedSend';
import { VirtualClock } from '../virtualClock';

const REQUEST: HttpRequest = {
	method: 'GET',
	url: 'https://a.example.com',
	timeoutMs: 1,
	maxBytes: 1,
};
const OK = answer(200);
const THROTTLED = answer(429, '', { 'retry-after': '5' });

function setUp(...steps: Step[]) {
	const clock = new VirtualClock();
	const service = new ScriptedSend(clock, steps);
	const send = paced(service.send, clock);
	const times = () => service.requests.map(({ atMs }) => Math.round(atMs));
	const sendAll = async (count: number) =>
		await Promise.all(Array.from({ length: count }, async () => await send(REQUEST)));
	return { clock, send, sendAll, times };
}

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => jest.restoreAllMocks());

it('holds nothing back as long as nothing is throttled', async () => {
	const { sendAll, times } = setUp(OK);
	await sendAll(50);
	expect(times()).toEqual(Array.from({ length: 50 }, () => 0));
});

it('one throttling slows all requests down, as long as the service says, then one by one', async () => {
	const { send, sendAll, times } = setUp(THROTTLED, OK);
	await send(REQUEST);
	await sendAll(3);
	expect(times()).toEqual([0, 5_000, 5_200, 5_360]);
});

it('speeds up again until nothing is held back', async () => {
	const { send, sendAll, times } = setUp(THROTTLED, OK);
	await send(REQUEST);
	await sendAll(30);
	const gaps = times()
		.slice(2)
		.map((at, index) => at - times()[index + 1]);
	expect(gaps).toEqual([...gaps].sort((a, b) => b - a));
	expect(gaps.at(-1)).toBe(0);
	expect(times().at(-1)).toBeLessThan(6_500);
});

it('requests that were on their way together slow it down once', async () => {
	const slow = { ...THROTTLED, takesMs: 1 };
	const { sendAll, times } = setUp(slow, slow, slow, OK);
	await sendAll(3);
	await sendAll(2);
	expect(times()).toEqual([0, 0, 0, 5_001, 5_201]);
});

it('slows down further with each throttling', async () => {
	const { sendAll, times } = setUp(OK, THROTTLED, OK, THROTTLED, OK);
	for (let round = 0; round < 4; round++) await sendAll(1);
	await sendAll(2);
	const [, throttled, next, again, ...rest] = times();
	expect([throttled, next]).toEqual([0, 5_000]);
	expect(rest.map((at) => at - again)).toEqual([5_000, 5_320]);
});

it.each([
	['a 503 that names a time', answer(503, '', { 'retry-after': '7' }), 7_000],
	['a 503 without one', answer(503), 0],
	['a 429 without one', answer(429), 1_000],
])('%s', async (_name, step, expected) => {
	const { send, times } = setUp(step, OK);
	await send(REQUEST);
	await send(REQUEST);
	expect(times()).toEqual([0, expected]);
});

it('a stop while it waits: nothing is sent', async () => {
	const { clock, send, times } = setUp(THROTTLED, OK);
	await send(REQUEST);
	clock.stopAt = clock.now() + 2_000;
	expect(await send(REQUEST)).toMatchObject({ kind: 'notSent' });
	expect(times()).toEqual([0]);
});

it('where throttling lasts, it answers those that queue, so that all come to an end', async () => {
	const { clock, send } = setUp(answer(429, '', { 'retry-after': '60' }));
	// As a create does: six tries, with the pauses that the service asks for.
	const create = async () => {
		for (let tries = 0; tries < 6; tries++) {
			expect(await send(REQUEST)).toMatchObject({ status: 429 });
			await clock.pass(60_000);
		}
	};
	await Promise.all(Array.from({ length: 100 }, create));
	expect(clock.elapsed).toBeLessThan(20 * 60_000);
});

it('a stop before its turn: nothing is sent', async () => {
	const { clock, send, times } = setUp(OK);
	clock.stopAt = clock.now();
	expect(await send(REQUEST)).toMatchObject({ kind: 'notSent' });
	expect(times()).toEqual([]);
});

it('what waits for the wire when the run stops is not sent', async () => {
	const { clock, send, times } = setUp({ ...OK, takesMs: 1_000 });
	clock.stopAt = clock.startedAt + 500;
	const results = await Promise.all(
		Array.from({ length: 150 }, async () => await send({ ...REQUEST, timeoutMs: 2_000 })),
	);
	expect(times()).toHaveLength(100);
	expect(results.slice(100).map(({ kind }) => kind)).toEqual(Array(50).fill('notSent'));
});
