import { EARLY_MS, EarlyLook, wasEarly } from './earlyLook';
import { estimateOf, Estimates, type PolledTask } from './estimates';

const SECOND = 1_000;

/** The vendor's clients poll every 3 s; each read of an unfinished task makes the gateway ask its provider. */
export const SHORTEST_GAP_MS = 3 * SECOND;
const LONGEST_GAP_MS = 10 * SECOND;
/** A poll comes this much after the expected end, rather than a moment too early. */
const MARGIN_MS = 50;
/** Less for tasks that take no time at all: enough for others that are created at the same time. */
const LEAST_MARGIN_MS = 20;
const MARGIN_SHARE = 1 / 20;

/** Estimates above this are worth trying out before they are over. */
const LONG_ESTIMATE_MS = 12 * SECOND;
const SCOUT_EVERY = 10;
const SCOUT_LONGEST_FIRST_WAIT_MS = 30 * SECOND;
const SCOUT_AGEING = 1 / 8;
/** Below this, progress says nothing of the end. */
const TELLING_PROGRESS = 5;
/**
 * In a run with so many at a time, a poll more hardly makes more requests; in one with so many after each other, others
 * wait for the place.
 */
const MANY_TASKS = 10;
const LAST_TASKS_SHARE = 1 / 10;
const LAST_TASKS_GAP_MS = SECOND / 5;
const CLOSE_AGEING = 1 / 12;
const CLOSE_SHORTEST_GAP_MS = SECOND / 2;

/** What is known of the run when a poll is planned. */
interface Circumstances {
	estimates: Estimates;
	/** Polls were saved for all open tasks: the vendor's clients would have made more by now. */
	canAfford: boolean;
	/** One request can poll many tasks, and the run has many, so that one poll more is worth it. */
	pollsMany: boolean;
	/** Most tasks of the run have ended: it waits for the last ones. */
	isEnding: boolean;
	earlyLook: EarlyLook;
}

/** A row of the policy: when it holds, and how many milliseconds it waits. */
interface Rule {
	when: string;
	holds(task: PolledTask, run: Circumstances): boolean;
	waitMs(task: PolledTask, run: Circumstances): number;
}

/** The first poll of a task, from its creation: the first rule that holds. */
const FIRST_POLL: Rule[] = [
	{
		when: 'every tenth task with a long estimate: from a fifth of it on',
		holds: isScout,
		waitMs: (task, run) => {
			const wait = Math.min(firstWait(task, run), estimateOf(task));
			const fifth = task.expectedMs === undefined ? 0 : wait / 5;
			return Math.min(SCOUT_LONGEST_FIRST_WAIT_MS, Math.max(SHORTEST_GAP_MS, fifth));
		},
	},
	{
		when: 'an estimate that may be rounded up, in a run of many: half a second before it is over',
		holds: (task, { canAfford, pollsMany, earlyLook }) =>
			canAfford && pollsMany && earlyLook.isWorthwhile(task),
		waitMs: (task, run) => firstWait(task, run) - EARLY_MS,
	},
	{
		when: 'otherwise: when it should have ended, or, where ends vary, when a fifth of the tasks has',
		holds: () => true,
		waitMs: firstWait,
	},
];

/** The next poll of a task that goes on, from the last one: the first rule that holds. */
const NEXT_POLL: Rule[] = [
	{
		when: 'ends vary, estimates do not hold: each time it has become a twelfth older, with polls that were saved',
		holds: (_task, { estimates, canAfford }) => !estimates.hold && estimates.endsVary && canAfford,
		waitMs: (task) => Math.max(CLOSE_SHORTEST_GAP_MS, ageOf(task) * CLOSE_AGEING),
	},
	{
		when: 'after an early look, where the run waits for its last tasks: a fifth of a second later',
		holds: (task, { canAfford, pollsMany, isEnding }) =>
			canAfford && pollsMany && isEnding && wasEarly(task),
		waitMs: () => LAST_TASKS_GAP_MS,
	},
	{
		when: 'after an early look: when the estimate is over',
		holds: (task, { pollsMany }) => pollsMany && wasEarly(task),
		waitMs: (task) => estimateOf(task) - ageOf(task) + MARGIN_MS,
	},
	{
		when: 'every tenth task with a long estimate: at the latest when it has become an eighth older',
		holds: isScout,
		waitMs: (task, run) => {
			const ageing = Math.min(LONGEST_GAP_MS, ageOf(task) * SCOUT_AGEING);
			return Math.max(SHORTEST_GAP_MS, Math.min(nextWait(task, run), ageing));
		},
	},
	{
		when: 'otherwise: when it should end; long overdue ones less and less often, but at least every 10 s',
		holds: () => true,
		waitMs: (task, run) => Math.max(SHORTEST_GAP_MS, nextWait(task, run)),
	},
];

/**
 * When to poll the tasks of a run, learnt from those of its tasks that have ended. The policy is in the two tables above.
 *
 * In total there is never more than one poll per task and 3 s, which is the pace of the vendor's clients.
 */
export class Schedule {
	private readonly estimates = new Estimates();

	private readonly earlyLook = new EarlyLook();

	/** Polls that the vendor's clients would have made by now, and this run has not. */
	private saved = 0;

	private savedUntil = Number.NaN;

	private openTasks = 0;

	private mostTasks = 0;

	private canBatch = false;

	/**
	 * Time goes by for unfinished tasks.
	 *
	 * @param now Unix milliseconds
	 * @param canBatch whether the service is known to answer for several tasks in one request
	 */
	pass(now: number, openTasks: number, canBatch = this.canBatch): void {
		if (this.savedUntil < now)
			this.saved += (openTasks * (now - this.savedUntil)) / SHORTEST_GAP_MS;
		this.savedUntil = now;
		this.openTasks = openTasks;
		this.mostTasks = Math.max(this.mostTasks, openTasks);
		this.canBatch = canBatch;
	}

	/** @param tasks with the time of the poll as `polledAt` */
	notePolls(tasks: PolledTask[]): void {
		this.saved -= tasks.length;
		this.earlyLook.notePolls(tasks);
	}

	/** @param endSeenAt Unix milliseconds */
	noteEnd(task: PolledTask, endSeenAt: number): void {
		this.earlyLook.noteEnd(task);
		this.estimates.noteEnd(task, endSeenAt, wasEarly(task));
	}

	/** Unix milliseconds; before now where the poll is overdue. */
	nextPollAt(task: PolledTask): number {
		const { startedAt, polledAt } = task;
		return polledAt === undefined
			? startedAt + this.waitMs(FIRST_POLL, task)
			: polledAt + this.waitMs(NEXT_POLL, task);
	}

	private waitMs(rules: Rule[], task: PolledTask): number {
		const run: Circumstances = {
			estimates: this.estimates,
			canAfford: this.saved >= this.openTasks,
			pollsMany: this.canBatch && Math.max(this.mostTasks, task.position) >= MANY_TASKS,
			isEnding: this.openTasks <= this.mostTasks * LAST_TASKS_SHARE,
			earlyLook: this.earlyLook,
		};
		const rule = rules.find((row) => row.holds(task, run)) as Rule; // The last one always does.
		return rule.waitMs(task, run);
	}
}

function isLong(task: PolledTask): boolean {
	return estimateOf(task) > LONG_ESTIMATE_MS;
}

function isScout(task: PolledTask): boolean {
	return isLong(task) && task.position % SCOUT_EVERY === 0;
}

/** At the last poll. */
function ageOf({ startedAt, polledAt = startedAt }: PolledTask): number {
	return polledAt - startedAt;
}

function firstWait(task: PolledTask, { estimates }: Circumstances): number {
	const expected = estimateOf(task);
	const margin = Math.min(MARGIN_MS, LEAST_MARGIN_MS + expected * MARGIN_SHARE);
	return expected * estimates.quantile(estimates.endsVary ? 1 / 5 : 1 / 2) + margin;
}

function nextWait(task: PolledTask, { estimates }: Circumstances): number {
	const leftMs = endOf(task, estimates) - task.startedAt - ageOf(task);
	const overdueMs = ageOf(task) - 2 * estimateOf(task);
	return leftMs > 0 ? leftMs + MARGIN_MS : Math.min(LONGEST_GAP_MS, overdueMs / 6);
}

/** Unix milliseconds; in the past where nothing is known of it. */
function endOf(task: PolledTask, estimates: Estimates): number {
	const { startedAt, progress, expectedEnd } = task;
	if (estimates.hold && expectedEnd !== undefined) return expectedEnd;
	if (progress < TELLING_PROGRESS) return startedAt + estimateOf(task) * estimates.quantile(1 / 2);
	const leftMs = (ageOf(task) * 100) / progress - ageOf(task);
	return startedAt + ageOf(task) + Math.min(LONGEST_GAP_MS, leftMs);
}
