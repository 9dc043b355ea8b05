/** Lets so many in at a time, in the order in which they came. */
export class Limit {
	private readonly waiting: Array<() => void> = [];

	constructor(private free: number) {}

	/** Waits until there is room. @returns what to call to leave again, once */
	async enter(): Promise<() => void> {
		if (this.free > 0) this.free--;
		else await new Promise<void>((letIn) => this.waiting.push(letIn));
		return () => {
			const next = this.waiting.shift();
			if (next) next();
			else this.free++;
		};
	}

	async run<T>(work: () => Promise<T>): Promise<T> {
		const leave = await this.enter();
		try {
			return await work();
		} finally {
			leave();
		}
	}
}
