import { formatOf, type ImageFacts, type ImageFormat } from './format';
import { type Findings, type Walk, WALKS, type Wish } from './walks';

/** Enough to recognize every format. */
const SIGNATURE_BYTES = 64;

/**
 * Places in a file that are looked at. Images of 20 MB have some ten thousand; a file that is made to have more must
 * not keep n8n from its other work.
 */
const MAX_STEPS = 100_000;

const NOTHING = Buffer.alloc(0);

/**
 * Reads what the bytes of an image tell while they come by: format, size, transparency, and whether the file ends
 * before the image does. It goes through the bytes once, holds at most 64 KB of them, and looks at a limited number
 * of places, whatever the file contains.
 */
export class ImageReader {
	/** How many places were looked at. */
	steps = 0;

	private bytes = 0;

	private readonly found: Findings = {};

	private signature: Buffer | undefined;

	private walk: Walk | undefined;

	private wish: Wish = {};

	/** What there is of the part that is asked for. */
	private held: Buffer[] = [];

	private passed = 0;

	/** The last two bytes. */
	private tail: Buffer = NOTHING;

	/** Takes the next bytes of the file. */
	write(chunk: Buffer): void {
		this.bytes += chunk.length;
		this.tail = Buffer.concat([this.tail, chunk.subarray(-2)]).subarray(-2);
		if (this.signature) {
			this.follow(chunk);
			return;
		}
		this.held.push(chunk);
		if (this.bytes >= SIGNATURE_BYTES) this.begin();
	}

	/** What was found, once the whole file has come by. @returns undefined where it is no image of a known format */
	end(): ImageFacts | undefined {
		if (!this.signature) this.begin();
		const format = formatOf(this.signature as Buffer);
		const { width, height, orientation = 1, transparency, isRaw } = this.found;
		if (!format || isRaw) return undefined;
		const size = width && height ? { width, height } : {};
		const isTurned = orientation >= 5;
		return {
			format,
			...(width && height && isTurned ? { width: height, height: width } : size),
			...(isTurned ? { isTurned } : {}),
			...(transparency === undefined ? {} : { transparency }),
			...(this.isCutOff(format) ? { isCutOff: true } : {}),
		};
	}

	private begin(): void {
		const beginning = Buffer.concat(this.held);
		this.held = [];
		this.signature = beginning;
		const format = formatOf(beginning);
		this.walk = format && WALKS[format]?.(this.found);
		this.step(NOTHING);
		this.follow(beginning);
	}

	/** Fulfils the wishes of the walk as far as these bytes go. */
	private follow(chunk: Buffer): void {
		let position = 0;
		while (this.walk && position < chunk.length) {
			const { past, unlessBefore, skip = 0, read = 0 } = this.wish;
			if (past !== undefined && this.passed === 0) {
				position = this.positionOf(past, unlessBefore, chunk, position);
				if (position < 0) return;
			}
			const before = skip + (past === undefined ? 0 : 1);
			const skipped = Math.min(chunk.length - position, Math.max(0, before - this.passed));
			const end = Math.min(chunk.length, position + before + read - this.passed);
			if (position + skipped < end) this.held.push(chunk.subarray(position + skipped, end));
			this.passed += end - position;
			position = end;
			if (this.passed < before + read) return;
			const content = this.held.length === 1 ? this.held[0] : Buffer.concat(this.held);
			this.held = [];
			this.passed = 0;
			this.step(content);
		}
	}

	/** @returns below 0 where the chunk has none */
	private positionOf(
		value: number,
		unlessBefore: number | undefined,
		chunk: Buffer,
		from: number,
	): number {
		let at = chunk.indexOf(value, from);
		while (at >= 0 && at + 1 < chunk.length && chunk[at + 1] === unlessBefore) {
			if (++this.steps >= MAX_STEPS) return at;
			at = chunk.indexOf(value, at + 2);
		}
		return at;
	}

	private step(content: Buffer): void {
		const next = this.walk?.next(content);
		this.steps++;
		if (!next || next.done || this.steps >= MAX_STEPS) {
			this.walk = undefined;
		} else {
			this.wish = next.value;
		}
	}

	/** A walk that came to no end was left waiting for more, unless it lost its way or had enough. */
	private isCutOff(format: ImageFormat): boolean {
		const { endsAt, hasPixels } = this.found;
		if (endsAt !== undefined) return this.bytes < endsAt;
		if (!this.walk) return false;
		// Damage within may hide the end; a file that ends as images do is not cut off.
		if (format === 'jpeg') return !(hasPixels && this.tail.equals(Buffer.from([0xff, 0xd9])));
		return format === 'png' || (format === 'gif' && this.tail[1] !== 0x3b);
	}
}

/**
 * Recognizes an image by its bytes; names and declared types are often wrong.
 *
 * @returns undefined where it is no image of a known format
 */
export function examineImage(bytes: Buffer): ImageFacts | undefined {
	const reader = new ImageReader();
	reader.write(bytes);
	return reader.end();
}
