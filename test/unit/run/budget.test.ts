import { BudgetError, OutcomeUnknownError } from '../../../nodes/Evolink/api/errors/errors';
import type { Task } from '../../../nodes/Evolink/api/task';
import type { Spending } from '../../../nodes/Evolink/memory/spending';
import { balanceIn, Budget, type CreditLimits } from '../../../nodes/Evolink/run/budget';

/** A task to start: what it costs, or how its create fails. */
interface Wanted {
	credits: number | undefined | Error;
	kind?: string;
	key?: string;
	mayBePaid?: boolean;
	quote?: number;
}

function record(credits = 0): Spending {
	return { version: 1, executionId: '7', credits, prices: {}, open: {} };
}

function budgetFor(
	limits: CreditLimits,
	spending = record(),
	balances: number[] = [1_000],
): { budget: Budget; asked: () => number } {
	let asked = 0;
	const budget = new Budget(
		limits,
		spending,
		async () => balances[Math.min(asked++, balances.length - 1)],
	);
	return { budget, asked: () => asked };
}

let keys = 0;

/** Starts all at once. @returns which were started, in order, and the refusals */
async function spend(budget: Budget, wanted: Wanted[]) {
	const started: number[] = [];
	let onTheWay = 0;
	let most = 0;
	const outcomes = await Promise.allSettled(
		wanted.map(
			async ({ credits, kind = 'one', key = `key-${keys++}`, mayBePaid, quote }, index) => {
				const purchase = {
					kind,
					idempotencyKey: key,
					...(mayBePaid ? { mayBePaid } : {}),
					...(quote === undefined ? {} : { quote: async () => quote }),
				};
				return await budget.spendOn(purchase, async () => {
					started.push(index);
					most = Math.max(most, ++onTheWay);
					await new Promise((resolve) => setImmediate(resolve));
					onTheWay--;
					if (credits instanceof Error) throw credits;
					return { task: { creditsReserved: credits } as Task };
				});
			},
		),
	);
	const errors = outcomes.flatMap((outcome) =>
		outcome.status === 'rejected' ? [outcome.reason as Error] : [],
	);
	return { started, most, refused: errors.filter((error) => error instanceof BudgetError) };
}

const each = (...credits: Array<Wanted['credits']>): Wanted[] =>
	credits.map((one) => ({ credits: one }));
const TEN_AT_ONE = each(1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
const UNKNOWN = new OutcomeUnknownError('It is not known', 'key');

it.each([
	[undefined, 0, 10],
	[10, 0, 10],
	[9.9, 0, 9],
	[4, 0, 4],
	[4, 3, 1],
	[4, 4, 0],
	[0, 0, 0],
])(
	'with %p credits, %p of them reserved: %p tasks of 1 credit are started',
	async (maxCredits, reserved, expected) => {
		const { budget } = budgetFor({ maxCredits }, record(reserved));
		const { started, refused } = await spend(budget, TEN_AT_ONE);
		expect(started).toHaveLength(expected);
		expect(refused).toHaveLength(10 - expected);
	},
);

it('0 buys nothing, not even what is free', async () => {
	const spending = record();
	spending.prices.one = 0;
	const { started } = await spend(budgetFor({ maxCredits: 0 }, spending).budget, each(0));
	expect(started).toEqual([]);
});

it('sums of decimal prices are exact', async () => {
	const { budget } = budgetFor({ maxCredits: 3.6 });
	expect((await spend(budget, each(1.2, 1.2, 1.2, 1.2))).started).toHaveLength(3);
	const tenths = budgetFor({ maxCredits: 0.3 }).budget;
	expect((await spend(tenths, each(0.1, 0.1, 0.1, 0.1))).started).toHaveLength(3);
});

it('a create that fails spends nothing, and makes room for those that wait', async () => {
	const { budget } = budgetFor({ maxCredits: 2 });
	const wanted = each(new Error('Refused'), 1, new Error('Refused'), 1, 1);
	const { started, refused } = await spend(budget, wanted);
	expect(started).toEqual([0, 1, 2, 3]);
	expect(refused).toHaveLength(1);
});

it('the first of each kind goes alone, and its price is for its kind only', async () => {
	const { budget } = budgetFor({ maxCredits: 30 });
	const wanted = ['cheap', 'cheap', 'dear', 'cheap', 'dear', 'dear', 'dear'].map((kind) => ({
		kind,
		credits: kind === 'dear' ? 10 : 1,
	}));
	const { started, refused } = await spend(budget, wanted);
	expect(started).toEqual([0, 1, 2, 3, 4]);
	expect(refused).toHaveLength(2);
	expect(refused[0].message).toContain('has reserved 23 credits, and another task for 10');
	const { most } = await spend(budgetFor({ maxCredits: 5 }).budget, [
		{ kind: 'a', credits: 1 },
		{ kind: 'b', credits: 1 },
		{ kind: 'c', credits: 1 },
	]);
	expect(most).toBe(1);
});

it('takes the last price of the kind for the next', async () => {
	const { budget } = budgetFor({ maxCredits: 10 });
	await spend(budget, each(1));
	await spend(budget, each(6));
	const { started, refused } = await spend(budget, each(1));
	expect(started).toEqual([]);
	expect(refused[0].message).toContain('has reserved 7 credits, and another task for 6');
});

it('stops where the service does not say what a task costs', async () => {
	const { budget } = budgetFor({ maxCredits: 5 });
	const { started, refused } = await spend(budget, each(undefined, undefined, 1));
	expect(started).toHaveLength(1);
	expect(refused[0].message).toContain('the cost of an earlier task of this execution is unknown');
});

it('after an unknown outcome without a price nothing more starts, of whatever kind', async () => {
	const { budget } = budgetFor({ maxCredits: 50 });
	await spend(budget, [{ credits: UNKNOWN, key: 'lost' }]);
	expect((await spend(budget, [{ credits: 1, kind: 'other' }])).started).toEqual([]);
	// The service tells after all.
	await spend(budget, [{ credits: 3, key: 'lost', mayBePaid: true }]);
	expect((await spend(budget, [{ credits: 1, kind: 'other' }])).started).toEqual([0]);
});

it('counts what may have been paid at the last price, once', async () => {
	const { budget } = budgetFor({ maxCredits: 3 });
	await spend(budget, each(1));
	await spend(budget, [{ credits: UNKNOWN, key: 'lost' }]);
	await spend(budget, [{ credits: UNKNOWN, key: 'lost', mayBePaid: true }]);
	expect((await spend(budget, each(1, 1))).started).toHaveLength(1);
});

it('never refuses what may be paid already', async () => {
	const { budget } = budgetFor({ maxCredits: 1 }, record(1));
	expect((await spend(budget, [{ credits: 1, mayBePaid: true }])).started).toEqual([0]);
	expect((await spend(budget, each(1))).refused[0].message).toContain('has reserved 2 credits');
});

it('counts all runs that share a record, also at the same time', async () => {
	const spending = record();
	const runs = [1, 2, 3].map(() => budgetFor({ maxCredits: 4 }, spending).budget);
	const results = await Promise.all(runs.map(async (budget) => await spend(budget, TEN_AT_ONE)));
	expect(results.flatMap(({ started }) => started)).toHaveLength(4);
	const saved = JSON.parse(JSON.stringify(spending)) as Spending;
	expect(
		(await spend(budgetFor({ maxCredits: 5 }, saved).budget, TEN_AT_ONE)).started,
	).toHaveLength(1);
});

describe('a quote', () => {
	it('keeps the first too dear task from being started, and the error names both figures', async () => {
		const { budget } = budgetFor({ maxCredits: 5 });
		const { started, refused } = await spend(budget, [{ credits: 8.1, quote: 8.1 }]);
		expect(started).toEqual([]);
		expect(refused[0].message).toBe(
			"Not started: a task like this costs 8.1 credits, more than 'Max Credits' (5) allows",
		);
	});

	it('is no certainty: the first of a kind still goes alone', async () => {
		const { budget } = budgetFor({ maxCredits: 8 });
		const wanted = each(4, 4, 4, 4).map((one) => ({ ...one, quote: 1 }));
		expect((await spend(budget, wanted)).started).toHaveLength(2);
	});

	it('is for nothing once the real price is known', async () => {
		const { budget } = budgetFor({ maxCredits: 10 });
		await spend(budget, [{ credits: 4, quote: 1 }]);
		const { started } = await spend(budget, [{ credits: 4 }, { credits: 4 }]);
		expect(started).toHaveLength(1);
	});
});

describe('a balance to keep', () => {
	it.each([
		[100, 90, 10],
		[100, 97.5, 2],
		[100, 100, 0],
		[50, 100, 0],
	])('%p credits, %p to keep: %p tasks of 1 credit', async (balance, keepCredits, expected) => {
		const balances = Array.from({ length: 30 }, () => balance);
		let spent = 0;
		const budget = new Budget({ keepCredits }, record(), async () => balances[0] - spent);
		let started = 0;
		for (let task = 0; task < 12; task++) {
			const result = await spend(budget, each(1));
			started += result.started.length;
			spent += result.started.length;
		}
		expect(started).toBe(expected);
	});

	it('is asked for once as long as it is far away', async () => {
		const { budget, asked } = budgetFor({ keepCredits: 100 });
		await spend(budget, [...TEN_AT_ONE, ...TEN_AT_ONE]);
		expect(asked()).toBe(1);
	});

	it('is asked for again when reservations come near, so that what others spend counts', async () => {
		const { budget, asked } = budgetFor({ keepCredits: 100 }, record(), [110, 101, 100]);
		const { started, refused } = await spend(budget, TEN_AT_ONE);
		expect(asked()).toBeGreaterThan(1);
		expect(started.length).toBeLessThan(10);
		expect(refused[0].message).toMatch(
			/the account has 10\d credits, .* below 'Keep Credits' \(100\)/,
		);
	});

	it('goes no further down with many at once', async () => {
		const spending = record();
		const budget = new Budget({ keepCredits: 95 }, spending, async () => 100 - spending.credits);
		expect((await spend(budget, TEN_AT_ONE)).started).toHaveLength(5);
	});

	it('starts nothing where it cannot be told', async () => {
		const budget = new Budget({ keepCredits: 1 }, record(), async () => {
			throw new Error('Could not get the credits');
		});
		expect((await spend(budget, each(1))).started).toEqual([]);
	});

	it.each([
		[{ user: { remaining_credits: 7 }, token: { remaining_credits: 900 } }, 7],
		[{ user: { remaining_credits: '-2.5' } }, -2.5],
		[{ token: { remaining_credits: 3 } }, 3],
	])('stands in %j', (credits, expected) => {
		expect(balanceIn(credits)).toBe(expected);
	});

	it('stands nowhere: an error', () => {
		expect(() => balanceIn({ user: 'many' })).toThrow('remaining credits');
	});
});
