import type { Clock } from '../../nodes/Evolink/api/clock';
import { StoppedError } from '../../nodes/Evolink/api/errors';

/** Time that passes only when somebody sleeps or waits for an answer, so that hours take no time. */
export class VirtualClock implements Clock {
	private time: number;

	/** Unix milliseconds at which the execution is stopped. */
	stopAt = Number.POSITIVE_INFINITY;

	/** Another way to stop it: what n8n, or a failed item of the same run, does. */
	stopSignal?: AbortSignal;

	constructor(readonly startedAt = Date.UTC(2026, 10, 21, 12)) {
		this.time = startedAt;
	}

	now(): number {
		return this.time;
	}

	/** Milliseconds since the start. */
	get elapsed(): number {
		return this.time - this.startedAt;
	}

	/** Time passes, but not beyond a stop. */
	pass(milliseconds: number): void {
		const end = this.time + Math.max(0, milliseconds);
		this.time = Math.max(this.time, Math.min(end, this.stopAt));
	}

	get isStopped(): boolean {
		return this.time >= this.stopAt || this.stopSignal?.aborted === true;
	}

	async sleep(milliseconds: number): Promise<void> {
		if (!this.isStopped) this.pass(milliseconds);
		await Promise.resolve(); // Others go on meanwhile, and may stop this one.
		if (this.isStopped) throw new StoppedError();
	}
}
