/** Listens for promises that fail unseen; the result stops listening and gives their reasons. */
export function countUnhandledRejections(): () => Promise<unknown[]> {
	const reasons: unknown[] = [];
	const listener = (reason: unknown) => reasons.push(reason);
	process.on('unhandledRejection', listener);
	return async () => {
		// Node.js tells of them after the running turn of the event loop.
		await new Promise((resolve) => setTimeout(resolve, 20));
		process.off('unhandledRejection', listener);
		return reasons;
	};
}
