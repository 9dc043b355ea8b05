import type { Task } from '../api/task';

const SECOND = 1_000;
/** The vendor's clients ask every 3 s; each read of an unfinished image makes the gateway ask its provider. */
export const SHORTEST_GAP_MS = 3 * SECOND;
/** A task that is about to end may be asked for a little earlier. */
const ENDING_GAP_MS = 1.5 * SECOND;
const LONGEST_GAP_MS = 10 * SECOND;
const LONGEST_FIRST_WAIT_MS = 30 * SECOND;
const ABOUT_TO_END_PERCENT = 90;

/**
 * When to ask first for a task: at once if nothing is known of it, otherwise at half of the time that the
 * service expects, because many tasks end early.
 *
 * @param expectedMs what the service expected at the start, where it said so
 * @returns milliseconds from now
 */
export function firstAskMs(task: Task | undefined, expectedMs: number | undefined): number {
	if (task === undefined) return 0;
	if (expectedMs === undefined) return SHORTEST_GAP_MS;
	if (expectedMs < SHORTEST_GAP_MS) return Math.max(expectedMs, SECOND / 2);
	return Math.min(LONGEST_FIRST_WAIT_MS, Math.max(SHORTEST_GAP_MS, expectedMs / 2));
}

/**
 * When to ask again for a task that has not ended: every 3 s; one that is long overdue is asked for less and
 * less often, up to every 10 s.
 *
 * @param sinceStartMs how long this wait has lasted
 * @param expectedMs what the service expected at the start, where it said so
 * @returns milliseconds from now
 */
export function nextAskMs(
	task: Task | undefined,
	sinceStartMs: number,
	expectedMs: number | undefined,
): number {
	if (task === undefined) return SHORTEST_GAP_MS;
	if (task.progress >= ABOUT_TO_END_PERCENT) return ENDING_GAP_MS;
	const overdueMs = sinceStartMs - 2 * (expectedMs ?? 30 * SECOND);
	return Math.min(LONGEST_GAP_MS, Math.max(SHORTEST_GAP_MS, overdueMs / 6));
}
