import { pictureSize } from './pictureSize';

/** Formats that are recognized by their first bytes. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'bmp' | 'tiff' | 'avif' | 'heic';

export interface FormatFacts {
	mimeType: string;
	/** File name ending without the dot; the first is the usual one. */
	extensions: readonly [string, ...string[]];
}

export const FORMATS: Readonly<Record<PictureFormat, FormatFacts>> = {
	jpeg: { mimeType: 'image/jpeg', extensions: ['jpg', 'jpeg'] },
	png: { mimeType: 'image/png', extensions: ['png'] },
	webp: { mimeType: 'image/webp', extensions: ['webp'] },
	gif: { mimeType: 'image/gif', extensions: ['gif'] },
	bmp: { mimeType: 'image/bmp', extensions: ['bmp'] },
	tiff: { mimeType: 'image/tiff', extensions: ['tiff', 'tif'] },
	avif: { mimeType: 'image/avif', extensions: ['avif'] },
	heic: { mimeType: 'image/heic', extensions: ['heic', 'heif'] },
};

/** What the bytes of a picture tell. Sizes are missing where the file is damaged or cut off. */
export interface PictureFacts {
	format: PictureFormat;
	/** Pixels, as displayed. */
	width?: number;
	/** Pixels, as displayed. */
	height?: number;
	/** Whether the picture can have transparent pixels; only told for PNG and WebP. */
	transparency?: boolean;
}

/**
 * Recognizes a picture by its bytes; names and declared types are often wrong.
 *
 * @returns undefined where it is no picture of a known format
 */
export function examinePicture(bytes: Buffer): PictureFacts | undefined {
	const format = formatOf(bytes);
	if (!format) return undefined;
	const size = pictureSize(bytes);
	const facts = size && size.width > 0 && size.height > 0 ? { format, ...size } : { format };
	const transparency = transparencyOf(format, bytes);
	return transparency === undefined ? facts : { ...facts, transparency };
}

/** @returns the format that a file name or a link ends in, which need not be the true one */
export function formatByName(name: string): PictureFormat | undefined {
	const ending = /\.([a-z]+)$/i.exec(name)?.[1].toLowerCase();
	if (ending === undefined) return undefined;
	const formats = Object.keys(FORMATS) as PictureFormat[];
	return formats.find((format) => FORMATS[format].extensions.includes(ending));
}

const HEIC_BRANDS = ['heic', 'heix', 'hevc', 'mif1', 'msf1'];

function formatOf(bytes: Buffer): PictureFormat | undefined {
	const ascii = (start: number, end: number) => bytes.toString('latin1', start, end);
	if (bytes.length < 16) return undefined;
	if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
	if (ascii(0, 3) === '\xff\xd8\xff') return 'jpeg';
	if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
	if (ascii(0, 6) === 'GIF87a' || ascii(0, 6) === 'GIF89a') return 'gif';
	if (ascii(0, 2) === 'BM' && bytes.length >= 26) return 'bmp';
	if (ascii(0, 4) === 'II*\0' || ascii(0, 4) === 'MM\0*') return 'tiff';
	if (ascii(4, 8) === 'ftyp') {
		const brand = ascii(8, 12);
		if (brand === 'avif' || brand === 'avis') return 'avif';
		if (HEIC_BRANDS.includes(brand)) return 'heic';
	}
	return undefined;
}

function transparencyOf(format: PictureFormat, bytes: Buffer): boolean | undefined {
	if (format === 'png' && bytes.length >= 26) return pngTransparency(bytes);
	if (format === 'webp' && bytes.length >= 25) return webpTransparency(bytes);
	return undefined;
}

/**
 * PNG specification, section 11.2.2 (IHDR): colour types 4 and 6 have an alpha channel; pictures with a
 * palette have their transparency in a chunk tRNS before the pixels (11.3.1.1).
 */
function pngTransparency(bytes: Buffer): boolean {
	if ([4, 6].includes(bytes[25])) return true;
	let position = 8;
	while (position + 8 <= bytes.length) {
		const type = bytes.toString('latin1', position + 4, position + 8);
		if (type === 'tRNS' || type === 'IDAT') return type === 'tRNS';
		position += 12 + bytes.readUInt32BE(position); // length, type and checksum around the data
	}
	return false;
}

/** WebP container specification: a flag in VP8X (extended) and in VP8L (lossless); VP8 (lossy) has none. */
function webpTransparency(bytes: Buffer): boolean {
	switch (bytes.toString('latin1', 12, 16)) {
		case 'VP8X':
			return (bytes[20] & 0x10) !== 0;
		case 'VP8L':
			return (bytes[24] & 0x10) !== 0;
		default:
			return false;
	}
}
