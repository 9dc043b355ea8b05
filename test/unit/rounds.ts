/**
 * How often the event loop comes round while something is done: a measure of how work is cut into pieces that does not
 * depend on the machine.
 */
export async function roundsOf(act: () => Promise<unknown>): Promise<number> {
	let rounds = 0;
	let isOver = false;
	const count = () => {
		rounds++;
		if (!isOver) setImmediate(count);
	};
	setImmediate(count);
	await act();
	isOver = true;
	return rounds;
}
