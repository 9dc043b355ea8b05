/** What one create cost. */
export interface Payment {
	taskId: string;
	idempotencyKey?: string;
	model: string;
	credits: number;
	/** Given back, because the task failed or was cancelled. */
	refunded: boolean;
	/** Milliseconds since the epoch. */
	at: number;
}

/** The account: what is left, and what was paid for. Charged at creation, refunded on failure. */
export class Ledger {
	readonly payments: Payment[] = [];

	constructor(public remainingCredits: number) {}

	get usedCredits(): number {
		const used = this.payments.filter(({ refunded }) => !refunded);
		return rounded(used.reduce((sum, { credits }) => sum + credits, 0));
	}

	canPay(credits: number): boolean {
		return this.remainingCredits >= credits;
	}

	charge(payment: Omit<Payment, 'refunded'>): void {
		this.remainingCredits = rounded(this.remainingCredits - payment.credits);
		this.payments.push({ ...payment, refunded: false });
	}

	refund(taskId: string): void {
		const payment = this.payments.find((entry) => entry.taskId === taskId);
		if (!payment || payment.refunded) return;
		payment.refunded = true;
		this.remainingCredits = rounded(this.remainingCredits + payment.credits);
	}
}

/** Credits have four decimals. */
function rounded(credits: number): number {
	return Math.round(credits * 10_000) / 10_000;
}
