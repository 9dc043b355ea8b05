import type { Clock } from './clock';
import type { HttpAnswer, HttpFailure, Send } from './http';
import { Limit } from './limit';
import { retryAfterMs, retryDelayMs } from './retry';

/** Between two requests after the service asked to slow down for the first time. */
const FIRST_GAP_MS = 200;
const LONGEST_GAP_MS = 10_000;
/** Each answer that is no throttling shortens the gap by a fifth, until it is not worth keeping. */
const SPEED_UP = 0.8;
const SHORTEST_GAP_MS = 10;
/** Requests of a run on the wire at one moment. */
const MOST_ON_THE_WIRE = 100;
/** After so many in a row it will not pass soon. */
const LASTING_THROTTLINGS = 6;

/**
 * Makes all requests of a run slow down together when the service throttles one of them: nothing is sent
 * before the time that it names (`Retry-After`), then one request at a time with a gap in between, which
 * doubles with each further throttling and shrinks with each answer. Until then nothing is held back. Where the
 * throttling lasts, requests that would only queue are answered as the last one was, so that a run comes to its end.
 */
export function paced(send: Send, clock: Clock): Send {
	let openAt = Number.NEGATIVE_INFINITY;
	let gapMs = 0;
	let throttlings = 0;
	let slowedAt = Number.NEGATIVE_INFINITY;
	let lastTurn: Promise<unknown> = Promise.resolve();
	let lastThrottling: HttpAnswer | undefined;
	const wire = new Limit(MOST_ON_THE_WIRE);

	const takeTurn = async () => {
		await clock.sleep(0); // Nothing is sent after a stop.
		if (throttlings >= LASTING_THROTTLINGS && clock.now() < openAt) return lastThrottling;
		while (clock.now() < openAt) await clock.sleep(openAt - clock.now());
		openAt = clock.now() + gapMs;
		return undefined;
	};
	const learn = (result: HttpAnswer | HttpFailure, sentAt: number) => {
		if (result.kind !== 'answer') return;
		const now = clock.now();
		if (!isThrottling(result)) {
			throttlings = 0;
			gapMs = gapMs * SPEED_UP < SHORTEST_GAP_MS ? 0 : gapMs * SPEED_UP;
			return;
		}
		// Requests that were on their way together are throttled together: that counts once.
		if (sentAt >= slowedAt) {
			throttlings++;
			slowedAt = now;
			gapMs = Math.min(LONGEST_GAP_MS, Math.max(FIRST_GAP_MS, gapMs * 2));
		}
		lastThrottling = result;
		openAt = Math.max(openAt, now + retryDelayMs(throttlings, retryAfterMs(result, now)));
	};

	return async (request) => {
		const turn = lastTurn.then(takeTurn);
		lastTurn = turn.catch(() => undefined);
		try {
			const throttled = await turn;
			if (throttled) return throttled;
		} catch {
			return STOPPED;
		}
		const leave = await wire.enter();
		try {
			const isStopped = await clock.sleep(0).then(
				() => false,
				() => true,
			);
			if (isStopped) return STOPPED;
			const sentAt = clock.now();
			const result = await send(request);
			if (!request.hasOwnPace) learn(result, sentAt);
			return result;
		} finally {
			leave();
		}
	};
}

const STOPPED: HttpFailure = { kind: 'notSent', reason: 'the execution was stopped' };

function isThrottling({ status, headers }: HttpAnswer): boolean {
	return status === 429 || (status === 503 && headers['retry-after'] !== undefined);
}
