import sharp from 'sharp';

import { FORMATS, type ImageFormat } from '../../../nodes/Evolink/images/format';
import { examineImage, ImageReader } from '../../../nodes/Evolink/images/imageReader';
import { samplePicture } from '../../simulator';

const WIDTH = 517;
const HEIGHT = 389;

/** An image with colours, so that encoders do not take short cuts. */
function drawing(alpha = 1) {
	const background = { r: 200, g: 90, b: 30, alpha };
	return sharp({ create: { width: WIDTH, height: HEIGHT, channels: 4, background } });
}

const size = { width: WIDTH, height: HEIGHT };

const IMAGES: Array<[name: string, bytes: () => Promise<Buffer>, facts: object]> = [
	[
		'PNG',
		async () => await drawing().removeAlpha().png().toBuffer(),
		{ format: 'png', transparency: false, ...size },
	],
	[
		'PNG with an alpha channel',
		async () => await drawing(0.5).png().toBuffer(),
		{ format: 'png', transparency: true, ...size },
	],
	[
		'grey PNG with an alpha channel',
		async () => await drawing(0.5).toColourspace('b-w').png().toBuffer(),
		{ format: 'png', transparency: true, ...size },
	],
	[
		'PNG with a palette',
		async () => await drawing().removeAlpha().png({ palette: true }).toBuffer(),
		{ format: 'png', transparency: false, ...size },
	],
	[
		'PNG with a transparent palette',
		async () => await drawing(0.5).png({ palette: true }).toBuffer(),
		{ format: 'png', transparency: true, ...size },
	],
	['JPEG', async () => await drawing().jpeg().toBuffer(), { format: 'jpeg', ...size }],
	[
		'progressive JPEG with EXIF and a colour profile',
		async () =>
			await drawing()
				.jpeg({ progressive: true })
				.withMetadata({ orientation: 6, exif: { IFD0: { ImageDescription: 'x'.repeat(9_000) } } })
				.toBuffer(),
		// Orientation 6 is displayed lying on its side.
		{ format: 'jpeg', width: HEIGHT, height: WIDTH, isTurned: true },
	],
	[
		'lossy WebP',
		async () => await drawing().removeAlpha().webp().toBuffer(),
		{ format: 'webp', transparency: false, ...size },
	],
	[
		'lossless WebP',
		async () => await drawing().removeAlpha().webp({ lossless: true }).toBuffer(),
		{ format: 'webp', transparency: false, ...size },
	],
	[
		'WebP with an alpha channel',
		async () => await drawing(0.5).webp().toBuffer(),
		{ format: 'webp', transparency: true, ...size },
	],
	[
		'lossless WebP with EXIF',
		async () =>
			await drawing(0.5)
				.webp({ lossless: true })
				.withExif({ IFD0: { Artist: 'A' } })
				.toBuffer(),
		{ format: 'webp', transparency: true, ...size },
	],
	['GIF', async () => await drawing().gif().toBuffer(), { format: 'gif', ...size }],
	[
		'lossless WebP with an alpha channel',
		async () => await drawing(0.5).webp({ lossless: true }).toBuffer(),
		{ format: 'webp', transparency: true, ...size },
	],
	['TIFF', async () => await drawing().tiff().toBuffer(), { format: 'tiff', ...size }],
	['AVIF', async () => await drawing().avif({ effort: 0 }).toBuffer(), { format: 'avif' }],
	[
		'BMP',
		async () => await samplePicture('bmp', { width: WIDTH, height: HEIGHT }),
		{ format: 'bmp', ...size },
	],
];

it.each(IMAGES)('recognizes %s', async (_name, bytes, facts) => {
	expect(examineImage(await bytes())).toEqual(facts);
});

/** A TIFF of one directory, without pixels. */
function tiffOf(entries: Array<[tag: number, value: number]>, isLittleEndian: boolean): Buffer {
	const file = Buffer.alloc(10 + 12 * entries.length + 4);
	const write = (value: number, at: number, bytes: number) =>
		isLittleEndian ? file.writeUIntLE(value, at, bytes) : file.writeUIntBE(value, at, bytes);
	file.write(isLittleEndian ? 'II' : 'MM');
	write(42, 2, 2);
	write(8, 4, 4);
	write(entries.length, 8, 2);
	for (const [index, [tag, value]] of entries.entries()) {
		const at = 10 + 12 * index;
		write(tag, at, 2);
		write(value > 0xffff ? 4 : 3, at + 2, 2);
		write(1, at + 4, 4);
		write(value, at + 8, value > 0xffff ? 4 : 2);
	}
	return Buffer.concat([file, Buffer.alloc(40)]);
}

it.each([true, false])('reads size and orientation of a TIFF (little-endian: %s)', (endian) => {
	const entries: Array<[number, number]> = [
		[256, 4000],
		[257, 70_000],
		[274, 8],
	];
	expect(examineImage(tiffOf(entries, endian))).toEqual({
		...{ format: 'tiff', width: 70_000, height: 4000, isTurned: true },
	});
	// Raw files have a small preview first, or a version of their own.
	for (const raw of [
		[[254, 1], ...entries.slice(0, 2), [330, 99]],
		[...entries.slice(0, 2), [50706, 1]],
	] as Array<Array<[number, number]>>) {
		expect(examineImage(tiffOf(raw, endian))).toBeUndefined();
	}
});

it.each([
	['avif', 'avif', 'mif1', 'avif'],
	['avif', 'mif1', 'miaf', 'avif'],
	['heic', 'mif1', 'heic', 'miaf'],
	['heic', 'mif1', 'mif1', 'mif1'],
	['heic', 'heic', 'mif1', 'heic'],
	['heic', 'hevc', 'msf1', 'hevc'],
	[undefined, 'isom', 'avc1', 'mp41'],
])('%s is told by its brands', (format, major, ...compatible) => {
	const brands = `${major}\0\0\0\0${compatible.join('')}`;
	const bytes = Buffer.concat([
		Buffer.from([0, 0, 0, 8 + brands.length]),
		Buffer.from(`ftyp${brands}`, 'latin1'),
		Buffer.alloc(100),
	]);
	expect(examineImage(bytes)?.format).toBe(format);
});

it('reads the height of a BMP that is stored from top to bottom', async () => {
	const bytes = Buffer.from(await samplePicture('bmp', { width: WIDTH, height: HEIGHT }));
	bytes.writeInt32LE(-HEIGHT, 22);
	expect(examineImage(bytes)).toEqual({ format: 'bmp', ...size });
});

it.each(IMAGES)('a %s that is cut off anywhere does no harm', async (_name, bytes, facts) => {
	const whole = await bytes();
	const format = (facts as { format: ImageFormat }).format;
	for (let length = 0; length <= whole.length; length += length < 1_000 ? 1 : 499) {
		const found = examineImage(whole.subarray(0, length));
		// Sizes may be missing where the bytes end before them, but are never wrong.
		if (found) expect({ ...facts, ...withoutAlpha(found) }).toMatchObject(withoutAlpha(facts));
		if (length >= 26) expect(found?.format).toBe(format);
	}
});

function withoutAlpha(facts: object): object {
	return { ...facts, transparency: undefined };
}

it.each([
	['nothing', Buffer.alloc(0)],
	['zeros', Buffer.alloc(64)],
	['HTML', Buffer.from('<!doctype html><html><body>Forbidden</body></html>')],
	['JSON', Buffer.from('{"error":{"code":403,"message":"expired"}}')],
	['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
	['PDF', Buffer.from('%PDF-1.7 and a good deal of other things')],
	['MP4', Buffer.from('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41', 'latin1')],
	['WAV', Buffer.from('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0', 'latin1')],
])('%s is no image', (_name, bytes) => {
	expect(examineImage(bytes)).toBeUndefined();
});

it('survives a JPEG whose segments lead nowhere', () => {
	const segments = Buffer.alloc(4_000, 0xff);
	segments[1] = 0xd8;
	expect(examineImage(segments)).toEqual({ format: 'jpeg', isCutOff: true });
	const empty = Buffer.from('ffd8ffe000000000ffe00000ffe00000ffe0000000000000', 'hex');
	expect(examineImage(empty)?.format).toBe('jpeg');
});

it('has a MIME type and an ending for every format', () => {
	for (const { mimeType, extensions } of Object.values(FORMATS)) {
		expect(mimeType).toMatch(/^image\/[a-z]+$/);
		expect(extensions[0]).toMatch(/^[a-z]{3,4}$/);
	}
});

describe('An image that comes in pieces', () => {
	it.each(IMAGES)('tells the same as a whole %s', async (_name, bytes, facts) => {
		const whole = await bytes();
		for (const length of [1, 7, 100, 1_000]) {
			const reader = new ImageReader();
			for (let start = 0; start < whole.length; start += length) {
				reader.write(whole.subarray(start, start + length));
			}
			expect(reader.end()).toEqual(facts);
		}
	});

	it('tells its size behind any amount of metadata', async () => {
		const jpeg = await drawing().jpeg().toBuffer();
		const metadata = Buffer.alloc(65_537, 0x41);
		metadata.set([0xff, 0xe1, 0xff, 0xff]);
		const photo = Buffer.concat([
			jpeg.subarray(0, 2),
			...Array.from({ length: 40 }, () => metadata),
			jpeg.subarray(2),
		]);
		expect(examineImage(photo)).toEqual({ format: 'jpeg', ...size });
	});
});

it('a palette whose colours are all opaque has no transparency', async () => {
	const png = await drawing(0.5).png({ palette: true }).toBuffer();
	const at = png.indexOf('tRNS');
	png.fill(255, at + 4, at + 4 + png.readUInt32BE(at - 4));
	expect(examineImage(png)).toMatchObject({ format: 'png', transparency: false });
});

describe('The orientation', () => {
	it.each(['png', 'webp'] as const)('of a %s counts', async (format) => {
		const turned = await drawing(0.5).withMetadata({ orientation: 6 }).toFormat(format).toBuffer();
		expect(examineImage(turned)).toMatchObject({
			width: HEIGHT,
			height: WIDTH,
			isTurned: true,
		});
	});
});

describe('An image that is cut off', () => {
	const ENDED = ['png', 'jpeg', 'webp', 'gif'];

	it.each(IMAGES)('is told from a whole %s', async (_name, bytes, facts) => {
		const whole = await bytes();
		expect(examineImage(whole)?.isCutOff).toBeUndefined();
		if (!ENDED.includes((facts as { format: string }).format)) return;
		for (const missing of [1, 2, 10, whole.length >> 1, whole.length - 40]) {
			const half = whole.subarray(0, whole.length - missing);
			expect(examineImage(half)?.isCutOff).toBe(true);
		}
	});

	it.each(IMAGES)('is not what has more behind a %s', async (_name, bytes, facts) => {
		const whole = await bytes();
		for (const more of [Buffer.alloc(1), Buffer.alloc(5_000), whole, Buffer.from('\r\n')]) {
			expect(examineImage(Buffer.concat([whole, more]))).toEqual(facts);
		}
	});

	it('is not what has a thumbnail, restart markers or a damaged part in it', async () => {
		const thumbnail = await drawing().resize(60).jpeg().toBuffer();
		const exif = { IFD0: { ImageDescription: thumbnail.toString('latin1') } };
		const jpeg = await drawing().jpeg().withExif(exif).toBuffer();
		expect(examineImage(jpeg)?.isCutOff).toBeUndefined();
		expect(examineImage(jpeg.subarray(0, -500))?.isCutOff).toBe(true);
		const damaged = Buffer.from(jpeg);
		damaged.set([0xff, 0xee, 0xff, 0xff], damaged.length - 100);
		expect(examineImage(damaged)?.isCutOff).toBeUndefined();
	});
});
