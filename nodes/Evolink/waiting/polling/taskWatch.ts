import { type EvolinkClient, MAX_BATCH } from '../../api/client';
import type { Clock } from '../../api/http/clock';
import {
	ApiError,
	type EvolinkError,
	TaskFailedError,
	WaitTimeoutError,
} from '../../api/errors/errors';
import { type ReadResult, retryDelayMs } from '../../api/http/retry';
import {
	hasEnded,
	IMAGES_COME_WITHIN_MS,
	lacksImages,
	type Task,
	withoutImages,
} from '../../api/task';
import { slices } from './batchReader';
import type { PolledTask } from './estimates';
import { Schedule, SHORTEST_GAP_MS } from './schedule';

/** The last poll before the time limit still gets this long for its answer. */
const LAST_ANSWER_MS = 1_000;
/** And this much more, where it is held back because the service throttles. */
const GRACE_MS = 500;
/** A pause that took so much longer than planned: the computer slept, or the process stood still. */
const JUMP_MS = 1_000;
/** So long tasks are polled on whose time limit passed meanwhile. */
const AFTER_JUMP_MS = 10_000;
/**
 * The batch window: how long a poll waits for others that are due soon, to go out with them. The longer, the more
 * tasks run at a time.
 */
const BATCH_WINDOW_MS_PER_TASK = 10;
const LONGEST_BATCH_WINDOW_MS = 300;
/** The last tasks of a run are not kept waiting for each other that long. */
const LAST_BATCH_WINDOW_MS = 100;
/** What is told beyond is no number to calculate with. */
const LONGEST_ESTIMATE_SECONDS = 24 * 3_600;
/** After so many faults in a row, tasks are polled one by one. */
const MAX_FAILED_BATCHES = 3;

/** A task that was created just now may not be known everywhere yet. */
const KNOWN_WITHIN_MS = 10_000;

/** A task and when it was last seen unfinished: its result links live at least 24 h from then. */
export interface SeenTask {
	task: Task;
	/** Unix milliseconds. */
	unfinishedAt?: number;
}

/** A task that somebody waits for. */
interface Wait extends PolledTask {
	taskId: string;
	/** The time limit. Unix milliseconds. */
	deadline: number;
	/** When it is given up: the time limit, unless that passed while nothing could be polled. Unix milliseconds. */
	endsAt: number;
	timeoutSeconds: number;
	/** The answer to the create. */
	known?: Task;
	/** Since when the task is complete, but has no images. Unix milliseconds. */
	imageless?: { since: number; task: Task };
	/** A poll of it is on its way. */
	isPolled: boolean;
	/** Set after a fault. Unix milliseconds. */
	notBefore: number;
	faults: number;
	lastFault?: EvolinkError;
	/** Since when the service does not know it. Unix milliseconds. */
	unknownSince?: number;
	resolve: (seen: SeenTask) => void;
	reject: (error: unknown) => void;
}

/**
 * Waits for all tasks of a run in one loop, which polls several of them in one request where the service
 * can answer that. Passing faults (throttling, lost connections, broken answers) do not end a wait; when the
 * time is up, the last of them is in the error.
 */
export class TaskWatch {
	private readonly waits = new Set<Wait>();

	private readonly schedule = new Schedule();

	private started = 0;

	private mostAtATime = 0;

	/** Whether the service answers batch queries; while it is found out, nothing else is polled. */
	private batches: 'untested' | 'testing' | 'answered' | 'missing' = 'untested';

	private failedBatches = 0;

	private isLooping = false;

	/** When the loop looks again by itself. Unix milliseconds. */
	private nextLookAt = Number.POSITIVE_INFINITY;

	private wakeUp: () => void = () => undefined;

	constructor(
		private readonly client: Pick<EvolinkClient, 'pollTask' | 'pollTasks'>,
		private readonly clock: Clock,
	) {}

	/**
	 * Polls a task until it ends. One that is complete without images is polled on until it has some; after 60 s of that,
	 * or when the time is up, it is given with a `failure`.
	 *
	 * @param known the answer to the create; undefined to poll at once
	 * @throws {WaitTimeoutError} the time was up
	 * @throws {ApiError} the service refuses to tell the task (401, 403, 404, …)
	 * @throws {StoppedError}
	 */
	async untilEnded(taskId: string, timeoutSeconds: number, known?: Task): Promise<SeenTask> {
		if (known && hasEnded(known)) return { task: known };
		return await new Promise((resolve, reject) => {
			const now = this.clock.now();
			this.schedule.pass(now, this.waits.size);
			const wait: Wait = {
				taskId,
				position: this.started++,
				startedAt: now,
				deadline: now + timeoutSeconds * 1_000,
				endsAt: now + timeoutSeconds * 1_000,
				timeoutSeconds,
				...(known
					? { known, unfinishedAt: now, ...estimateIn(known, now, { startedAt: now }) }
					: {}),
				progress: 0,
				isPolled: false,
				notBefore: now,
				faults: 0,
				...(known && lacksImages(known) ? { imageless: { since: now, task: known } } : {}),
				resolve,
				reject,
			};
			this.waits.add(wait);
			this.mostAtATime = Math.max(this.mostAtATime, this.waits.size);
			if (!this.isLooping) void this.loop();
			// A look costs time for every task that is waited for.
			else if (this.pollAt(wait) < this.nextLookAt) this.wakeUp();
		});
	}

	/** Runs as long as anybody waits. Never rejects. */
	private async loop(): Promise<void> {
		this.isLooping = true;
		try {
			while (this.waits.size > 0) {
				const changed = new Promise<void>((resolve) => {
					this.wakeUp = resolve;
				});
				this.schedule.pass(this.clock.now(), this.waits.size, this.batches === 'answered');
				this.giveUpOverdue();
				if (this.waits.size === 0) break; // Nobody would wake it any more.
				const roundAt = this.nextRoundAt();
				const pauseMs = roundAt - this.clock.now();
				if (pauseMs <= 0) {
					this.pollDue();
					continue;
				}
				this.nextLookAt = roundAt;
				await this.clock.sleep(pauseMs, changed);
				if (this.clock.now() > roundAt + JUMP_MS) this.goOnAfterJump();
			}
		} catch (stopped) {
			for (const wait of this.waits) wait.reject(stopped);
			this.waits.clear();
		}
		this.isLooping = false;
	}

	/** No task is given up for a time in which it could not be polled: that follows a poll made after the time limit. */
	private goOnAfterJump(): void {
		const now = this.clock.now();
		for (const wait of this.waits) {
			const { deadline, polledAt = 0 } = wait;
			if (deadline <= now && polledAt < deadline) wait.endsAt = now + AFTER_JUMP_MS;
		}
	}

	private get idle(): Wait[] {
		return [...this.waits].filter(({ isPolled }) => !isPolled);
	}

	/** Unix milliseconds; Infinity where the time limit leaves no room for another poll. */
	private pollAt(wait: Wait): number {
		const { endsAt, polledAt, notBefore } = wait;
		const at = Math.max(notBefore, this.scheduledAt(wait));
		if (at <= endsAt) return at;
		// One last poll at the very end; not sooner after the one before than any other.
		const hasRoom = polledAt === undefined || endsAt - polledAt >= SHORTEST_GAP_MS;
		return hasRoom && notBefore <= endsAt ? endsAt : Number.POSITIVE_INFINITY;
	}

	private scheduledAt(wait: Wait): number {
		const { known, startedAt, polledAt = startedAt, imageless } = wait;
		if (imageless) return polledAt + SHORTEST_GAP_MS;
		const isUnknown = !known && wait.polledAt === undefined;
		return isUnknown ? startedAt : this.schedule.nextPollAt(wait);
	}

	/**
	 * When to poll, or to give up, next: a little after a task is due, for others to go out with it, but no later than
	 * the last of all is due.
	 */
	private nextRoundAt(): number {
		const giveUpAt = Math.min(...[...this.waits].map((wait) => this.giveUpAt(wait)));
		if (this.batches === 'testing') return giveUpAt;
		const times = this.idle.map((wait) => this.pollAt(wait));
		const first = Math.min(...times);
		const last = Math.max(...times);
		const mayBatch = this.batches !== 'missing' && times.length > 1;
		const windowMs = Math.min(LONGEST_BATCH_WINDOW_MS, this.mostAtATime * BATCH_WINDOW_MS_PER_TASK);
		const isLastRound = last <= first + windowMs;
		const waitMs = isLastRound ? Math.min(LAST_BATCH_WINDOW_MS, windowMs) : windowMs;
		const round = mayBatch ? Math.min(first + waitMs, last) : first;
		return Math.min(round, giveUpAt);
	}

	/** Unix milliseconds. A poll on its way still gets its answer, but is not waited for without end. */
	private giveUpAt({ isPolled, endsAt }: Wait): number {
		return isPolled || this.batches === 'testing' ? endsAt + LAST_ANSWER_MS + GRACE_MS : endsAt;
	}

	private giveUpOverdue(): void {
		const now = this.clock.now();
		for (const wait of this.waits) {
			if (now < this.giveUpAt(wait)) continue;
			const isDue = !wait.isPolled && this.batches !== 'testing' && this.pollAt(wait) <= now;
			if (isDue) continue;
			if (wait.imageless) this.end(wait, withoutImages(wait.imageless.task));
			else this.fail(wait, new WaitTimeoutError(wait.taskId, wait.timeoutSeconds, wait.lastFault));
		}
	}

	private pollDue(): void {
		const now = this.clock.now();
		const allDue = this.idle.filter((wait) => this.pollAt(wait) <= now);
		const due = this.batches === 'untested' ? allDue.slice(0, MAX_BATCH) : allDue;
		for (const wait of due) Object.assign(wait, { isPolled: true, polledAt: now });
		this.schedule.notePolls(due);
		for (const some of slices(due, MAX_BATCH)) {
			void this.poll(some)
				.catch((error: unknown) => {
					for (const wait of some) if (this.waits.delete(wait)) wait.reject(error);
				})
				.then(() => this.wakeUp());
		}
	}

	private async poll(waits: Wait[]): Promise<void> {
		const isBatch = this.batches !== 'missing' && waits.length > 1;
		const answers = isBatch ? await this.pollBatch(waits) : [];
		await Promise.all(
			waits.map(async (wait, index) => {
				const alone = async () => await this.client.pollTask(wait.taskId, timeFor([wait]));
				this.take(wait, answers[index] ?? (await alone()));
			}),
		);
	}

	/**
	 * A list of tasks may tell less than the answer for one of them, and leaves out those that it does not know.
	 *
	 * @returns an answer for each task, or none where it must be polled alone
	 */
	private async pollBatch(waits: Wait[]): Promise<Array<ReadResult<Task> | undefined>> {
		if (this.batches === 'untested') this.batches = 'testing';
		const taskIds = [...new Set(waits.map(({ taskId }) => taskId))];
		const answer = await this.client.pollTasks(taskIds, timeFor(waits));
		if (answer.ok) {
			this.failedBatches = 0;
			this.batches = answer.value.size === 0 ? 'missing' : 'answered';
			return waits.map(({ taskId }) => {
				const task = answer.value.get(taskId);
				return task && !lacksImages(task) ? { ok: true, value: task } : undefined;
			});
		}
		if (!isThrottled(answer.error)) this.failedBatches++;
		const isMissing = !answer.mayPass || this.failedBatches >= MAX_FAILED_BATCHES;
		if (isMissing) this.batches = 'missing';
		else if (this.batches === 'testing') this.batches = 'untested';
		if (isMissing) return [];
		return waits.map(() => answer);
	}

	/** What an answer means for the wait. */
	private take(wait: Wait, answer: ReadResult<Task>): void {
		if (!this.waits.has(wait)) return; // It was given up.
		const now = this.clock.now();
		wait.isPolled = false;
		if (!answer.ok) {
			if (isUnknownTask(answer.error)) wait.unknownSince ??= now;
			const isNew = wait.known && now - (wait.unknownSince ?? 0) < KNOWN_WITHIN_MS;
			if (!answer.mayPass && !isNew) return this.fail(wait, answer.error);
			wait.lastFault = answer.error;
			wait.faults++;
			const pauseMs = retryDelayMs(wait.faults, answer.retryAfterMs);
			wait.notBefore = now + Math.max(SHORTEST_GAP_MS, pauseMs);
			return;
		}
		const task = withCreateFacts(answer.value, wait.known);
		if (hasEnded(task)) {
			this.schedule.noteEnd(wait, now);
			return this.end(wait, task);
		}
		if (lacksImages(task)) {
			const since = wait.imageless?.since ?? now;
			if (now - since >= IMAGES_COME_WITHIN_MS) return this.end(wait, withoutImages(task));
			Object.assign(wait, { imageless: { since, task }, lastFault: undefined, faults: 0 });
			return;
		}
		Object.assign(wait, {
			imageless: undefined,
			unfinishedAt: wait.polledAt,
			progress: task.progress,
			lastFault: undefined,
			faults: 0,
			...estimateIn(task, now, wait),
		});
	}

	private end(wait: Wait, task: Task): void {
		const { unfinishedAt } = wait;
		this.waits.delete(wait);
		wait.resolve({ task, ...(unfinishedAt === undefined ? {} : { unfinishedAt }) });
	}

	private fail(wait: Wait, error: EvolinkError): void {
		this.waits.delete(wait);
		wait.reject(error);
	}
}

/** Polls of single tasks would be throttled no less. */
function isThrottled(error: EvolinkError): boolean {
	return error instanceof ApiError && (error.status === 429 || error.status === 503);
}

function isUnknownTask(error: EvolinkError): boolean {
	return error instanceof ApiError && error.status === 404;
}

/** Milliseconds. */
function timeFor(waits: Wait[]): number {
	const leftMs = waits.map(({ endsAt, polledAt }) => endsAt - (polledAt ?? endsAt));
	return Math.max(LAST_ANSWER_MS, Math.min(...leftMs));
}

/** What only the answer to the create says. */
function withCreateFacts(task: Task, known: Task | undefined): Task {
	const { creditsReserved, createdAt } = known ?? {};
	return {
		...(creditsReserved === undefined ? {} : { creditsReserved }),
		...(createdAt === undefined ? {} : { createdAt }),
		...task,
	};
}

/** The end only ever comes nearer: an estimate that stays the same in every answer says nothing. */
function estimateIn(
	{ estimatedSeconds }: Task,
	now: number,
	{ startedAt, expectedMs, expectedEnd }: Pick<Wait, 'startedAt' | 'expectedMs' | 'expectedEnd'>,
): Pick<Wait, 'expectedMs' | 'expectedEnd'> {
	if (estimatedSeconds === undefined) return {};
	const end = now + Math.min(Math.max(0, estimatedSeconds), LONGEST_ESTIMATE_SECONDS) * 1_000;
	return {
		expectedMs: expectedMs ?? end - startedAt,
		expectedEnd: Math.min(end, expectedEnd ?? end),
	};
}

/**
 * @param retryCharged whether a failed task may be created anew though it was charged
 * @throws {TaskFailedError} where the task made no image
 */
export function assertSucceeded(task: Task, retryCharged = false): void {
	if (task.failure) throw new TaskFailedError(task, task.failure, retryCharged);
}
