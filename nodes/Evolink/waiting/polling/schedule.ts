const SECOND = 1_000;

/** The vendor's clients ask every 3 s; each read of an unfinished image makes the gateway ask its provider. */
export const SHORTEST_GAP_MS = 3 * SECOND;
const LONGEST_GAP_MS = 10 * SECOND;
/** A question comes this much after the expected end, rather than a moment too early. */
const MARGIN_MS = 50;
/** Less for tasks that take no time at all: enough for others that are created at the same time. */
const LEAST_MARGIN_MS = 20;
const MARGIN_SHARE = 1 / 20;

/** What a task may take of which the service says nothing. */
const UNTOLD_EXPECTATION_MS = 30 * SECOND;
/** Expectations above this are worth trying out before they are over. */
const LONG_EXPECTATION_MS = 12 * SECOND;
const SCOUT_EVERY = 10;
const SCOUT_LONGEST_FIRST_WAIT_MS = 30 * SECOND;
const SCOUT_AGEING = 1 / 8;
/** Below this, progress says nothing of the end. */
const TELLING_PROGRESS = 5;

/** Estimates are told in whole seconds, so a task may end up to so much earlier. */
const ROUNDING_MS = SECOND;
/** In a run with so many at a time, a question in the middle of that second hardly makes more requests. */
const MANY_TASKS = 10;
const EARLY_TRIALS = 5;
/** It pays as long as this share of the tasks is found ended then. */
const PAYING_SHARE = 1 / 5;

const REMEMBERED_ENDS = 20;
/** Estimates hold as long as the middle of the real times, as a share of the estimated ones, is in between. */
const SHARES_OF_TRUE_ESTIMATES = [0.85, 1.2];
/** Times are much the same as long as the greater ones are no more than this times the smaller. */
const NARROW_SPREAD = 1.15;
/** A task that the first question finds ended may well have ended this much earlier. */
const UNSEEN_SHARE = 0.8;
/** Where neither is so, a task is asked for again when it has become this much older. */
const CLOSE_AGEING = 1 / 12;
const CLOSE_SHORTEST_GAP_MS = SECOND / 2;

/** What the times of questions for one task depend on. Times are Unix milliseconds. */
export interface Watched {
	/** How many tasks of the run were watched before it. */
	position: number;
	/** When it was created or, where that is not known, when the wait began. */
	startedAt: number;
	/** What the service expected at first, in milliseconds from `startedAt`. */
	expectedMs?: number;
	/** What it expects now. */
	expectedEnd?: number;
	/** 0 to 100; as told with the last answer. */
	progress: number;
	askedAt?: number;
	/** When it was last known not to have ended. */
	unfinishedAt?: number;
}

/** How long a task took, as a share of what was expected: not less and not more than. */
interface Share {
	low: number;
	high: number;
}

/**
 * When to ask for the tasks of a run, learnt from those of its tasks that have ended.
 *
 * As long as the service's estimates prove right, a task is asked for when it should have ended, and then every
 * 3 s, as the vendor's clients do from the start. A long estimate is tried out: half way, and with every tenth task,
 * the scouts, from a fifth of it on. Once tasks end at other times than they should, the others are asked for
 * accordingly. Where these times differ widely, a task is asked for each time it has become a twelfth older, but only
 * with questions that were saved before: in total there are never more than one per task and 3 s. With such questions,
 * and where one request asks for many tasks, those with an estimate in whole seconds are also asked for half a second
 * before its end, as long as that finds some of them ended: it may have been rounded up.
 */
export class Schedule {
	/** Of the tasks that ended last. */
	private readonly shares: Share[] = [];

	/** Questions that the vendor's clients would have asked by now, and this run has not. */
	private saved = 0;

	private savedUntil = Number.NaN;

	private openTasks = 0;

	private mostTasks = 0;

	private canAskTogether = false;

	/** Questions in the last second of an estimate, and how many of them found the task ended. */
	private earlyQuestions = 0;

	private earlyEnds = 0;

	/**
	 * Time goes by for unfinished tasks.
	 *
	 * @param now Unix milliseconds
	 * @param canAskTogether whether the service is known to answer for several tasks in one request
	 */
	pass(now: number, openTasks: number, canAskTogether = this.canAskTogether): void {
		if (this.savedUntil < now)
			this.saved += (openTasks * (now - this.savedUntil)) / SHORTEST_GAP_MS;
		this.savedUntil = now;
		this.openTasks = openTasks;
		this.mostTasks = Math.max(this.mostTasks, openTasks);
		this.canAskTogether = canAskTogether;
	}

	/** @param tasks with the time of the question as `askedAt` */
	noteQuestions(tasks: Watched[]): void {
		this.saved -= tasks.length;
		this.earlyQuestions += tasks.filter(isEarly).length;
	}

	/** @param endSeenAt Unix milliseconds */
	noteEnd(task: Watched, endSeenAt: number): void {
		const { startedAt, unfinishedAt = startedAt } = task;
		const isRounded = isEarly(task);
		if (isRounded) this.earlyEnds++;
		const expected = expectationOf(task);
		if (expected <= 0) return;
		const high = (endSeenAt - startedAt) / expected;
		const low = (unfinishedAt - startedAt) / expected;
		// Asked for when it should have ended, and it had: how much earlier, or how late the question was, says nothing.
		const cameTrue = isRounded || (low < 1 && high >= 1);
		this.shares.push(
			cameTrue ? { low: 1, high: 1 } : { low: low > 0 ? low : high * UNSEEN_SHARE, high },
		);
		if (this.shares.length > REMEMBERED_ENDS) this.shares.shift();
	}

	/** Unix milliseconds; before now where the question is overdue. */
	nextQuestionAt(task: Watched): number {
		const { startedAt, askedAt } = task;
		return askedAt === undefined
			? startedAt + this.firstWait(task)
			: askedAt + this.gap(task, askedAt, askedAt - startedAt);
	}

	private firstWait(task: Watched): number {
		const expected = expectationOf(task);
		const isUntested = this.shares.length === 0;
		const share = this.quantile(this.isVaried ? 1 / 5 : 1 / 2);
		const earlyMs = this.asksEarly(task) ? ROUNDING_MS / 2 : 0;
		const marginMs = Math.min(MARGIN_MS, LEAST_MARGIN_MS + expected * MARGIN_SHARE);
		const wait = expected * share + marginMs - earlyMs;
		if (expected <= LONG_EXPECTATION_MS) return wait;
		if (!isScout(task)) return isUntested ? wait / 2 : wait;
		const scoutWait = task.expectedMs === undefined ? 0 : Math.min(wait, expected) / 5;
		return Math.min(SCOUT_LONGEST_FIRST_WAIT_MS, Math.max(SHORTEST_GAP_MS, scoutWait));
	}

	/** After an answer that the task goes on. */
	private gap(task: Watched, askedAt: number, age: number): number {
		if (!this.holdsTrue && this.isVaried && this.saved >= this.openTasks) {
			return Math.max(CLOSE_SHORTEST_GAP_MS, age * CLOSE_AGEING);
		}
		if (this.hasCheapQuestions && isEarly(task)) {
			return expectationOf(task) - age + MARGIN_MS;
		}
		const leftMs = this.endOf(task, askedAt, age) - askedAt;
		// Long overdue tasks are asked for less and less often.
		const overdueMs = age - 2 * expectationOf(task);
		const wait = leftMs > 0 ? leftMs + MARGIN_MS : Math.min(LONGEST_GAP_MS, overdueMs / 6);
		const scoutWait = Math.min(LONGEST_GAP_MS, age * SCOUT_AGEING);
		return Math.max(SHORTEST_GAP_MS, isScout(task) ? Math.min(wait, scoutWait) : wait);
	}

	/** Whether to ask in the last second of the estimate as well. Every tenth task finds out whether that pays. */
	private asksEarly(task: Watched): boolean {
		if (!mayBeRounded(task) || !this.hasCheapQuestions) return false;
		if (this.saved < this.openTasks) return false;
		if (this.earlyEnds === 0 && this.earlyQuestions < EARLY_TRIALS)
			return task.position % SCOUT_EVERY === 0;
		return this.earlyEnds > 0 && this.earlyEnds >= this.earlyQuestions * PAYING_SHARE;
	}

	/** Unix milliseconds; in the past where nothing is known of it. */
	private endOf(task: Watched, askedAt: number, age: number): number {
		if (this.holdsTrue && task.expectedEnd !== undefined) return task.expectedEnd;
		if (task.progress >= TELLING_PROGRESS) {
			const left = (age * 100) / task.progress - age;
			return askedAt + Math.min(LONGEST_GAP_MS, left);
		}
		return task.startedAt + expectationOf(task) * this.quantile(1 / 2);
	}

	private get hasCheapQuestions(): boolean {
		return this.canAskTogether && this.mostTasks >= MANY_TASKS;
	}

	private get holdsTrue(): boolean {
		const [least, most] = SHARES_OF_TRUE_ESTIMATES;
		const middle = this.quantile(1 / 2);
		return middle >= least && middle <= most;
	}

	private get isVaried(): boolean {
		return this.quantile(4 / 5, 'high') > NARROW_SPREAD * this.quantile(1 / 5, 'low');
	}

	/** Of the shares that tasks took; 1 as long as nothing is known. */
	private quantile(part: number, side?: keyof Share): number {
		if (this.shares.length === 0) return 1;
		const sorted = this.shares
			.map((share) => (side ? share[side] : (share.low + share.high) / 2))
			.sort((a, b) => a - b);
		return sorted[Math.floor(part * (sorted.length - 1))];
	}
}

/** Milliseconds. */
function expectationOf({ expectedMs }: Pick<Watched, 'expectedMs'>): number {
	return expectedMs ?? UNTOLD_EXPECTATION_MS;
}

/** Of long and of very short estimates a second says little. */
function mayBeRounded({ expectedMs = Number.NaN }: Watched): boolean {
	const isMiddling = expectedMs >= 3 * ROUNDING_MS && expectedMs <= LONG_EXPECTATION_MS;
	return isMiddling && expectedMs % SECOND === 0;
}

/** Whether the last question came in the last second of an estimate that may be rounded up. */
function isEarly(task: Watched): boolean {
	const { startedAt, askedAt = Number.NaN } = task;
	const leftMs = startedAt + expectationOf(task) - askedAt;
	return mayBeRounded(task) && leftMs > 0 && leftMs < ROUNDING_MS;
}

function isScout({ position, expectedMs }: Watched): boolean {
	return expectationOf({ expectedMs }) > LONG_EXPECTATION_MS && position % SCOUT_EVERY === 0;
}
