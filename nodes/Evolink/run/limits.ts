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

/**
 * Bytes of pictures that may be on their way at the same time, in either direction. Where n8n keeps pictures in
 * memory, so much more they take; elsewhere they only pass through.
 */
const BYTES_ON_THE_WAY = 20 * 1024 * 1024;
/** Pictures count at least this much, so that not too many small ones are on their way either. */
const MIN_PICTURE_BYTES = 2 * 1024 * 1024;

/** Limits the bytes of pictures on their way. */
export class PictureLimit {
	private readonly limit = new Limit(BYTES_ON_THE_WAY);

	private largestBytes = MIN_PICTURE_BYTES;

	/**
	 * @param pictures so many at a time
	 * @param bytes of the largest of them, where it is known; otherwise they count like the largest one that came before
	 */
	async run<T>(work: () => Promise<T>, pictures: number, bytes = this.largestBytes): Promise<T> {
		return await this.limit.run(work, pictures * Math.max(MIN_PICTURE_BYTES, bytes));
	}

	noteSize(bytes: number): void {
		this.largestBytes = Math.max(this.largestBytes, bytes);
	}
}
