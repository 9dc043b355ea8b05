import { BudgetError, OutcomeUnknownError } from '../../../nodes/Evolink/api/errors/errors';
import type { Task } from '../../../nodes/Evolink/api/task';
import { Budget } from '../../../nodes/Evolink/run/budget';

/** Starts so many tasks at once. @returns how many were started and how many refused */
async function spend(budget: Budget, prices: Array<number | undefined | Error>) {
	let started = 0;
	const outcomes = await Promise.allSettled(
		prices.map(
			async (price) =>
				await budget.spendOn(async () => {
					started++;
					await Promise.resolve();
					if (price instanceof Error) throw price;
					return { creditsReserved: price } as Task;
				}),
		),
	);
	const errors = outcomes.flatMap((outcome) =>
		outcome.status === 'rejected' ? [outcome.reason as Error] : [],
	);
	return { started, refused: errors.filter((error) => error instanceof BudgetError) };
}

const TEN_AT_ONE = Array.from({ length: 10 }, () => 1);

it.each([
	[undefined, 0, 10],
	[10, 0, 10],
	[9.9, 0, 9],
	[4, 0, 4],
	[4, 3, 1],
	[4, 4, 0],
	[0, 0, 1],
])(
	'with %p credits, %p of them reserved: %p tasks of 1 credit are started',
	async (max, reserved, expected) => {
		const { started, refused } = await spend(
			new Budget(max, Array<number>(reserved).fill(1)),
			TEN_AT_ONE,
		);
		expect(started).toBe(expected);
		expect(refused).toHaveLength(10 - expected);
	},
);

it('a create that fails spends nothing', async () => {
	const prices = [new Error('Refused'), 1, 1, new Error('Refused'), 1];
	const { started, refused } = await spend(new Budget(2, []), prices);
	expect([started, refused.length]).toEqual([3, 2]);
});

it('takes the last price for the next', async () => {
	const budget = new Budget(10, []);
	await spend(budget, [1]);
	await spend(budget, [6]);
	const { started, refused } = await spend(budget, [1]);
	expect(started).toBe(0);
	expect(refused[0].message).toContain('has reserved 7 credits, and another task for 6');
});

it('stops where the service does not say what a task costs', async () => {
	const { started, refused } = await spend(new Budget(5, []), [undefined, undefined, 1]);
	expect(started).toBe(1);
	expect(refused[0].message).toContain('does not say what its tasks cost');
});

it('counts what was asked for again because it may be paid, though it never refuses it', async () => {
	const budget = new Budget(1, [1]);
	await budget.spendOn(async () => ({ creditsReserved: 1 }) as Task, true);
	const { refused } = await spend(budget, [1]);
	expect(refused[0].message).toContain('has reserved 2 credits');
});

it('counts what may have been paid at the last price', async () => {
	const { started } = await spend(new Budget(3, [1]), [
		new OutcomeUnknownError('It is not known', 'key'),
	]);
	expect(started).toBe(1);
	const budget = new Budget(3, [1]);
	await spend(budget, [new OutcomeUnknownError('It is not known', 'key')]);
	expect((await spend(budget, [1, 1])).started).toBe(1);
});
