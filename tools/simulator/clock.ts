/** The service's clock. It can be set forward to let links and files expire. */
export class Clock {
	offsetSeconds = 0;

	/** Milliseconds since the epoch. */
	now(): number {
		return Date.now() + this.offsetSeconds * 1000;
	}
}
