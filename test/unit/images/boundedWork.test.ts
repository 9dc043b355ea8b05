import fc from 'fast-check';
import sharp from 'sharp';

import { examineImage } from '../../../nodes/Evolink/images/imageReader';
import { samplePicture } from '../../simulator';
import { repeated, slowHeic } from './slowHeic';
import { readsOf } from './work';

/** Reads of bytes; some 100 ms at most. The crafted HEIC below took many times as many. */
const MAX_READS = 600_000;

const MEGABYTES = 1024 * 1024;
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** Files that are made to be slow, by the smallest parts that a format has. */
const CRAFTED: Array<[string, Buffer]> = [
	['HEIC of ispe and empty boxes', slowHeic()],
	['AVIF of ispe and empty boxes', slowHeic('avif')],
	['HEIC of empty boxes', slowHeic('heic', 1, 1024 * 1024)],
	[
		'JPEG of empty segments',
		Buffer.concat([
			Buffer.from('ffd8', 'hex'),
			repeated(Buffer.from('ffe00002', 'hex'), 8 * MEGABYTES),
		]),
	],
	[
		'JPEG of fill bytes',
		Buffer.concat([Buffer.from('ffd8', 'hex'), Buffer.alloc(8 * MEGABYTES, 0xff)]),
	],
	['JPEG of zeros', Buffer.concat([Buffer.from('ffd8ff', 'hex'), Buffer.alloc(8 * MEGABYTES)])],
	[
		'JPEG of escaped bytes',
		Buffer.concat([
			Buffer.from('ffd8ffda0002', 'hex'),
			repeated(Buffer.from('ff00', 'hex'), 8 * MEGABYTES),
		]),
	],
	[
		'JPEG of EXIF directories',
		Buffer.concat([
			Buffer.from('ffd8', 'hex'),
			repeated(
				Buffer.concat([
					Buffer.from('ffe1fff0', 'hex'),
					Buffer.from('Exif\0\0II*\0\x08\0\0\0\xff\xff', 'latin1'),
					Buffer.alloc(0xffee - 16, 1),
				]),
				8 * MEGABYTES,
			),
		]),
	],
	[
		'PNG of empty chunks',
		Buffer.concat([PNG, repeated(Buffer.from('\0\0\0\0tEXt\0\0\0\0'), 8 * MEGABYTES)]),
	],
	[
		'PNG of tRNS',
		Buffer.concat([PNG, repeated(Buffer.from('\0\0\0\0tRNS\0\0\0\0'), 8 * MEGABYTES)]),
	],
	[
		'WebP of empty chunks',
		Buffer.concat([
			Buffer.from('RIFF\xff\xff\xff\xffWEBP', 'latin1'),
			repeated(Buffer.from('VP8X\0\0\0\0'), 8 * MEGABYTES),
		]),
	],
	['GIF of empty blocks', Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(8 * MEGABYTES)])],
	[
		'GIF of blocks of one byte',
		Buffer.concat([
			Buffer.from('GIF89a'),
			Buffer.alloc(7),
			Buffer.from('!\xf9', 'latin1'),
			Buffer.alloc(8 * MEGABYTES, 1),
		]),
	],
	['BMP of zeros', Buffer.concat([Buffer.from('BM'), Buffer.alloc(8 * MEGABYTES)])],
	[
		'TIFF of directory entries',
		Buffer.concat([
			Buffer.from('II*\0\x08\0\0\0\xff\xff', 'latin1'),
			repeated(Buffer.from('0001030001000000ffff0000', 'hex'), 8 * MEGABYTES),
		]),
	],
];

it.each(CRAFTED)('%s is looked at within limits', async (_name, bytes) => {
	expect(await readsOf(() => examineImage(bytes))).toBeLessThan(MAX_READS);
});

it('whatever becomes of the bytes of an image, they are looked at within limits', async () => {
	const drawing = sharp(await samplePicture('png', { alpha: true }));
	const exif = { IFD0: { Artist: 'A'.repeat(500) } };
	const seeds = await Promise.all([
		...(['png', 'jpeg', 'webp', 'gif', 'tiff', 'bmp'] as const).map(
			async (format) => await samplePicture(format),
		),
		drawing.clone().avif({ effort: 0 }).toBuffer(),
		drawing.clone().jpeg({ progressive: true }).withExif(exif).toBuffer(),
		drawing.clone().png({ palette: true }).withExif(exif).toBuffer(),
		drawing.clone().webp({ lossless: true }).withExif(exif).toBuffer(),
		slowHeic('heic', 10, 10),
	]);
	const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), value: fc.nat(255) });
	// A part that comes again and again is what makes readers slow.
	const repetition = fc.record({
		from: fc.nat(2_000),
		length: fc.integer({ min: 1, max: 64 }),
		times: fc.constantFrom(1, 100, 10_000),
	});
	await fc.assert(
		fc.asyncProperty(
			fc.constantFrom(...seeds),
			fc.array(change, { maxLength: 8 }),
			repetition,
			async (seed, changes, { from, length, times }) => {
				const part = repeated(seed.subarray(from, from + length), length * times);
				const bytes = Buffer.concat([seed.subarray(0, from), part, seed.subarray(from)]);
				for (const { at, value } of changes) {
					// Headers, where it matters, more often than pixels.
					bytes[Math.floor(at ** 4 * (bytes.length - 1))] = value;
				}
				expect(await readsOf(() => examineImage(bytes))).toBeLessThan(MAX_READS);
			},
		),
		{ numRuns: 200 },
	);
});
