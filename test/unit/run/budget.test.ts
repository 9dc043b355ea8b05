import {
	BudgetError,
	KeyConflictError,
	OutcomeUnknownError,
} from '../../../nodes/Evolink/api/errors/errors';
import type { Task } from '../../../nodes/Evolink/api/task';
import type { Spending } from '../../../nodes/Evolink/memory/spending';
import { balanceIn, Budget, type CreditLimits } from '../../../nodes/Evolink/run/budget';

/** A task to start: what it costs, or how its create fails. */
interface Wanted {
	credits: number | undefined | Error;
	kind?: string;
	key?: string;
	mayBePaid?: boolean;
	isJob?: boolean;
	/** The service says that this very request was carried out before. */
	isReplay?: boolean;
	/** `silent`: the service has no quote. */
	quote?: number | 'silent';
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
	let quotes = 0;
	const outcomes = await Promise.allSettled(
		wanted.map(
			async ({ credits, kind = 'one', key = `key-${keys++}`, quote, isReplay, ...more }, index) => {
				const ask = async () => {
					quotes++;
					return quote === 'silent' ? undefined : quote;
				};
				const purchase = {
					kind,
					idempotencyKey: key,
					...more,
					...(quote === undefined ? {} : { quote: ask }),
				};
				return await budget.spendOn(purchase, async () => {
					started.push(index);
					most = Math.max(most, ++onTheWay);
					await new Promise((resolve) => setImmediate(resolve));
					onTheWay--;
					if (credits instanceof Error) throw credits;
					return { task: { creditsReserved: credits, isReplay } as Task };
				});
			},
		),
	);
	const errors = outcomes.flatMap((outcome) =>
		outcome.status === 'rejected' ? [outcome.reason as Error] : [],
	);
	const refused = errors.filter((error) => error instanceof BudgetError);
	return { started, most, quotes, refused };
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

it('a job key that was used for something else costs nothing', async () => {
	const conflict = new KeyConflictError('It was used already', 'key-of-the-job', {});
	const { budget } = budgetFor({ maxCredits: 3 });
	const wanted = [{ credits: conflict, isJob: true }, ...each(1, 1, 1)];
	expect((await spend(budget, wanted)).started).toEqual([0, 1, 2, 3]);
});

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
	expect(refused[0].message).toContain('has reserved 23 credits, and another task for 10 credits');
	const { most } = await spend(budgetFor({ maxCredits: 5 }).budget, [
		{ kind: 'a', credits: 1 },
		{ kind: 'b', credits: 1 },
		{ kind: 'c', credits: 1 },
	]);
	expect(most).toBe(1);
});

it('waits for the first of another kind, which may cost anything', async () => {
	const spending = record();
	spending.prices.cheap = 2;
	const { started, refused } = await spend(budgetFor({ maxCredits: 10 }, spending).budget, [
		{ kind: 'dear', credits: 9 },
		{ kind: 'cheap', credits: 2 },
	]);
	expect(started).toEqual([0]);
	expect(refused).toHaveLength(1);
});

it('takes the last price of the kind for the next', async () => {
	const { budget } = budgetFor({ maxCredits: 10 });
	await spend(budget, each(1));
	await spend(budget, each(6));
	const { started, refused } = await spend(budget, each(1));
	expect(started).toEqual([]);
	expect(refused[0].message).toContain('has reserved 7 credits, and another task for 6 credits');
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

it('without limits all start at once, whatever it costs', async () => {
	const { started, most } = await spend(budgetFor({}).budget, TEN_AT_ONE);
	expect([started.length, most]).toEqual([10, 10]);
});

it('within the limits all but the first of a kind start at once', async () => {
	expect((await spend(budgetFor({ maxCredits: 10 }).budget, TEN_AT_ONE)).most).toBe(9);
	expect((await spend(budgetFor({ keepCredits: 10 }).budget, TEN_AT_ONE)).most).toBe(9);
	const both = budgetFor({ maxCredits: 10, keepCredits: 10 }).budget;
	expect((await spend(both, TEN_AT_ONE)).most).toBe(9);
});

it('a job that was paid for elsewhere costs nothing here', async () => {
	const { budget } = budgetFor({ maxCredits: 2 });
	await spend(budget, [{ credits: 2, isJob: true, isReplay: true, kind: 'job' }]);
	expect((await spend(budget, each(1, 1, 1))).started).toEqual([0, 1]);
});

it.each<[string, Partial<Wanted>]>([
	['a job that is done here first', { isJob: true, isReplay: false }],
	['a repetition of this execution', { isReplay: true }],
])('%s is paid here', async (_name, more) => {
	const { budget } = budgetFor({ maxCredits: 3 });
	await spend(budget, [{ credits: 2, kind: 'job', ...more }]);
	expect((await spend(budget, each(1, 1))).started).toEqual([0]);
});

it('what is free is a price; less than nothing is none', async () => {
	const free = budgetFor({ maxCredits: 1 }).budget;
	expect((await spend(free, each(0, 0, 0))).started).toEqual([0, 1, 2]);
	const odd = budgetFor({ maxCredits: 1 }).budget;
	const { started, refused } = await spend(odd, each(-5, 1));
	expect(started).toEqual([0]);
	expect(refused[0].message).toBe(
		"Not started: the cost of an earlier task of this execution is unknown, so 'Max Credits' (1) can't be guaranteed",
	);
});

it('a refusal says what was reserved, and what can be done', async () => {
	const advice =
		"Increase or remove the option 'Max Credits', or run the remaining items separately.";
	const known = budgetFor({ maxCredits: 0.3 }).budget;
	const [atPrice] = (await spend(known, each(0.1, 0.1, 0.1, 0.1))).refused;
	expect(atPrice).toMatchObject({
		message:
			"Not started: this execution has reserved 0.3 credits, and another task for 0.1 credits would exceed 'Max Credits' (0.3)",
		advice,
	});
	const [unpriced] = (await spend(budgetFor({ maxCredits: 0 }).budget, each(1))).refused;
	expect(unpriced).toMatchObject({
		message:
			"Not started: this execution has reserved 0 credits, and another task would exceed 'Max Credits' (0)",
		advice,
	});
	const dear = await spend(budgetFor({ maxCredits: 5 }).budget, [{ credits: 8, quote: 8 }]);
	expect(dear.refused[0]).toMatchObject({ advice });
	const open = await spend(budgetFor({ maxCredits: 5 }).budget, each(undefined, 1));
	expect(open.refused[0]).toMatchObject({ advice });
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

	it.each<[string, Wanted['credits']]>([
		['the answer names no price', undefined],
		['the outcome is unknown', UNKNOWN],
	])('counts where %s', async (_name, credits) => {
		const { budget } = budgetFor({ maxCredits: 5 });
		const wanted = [1, 2, 3].map(() => ({ credits, quote: 2 }));
		const { started, refused } = await spend(budget, wanted);
		expect(started).toEqual([0, 1]);
		expect(refused[0].message).toContain(
			'has reserved 4 credits, and another task for 2 credits would',
		);
	});

	it('is asked for as long as the price is not known, and never without a limit', async () => {
		const wanted = each(1, 1, 1, 1).map((one): Wanted => ({ ...one, quote: 1 }));
		const { started, quotes } = await spend(budgetFor({ maxCredits: 9 }).budget, wanted);
		expect([started.length, quotes]).toEqual([4, 1]);
		expect((await spend(budgetFor({}).budget, wanted)).quotes).toBe(0);
	});

	it('that the service does not give stops nothing', async () => {
		const { budget } = budgetFor({ maxCredits: 2 });
		const wanted = each(1, 1, 1).map((one): Wanted => ({ ...one, quote: 'silent' }));
		const { started, refused } = await spend(budget, wanted);
		expect(started).toEqual([0, 1]);
		expect(refused[0].message).toContain(
			'has reserved 2 credits, and another task for 1 credit would',
		);
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

	it('starts nothing where it cannot be told, but for what may be paid already', async () => {
		const budget = new Budget({ keepCredits: 1 }, record(), async () => {
			throw new Error('Could not get the credits');
		});
		expect((await spend(budget, each(1))).started).toEqual([]);
		expect((await spend(budget, [{ credits: 1, mayBePaid: true }])).started).toEqual([0]);
	});

	it('leaves room to those that wait when one on its way is refused', async () => {
		const spending = record();
		const budget = new Budget({ keepCredits: 98 }, spending, async () => 100 - spending.credits);
		const { started, refused } = await spend(budget, each(1, new Error('Refused'), 1, 1));
		expect(started).toEqual([0, 1, 2]);
		expect(refused).toHaveLength(1);
	});

	it('leaves room as well where the account is told without what is on its way', async () => {
		const spending = record();
		spending.prices.one = 1;
		let reserved = 0;
		const budget = new Budget({ keepCredits: 98 }, spending, async () => 99 - reserved);
		const refused = budget.spendOn({ kind: 'one', idempotencyKey: 'first' }, async () => {
			reserved = 1;
			await new Promise((resolve) => setTimeout(resolve, 20));
			reserved = 0;
			throw new Error('Refused');
		});
		const task = { creditsReserved: 1 } as Task;
		const waits = budget.spendOn({ kind: 'one', idempotencyKey: 'next' }, async () => ({ task }));
		await expect(refused).rejects.toThrow('Refused');
		await expect(waits).resolves.toEqual({ task });
	});

	it('is kept beside a limit for the execution: the tighter one holds', async () => {
		const limits = { maxCredits: 3, keepCredits: 98 };
		const byBalance = budgetFor(limits, record(), [100, 99, 98]);
		expect((await spend(byBalance.budget, each(1, 1, 1, 1))).started).toHaveLength(2);
		const byLimit = budgetFor(limits, record(), [500]);
		expect((await spend(byLimit.budget, each(1, 1, 1, 1))).started).toHaveLength(3);
	});

	it('a refusal says what is there, and what can be done', async () => {
		const advice = "Top up the EvoLink account, or lower the option 'Keep Credits'.";
		const { budget } = budgetFor({ keepCredits: 5 }, record(), [5]);
		expect((await spend(budget, each(1))).refused[0]).toMatchObject({
			message:
				"Not started: the account has 5 credits, and another task would go below 'Keep Credits' (5)",
			advice,
		});
		const [refused] = (await spend(budget, [{ credits: 2.5, quote: 2.5 }])).refused;
		expect(refused).toMatchObject({
			message:
				"Not started: the account has 5 credits, and another task for 2.5 credits would go below 'Keep Credits' (5)",
			advice,
		});
	});

	it.each([
		[{ user: { remaining_credits: 7 }, token: { remaining_credits: 900 } }, 7],
		[{ user: { remaining_credits: '-2.5' } }, -2.5],
		[{ token: { remaining_credits: 3 } }, 3],
	])('stands in %j', (credits, expected) => {
		expect(balanceIn(credits)).toBe(expected);
	});

	it('stands nowhere: an error', () => {
		expect(() => balanceIn({ user: 'many' })).toThrow(
			"EvoLink's response doesn't include the remaining credits",
		);
	});
});
