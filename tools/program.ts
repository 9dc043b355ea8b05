/** What the programs of this folder begin and end with. */

const startedAt = Date.now();

/** Prints a line of progress, with the seconds since the program was started. */
export function log(line: string): void {
	console.log(`[${Math.round((Date.now() - startedAt) / 1000)} s] ${line}`);
}

/**
 * Runs a program and ends it, whatever still runs. The exit code says whether it succeeded.
 *
 * @param tell what is printed of an error
 */
export function run(main: () => Promise<void>, tell = (error: Error): unknown => error): void {
	main().then(
		() => process.exit(0),
		(error: Error) => {
			console.error(tell(error));
			process.exit(1);
		},
	);
}
