import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The event loop of n8n did nothing else for so long. */
export interface Hold {
	/** Its end, Unix milliseconds. */
	at: number;
	/** Milliseconds. */
	held: number;
	/** Milliseconds of processor time that n8n's own thread used in it. */
	busy: number;
}

/** For n8n's process, so that {@link holdsBetween} can tell. @param file is made by n8n */
export function eventLoopEnv(file: string): Record<string, string> {
	return {
		NODE_OPTIONS: `--require=${join(__dirname, 'eventLoop.cjs')}`,
		N8N_BENCH_EVENT_LOOP: file,
	};
}

/** @param start,end Unix milliseconds */
export function holdsBetween(file: string, start: number, end: number): Hold[] {
	if (!existsSync(file)) return [];
	return readFileSync(file, 'utf8')
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as Hold)
		.filter(({ at, held }) => at > start && at - held < end);
}
