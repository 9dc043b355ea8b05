import { deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import sharp from 'sharp';

import {
	type PixelProperty,
	type PixelRange,
	rangeOfPixels,
} from '../../../nodes/Evolink/images/pngPixels';

async function* inPieces(bytes: Buffer, pieceBytes = 1_000): AsyncGenerator<Buffer> {
	for (let at = 0; at < bytes.length; at += pieceBytes) {
		yield await Promise.resolve(bytes.subarray(at, at + pieceBytes));
	}
}

const rangeOf = async (bytes: Buffer, property: PixelProperty, pieceBytes?: number) =>
	await rangeOfPixels(inPieces(bytes, pieceBytes), property, () => false);

function chunk(type: string, content: Buffer): Buffer {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(content.length);
	return Buffer.concat([length, Buffer.from(type, 'latin1'), content, Buffer.alloc(4)]);
}

interface Sketch {
	width: number;
	height: number;
	depth: number;
	colourType: number;
	interlaced?: boolean;
	palette?: Buffer;
	transparency?: Buffer;
	/** Packed. */
	pixels: Buffer;
	/** Of each of the chunks with the pixels. */
	partBytes?: number;
}

/** A PNG; its checksums are not right, which nobody looks at here. */
function png({ width, height, pixels, partBytes = Infinity, ...more }: Sketch): Buffer {
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([more.depth, more.colourType, 0, 0, more.interlaced ? 1 : 0], 8);
	const parts: Buffer[] = [];
	for (let at = 0; at < pixels.length; at += partBytes) {
		parts.push(chunk('IDAT', pixels.subarray(at, Math.min(pixels.length, at + partBytes))));
	}
	return Buffer.concat([
		Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
		chunk('IHDR', header),
		...(more.palette ? [chunk('PLTE', more.palette)] : []),
		...(more.transparency ? [chunk('tRNS', more.transparency)] : []),
		...parts,
		chunk('IEND', Buffer.alloc(0)),
	]);
}

describe('the range of the pixels', () => {
	it('is that of the image, whatever filters, depth and interlacing it has', async () => {
		const images = fc.record({
			width: fc.integer({ min: 1, max: 40 }),
			height: fc.integer({ min: 1, max: 40 }),
			channels: fc.constantFrom<1 | 2 | 3 | 4>(1, 2, 3, 4),
			low: fc.integer({ min: 0, max: 255 }),
			high: fc.integer({ min: 0, max: 255 }),
			seed: fc.integer({ min: 1, max: 1_000_000 }),
			progressive: fc.boolean(),
			adaptiveFiltering: fc.boolean(),
			pieceBytes: fc.integer({ min: 1, max: 200 }),
		});
		await fc.assert(
			fc.asyncProperty(images, async ({ width, height, channels, low, high, seed, ...how }) => {
				let state = seed;
				const samples = Buffer.from(
					Array.from({ length: width * height * channels }, () => {
						state = (state * 48271) % 2147483647;
						return Math.min(low, high) + (state % (Math.abs(high - low) + 1));
					}),
				);
				const { progressive, adaptiveFiltering, pieceBytes } = how;
				const file = await sharp(samples, { raw: { width, height, channels } })
					.toColourspace(channels < 3 ? 'b-w' : 'srgb')
					.png({ progressive, adaptiveFiltering, palette: false })
					.toBuffer();
				const pixels = Array.from({ length: width * height }, (_, index) => [
					...samples.subarray(index * channels, (index + 1) * channels),
				]);
				const of = (values: number[]): PixelRange => ({
					least: Math.min(...values),
					most: Math.max(...values),
				});
				const hasAlpha = channels === 2 || channels === 4;
				expect(await rangeOf(file, 'opacity', pieceBytes)).toEqual(
					of(hasAlpha ? pixels.map((pixel) => pixel[channels - 1]) : [255]),
				);
				expect(await rangeOf(file, 'brightness', pieceBytes)).toEqual(
					of(pixels.map((pixel) => Math.min(...(hasAlpha ? pixel.slice(0, -1) : pixel)))),
				);
			}),
			{ numRuns: 60 },
		);
	});

	it.each<[string, Sketch, PixelProperty, PixelRange]>([
		[
			'a palette of two colours, one of them transparent and not used',
			{
				...{ width: 9, height: 1, depth: 1, colourType: 3 },
				palette: Buffer.from([255, 255, 255, 0, 0, 0]),
				transparency: Buffer.from([255, 0]),
				pixels: deflateSync(Buffer.from([0, 0b0000_0000, 0b0000_0000])),
			},
			'opacity',
			{ least: 255, most: 255 },
		],
		[
			'the same, used in the last pixel',
			{
				...{ width: 9, height: 1, depth: 1, colourType: 3 },
				palette: Buffer.from([255, 255, 255, 0, 0, 0]),
				transparency: Buffer.from([255, 0]),
				pixels: deflateSync(Buffer.from([0, 0b0000_0000, 0b1000_0000])),
			},
			'opacity',
			{ least: 0, most: 255 },
		],
		[
			'what pads a row',
			{
				...{ width: 3, height: 1, depth: 2, colourType: 3 },
				transparency: Buffer.from([255, 0]),
				pixels: deflateSync(Buffer.from([0, 0b00_00_00_01])),
			},
			'opacity',
			{ least: 255, most: 255 },
		],
		[
			'one grey that is transparent',
			{
				...{ width: 2, height: 1, depth: 4, colourType: 0 },
				transparency: Buffer.from([0, 7]),
				pixels: deflateSync(Buffer.from([0, 0x7f])),
			},
			'opacity',
			{ least: 0, most: 255 },
		],
		[
			'16 bits',
			{
				...{ width: 1, height: 2, depth: 16, colourType: 4 },
				pixels: deflateSync(Buffer.from([0, 1, 2, 0xff, 0xff, 2, 0, 0, 0x81, 0])),
			},
			'opacity',
			{ least: 128, most: 255 },
		],
		[
			'white of one bit',
			{
				...{ width: 8, height: 1, depth: 1, colourType: 0 },
				pixels: deflateSync(Buffer.from([0, 0xff])),
			},
			'brightness',
			{ least: 255, most: 255 },
		],
		[
			'colours of a palette',
			{
				...{ width: 2, height: 1, depth: 8, colourType: 3 },
				palette: Buffer.from([255, 255, 255, 255, 255, 40]),
				pixels: deflateSync(Buffer.from([0, 0, 1])),
			},
			'brightness',
			{ least: 40, most: 255 },
		],
	])('of %s', async (_name, sketch, property, range) => {
		expect(await rangeOf(png(sketch), property)).toEqual(range);
		expect(await rangeOf(png({ ...sketch, partBytes: 1 }), property, 1)).toEqual(range);
	});

	it('is not told of what is damaged, cut off, or no PNG', async () => {
		const file = await sharp({
			create: { width: 300, height: 300, channels: 4, background: { r: 1, g: 2, b: 3, alpha: 1 } },
		})
			.png({ compressionLevel: 0 })
			.toBuffer();
		for (const damaged of [
			file.subarray(0, file.length / 2),
			Buffer.alloc(1_000),
			Buffer.alloc(0),
			file.fill(0x99, 1_000, 1_200),
		]) {
			expect(await rangeOf(damaged, 'opacity')).toBeUndefined();
		}
	});
});

describe('a crafted file', () => {
	const rgba = { depth: 8, colourType: 6 };

	/** How much of the file is read, and whether it is closed then. */
	async function look(file: Buffer) {
		const seen = { bytes: 0, isClosed: false };
		async function* watched() {
			try {
				for await (const piece of inPieces(file, 16 * 1024)) {
					seen.bytes += piece.length;
					yield piece;
				}
			} finally {
				seen.isClosed = true;
			}
		}
		const range = await rangeOfPixels(watched(), 'opacity', () => false);
		return { range, ...seen };
	}

	it('is unpacked as far as its pixels go: not what follows them', async () => {
		const bomb = deflateSync(Buffer.alloc(100 * 1024 * 1024), { level: 1 });
		const file = png({ width: 10, height: 10, ...rgba, pixels: bomb });
		const { range, bytes, isClosed } = await look(file);
		expect(range).toEqual({ least: 0, most: 0 });
		expect(bytes).toBeLessThan(file.length / 2);
		expect(isClosed).toBe(true);
	});

	it.each<[string, Omit<Sketch, 'pixels'>]>([
		['more pixels than are looked at', { width: 60_000, height: 60_000, ...rgba }],
		['rows that are too long', { width: 40_000_000, height: 1, ...rgba }],
		['no pixels', { width: 0, height: 5, ...rgba }],
		['an unknown colour type', { width: 5, height: 5, depth: 8, colourType: 5 }],
	])('with %s is left alone', async (_name, sketch) => {
		const bomb = deflateSync(Buffer.alloc(20 * 1024 * 1024), { level: 1 });
		const { range, bytes, isClosed } = await look(png({ ...sketch, pixels: bomb }));
		expect(range).toBeUndefined();
		expect(bytes).toBeLessThan(50_000);
		expect(isClosed).toBe(true);
	});

	it('of very many chunks is given up', async () => {
		const pixels = Buffer.alloc(400_000);
		const file = png({ width: 5_000, height: 5_000, ...rgba, pixels, partBytes: 1 });
		const { range, bytes } = await look(file);
		expect(range).toBeUndefined();
		expect(bytes).toBeLessThan(file.length / 3);
	});

	it('leaves n8n time for its other work', async () => {
		const { width, height } = { width: 2_000, height: 2_000 };
		const pixels = deflateSync(Buffer.alloc(height * (4 * width + 1), 4));
		let turns = 0;
		const take = () => {
			turns++;
			turn = setImmediate(take);
		};
		let turn = setImmediate(take);
		const { range } = await look(png({ width, height, ...rgba, pixels }));
		clearImmediate(turn);
		expect(range).toBeDefined();
		// At least once for each 100,000 bytes.
		expect(turns).toBeGreaterThan((width * height * 4) / 100_000);
	});
});
