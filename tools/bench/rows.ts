/** Many tasks of different lengths: the input of a workflow, and what the simulator makes of it. */

import type { Simulator } from '../simulator';
import { rounded } from './figures';

export const shortestSeconds = 6;
export const longestSeconds = 10;

export interface Row {
	/** Tells the simulator which task it is. */
	prompt: string;
	seconds: number;
}

/** Durations spread evenly from the shortest to exactly the longest, in mixed order. */
export function rowsOf(count: number): Row[] {
	return Array.from({ length: count }, (_, index) => {
		// 37 has no divisor in common with the counts in use: all durations, in mixed order.
		const share = ((index * 37) % count) / (count - 1);
		const seconds = shortestSeconds + share * (longestSeconds - shortestSeconds);
		return { prompt: `Row ${index}`, seconds: rounded(seconds, 3) };
	});
}

/**
 * Tasks that take as long as their rows say, with right estimates.
 *
 * @param bytes the image that each gives
 */
export function scriptRows(simulator: Simulator, rows: Row[], bytes: Buffer): void {
	for (const { prompt, seconds } of rows) {
		simulator.nextTask({ prompt: new RegExp(`^${prompt}$`), seconds, delivery: { bytes } });
	}
}
