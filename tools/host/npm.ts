/** Runs npm, whichever way this machine has it. */

import { closeSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { once } from 'node:events';
import { start } from './children';
import { tail } from './logs';

/** @throws Error with the tail of npm's output when npm fails or is not there. */
export async function npm(args: string[], folder: string, logFile: string): Promise<void> {
	const log = openSync(logFile, 'a');
	try {
		const [command, ...first] = npmCommand();
		const child = start(command, [...first, ...args, '--prefix', folder], {
			cwd: folder,
			stdio: ['ignore', log, log],
			// `npm` is a .cmd file on Windows.
			shell: process.platform === 'win32' && command === 'npm',
		});
		const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
		if (code !== 0) {
			throw new Error(
				`"npm ${args[0]}" in ${folder} ended with ${code ?? signal}. ` +
					`The last lines of ${logFile}:\n${tail(logFile)}`,
			);
		}
	} finally {
		closeSync(log);
	}
}

/** npm tells its scripts where it is itself; other package managers use the same variable. */
function npmCommand(): [string, ...string[]] {
	const self = process.env.npm_execpath;
	return self && /^npm/.test(basename(self)) ? [process.execPath, self] : ['npm'];
}
