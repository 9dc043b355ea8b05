/**
 * What the pixels of a PNG tell: how opaque or how bright they are. (Portable Network Graphics, second edition.) Rows
 * are unpacked one after another and thrown away, so memory stays flat, and no more is unpacked than the image has,
 * whatever the file claims to contain. Zlib works in threads of its own; between its pieces n8n comes to its other work.
 */

/** Of all pixels that were looked at: 0 to 255. */
export interface PixelRange {
	least: number;
	most: number;
}

export type PixelProperty = 'opacity' | 'brightness';

/** Larger images are not looked at: 50 megapixels take half a second of n8n's only thread, in small pieces. */
const MAX_PIXELS = 50_000_000;
const MAX_ROW_BYTES = 1024 * 1024;

/** Images have some thousand chunks; a file that is made to have more must not keep n8n from its other work. */
const MAX_CHUNKS = 100_000;

/**
 * Looks at the pixels of a PNG.
 *
 * @param file its bytes, piece by piece
 * @param isEnough whether what was seen settles the question, so that the rest need not be looked at
 * @returns undefined where nobody can tell: the image is damaged, too large, or no PNG
 */
export async function rangeOfPixels(
	file: AsyncIterable<Buffer>,
	property: PixelProperty,
	isEnough: (seen: PixelRange) => boolean,
): Promise<PixelRange | undefined> {
	const parts = partsOf(file);
	try {
		const header = await readHeader(parts);
		if (!header) return undefined;
		const image = new Rows(header, property);
		for await (const bytes of inflate(header.firstPixels, parts)) {
			image.write(bytes);
			if (image.isComplete || isEnough(image.range)) return image.range;
		}
	} catch {
		// What is damaged is the service's to judge.
	} finally {
		await parts.return();
	}
	return undefined;
}

interface Part {
	type: string;
	/** Of a chunk that comes in several pieces, one of them. */
	content: Buffer;
}

/** The content of a PNG's chunks, as it comes. */
async function* partsOf(file: AsyncIterable<Buffer>): AsyncGenerator<Part, void> {
	let rest = Buffer.alloc(0);
	let [type, left, skip] = ['', 0, 8];
	let chunks = 0;
	for await (const piece of file) {
		let bytes = Buffer.concat([rest, piece]);
		for (;;) {
			const skipped = Math.min(skip, bytes.length);
			bytes = bytes.subarray(skipped);
			skip -= skipped;
			if (skip > 0 || bytes.length < (left > 0 ? 1 : 8)) break;
			if (left === 0) {
				if (++chunks > MAX_CHUNKS) return;
				left = bytes.readUInt32BE(0);
				type = bytes.toString('latin1', 4, 8);
				skip = left === 0 ? 12 : 8;
				continue;
			}
			const content = bytes.subarray(0, left);
			bytes = bytes.subarray(content.length);
			left -= content.length;
			if (left === 0) skip = 4; // the checksum
			yield { type, content };
		}
		rest = Buffer.from(bytes);
	}
}

interface Header {
	width: number;
	height: number;
	depth: number;
	/** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha. */
	colourType: number;
	isInterlaced: boolean;
	/** Three bytes for each colour. */
	palette: Buffer;
	/** Chunk tRNS: a byte for each colour of the palette, else the one colour that is transparent. */
	transparency: Buffer;
	firstPixels: Buffer;
}

/** @returns undefined where the image cannot be looked at */
async function readHeader(parts: AsyncGenerator<Part, void>): Promise<Header | undefined> {
	const small: Record<string, Buffer> = {};
	for (;;) {
		const { value, done } = await parts.next();
		if (done || !value) return undefined;
		const { type, content } = value;
		if (type === 'IDAT') return headerOf(small, content);
		if (!['IHDR', 'PLTE', 'tRNS'].includes(type)) continue;
		small[type] = Buffer.concat([small[type] ?? Buffer.alloc(0), content]).subarray(0, 768);
	}
}

function headerOf(
	{ IHDR: head, PLTE: palette, tRNS: transparency }: Record<string, Buffer | undefined>,
	firstPixels: Buffer,
): Header | undefined {
	if (!head || head.length < 13) return undefined;
	const header = {
		width: head.readUInt32BE(0),
		height: head.readUInt32BE(4),
		depth: head[8],
		colourType: head[9],
		isInterlaced: head[12] === 1,
		palette: palette ?? Buffer.alloc(0),
		transparency: transparency ?? Buffer.alloc(0),
		firstPixels,
	};
	const pixels = header.width * header.height;
	const isReadable =
		(SAMPLES[header.colourType] ?? 0) > 0 &&
		[1, 2, 4, 8, 16].includes(header.depth) &&
		pixels > 0 &&
		pixels <= MAX_PIXELS &&
		rowBytes(header, header.width) <= MAX_ROW_BYTES;
	return isReadable ? header : undefined;
}

/** Of a pixel, by colour type. */
const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function rowBytes({ depth, colourType }: Header, width: number): number {
	return Math.ceil((width * SAMPLES[colourType] * depth) / 8);
}

/** Unpacks the pixels, as long as they are asked for. */
async function* inflate(first: Buffer, rest: AsyncGenerator<Part, void>): AsyncGenerator<Buffer> {
	const { readable, writable } = new DecompressionStream('deflate');
	const writer = writable.getWriter();
	const write = async () => {
		await writer.write(first);
		for await (const { type, content } of rest) {
			if (type === 'IDAT') await writer.write(content);
			if (type === 'IEND') break;
		}
		await writer.close();
	};
	// Its errors are those of the reading side.
	const written = write().catch(() => undefined);
	const reader = readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
	try {
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return;
			yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
		}
	} finally {
		await reader.cancel().catch(() => undefined);
		await written;
	}
}

/** First pixel and distance to the next, across and down, of the seven passes of an interlaced image. */
const PASSES = [
	{ left: 0, across: 8, top: 0, down: 8 },
	{ left: 4, across: 8, top: 0, down: 8 },
	{ left: 0, across: 4, top: 4, down: 8 },
	{ left: 2, across: 4, top: 0, down: 4 },
	{ left: 0, across: 2, top: 2, down: 4 },
	{ left: 1, across: 2, top: 0, down: 2 },
	{ left: 0, across: 1, top: 1, down: 2 },
];
const ONE_PASS = [{ left: 0, across: 1, top: 0, down: 1 }];

/** Takes unpacked bytes and notes what the pixels in them are like. */
class Rows {
	readonly range: PixelRange = { least: 255, most: 0 };

	isComplete = false;

	private readonly passes: Array<{ width: number; height: number }>;

	private readonly reader: PixelReader;

	private width = 0;

	private rowsLeft = 0;

	/** How the row is filtered; undefined where the row has not begun. */
	private filter: number | undefined;

	private row = Buffer.alloc(0);

	/** Bytes of the row that have come. */
	private filled = 0;

	private above = Buffer.alloc(0);

	constructor(
		private readonly header: Header,
		property: PixelProperty,
	) {
		const { width, height, isInterlaced } = header;
		this.passes = (isInterlaced ? PASSES : ONE_PASS)
			.map(({ left, across, top, down }) => ({
				width: Math.ceil((width - left) / across),
				height: Math.ceil((height - top) / down),
			}))
			.filter((pass) => pass.width > 0 && pass.height > 0);
		this.reader = (property === 'opacity' ? opacityReader : brightnessReader)(header);
		this.beginPass();
	}

	/** @throws Error the rows are not what they should be */
	write(bytes: Buffer): void {
		let position = 0;
		while (position < bytes.length && !this.isComplete) {
			this.filter ??= bytes[position++];
			const copied = bytes.copy(this.row, this.filled, position);
			position += copied;
			this.filled += copied;
			if (this.filled === this.row.length) this.endRow(this.filter);
		}
	}

	private endRow(filter: number): void {
		const { header, reader, range, row, above } = this;
		unfilter(filter, row, above, reader.step, Math.max(1, rowBytes(header, 8) >> 3));
		reader.look(row, this.width, range);
		[this.row, this.above] = [above, row];
		this.filter = undefined;
		this.filled = 0;
		if (--this.rowsLeft === 0) this.beginPass();
	}

	private beginPass(): void {
		const pass = this.passes.shift();
		if (!pass) {
			this.isComplete = true;
			return;
		}
		this.width = pass.width;
		this.rowsLeft = pass.height;
		this.row = Buffer.alloc(rowBytes(this.header, pass.width));
		this.above = Buffer.alloc(this.row.length);
	}
}

/** The bytes of each pixel that are looked at: from the first, in steps; each depends only on others of these. */
interface Step {
	first: number;
	length: number;
}

/**
 * Undoes the filter of a row, in place.
 *
 * @param above the row above, unfiltered
 * @param pixelBytes of a pixel; 1 where several pixels share a byte
 * @throws Error there is no such filter
 */
function unfilter(
	filter: number,
	row: Buffer,
	above: Buffer,
	{ first, length }: Step,
	pixelBytes: number,
): void {
	if (filter === 0) return;
	if (filter > 4) throw new Error('no such filter');
	for (let at = first; at < row.length; at += length) {
		const left = at < pixelBytes ? 0 : row[at - pixelBytes];
		const up = above[at];
		if (filter === 1) row[at] += left;
		else if (filter === 2) row[at] += up;
		else if (filter === 3) row[at] += (left + up) >> 1;
		else row[at] += paeth(left, up, at < pixelBytes ? 0 : above[at - pixelBytes]);
	}
}

function paeth(left: number, up: number, upLeft: number): number {
	const estimate = left + up - upLeft;
	const [toLeft, toUp] = [Math.abs(estimate - left), Math.abs(estimate - up)];
	const toUpLeft = Math.abs(estimate - upLeft);
	if (toLeft <= toUp && toLeft <= toUpLeft) return left;
	return toUp <= toUpLeft ? up : upLeft;
}

interface PixelReader {
	step: Step;
	/** Notes the pixels of a row. */
	look(row: Buffer, width: number, range: PixelRange): void;
}

const EVERY_BYTE: Step = { first: 0, length: 1 };

function note(range: PixelRange, value: number): void {
	if (value < range.least) range.least = value;
	if (value > range.most) range.most = value;
}

/** Of samples with two bytes the first says enough. */
function opacityReader({ depth, colourType, transparency }: Header): PixelReader {
	const sampleBytes = depth === 16 ? 2 : 1;
	if (colourType === 4 || colourType === 6) {
		const length = SAMPLES[colourType] * sampleBytes;
		const first = length - sampleBytes;
		return {
			step: { first, length },
			look(row, _width, range) {
				for (let at = first; at < row.length; at += length) note(range, row[at]);
			},
		};
	}
	if (colourType === 3) {
		return {
			step: EVERY_BYTE,
			look(row, width, range) {
				for (let x = 0; x < width; x++) note(range, transparency[sampleAt(row, x, depth)] ?? 255);
			},
		};
	}
	const samples = SAMPLES[colourType];
	const key = Array.from({ length: samples }, (_, index) =>
		transparency.length < 2 * samples ? -1 : transparency.readUInt16BE(2 * index),
	);
	return {
		step: EVERY_BYTE,
		look(row, width, range) {
			for (let x = 0; x < width; x++) {
				const isKey = key.every(
					(value, index) => sampleAt(row, x * samples + index, depth) === value,
				);
				note(range, isKey ? 0 : 255);
			}
		},
	};
}

/** Of a colour its darkest part, so that only white is all bright. */
function brightnessReader({ depth, colourType, palette }: Header): PixelReader {
	if (colourType === 3) {
		return {
			step: EVERY_BYTE,
			look(row, width, range) {
				for (let x = 0; x < width; x++) {
					const at = 3 * sampleAt(row, x, depth);
					note(range, Math.min(palette[at] ?? 0, palette[at + 1] ?? 0, palette[at + 2] ?? 0));
				}
			},
		};
	}
	const samples = SAMPLES[colourType];
	const colours = samples < 3 ? 1 : 3;
	const brightest = 2 ** depth - 1;
	return {
		step: EVERY_BYTE,
		look(row, width, range) {
			for (let x = 0; x < width; x++) {
				let darkest = brightest;
				for (let colour = 0; colour < colours; colour++) {
					darkest = Math.min(darkest, sampleAt(row, x * samples + colour, depth));
				}
				note(range, (darkest * 255) / brightest);
			}
		},
	};
}

/** @param index counted in samples of `depth` bits */
function sampleAt(row: Buffer, index: number, depth: number): number {
	if (depth === 8) return row[index];
	if (depth === 16) return row.readUInt16BE(2 * index);
	const bit = index * depth;
	return (row[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}
