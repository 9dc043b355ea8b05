import type { Clock } from '../../nodes/Evolink/api/clock';
import { StoppedError } from '../../nodes/Evolink/api/errors';

/** Time that passes only when somebody sleeps or waits for an answer, so that hours take no time. */
export class VirtualClock implements Clock {
	private time: number;

	/** Every sleep in milliseconds, in order. */
	readonly sleeps: number[] = [];

	/** Unix milliseconds at which the execution is stopped. */
	stopAt = Number.POSITIVE_INFINITY;

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

	pass(milliseconds: number): void {
		this.time += milliseconds;
	}

	async sleep(milliseconds: number): Promise<void> {
		this.sleeps.push(milliseconds);
		const end = this.time + Math.max(0, milliseconds);
		this.time = Math.max(this.time, Math.min(end, this.stopAt));
		if (this.time >= this.stopAt) throw new StoppedError();
	}
}
