import { BudgetError, OutcomeUnknownError } from '../api/errors/errors';
import type { Task } from '../api/task';

/**
 * Keeps a run from starting tasks that would cost more than the user allows. What a task costs is only known
 * once the service has reserved it: so the first goes ahead alone, and the last reserved amount is taken for the price of
 * the next.
 */
export class Budget {
	/** Credits; NaN where the service does not say. */
	private price: number | undefined;

	private reservedCredits: number;

	/** Creates that are on their way. */
	private pending = 0;

	private firstAnswer: Promise<unknown> = Promise.resolve();

	/**
	 * @param maxCredits undefined for no limit
	 * @param reserved credits of each task of earlier tries of the same run
	 */
	constructor(
		private readonly maxCredits: number | undefined,
		reserved: number[],
	) {
		this.price = reserved.at(-1);
		this.reservedCredits = reserved.reduce((sum, credits) => sum + credits, 0);
	}

	/**
	 * Creates a task within the limit.
	 *
	 * @param mayBePaid what may be paid already is asked for again whatever the limit: that costs nothing more
	 * @throws {BudgetError} it would go over the limit; nothing was sent
	 */
	async spendOn(create: () => Promise<Task>, mayBePaid = false): Promise<Task> {
		if (this.maxCredits === undefined) return await create();
		while (!mayBePaid && this.price === undefined && this.pending > 0) await this.firstAnswer;
		if (!mayBePaid) this.check(this.maxCredits);
		this.pending++;
		const answer = create();
		const settled = answer.then(
			(task) => this.note(task.creditsReserved ?? Number.NaN, task.creditsReserved),
			(error: unknown) => {
				if (error instanceof OutcomeUnknownError) this.note(this.price, this.price);
			},
		);
		const done = settled.then(() => {
			this.pending--;
		});
		this.firstAnswer = done;
		await done;
		return await answer;
	}

	private note(price: number | undefined, reserved: number | undefined): void {
		this.price = price;
		this.reservedCredits += reserved || 0;
	}

	private check(maxCredits: number): void {
		const { price = 0, reservedCredits } = this;
		if (Number.isNaN(price)) throw new BudgetError(maxCredits, reservedCredits);
		if (reservedCredits + (this.pending + 1) * price > maxCredits) {
			throw new BudgetError(maxCredits, reservedCredits + this.pending * price, price);
		}
	}
}
