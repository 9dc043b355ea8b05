import { existsSync, readFileSync } from 'node:fs';

/** Receives one line of progress, without a line break. */
export type Log = (line: string) => void;

/** The last lines of a text file; empty when there is none. */
export function tail(file: string, lines = 30): string {
	if (!existsSync(file)) return '';
	return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
