import { sleep } from 'n8n-workflow';

import { StoppedError } from '../errors/errors';

/** Time as the waiting code sees it; tests put a virtual one in its place. */
export interface Clock {
	/** Unix milliseconds. Only goes forward, so that differences are durations. */
	now(): number;
	/**
	 * @param woken ends the sleep early
	 * @throws {StoppedError} as soon as the execution is stopped
	 */
	sleep(milliseconds: number, woken?: Promise<void>): Promise<void>;
}

/**
 * n8n forbids timers to community nodes and its abortable sleep is gone in current versions, so a
 * sleep is made of short slices with a look at the stop signals in between.
 */
const SLICE_MS = 250;

/**
 * The real clock: the time of day at its start, and from there on a clock that nobody sets. A sleep ends early with an
 * error when one of the signals is aborted.
 */
export function realClock(...stopSignals: Array<AbortSignal | undefined>): Clock {
	const throwIfStopped = () => {
		if (stopSignals.some((signal) => signal?.aborted)) throw new StoppedError();
	};
	const offset = Date.now() - performance.now();
	const now = () => Math.round(offset + performance.now());
	return {
		now,
		async sleep(milliseconds, woken) {
			throwIfStopped();
			let isWoken = false;
			const wakeUp = woken?.then(() => {
				isWoken = true;
			});
			const end = now() + milliseconds;
			for (let left = milliseconds; left > 0 && !isWoken; left = end - now()) {
				const slice = sleep(Math.min(left, SLICE_MS));
				await (wakeUp ? Promise.race([slice, wakeUp]) : slice);
				throwIfStopped();
			}
		},
	};
}
