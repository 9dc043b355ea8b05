import type { IExecuteFunctions } from 'n8n-workflow';

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
		const { stream, close } = await this.open();
		try {
			const chunks: Buffer[] = [];
			for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
			return Buffer.concat(chunks);
		} finally {
			close();
		}
	}
}

/**
 * Takes the body of an answer while it arrives. Where it fails by itself, that is its own to tell.
 *
 * @param content ends with an error where the answer breaks off or is too long
 * @param announced how long the answer claims to be; 0 where it does not say
 */
export type TakeBytes = (content: ByteStream, announced: number) => Promise<unknown>;

/** Enough to tell an image from other things. */
const BEGINNING_BYTES = 64;
const FIRST_ROOM_BYTES = 64 * 1024;

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
		let bytes = Buffer.allocUnsafe(Math.min(this.announced || FIRST_ROOM_BYTES, this.maxBytes));
		let length = 0;
		for await (const chunk of this.content as AsyncIterable<Buffer>) {
			const needed = length + chunk.length;
			if (needed > bytes.length) {
				bytes = Buffer.concat([bytes], Math.min(this.maxBytes, needed * 2));
			}
			bytes.set(chunk, length);
			length = needed;
		}
		return bytes.subarray(0, length);
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
