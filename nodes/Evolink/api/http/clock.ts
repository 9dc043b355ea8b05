import { sleep } from 'n8n-workflow';

import { StoppedError } from '../errors/errors';

/** Time as the waiting code sees it; tests put a virtual one in its place. */
export interface Clock {
	/** Unix milliseconds. */
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

/** The real clock; a sleep ends early with an error when one of the signals is aborted. */
export function realClock(...stopSignals: Array<AbortSignal | undefined>): Clock {
	const throwIfStopped = () => {
		if (stopSignals.some((signal) => signal?.aborted)) throw new StoppedError();
	};
	return {
		now: () => Date.now(),
		async sleep(milliseconds, woken) {
			throwIfStopped();
			let isWoken = false;
			const wakeUp = woken?.then(() => {
				isWoken = true;
			});
			const end = Date.now() + milliseconds;
			for (let left = milliseconds; left > 0 && !isWoken; left = end - Date.now()) {
				const slice = sleep(Math.min(left, SLICE_MS));
				await (wakeUp ? Promise.race([slice, wakeUp]) : slice);
				throwIfStopped();
			}
		},
	};
}
