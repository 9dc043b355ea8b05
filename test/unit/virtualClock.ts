import type { Clock } from '../../nodes/Evolink/api/http/clock';
import { StoppedError } from '../../nodes/Evolink/api/errors/errors';

/**
 * Time that jumps from one sleeper to the next as soon as nothing else is left to do, so that hours take no
 * time. Everything that waits must wait by this clock.
 */
export class VirtualClock implements Clock {
	private time: number;

	private readonly sleepers: Array<{ until: number; wake: () => void }> = [];

	private advancing = false;

	/** Unix milliseconds at which the execution is stopped. */
	stopAt = Number.POSITIVE_INFINITY;

	private jump?: { at: number; by: number };

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

	/** How many sleep, those that sleep until they are woken among them. */
	get sleeping(): number {
		return this.sleepers.length;
	}

	get isStopped(): boolean {
		return this.time >= this.stopAt || this.stopSignal?.aborted === true;
	}

	async sleep(milliseconds: number, woken?: Promise<void>): Promise<void> {
		if (!this.isStopped) await this.pass(milliseconds, woken);
		if (this.isStopped) throw new StoppedError();
	}

	/** Once so many milliseconds have passed, so many more pass in a moment: the computer slept. */
	jumpAt(elapsed: number, by: number): void {
		this.jump = { at: this.startedAt + elapsed, by };
	}

	/** Time passes, but not beyond a stop. */
	async pass(milliseconds: number, woken?: Promise<void>): Promise<void> {
		const until = Math.min(this.time + Math.max(0, milliseconds), Math.max(this.time, this.stopAt));
		await new Promise<void>((wake) => {
			const sleeper = { until, wake };
			this.sleepers.push(sleeper);
			void woken?.then(() => {
				const index = this.sleepers.indexOf(sleeper);
				if (index >= 0) this.sleepers.splice(index, 1);
				wake();
			});
			this.advanceWhenIdle();
		});
	}

	/** By setImmediate: all promises that can go on have gone on by then. */
	private advanceWhenIdle(): void {
		if (this.advancing) return;
		this.advancing = true;
		setImmediate(() => {
			this.advancing = false;
			const timers = this.sleepers.filter(({ until }) => Number.isFinite(until));
			if (timers.length === 0) return;
			const next = timers.reduce((a, b) => (b.until < a.until ? b : a));
			this.sleepers.splice(this.sleepers.indexOf(next), 1);
			this.time = Math.max(this.time, next.until);
			if (this.jump && this.time >= this.jump.at) {
				this.time = Math.max(this.time, this.jump.at + this.jump.by);
				this.jump = undefined;
			}
			next.wake();
			this.advanceWhenIdle();
		});
	}
}
