import type { IExecuteFunctions } from 'n8n-workflow';

import { breaks } from './breaks';

/** Bytes on their way, as n8n hands them out and takes them. */
export type ByteStream = Awaited<ReturnType<IExecuteFunctions['helpers']['getBinaryStream']>>;

/** A stream, and what to call when it is needed no more, read to its end or not. */
export interface OpenBytes {
	stream: ByteStream;
	close: () => void;
}

/** Bytes that are too many to be held: opened anew each time that they are needed. */
export class StreamedBytes {
	constructor(
		readonly length: number,
		readonly open: () => Promise<OpenBytes>,
	) {}

	/** All of them. */
	async hold(): Promise<Buffer> {
		return await held(piecesOf(this), this.length);
	}
}

const PIECE_BYTES = 1024 * 1024;

/** Bytes, a piece at a time, so that n8n comes to its other work. */
export async function* piecesOf(content: Buffer | StreamedBytes): AsyncGenerator<Buffer> {
	if (Buffer.isBuffer(content)) {
		const rest = breaks(PIECE_BYTES);
		for (let start = 0; start < content.length; start += PIECE_BYTES) {
			const piece = content.subarray(start, start + PIECE_BYTES);
			yield piece;
			await rest(piece.length);
		}
		return;
	}
	const { stream, close } = await content.open();
	try {
		yield* stream as AsyncIterable<Buffer>;
	} finally {
		close();
	}
}

/**
 * Takes the body of an answer while it arrives. Where it fails by itself, that is its own to tell.
 *
 * @param content ends with an error where the answer breaks off or is too long
 * @param announced how long the answer claims to be; 0 where it does not say
 */
export type TakeBytes = (content: ByteStream, announced: number) => Promise<unknown>;

/**
 * Bytes that are put together as they come. To copy many in one go would hold n8n up: a system may need long to find
 * the memory.
 */
export class Room {
	private readonly bytes: Buffer;

	private length = 0;

	private readonly more: Buffer[] = [];

	/** @param expected as long as they are likely to be; what comes beyond is held twice for a moment */
	constructor(expected: number) {
		this.bytes = Buffer.allocUnsafe(expected);
	}

	add(chunk: Buffer): void {
		if (this.more.length === 0 && this.length + chunk.length <= this.bytes.length) {
			this.bytes.set(chunk, this.length);
			this.length += chunk.length;
		} else {
			this.more.push(chunk);
		}
	}

	/** All that came. */
	async filled(): Promise<Buffer> {
		const begun = this.bytes.subarray(0, this.length);
		if (this.more.length === 0) return begun;
		const chunks = [begun, ...this.more];
		const all = Buffer.allocUnsafe(chunks.reduce((sum, { length }) => sum + length, 0));
		const rest = breaks();
		let end = 0;
		for (const chunk of chunks) {
			all.set(chunk, end);
			end += chunk.length;
			await rest(chunk.length);
		}
		return all;
	}
}

/** Puts pieces together. @param expected as long as all of them are likely to be */
export async function held(pieces: AsyncIterable<Buffer>, expected: number): Promise<Buffer> {
	const room = new Room(expected);
	const rest = breaks();
	for await (const piece of pieces) {
		room.add(piece);
		await rest(piece.length);
	}
	return await room.filled();
}

/** Enough to tell an image from other things. */
const BEGINNING_BYTES = 64;

/** The body of an answer while it arrives. */
export class ArrivingBody {
	isTooLong = false;

	private isFaulty = false;

	private readonly content: ByteStream;

	/**
	 * @param announced the length that the answer claims to have, 0 where it does not say
	 * @param onEnd called when the last byte is there
	 */
	constructor(
		private readonly source: ByteStream,
		private readonly announced: number,
		private readonly maxBytes: number,
		onEnd: () => void,
	) {
		let length = 0;
		this.content = source.map((chunk: Buffer) => {
			length += chunk.length;
			this.isTooLong = length > maxBytes;
			if (this.isTooLong) throw new Error('The response is too long');
			return chunk;
		});
		this.content.on('end', onEnd);
		this.content.on('error', () => {
			this.isFaulty = true;
		});
		// n8n's client may tell of an error once more when nobody else listens, which would end n8n.
		source.on('error', () => undefined);
	}

	/**
	 * Reads it, or hands it on.
	 *
	 * @param choose gets the first bytes and says who takes all of them, if anybody; not asked about a very short body
	 * @returns all of it; only its beginning where somebody took it
	 * @throws {Error} it broke off or is too long
	 */
	async receive(choose?: (beginning: Buffer) => TakeBytes | undefined): Promise<Buffer> {
		this.isTooLong = this.announced > this.maxBytes;
		if (this.isTooLong) throw new Error('The response is too long');
		if (!choose) return await this.read();
		const beginning = await this.readBeginning();
		if (beginning.length < BEGINNING_BYTES) return beginning;
		this.content.unshift(beginning);
		const take = choose(beginning);
		if (!take) return await this.read();
		await take(this.content, this.announced).catch(() => undefined);
		if (this.isFaulty) throw new Error('The response was cut off');
		return beginning;
	}

	/** Ends it, also where nobody has read it. */
	close(): void {
		this.content.destroy();
		this.source.destroy();
	}

	private async read(): Promise<Buffer> {
		const expected = Math.min(this.announced, this.maxBytes);
		return await held(this.content as AsyncIterable<Buffer>, expected);
	}

	private async readBeginning(): Promise<Buffer> {
		const chunks: Buffer[] = [];
		let length = 0;
		const content = this.content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
		for await (const chunk of content) {
			chunks.push(chunk);
			length += chunk.length;
			if (length >= BEGINNING_BYTES) break;
		}
		return Buffer.concat(chunks);
	}
}
