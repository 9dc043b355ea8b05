const SECOND = 1_000;

/** What a task is expected to take of which the service says nothing. */
const DEFAULT_ESTIMATE_MS = 30 * SECOND;

const REMEMBERED_ENDS = 20;
/** Estimates hold as long as the middle of the real times, as a share of the estimated ones, is in between. */
const SHARES_OF_TRUE_ESTIMATES = [0.85, 1.2];
/** Times are much the same as long as the greater ones are no more than this times the smaller. */
const NARROW_SPREAD = 1.15;
/** A task that the first poll finds ended may well have ended this much earlier. */
const UNSEEN_SHARE = 0.8;

/** What the times of polls for one task depend on. Times are Unix milliseconds. */
export interface PolledTask {
	/** How many tasks of the run were watched before it. */
	position: number;
	/** When it was created or, where that is not known, when the wait began. */
	startedAt: number;
	/** What the service expected at first, in milliseconds from `startedAt`. */
	expectedMs?: number;
	/** When it expects the end now. */
	expectedEnd?: number;
	/** 0 to 100; as told with the last answer. */
	progress: number;
	/** When it was last polled. */
	polledAt?: number;
	/** When it was last known not to have ended. */
	unfinishedAt?: number;
}

/** How long a task took, as a share of what was expected: not less and not more than. */
interface Share {
	low: number;
	high: number;
}

/** Milliseconds that a task was expected to take when it was created. */
export function estimateOf({ expectedMs }: Pick<PolledTask, 'expectedMs'>): number {
	return expectedMs ?? DEFAULT_ESTIMATE_MS;
}

/** What the tasks of a run that ended last tell of the service's estimates. */
export class Estimates {
	private readonly shares: Share[] = [];

	/**
	 * @param endSeenAt when a poll found the task ended. Unix milliseconds
	 * @param cameTrue its estimate is known to have been right
	 */
	noteEnd(task: PolledTask, endSeenAt: number, cameTrue: boolean): void {
		const { startedAt, unfinishedAt = startedAt } = task;
		const expected = estimateOf(task);
		if (expected <= 0) return;
		const high = (endSeenAt - startedAt) / expected;
		const low = (unfinishedAt - startedAt) / expected;
		// Polled when it should have ended, and it had: how much earlier, or how late the poll was, says nothing.
		const isTrue = cameTrue || (low < 1 && high >= 1);
		this.shares.push(
			isTrue ? { low: 1, high: 1 } : { low: low > 0 ? low : high * UNSEEN_SHARE, high },
		);
		if (this.shares.length > REMEMBERED_ENDS) this.shares.shift();
	}

	get hold(): boolean {
		const [least, most] = SHARES_OF_TRUE_ESTIMATES;
		const middle = this.quantile(1 / 2);
		return middle >= least && middle <= most;
	}

	get endsVary(): boolean {
		return this.quantile(4 / 5, 'high') > NARROW_SPREAD * this.quantile(1 / 5, 'low');
	}

	/** Of the shares of their estimates that tasks took; 1 as long as nothing is known. */
	quantile(part: number, side?: keyof Share): number {
		if (this.shares.length === 0) return 1;
		const sorted = this.shares
			.map((share) => (side ? share[side] : (share.low + share.high) / 2))
			.sort((a, b) => a - b);
		return sorted[Math.floor(part * (sorted.length - 1))];
	}
}
