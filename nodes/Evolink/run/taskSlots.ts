import type { Clock } from '../api/http/clock';
import type { EvolinkError } from '../api/errors/errors';
import { retryDelayMs } from '../api/http/retry';

/** So many tasks a run begins with, before it knows what the service takes. */
const FIRST_TASKS = 10;
/** As long as nothing is refused, each accepted task makes room for so many more. */
const ROOM_PER_ACCEPTED_TASK = 2;
/** After a refusal: one more place for twice as many accepted tasks as there are places. */
const ROOM_PER_TASK_LATER = 0.5;
/** With tasks in flight, their ends say when there is room again; this is only for tasks that take long. */
const FIRST_PROBE_MS = 5_000;
const LONGEST_PROBE_MS = 60_000;

/** A create that the service refused because it is busy: nothing was made. */
export interface Refusal {
	error: EvolinkError;
	/** What the service asks for, in milliseconds. */
	retryAfterMs?: number;
}

/** Room for one task, from its create to its end. */
export interface TaskSlot {
	/** The service has accepted the task. */
	accepted(): void;
	/**
	 * The service has refused it for now: waits until it makes sense to send it again.
	 *
	 * @returns false when the time is up
	 * @throws {StoppedError}
	 */
	again(refusal: Refusal): Promise<boolean>;
	/** The task has ended, or is waited for no longer. */
	leave(): void;
}

interface Waiting {
	timeoutMs: number;
	/** Unix milliseconds. */
	since: number;
	letIn: () => void;
	giveUp: (refusal: Refusal) => void;
	reject: (error: unknown) => void;
}

/**
 * Finds out how many tasks the service takes at a time: begins with a few, makes more room as long as all are
 * accepted, goes down by half when one is refused, and then up again slowly. What was refused goes first when there is
 * room again: when a task of this run has ended or, where none is in flight, after what the service asks
 * for or a growing pause. A full account is no failure as long as anything moves within the time limit.
 */
export class TaskSlots {
	/** Room for so many, as far as is known; grows by fractions. */
	private open: number;

	private held = 0;

	/** Accepted by the service. */
	private running = 0;

	private isFirstAscent = true;

	private refusalsInARow = 0;

	private lastRefusal?: Refusal;

	/** How often it was slowed down; what was sent before the last time says nothing new. */
	private epoch = 0;

	/** Unix milliseconds, as are those that follow. */
	private notBefore = Number.NEGATIVE_INFINITY;

	private probeAt = Number.POSITIVE_INFINITY;

	private movedAt = Number.NEGATIVE_INFINITY;

	private readonly refused: Waiting[] = [];

	private readonly fresh: Waiting[] = [];

	private isLooping = false;

	private wakeUp: () => void = () => undefined;

	/**
	 * @param most never more at a time
	 * @param tell gets what the run waits for
	 */
	constructor(
		private readonly clock: Clock,
		private readonly most: number,
		private readonly tell: (message: string) => void = () => undefined,
	) {
		this.open = Math.min(most, FIRST_TASKS);
	}

	/**
	 * Waits for room, in the order in which it was asked for.
	 *
	 * @param timeoutMs how long it may be that nothing moves, once the service refuses
	 * @throws {EvolinkError} the service's refusal, when that time is up
	 * @throws {StoppedError}
	 */
	async enter(timeoutMs: number): Promise<TaskSlot> {
		await new Promise<void>((resolve, reject) => {
			this.wait(this.fresh, {
				timeoutMs,
				since: this.clock.now(),
				letIn: resolve,
				giveUp: ({ error }) => reject(error),
				reject,
			});
		});
		return this.slot(timeoutMs);
	}

	private slot(timeoutMs: number): TaskSlot {
		let state: 'creating' | 'running' | 'left' = 'creating';
		let { epoch } = this;
		let refusedSince: number | undefined;
		return {
			accepted: () => {
				state = 'running';
				this.noteAccepted();
			},
			again: async (refusal) => {
				refusedSince ??= this.clock.now();
				const since = refusedSince;
				this.noteRefused(refusal, epoch, timeoutMs);
				state = 'left';
				const isIn = await new Promise<boolean>((resolve, reject) => {
					this.wait(this.refused, {
						timeoutMs,
						since,
						letIn: () => resolve(true),
						giveUp: () => resolve(false),
						reject,
					});
				});
				if (isIn) state = 'creating';
				({ epoch } = this);
				return isIn;
			},
			leave: () => {
				if (state === 'left') return;
				const isFailed = state === 'creating';
				if (state === 'running') this.noteEnd();
				state = 'left';
				const free = () => {
					this.held--;
					this.wakeUp();
				};
				// A create that failed may end the run: nothing else is created before the run knows.
				if (isFailed) void this.clock.sleep(1).then(free, free);
				else free();
			},
		};
	}

	private noteAccepted(): void {
		this.running++;
		this.refusalsInARow = 0;
		this.movedAt = this.clock.now();
		const more = this.isFirstAscent ? ROOM_PER_ACCEPTED_TASK : ROOM_PER_TASK_LATER / this.open;
		this.open = Math.min(this.most, Math.max(this.open + more, this.running));
		this.wakeUp();
	}

	private noteEnd(): void {
		this.running--;
		this.movedAt = this.clock.now();
		this.probeAt = Math.min(this.probeAt, this.movedAt);
	}

	private noteRefused(refusal: Refusal, epoch: number, timeoutMs: number): void {
		const now = this.clock.now();
		const { retryAfterMs } = refusal;
		this.held--;
		this.isFirstAscent = false;
		this.lastRefusal = refusal;
		// Those that were on their way together are refused together: that counts once.
		if (epoch === this.epoch) {
			this.epoch++;
			this.refusalsInARow++;
			this.open = Math.floor(this.open / 2);
		}
		// What runs is proof that so many are taken; what was refused, that no more are for now.
		this.open = Math.max(1, this.running, Math.min(this.open, this.held));
		const pauseMs =
			this.running > 0 && retryAfterMs === undefined
				? Math.min(LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** (this.refusalsInARow - 1))
				: retryDelayMs(this.refusalsInARow, retryAfterMs);
		this.probeAt = now + pauseMs;
		if (retryAfterMs !== undefined) this.notBefore = Math.max(this.notBefore, this.probeAt);
		this.tell(
			`${refusal.error.message}. Waiting ` +
				(this.running > 0
					? `until one of ${this.running} running tasks ends`
					: `${Math.ceil(pauseMs / 1_000)} s before the next try, at most ${timeoutMs / 1_000} s in all`),
		);
	}

	private wait(queue: Waiting[], waiting: Waiting): void {
		queue.push(waiting);
		this.wakeUp();
		if (!this.isLooping) void this.loop();
	}

	/** Runs as long as anybody waits. Never rejects. */
	private async loop(): Promise<void> {
		this.isLooping = true;
		try {
			for (;;) {
				const changed = new Promise<void>((resolve) => {
					this.wakeUp = resolve;
				});
				this.letIn();
				this.giveUpOverdue();
				if (this.refused.length + this.fresh.length === 0) break;
				const pauseMs = this.nextLookAt() - this.clock.now();
				await (Number.isFinite(pauseMs) ? this.clock.sleep(pauseMs, changed) : changed);
			}
		} catch (stopped) {
			for (const { reject } of [...this.refused.splice(0), ...this.fresh.splice(0)]) {
				reject(stopped);
			}
		}
		this.isLooping = false;
	}

	private letIn(): void {
		while (this.hasRoom()) {
			const next = this.refused.shift() ?? this.fresh.shift();
			if (!next) return;
			this.held++;
			next.letIn();
		}
	}

	private hasRoom(): boolean {
		const now = this.clock.now();
		if (now < this.notBefore) return false;
		if (this.refusalsInARow === 0 || (this.running > 0 && this.held < this.open)) {
			return this.held < Math.floor(this.open);
		}
		// One alone finds out whether there is room again.
		return now >= this.probeAt && this.held === this.running && this.held < this.most;
	}

	private nextLookAt(): number {
		const now = this.clock.now();
		const gates = [this.notBefore, this.refusalsInARow > 0 ? this.probeAt : now];
		const ends = this.impatient.flat().map((waiting) => this.overdueAt(waiting));
		return Math.min(...[...gates, ...ends].filter((at) => at > now));
	}

	/** Who gives up at some time; what was not refused does not, as long as it may only be its turn that has not come. */
	private get impatient(): Waiting[][] {
		const isStuck = this.refusalsInARow > 0 && this.running === 0;
		return isStuck ? [this.refused, this.fresh] : [this.refused];
	}

	/** Unix milliseconds. */
	private overdueAt({ since, timeoutMs }: Waiting): number {
		return Math.max(this.movedAt, since) + timeoutMs;
	}

	private giveUpOverdue(): void {
		const { lastRefusal } = this;
		if (!lastRefusal) return;
		const now = this.clock.now();
		for (const queue of this.impatient) {
			const overdue = queue.filter((waiting) => this.overdueAt(waiting) <= now);
			for (const waiting of overdue) {
				queue.splice(queue.indexOf(waiting), 1);
				waiting.giveUp(lastRefusal);
			}
		}
	}
}
