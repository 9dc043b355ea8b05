import type { IDataObject } from 'n8n-workflow';

import { creditsText } from '../api/errors/billing';
import {
	ApiError,
	BudgetError,
	KeyConflictError,
	OutcomeUnknownError,
	TRY_LATER,
} from '../api/errors/errors';
import { isRecord, numberOf } from '../api/http/json';
import { Limit } from '../api/http/limit';
import type { Task } from '../api/task';
import type { Spending } from '../memory/spending';

/** What the user allows. Credits; undefined for no limit. */
export interface CreditLimits {
	/** For all runs of the node within one execution. */
	maxCredits?: number;
	/** So much stays on the account, whoever spends. */
	keepCredits?: number;
}

/** A task that is to be paid. */
export interface Purchase {
	/** Everything that its price can depend on. */
	kind: string;
	idempotencyKey: string;
	/** What may be paid already is asked for again whatever the limits: that costs nothing more. */
	mayBePaid?: boolean;
	/** The same request may have been paid in another execution. */
	isJob?: boolean;
	/** What the service says that it will cost; undefined where it does not say. Free. */
	quote?: () => Promise<number | undefined>;
}

/** Creates on their way, of all runs that share a record: parallel calls of a tool run at the same time. */
interface OnTheWay {
	/** Lets one at a time see whether it may start. */
	admission: Limit;
	/** Credits of each create whose answer has not come; undefined for the first of its kind. */
	prices: Map<string, number | undefined>;
	answered: () => void;
	nextAnswer: Promise<void>;
}

const onTheWayOf = new WeakMap<Spending, OnTheWay>();

/**
 * Keeps a run from starting tasks that would cost more than the user allows. What a task costs is only certain once the
 * service has reserved it: so the first of each kind goes alone, and its price is taken for the next ones of that kind.
 */
export class Budget {
	private readonly onTheWay: OnTheWay;

	private readonly quotes = new Map<string, number>();

	/** The account's balance when it was last asked for, and what was spent by this record then. */
	private seen?: { balance: number; spent: number };

	/** @param readBalance asks for the credits that are on the account */
	constructor(
		private readonly limits: CreditLimits,
		private readonly spending: Spending,
		private readonly readBalance: () => Promise<number>,
	) {
		this.onTheWay = onTheWayOf.get(spending) ?? newOnTheWay();
		onTheWayOf.set(spending, this.onTheWay);
	}

	/**
	 * Creates a task within the limits.
	 *
	 * @throws {BudgetError} it would go over a limit; nothing was sent
	 * @throws {EvolinkError} there is a balance to keep, and the service does not tell it; or of `create`
	 */
	async spendOn<T extends { task: Task }>(
		purchase: Purchase,
		create: () => Promise<T>,
	): Promise<T> {
		const { idempotencyKey, kind } = purchase;
		const { prices, admission } = this.onTheWay;
		if (!purchase.mayBePaid && this.isLimited) {
			await admission.run(async () => {
				await this.admit(purchase);
				prices.set(idempotencyKey, this.spending.prices[kind]);
			});
		}
		const creating = create();
		await creating.then(
			({ task }) => this.noteCreated(purchase, task),
			(error: unknown) => this.noteNotCreated(purchase, error),
		);
		prices.delete(idempotencyKey);
		this.onTheWay.answered();
		return await creating;
	}

	private get isLimited(): boolean {
		return this.limits.maxCredits !== undefined || this.limits.keepCredits !== undefined;
	}

	/** The last price of the kind in this execution, else the service's quote. */
	private priceOf(kind: string): number | undefined {
		return (this.spending.prices[kind] as number | undefined) ?? this.quotes.get(kind);
	}

	private noteCreated(purchase: Purchase, task: Task): void {
		const { kind, idempotencyKey, isJob } = purchase;
		const { creditsReserved: credits, isReplay } = task;
		const { open, prices } = this.spending;
		if (isJob && isReplay) return; // It was paid for where the job was done first.
		if (credits === undefined || credits < 0) {
			open[idempotencyKey] = this.quotes.get(kind) ?? null;
			return;
		}
		delete open[idempotencyKey];
		prices[kind] = credits;
		this.spending.credits = rounded(this.spending.credits + credits);
	}

	private noteNotCreated({ kind, idempotencyKey, isJob }: Purchase, error: unknown): void {
		if (!(error instanceof OutcomeUnknownError)) return;
		if (isJob && error instanceof KeyConflictError) return; // What it was paid for was done elsewhere.
		this.spending.open[idempotencyKey] = this.priceOf(kind) ?? null;
	}

	/** Waits until the task can be started. What is on its way may still be refused: then there is room after all. */
	private async admit({ kind, quote }: Purchase): Promise<void> {
		for (;;) {
			const { nextAnswer } = this.onTheWay; // It may come while the balance is asked for.
			const isFirst = this.priceOf(kind) === undefined;
			if (isFirst && quote) {
				const credits = await quote();
				if (credits !== undefined) this.quotes.set(kind, credits);
			}
			const price = this.priceOf(kind);
			this.requireMaxCredits(price);
			const isAbove = await this.staysAboveBalance(price);
			if (isAbove && this.isFreeToGo(kind)) return;
			await nextAnswer;
		}
	}

	/** Whether it can start whatever comes of those that are on their way. */
	private isFreeToGo(kind: string): boolean {
		if (this.onTheWay.prices.size === 0) return true;
		const onTheWay = this.creditsOnTheWay;
		const price = this.spending.prices[kind] as number | undefined;
		if (price === undefined || onTheWay === undefined) return false;
		const { maxCredits = Infinity, keepCredits = -Infinity } = this.limits;
		const fitsBalance =
			this.seen === undefined || rounded(this.left - onTheWay - price) >= keepCredits;
		return rounded(this.spent + onTheWay + price) <= maxCredits && fitsBalance;
	}

	/** Undefined where one of them is the first of its kind. */
	private get creditsOnTheWay(): number | undefined {
		const prices = [...this.onTheWay.prices.values()];
		if (prices.includes(undefined)) return undefined;
		return prices.reduce<number>((sum, credits) => sum + (credits ?? 0), 0);
	}

	/** Credits of what is paid, or may be. */
	private get spent(): number {
		const { credits, open } = this.spending;
		return Object.values(open).reduce<number>((sum, one) => sum + (one ?? 0), credits);
	}

	private requireMaxCredits(price: number | undefined): void {
		const { maxCredits } = this.limits;
		if (maxCredits === undefined) return;
		const spent = rounded(this.spent);
		const limit = `'Max Credits' (${maxCredits})`;
		if (Object.values(this.spending.open).includes(null)) {
			throw new BudgetError(
				`Not started: the cost of an earlier task of this execution is unknown, so ${limit} can't be guaranteed`,
				RAISE_MAX_CREDITS,
			);
		}
		if (price === undefined ? spent < maxCredits : fits(spent + price, maxCredits)) return;
		if (spent === 0 && price !== undefined) {
			throw new BudgetError(
				`Not started: a task like this costs ${creditsText(price)}, more than ${limit} allows`,
				RAISE_MAX_CREDITS,
			);
		}
		throw new BudgetError(
			`Not started: this execution has reserved ${creditsText(spent)}, and another task` +
				`${price === undefined ? '' : ` for ${creditsText(price)}`} would exceed ${limit}`,
			RAISE_MAX_CREDITS,
		);
	}

	/** What is on the account as far as this record knows. */
	private get left(): number {
		const { balance, spent } = this.seen ?? { balance: Infinity, spent: 0 };
		return balance - (this.spent - spent);
	}

	/** Others spend from the same account: so the balance is asked for again, the nearer the limit, the more often. */
	private async staysAboveBalance(price: number | undefined): Promise<boolean> {
		const { keepCredits } = this.limits;
		if (keepCredits === undefined) return true;
		const staysAbove = () =>
			price === undefined ? this.left > keepCredits : rounded(this.left - price) >= keepCredits;
		const after = this.left - (this.creditsOnTheWay ?? 0) - (price ?? 0);
		const isFarAway = this.seen !== undefined && after > (this.seen.balance + keepCredits) / 2;
		if (isFarAway) return true;
		this.seen = { spent: this.spent, balance: await this.readBalance() };
		if (staysAbove()) return true;
		// The balance may, or may not, be without what is on the way.
		if (this.onTheWay.prices.size > 0) return false;
		throw new BudgetError(
			`Not started: the account has ${creditsText(this.left)}, and another task` +
				`${price === undefined ? '' : ` for ${creditsText(price)}`} would go below 'Keep Credits' (${keepCredits})`,
			"Top up the EvoLink account, or lower the option 'Keep Credits'.",
		);
	}
}

const RAISE_MAX_CREDITS =
	"Increase or remove the option 'Max Credits', or run the remaining items separately.";

/** 0 buys nothing, not even what is free. */
function fits(credits: number, maxCredits: number): boolean {
	return maxCredits > 0 && rounded(credits) <= maxCredits;
}

function newOnTheWay(): OnTheWay {
	const state: OnTheWay = {
		admission: new Limit(1),
		prices: new Map(),
		answered: () => undefined,
		nextAnswer: Promise.resolve(),
	};
	const wait = () => {
		state.nextAnswer = new Promise<void>((resolve) => {
			state.answered = () => {
				wait();
				resolve();
			};
		});
	};
	wait();
	return state;
}

/** Sums of decimal credits come with the errors of binary arithmetic. */
function rounded(credits: number): number {
	return Math.round(credits * 10_000) / 10_000;
}

/**
 * The account's balance.
 *
 * @param credits the service's answer: `user` is the account, `token` the key
 * @throws {ApiError} it stands nowhere
 */
export function balanceIn({ user, token }: IDataObject): number {
	const balances = [user, token].map((one) =>
		isRecord(one) ? numberOf(one.remaining_credits) : undefined,
	);
	const balance = balances.find((one) => one !== undefined);
	if (balance === undefined) {
		throw new ApiError("EvoLink's response doesn't include the remaining credits", TRY_LATER);
	}
	return balance;
}
