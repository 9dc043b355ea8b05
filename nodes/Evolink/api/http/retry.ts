import type { Clock } from './clock';
import type { EvolinkError } from '../errors/errors';
import type { HttpAnswer } from './messages';
import { isRecord, parseJson, textOf } from './json';

/** One try of a read. A fault that may pass says when to try again; one that will not pass says so. */
export type ReadResult<T> =
	| { ok: true; value: T }
	| { ok: false; error: EvolinkError; mayPass: boolean; retryAfterMs?: number };

const READ_TRIES = 4;

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 16_000;
/** The documentation speaks of waits up to a minute; a longer one is cut, so that a wait stays a wait. */
const MAX_RETRY_AFTER_MS = 60_000;
/** What is longer is no error body. */
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * How long to wait before the next try: what the service says, but at least a second; otherwise doubling
 * from one second. In both cases with up to a quarter more at random, so that many items do not come back
 * in step.
 *
 * @param tries how often it was tried already, from 1
 */
export function retryDelayMs(tries: number, retryAfterMs: number | undefined): number {
	const doubling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (tries - 1));
	// 'Retry-After: 0' again and again must not use up all tries in a moment.
	const wanted = Math.max(FIRST_DELAY_MS, retryAfterMs ?? doubling);
	return Math.round(wanted * (1 + Math.random() / 4));
}

/**
 * How long the service asks to wait: by `Retry-After`, in seconds or as an HTTP date (RFC 9110, section 10.2.3), else by
 * the `fallback_suggestion` of an error body (docs.evolink.ai, older error bodies: "retry after 60 seconds").
 *
 * @param mostMs what is longer is cut
 * @returns milliseconds; undefined where it asks for nothing that can be read
 */
export function retryAfterMs(
	answer: Pick<HttpAnswer, 'headers'> & Partial<Pick<HttpAnswer, 'body'>>,
	nowMs: number,
	mostMs = MAX_RETRY_AFTER_MS,
): number | undefined {
	const wanted = waitInHeader(answer, nowMs) ?? waitInBody(answer.body);
	return wanted === undefined ? undefined : Math.min(mostMs, wanted);
}

function waitInBody(body: Buffer | undefined): number | undefined {
	if (!body || body.length > MAX_ERROR_BYTES) return undefined;
	const parsed = parseJson(body.toString('utf8'));
	const error = isRecord(parsed) && isRecord(parsed.error) ? parsed.error : parsed;
	const suggestion = isRecord(error) ? textOf(error.fallback_suggestion) : undefined;
	const [, seconds] = /\bretry after (\d+(?:\.\d+)?) ?s/i.exec(suggestion ?? '') ?? [];
	return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

function waitInHeader(answer: Pick<HttpAnswer, 'headers'>, nowMs: number): number | undefined {
	const header = answer.headers['retry-after']?.trim();
	if (!header) return undefined;
	const isSeconds = /^\d+(\.\d+)?$/.test(header);
	const wait = isSeconds ? Number(header) * 1_000 : new Date(header).getTime() - nowMs;
	// A date in the past means that the clocks differ: then it says nothing about how long to wait.
	if (Number.isNaN(wait) || (!isSeconds && wait <= 0)) return undefined;
	return wait;
}

const PASSING_STATUSES = new Set([408, 425, 429, 499]);
/** The host does not do such a thing, or not in this way: that does not pass. */
const LASTING_FAULTS = new Set([501, 505]);

/** Whether a read may be answered otherwise in a moment. Those from 520 on come from proxies. */
export function isPassingStatus(status: number): boolean {
	return PASSING_STATUSES.has(status) || (status >= 500 && !LASTING_FAULTS.has(status));
}

/**
 * Repeats a read until it succeeds, cannot succeed, or was tried often enough.
 *
 * @throws {EvolinkError} the last fault
 */
export async function repeatRead<T>(
	clock: Clock,
	attempt: () => Promise<ReadResult<T>>,
): Promise<T> {
	for (let tries = 1; ; tries++) {
		const result = await attempt();
		if (result.ok) return result.value;
		if (!result.mayPass || tries >= READ_TRIES) throw result.error;
		await clock.sleep(retryDelayMs(tries, result.retryAfterMs));
	}
}
