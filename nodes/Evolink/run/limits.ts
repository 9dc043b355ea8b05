import { Limit } from '../api/http/limit';
import type { Room } from '../api/http/messages';

/**
 * Bytes of images that may be on their way at the same time, in either direction. Where n8n keeps images in
 * memory, so much more they take; elsewhere they only pass through.
 */
const BYTES_ON_THE_WAY = 20 * 1024 * 1024;
/** Images count at least this much, so that not too many small ones are on their way either. */
const MIN_IMAGE_BYTES = 2 * 1024 * 1024;

/** For images that stand in the requests themselves, until they are answered: a gateway takes minutes. */
export const BYTES_IN_REQUESTS = 100 * 1024 * 1024;

/** For images that stand in answers, until they are stored. */
export const BYTES_IN_ANSWERS = 100 * 1024 * 1024;
/** An answer that does not say its length may have an image of some 20 MB in it. */
const UNTOLD_BYTES = 25 * 1024 * 1024;

/** Where one answer after another has its room, until it is needed no more. */
export class AnswerRoom implements Room {
	private leave: () => void = () => undefined;

	private isOver = false;

	/** @param limit bytes in answers at a time */
	constructor(private readonly limit: Limit) {}

	/** @param announced how long the answer claims to be; 0 where it does not say */
	readonly make = async (announced: number): Promise<void> => {
		this.free();
		const leave = await this.limit.enter(announced || UNTOLD_BYTES);
		if (this.isOver) leave();
		else this.leave = once(leave);
	};

	free(): void {
		this.leave();
	}

	end(): void {
		this.isOver = true;
		this.free();
	}
}

function once(act: () => void): () => void {
	let isDone = false;
	return () => {
		if (!isDone) act();
		isDone = true;
	};
}

/** Limits the bytes of images on their way. */
export class ImageLimit {
	private readonly limit: Limit;

	private largestBytes = MIN_IMAGE_BYTES;

	constructor(bytesOnTheWay = BYTES_ON_THE_WAY) {
		this.limit = new Limit(bytesOnTheWay);
	}

	/**
	 * @param images so many at a time
	 * @param bytes of the largest of them, where it is known; otherwise they count like the largest one that came before
	 */
	async run<T>(work: () => Promise<T>, images: number, bytes = this.largestBytes): Promise<T> {
		return await this.limit.run(work, images * Math.max(MIN_IMAGE_BYTES, bytes));
	}

	noteSize(bytes: number): void {
		this.largestBytes = Math.max(this.largestBytes, bytes);
	}
}
