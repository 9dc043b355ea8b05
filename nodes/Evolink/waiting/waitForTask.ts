import type { EvolinkClient } from '../api/client';
import type { Clock } from '../api/clock';
import { type EvolinkError, TaskFailedError, WaitTimeoutError } from '../api/errors';
import { retryDelayMs } from '../api/retry';
import { hasEnded, type Task } from '../api/task';
import { firstAskMs, nextAskMs, SHORTEST_GAP_MS } from './schedule';

/** The last question before the time limit still gets this long for its answer. */
const LAST_ANSWER_MS = 1_000;

/** A task and when it was last seen unfinished: its result links live at least 24 h from then. */
export interface SeenTask {
	task: Task;
	/** Unix milliseconds. */
	unfinishedAt?: number;
}

/**
 * Asks for a task until it ends. Passing faults (throttling, lost connections, broken answers) do not
 * end the wait; when the time is up, the last of them is in the error.
 *
 * @param known the answer to the create; undefined to ask at once
 * @throws {WaitTimeoutError} the time was up
 * @throws {ApiError} the service refuses to tell the task (401, 403, 404, …)
 * @throws {StoppedError}
 */
export async function waitForTask(
	client: Pick<EvolinkClient, 'askTask'>,
	clock: Clock,
	taskId: string,
	timeoutSeconds: number,
	known?: Task,
): Promise<SeenTask> {
	const startedAt = clock.now();
	const endsAt = startedAt + timeoutSeconds * 1_000;
	let task = known;
	let expectedMs = expectedTime(known);
	let unfinishedAt = known && !hasEnded(known) ? startedAt : undefined;
	let lastFault: EvolinkError | undefined;
	let faults = 0;
	let askedAt = Number.NEGATIVE_INFINITY;
	let waitMs = firstAskMs(task, expectedMs);

	while (!task || !hasEnded(task)) {
		const leftMs = endsAt - clock.now();
		if (leftMs <= 0 && waitMs > 0) throw new WaitTimeoutError(taskId, timeoutSeconds, lastFault);
		await clock.sleep(Math.min(waitMs, leftMs));
		// The last question, at the very end, must not come sooner after the one before than any other.
		if (waitMs > leftMs && clock.now() - askedAt < SHORTEST_GAP_MS) continue;

		askedAt = clock.now();
		const answer = await client.askTask(taskId, Math.max(LAST_ANSWER_MS, endsAt - askedAt));
		if (answer.ok) {
			task = withCreateFacts(answer.value, known);
			expectedMs ??= expectedTime(task);
			if (!hasEnded(task)) unfinishedAt = askedAt;
			lastFault = undefined;
			faults = 0;
			waitMs = nextAskMs(task, clock.now() - startedAt, expectedMs);
		} else if (answer.mayPass) {
			lastFault = answer.error;
			faults++;
			waitMs = Math.max(
				nextAskMs(task, clock.now() - startedAt, expectedMs),
				retryDelayMs(faults, answer.retryAfterMs),
			);
		} else {
			throw answer.error;
		}
	}
	return { task, ...(unfinishedAt === undefined ? {} : { unfinishedAt }) };
}

/** What only the answer to the create says. */
function withCreateFacts(task: Task, known: Task | undefined): Task {
	return known?.creditsReserved === undefined
		? task
		: { creditsReserved: known.creditsReserved, ...task };
}

function expectedTime(task: Task | undefined): number | undefined {
	return task?.estimatedSeconds === undefined ? undefined : task.estimatedSeconds * 1_000;
}

/** @throws {TaskFailedError} where the task did not make a picture */
export function assertSucceeded(task: Task): void {
	if (task.failure) throw new TaskFailedError(task, task.failure);
	if (task.status === 'completed' && task.results.length === 0) {
		throw new TaskFailedError(
			{ ...task, status: 'failed' },
			{
				code: 'generation_failed_no_content',
				message: 'The service says that the task is complete, but gives no picture',
				retryable: false,
			},
		);
	}
}
