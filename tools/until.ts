import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until something is so.
 *
 * @throws Error when it is not so within two minutes.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
	const deadline = Date.now() + 120_000;
	while (!(await condition())) {
		if (Date.now() > deadline) throw new Error(`It never became true: ${condition.toString()}`);
		await sleep(20);
	}
}
