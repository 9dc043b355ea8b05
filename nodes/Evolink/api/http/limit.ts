/** Lets in so much at a time, in the order in which it came. What is larger than the limit goes alone. */
export class Limit {
	private free: number;

	private readonly waiting: Array<{ weight: number; letIn: () => void }> = [];

	/** @param capacity in whatever the weights are counted: pieces, bytes */
	constructor(private readonly capacity: number) {
		this.free = capacity;
	}

	/** Waits until there is room. @returns what to call to leave again, once */
	async enter(weight = 1): Promise<() => void> {
		const taken = Math.min(weight, this.capacity);
		await new Promise<void>((letIn) => {
			this.waiting.push({ weight: taken, letIn });
			this.letInNext();
		});
		return () => {
			this.free += taken;
			this.letInNext();
		};
	}

	async run<T>(work: () => Promise<T>, weight?: number): Promise<T> {
		const leave = await this.enter(weight);
		try {
			return await work();
		} finally {
			leave();
		}
	}

	private letInNext(): void {
		while (this.waiting.length > 0 && this.waiting[0].weight <= this.free) {
			const [{ weight, letIn }] = this.waiting.splice(0, 1);
			this.free -= weight;
			letIn();
		}
	}
}
