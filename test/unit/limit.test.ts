import { setTimeout as sleep } from 'node:timers/promises';

import { Limit } from '../../nodes/Evolink/operations/limit';

it('lets so many in at a time, in order, and goes on after a failure', async () => {
	const limit = new Limit(2);
	const started: number[] = [];
	let inside = 0;
	let most = 0;
	const jobs = [0, 1, 2, 3, 4].map(async (job) => {
		await limit.run(async () => {
			started.push(job);
			most = Math.max(most, ++inside);
			await sleep(5 - job);
			inside--;
			if (job === 1) throw new Error('Failed');
		});
	});
	const outcomes = await Promise.allSettled(jobs);
	expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
		true,
		false,
		true,
		true,
		true,
	]);
	expect(started).toEqual([0, 1, 2, 3, 4]);
	expect(most).toBe(2);
});
