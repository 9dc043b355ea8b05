import { numberOf, textOf } from '../http/json';
import { isCharged, type Task, type TaskFailure } from '../task';

/** What the service says that a failed task cost, for instance `EvoLink's billing: 2.3 credits charged, refund pending`. */
export function billingOf({ billing }: Pick<Task, 'billing'>): string {
	if (billing === undefined) return '';
	const charge = wordsFor(billing.charge_status, billing.charged_credits, 'charged', 'charge');
	const refund = wordsFor(billing.refund_status, billing.refunded_credits, 'completed', 'refund');
	const parts = [charge, refund].filter((part) => part !== '');
	return parts.length > 0 ? `EvoLink's billing: ${parts.join(', ')}` : '';
}

/** For instance `27.6 credits`; sums of decimals are not exact in binary. */
export function creditsText(credits: number): string {
	const amount = Math.round(credits * 10_000) / 10_000;
	return `${amount} ${amount === 1 ? 'credit' : 'credits'}`;
}

function wordsFor(status: unknown, credits: unknown, done: string, what: string): string {
	const word = textOf(status)?.trim().toLowerCase().replaceAll('_', ' ');
	const amount = numberOf(credits);
	const verb = what === 'charge' ? 'charged' : 'refunded';
	if (word === done) return amount === undefined ? verb : `${creditsText(amount)} ${verb}`;
	const sum = amount === undefined || amount === 0 ? '' : ` (${creditsText(amount)} ${verb})`;
	return word === undefined ? sum.trim() : `${what} ${word}${sum}`;
}

/** What a new try of a failed task costs, where trying again makes sense. */
export function priceOfNewTry(task: Task, failure: TaskFailure, retryCharged: boolean): string {
	if (!failure.retryable) return '';
	const credits = task.creditsReserved ?? task.creditsUsed;
	const price =
		credits === undefined ? 'is charged again' : `costs about ${creditsText(credits)} again`;
	if (!isCharged(task)) {
		const known =
			task.billing === undefined ? " EvoLink doesn't say whether this one was charged." : '';
		return `A new task ${price}.${known}`;
	}
	return retryCharged
		? `A new task ${price}, in addition to this one.`
		: `A new task ${price}, in addition to this one, so 'Retry On Fail' doesn't create one unless the option 'Retry Charged Tasks' is on.`;
}
