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

/** What the first bytes of a picture tell. Sizes are missing where the format hides them. */
export interface PictureFacts {
	format: PictureFormat;
	/** Pixels. */
	width?: number;
	/** Pixels. */
	height?: number;
	/** Whether the picture can have transparent pixels; only told for PNG. */
	transparency?: boolean;
}

/**
 * Recognizes a picture by its bytes; names and declared types are often wrong.
 *
 * @returns undefined where it is no picture of a known format
 */
export function examinePicture(bytes: Buffer): PictureFacts | undefined {
	const ascii = (start: number, end: number) => bytes.toString('latin1', start, end);
	if (bytes.length < 16) return undefined;
	if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return { format: 'png', ...pngFacts(bytes) };
	if (ascii(0, 3) === '\xff\xd8\xff') return { format: 'jpeg', ...jpegSize(bytes) };
	if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP')
		return { format: 'webp', ...webpSize(bytes) };
	if (ascii(0, 6) === 'GIF87a' || ascii(0, 6) === 'GIF89a') {
		return { format: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
	}
	if (ascii(0, 2) === 'BM' && bytes.length >= 26) {
		return {
			format: 'bmp',
			width: Math.abs(bytes.readInt32LE(18)),
			height: Math.abs(bytes.readInt32LE(22)),
		};
	}
	if (ascii(0, 4) === 'II*\0' || ascii(0, 4) === 'MM\0*') return { format: 'tiff' };
	if (ascii(4, 8) === 'ftyp') {
		const brand = ascii(8, 12);
		if (brand === 'avif' || brand === 'avis') return { format: 'avif' };
		if (['heic', 'heix', 'hevc', 'mif1', 'msf1'].includes(brand)) return { format: 'heic' };
	}
	return undefined;
}

type Size = Pick<PictureFacts, 'width' | 'height'>;

/**
 * PNG specification, section 11.2.2 (IHDR): colour types 4 and 6 have an alpha channel; pictures with a
 * palette have their transparency in a chunk tRNS before the pixels (11.3.1.1).
 */
function pngFacts(bytes: Buffer): Omit<PictureFacts, 'format'> {
	if (bytes.length < 26) return {};
	return {
		width: bytes.readUInt32BE(16),
		height: bytes.readUInt32BE(20),
		transparency: [4, 6].includes(bytes[25]) || hasTransparencyChunk(bytes),
	};
}

function hasTransparencyChunk(bytes: Buffer): boolean {
	let position = 8;
	while (position + 8 <= bytes.length) {
		const type = bytes.toString('latin1', position + 4, position + 8);
		if (type === 'tRNS' || type === 'IDAT') return type === 'tRNS';
		position += 12 + bytes.readUInt32BE(position); // length, type and checksum around the data
	}
	return false;
}

/** Walks the JPEG segments to the start of frame (ITU T.81, B.2.2). */
function jpegSize(bytes: Buffer): Size {
	let position = 2;
	while (position + 9 < bytes.length && bytes[position] === 0xff) {
		const marker = bytes[position + 1];
		const isStartOfFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
		if (isStartOfFrame) {
			return {
				height: bytes.readUInt16BE(position + 5),
				width: bytes.readUInt16BE(position + 7),
			};
		}
		position += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(position + 2);
	}
	return {};
}

/** WebP container specification: VP8 (lossy), VP8L (lossless), VP8X (extended). */
function webpSize(bytes: Buffer): Size {
	if (bytes.length < 30) return {};
	switch (bytes.toString('latin1', 12, 16)) {
		case 'VP8 ':
			return {
				width: bytes.readUInt16LE(26) & 0x3fff,
				height: bytes.readUInt16LE(28) & 0x3fff,
			};
		case 'VP8L': {
			const bits = bytes.readUInt32LE(21);
			return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
		}
		case 'VP8X':
			return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
		default:
			return {};
	}
}
