import { setTimeout as sleep } from 'node:timers/promises';

import { Limit } from '../../../nodes/Evolink/api/http/limit';
import { AnswerRoom, ImageLimit } from '../../../nodes/Evolink/run/limits';

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

/** What is let in at first, by its number. */
async function letIn(
	enter: (work: () => Promise<void>, job: number) => Promise<void>,
	jobs: number,
) {
	const started: number[] = [];
	const never = new Promise<void>(() => undefined);
	for (let job = 0; job < jobs; job++) {
		void enter(async () => {
			started.push(job);
			await never;
		}, job);
	}
	await sleep(5);
	return started;
}

it('counts by weight, in order: a light one does not overtake a heavy one', async () => {
	const limit = new Limit(10);
	const weights = [6, 5, 1];
	expect(await letIn(async (work, job) => await limit.run(work, weights[job]), 3)).toEqual([0]);
});

it('lets in alone what is heavier than the limit', async () => {
	const limit = new Limit(10);
	expect(await letIn(async (work) => await limit.run(work, 100), 3)).toEqual([0]);
});

it('has more small images on their way than large ones', async () => {
	const MEGABYTE = 1024 * 1024;
	const small = new ImageLimit();
	const large = new ImageLimit();
	large.noteSize(9 * MEGABYTE);
	const runIn = (limit: ImageLimit) => async (work: () => Promise<void>) =>
		await limit.run(work, 1);
	expect(await letIn(runIn(small), 20)).toHaveLength(10);
	expect(await letIn(runIn(large), 20)).toHaveLength(2);
	const known = new ImageLimit();
	expect(await letIn(async (work) => await known.run(work, 1, 5 * MEGABYTE), 20)).toHaveLength(4);
});

describe('room for answers', () => {
	const setUp = () => {
		const limit = new Limit(100);
		const rooms = [0, 1, 2].map(() => new AnswerRoom(limit));
		const made: number[] = [];
		const make = async (room: number, bytes: number) => {
			void rooms[room].make(bytes).then(() => made.push(room));
			await sleep(1);
			return made;
		};
		return { rooms, made, make };
	};

	it('is made as others leave theirs', async () => {
		const { rooms, made, make } = setUp();
		await make(0, 60);
		await make(1, 60);
		expect(await make(2, 40)).toEqual([0]); // In their order.
		rooms[0].end();
		rooms[0].end(); // Left once, however often it ends.
		await sleep(1);
		expect(made).toEqual([0, 1, 2]);
	});

	it('is that of the last answer alone, where one after another comes', async () => {
		const { made, make } = setUp();
		await make(0, 90);
		await make(0, 10);
		await make(1, 90);
		expect(made).toEqual([0, 0, 1]);
	});

	it('is taken for large where an answer does not say how long it is', async () => {
		expect(await setUp().make(0, 0)).toEqual([0]);
		const { made, make } = setUp();
		await make(0, 50);
		await make(1, 0);
		expect(made).toEqual([0]);
	});

	it('is not taken by one that ended while it waited', async () => {
		const { rooms, made, make } = setUp();
		await make(0, 60);
		await make(1, 60);
		await make(2, 60);
		rooms[1].end();
		rooms[0].end();
		await sleep(1);
		expect(made).toEqual([0, 1, 2]);
	});
});
