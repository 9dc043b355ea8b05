import type { PolledTask } from '../../../nodes/Evolink/waiting/polling/estimates';
import { Schedule } from '../../../nodes/Evolink/waiting/polling/schedule';

/** One test for each row of the two tables in schedule.ts, and for what they rest on. */

const SECOND = 1_000;

function task(expectedSeconds: number | undefined, more: Partial<PolledTask> = {}): PolledTask {
	const expectedMs = expectedSeconds === undefined ? undefined : expectedSeconds * SECOND;
	return { position: 1, startedAt: 0, expectedMs, progress: 0, ...more };
}

/** A schedule that has seen tasks end: how long each took, as a share of its estimate of 10.5 s. */
function experienced(...shares: number[]): Schedule {
	const schedule = new Schedule();
	for (const share of shares) {
		const ended = share * 10.5 * SECOND;
		schedule.noteEnd(task(10.5, { unfinishedAt: ended - 1, polledAt: ended }), ended);
	}
	return schedule;
}

/** Time has passed without polls, for so many tasks that one request can poll. */
function withSavedPolls(schedule: Schedule, openTasks = 20): Schedule {
	schedule.pass(0, openTasks, true);
	schedule.pass(600 * SECOND, openTasks, true);
	return schedule;
}

const TRUE = [1, 1, 1, 1, 1];
const VARIED = [0.5, 1.5, 2, 2.5, 3];
const HALF = [0.5, 0.5, 0.5, 0.5, 0.5];

describe('first poll', () => {
	const first = (schedule: Schedule, ...given: Parameters<typeof task>) =>
		schedule.nextPollAt(task(...given)) / SECOND;

	it.each([
		['a fifth of it', 100, 20],
		['not before 3 s', 13, 3],
		['not after 30 s', 1_000, 30],
		['3 s where the service tells no estimate', undefined, 3],
	])('every tenth task with a long estimate: %s', (_name, estimate, expected) => {
		expect(first(experienced(...TRUE), estimate, { position: 10 })).toBeCloseTo(expected);
		expect(first(new Schedule(), estimate, { position: 0 })).toBeCloseTo(expected);
	});

	it('an early look, in a run of many: half a second before the end', () => {
		const schedule = withSavedPolls(new Schedule());
		expect(first(schedule, 8, { position: 10 })).toBeCloseTo(7.55); // One in ten tries it out.
		expect(first(schedule, 8, { position: 11 })).toBeCloseTo(8.05);
		expect(first(schedule, 8.5, { position: 10 })).toBeCloseTo(8.55); // Not rounded up.
		expect(first(schedule, 2, { position: 10 })).toBeCloseTo(2.05);
		const few = withSavedPolls(new Schedule(), 9);
		expect(first(few, 8, { position: 0 })).toBeCloseTo(8.05);
		expect(first(few, 8, { position: 10 })).toBeCloseTo(7.55); // Nine at a time, but others before them.
	});

	it('an early look, for all where it found a fifth of them ended, and for none where it did not', () => {
		const looked = task(8, { polledAt: 7.55 * SECOND });
		const good = withSavedPolls(new Schedule());
		good.notePolls(Array(5).fill(looked) as PolledTask[]);
		good.noteEnd(looked, 7.6 * SECOND);
		expect(first(good, 8, { position: 11 })).toBeCloseTo(7.55);
		const vain = withSavedPolls(new Schedule());
		vain.notePolls(Array(5).fill(looked) as PolledTask[]);
		expect(first(vain, 8, { position: 10 })).toBeCloseTo(8.05);
	});

	it('estimates hold: when it should have ended, and a little more', () => {
		expect(first(new Schedule(), 10)).toBeCloseTo(10.05);
		expect(first(new Schedule(), 0)).toBeCloseTo(0.02);
		expect(first(experienced(...HALF), 10)).toBeCloseTo(5.05); // As long as the others took.
	});

	it('ends vary: when a fifth of the tasks has ended', () => {
		const schedule = experienced(...VARIED);
		expect(first(schedule, 10)).toBeCloseTo(5.05);
	});
});

describe('next poll', () => {
	const gap = (schedule: Schedule, ...given: Parameters<typeof task>) => {
		const polled = task(...given);
		return (schedule.nextPollAt(polled) - (polled.polledAt ?? 0)) / SECOND;
	};
	const at = (seconds: number, more: Partial<PolledTask> = {}) => ({
		polledAt: seconds * SECOND,
		...more,
	});

	it('ends vary: each time it has become a twelfth older, while there are saved polls', () => {
		const rich = withSavedPolls(experienced(...VARIED));
		expect(gap(rich, 10, at(24))).toBeCloseTo(2);
		expect(gap(rich, 10, at(1))).toBeCloseTo(0.5);
		const poor = experienced(...VARIED);
		poor.pass(0, 20, true);
		expect(gap(poor, 10, at(24))).toBeGreaterThanOrEqual(3);
	});

	it('after an early look: when the estimate is over', () => {
		const schedule = withSavedPolls(new Schedule());
		expect(gap(schedule, 8, at(7.5))).toBeCloseTo(0.55);
		expect(gap(new Schedule(), 8, at(7.5))).toBeCloseTo(3);
	});

	it('after an early look, where the run waits for its last tasks: a fifth of a second later', () => {
		const schedule = withSavedPolls(new Schedule(), 20);
		schedule.pass(601 * SECOND, 2);
		expect(gap(schedule, 8, at(7.5))).toBeCloseTo(0.2);
		expect(gap(schedule, 8, at(8.1))).toBeCloseTo(3); // The estimate is over.
		schedule.pass(602 * SECOND, 3);
		expect(gap(schedule, 8, at(7.5))).toBeCloseTo(0.55);
	});

	it('every tenth task with a long estimate: an eighth older, from 3 s to 10 s', () => {
		const schedule = new Schedule();
		expect(gap(schedule, 100, at(40, { position: 10 }))).toBeCloseTo(5);
		expect(gap(schedule, 100, at(8, { position: 10 }))).toBeCloseTo(3);
		expect(gap(schedule, 200, at(96, { position: 10 }))).toBeCloseTo(10);
	});

	it('estimates hold: when it is now expected to end, but not before 3 s', () => {
		const schedule = experienced(...TRUE);
		expect(gap(schedule, 10, at(10.05, { expectedEnd: 16 * SECOND }))).toBeCloseTo(6);
		expect(gap(schedule, 10, at(10.05, { expectedEnd: 11 * SECOND }))).toBeCloseTo(3);
	});

	it('its progress tells the end where estimates do not', () => {
		const schedule = experienced(...HALF);
		expect(gap(schedule, 10, at(6, { progress: 50 }))).toBeCloseTo(6.05);
		expect(gap(schedule, 10, at(6, { progress: 4 }))).toBeCloseTo(3);
	});

	it('long overdue: less and less often, but at least every 10 s', () => {
		const schedule = new Schedule();
		const gaps = [12, 50, 80, 600].map((seconds) => gap(schedule, 10, at(seconds)));
		expect(gaps).toEqual([3, 5, 10, 10]);
	});
});

it('polls that were not made are saved, those that were made are not', () => {
	const schedule = experienced(...VARIED);
	const polled = task(10, { polledAt: 24 * SECOND });
	schedule.pass(0, 1);
	schedule.pass(3 * SECOND, 1);
	expect(schedule.nextPollAt(polled)).toBe(26 * SECOND);
	schedule.notePolls([polled]);
	expect(schedule.nextPollAt(polled)).toBeGreaterThanOrEqual(27 * SECOND);
});
