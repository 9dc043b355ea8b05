import { sleep } from 'n8n-workflow';

/** Some milliseconds of work, on a slow machine. */
const BYTES = 1024 * 1024;

/** All who rest go on one after another: what ten of them do at a time would hold n8n up ten times as long. */
let turn = Promise.resolve();

/**
 * Lets n8n come to its other work while many bytes are worked on.
 *
 * @param everyBytes so many at a time
 * @returns to be called, and waited for, with the bytes that were worked on since the last call
 */
export function breaks(everyBytes = BYTES): (bytes: number) => Promise<void> | undefined {
	let sinceBreak = 0;
	return (bytes) => {
		sinceBreak += bytes;
		if (sinceBreak < everyBytes) return undefined;
		sinceBreak = 0;
		turn = turn.then(async () => await sleep(0));
		return turn;
	};
}
