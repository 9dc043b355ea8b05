import type { ImageFormat } from './format';

/** What a walk asks for next, in this order. Where the file ends before, it is left waiting. */
export interface Wish {
	/** Go on behind the next byte of this value. */
	past?: number;
	/** Where that is not followed by a byte of this value, as far as can be told at once. */
	unlessBefore?: number;
	/** Go on behind so many bytes. */
	skip?: number;
	/** So many bytes, at most 64 KB. */
	read?: number;
}

/** Goes from one part of a file to the next, never back, and notes what it finds. It ends where the image does. */
export type Walk = Generator<Wish, void, Buffer>;

export interface Findings {
	/** Pixels, as they are stored. */
	width?: number;
	/** Pixels, as they are stored. */
	height?: number;
	/** EXIF 2.3, Orientation: 5 to 8 lie on their side. */
	orientation?: number;
	/** Whether there can be transparent pixels. */
	transparency?: boolean;
	hasPixels?: boolean;
	/** A camera's raw file, of which only a small preview is an image. */
	isRaw?: boolean;
	/** The length of the file, where it says so itself. */
	endsAt?: number;
}

/** The formats whose size matters; what else is recognized is sent nowhere. */
export const WALKS: Readonly<Partial<Record<ImageFormat, (found: Findings) => Walk>>> = {
	jpeg: walkJpeg,
	png: walkPng,
	webp: walkWebp,
	gif: walkGif,
	bmp: walkBmp,
	tiff: walkTiff,
};

const MAX_EXIF_BYTES = 64 * 1024;
const MAX_PALETTE = 256;

/** ITU T.81, annex B. */
function* walkJpeg(found: Findings): Walk {
	yield { skip: 2 };
	for (;;) {
		// Within the pixels 0xff is written with 0x00 behind it.
		let marker = (yield { past: 0xff, unlessBefore: 0x00, read: 1 })[0];
		while (marker === 0xff) marker = (yield { read: 1 })[0];
		if (marker === 0xd9) return; // EOI; what follows is no part of the image.
		if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue; // No length follows.
		let left = Math.max(0, (yield { read: 2 }).readUInt16BE(0) - 2);
		const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
		if (isFrame && left >= 5) {
			const frame = yield { read: 5 };
			found.height ??= frame.readUInt16BE(1);
			found.width ??= frame.readUInt16BE(3);
			left -= 5;
		} else if (marker === 0xe1 && left >= 6) {
			const isExif = (yield { read: 6 }).toString('latin1') === 'Exif\0\0';
			left -= 6;
			if (isExif && left > 0) {
				noteOrientation(found, yield { read: left });
				left = 0;
			}
		} else if (marker === 0xda) {
			found.hasPixels = true;
		}
		yield { skip: left };
	}
}

/**
 * PNG specification, section 11: colour types 4 and 6 have an alpha channel; others may have their transparency in
 * a chunk tRNS.
 */
function* walkPng(found: Findings): Walk {
	let isPalette = false;
	let skip = 8;
	for (;;) {
		const header = yield { skip, read: 8 };
		const type = header.toString('latin1', 4, 8);
		let left = header.readUInt32BE(0);
		if (type === 'IHDR' && left >= 13) {
			const content = yield { read: 13 };
			left -= 13;
			found.width ??= content.readUInt32BE(0);
			found.height ??= content.readUInt32BE(4);
			found.transparency ??= [4, 6].includes(content[9]);
			isPalette = content[9] === 3;
		} else if (type === 'tRNS') {
			// One byte for each colour of a palette; without a palette, the colour that is transparent.
			const opacities = yield { read: Math.min(left, MAX_PALETTE) };
			left -= opacities.length;
			found.transparency = !isPalette || opacities.some((opacity) => opacity < 255);
		} else if (type === 'eXIf' && left > 0) {
			const content = yield { read: Math.min(left, MAX_EXIF_BYTES) };
			left -= content.length;
			noteOrientation(found, content);
		}
		skip = left + 4; // with the checksum
		if (type !== 'IEND') continue;
		yield { skip };
		return;
	}
}

/** WebP container specification. Transparency is a flag in VP8X (extended) and in VP8L (lossless); VP8 has none. */
function* walkWebp(found: Findings): Walk {
	const riff = yield { read: 12 };
	found.endsAt = 8 + riff.readUInt32LE(4);
	for (let skip = 0; ; ) {
		const header = yield { skip, read: 8 };
		const type = header.toString('latin1', 0, 4);
		const length = header.readUInt32LE(4);
		let left = length + (length % 2);
		const read = { VP8X: 10, 'VP8 ': 10, VP8L: 5, EXIF: MAX_EXIF_BYTES }[type] ?? 0;
		const content = read === 0 ? Buffer.alloc(0) : yield { read: Math.min(left, read) };
		left -= content.length;
		if (type === 'EXIF') {
			noteOrientation(found, content);
		} else if (content.length === read) {
			noteWebpSize(found, type, content);
		}
		skip = left;
	}
}

/** The canvas of VP8X stands before the images on it, and counts. */
function noteWebpSize(found: Findings, type: string, content: Buffer): void {
	if (type === 'VP8X') {
		found.transparency ??= (content[0] & 0x10) !== 0;
		found.width ??= content.readUIntLE(4, 3) + 1;
		found.height ??= content.readUIntLE(7, 3) + 1;
	} else if (type === 'VP8L' && content[0] === 0x2f) {
		const bits = content.readUInt32LE(1);
		found.transparency ??= (bits & 0x10000000) !== 0;
		found.width ??= (bits & 0x3fff) + 1;
		found.height ??= ((bits >>> 14) & 0x3fff) + 1;
	} else if (type === 'VP8 ' && content.readUIntBE(3, 3) === 0x9d012a) {
		found.transparency ??= false;
		found.width ??= content.readUInt16LE(6) & 0x3fff;
		found.height ??= content.readUInt16LE(8) & 0x3fff;
	}
}

/** GIF89a specification. */
function* walkGif(found: Findings): Walk {
	const screen = yield { read: 13 };
	found.width = screen.readUInt16LE(6);
	found.height = screen.readUInt16LE(8);
	let skip = colourTableBytes(screen[10]);
	for (;;) {
		const introducer = (yield { skip, read: 1 })[0];
		skip = 0;
		if (introducer === 0) continue; // Some writers end a block twice.
		if (introducer === 0x2c) {
			const descriptor = yield { read: 9 };
			skip = colourTableBytes(descriptor[8]);
		} else if (introducer !== 0x21) {
			return; // 0x3b, the trailer; after anything else nobody can tell.
		}
		skip++; // the label of an extension, or how the pixels are coded
		do {
			skip = (yield { skip, read: 1 })[0];
		} while (skip > 0);
	}
}

function colourTableBytes(flags: number): number {
	return flags & 0x80 ? 3 << ((flags & 0x07) + 1) : 0;
}

/** The header of Windows, or the shorter one of OS/2; rows from top to bottom have a negative height. */
function* walkBmp(found: Findings): Walk {
	const header = yield { read: 26 };
	const isCore = header.readUInt32LE(14) === 12;
	found.width = isCore ? header.readUInt16LE(18) : Math.abs(header.readInt32LE(18));
	found.height = isCore ? header.readUInt16LE(20) : Math.abs(header.readInt32LE(22));
}

/** The first directory of TIFF 6.0, which may stand behind the pixels. */
function* walkTiff(found: Findings): Walk {
	const header = yield { read: 8 };
	const isLittleEndian = header[0] === 0x49;
	const uint32 = (from: Buffer, at: number) =>
		isLittleEndian ? from.readUInt32LE(at) : from.readUInt32BE(at);
	const uint16 = (from: Buffer, at: number) =>
		isLittleEndian ? from.readUInt16LE(at) : from.readUInt16BE(at);
	const count = yield { skip: Math.max(0, uint32(header, 4) - header.length), read: 2 };
	let isPreview = false;
	for (let left = Math.min(uint16(count, 0), MAX_TIFF_ENTRIES); left > 0; left--) {
		const entry = yield { read: DIRECTORY_ENTRY_BYTES };
		const isLong = uint16(entry, 2) === 4;
		const value = isLong ? uint32(entry, 8) : uint16(entry, 8);
		const tag = uint16(entry, 0);
		if (tag === 256) found.width ??= value;
		if (tag === 257) found.height ??= value;
		if (tag === ORIENTATION) found.orientation ??= value;
		if (tag === EXTRA_SAMPLES) found.transparency = true;
		if (tag === NEW_SUBFILE_TYPE) isPreview = (value & 1) === 1;
		if (tag === DNG_VERSION || (tag === SUB_IFDS && isPreview)) found.isRaw = true;
	}
}

/** More than any writer makes. */
const MAX_TIFF_ENTRIES = 1_000;
const NEW_SUBFILE_TYPE = 254;
const SUB_IFDS = 330;
const EXTRA_SAMPLES = 338;
const DNG_VERSION = 50706;
const ORIENTATION = 0x0112;
const DIRECTORY_ENTRY_BYTES = 12;

/** The first EXIF data of a file count, whether they tell it or not. */
function noteOrientation(found: Findings, exif: Buffer): void {
	if (found.orientation === undefined) found.orientation = orientationOf(exif) ?? 1;
}

/**
 * The orientation in EXIF data, which are built like a TIFF file, sometimes behind a signature of their own.
 *
 * @returns 1 to 8; undefined where it is not told
 */
function orientationOf(exif: Buffer): number | undefined {
	const tiff = exif.toString('latin1', 0, 6) === 'Exif\0\0' ? exif.subarray(6) : exif;
	const isLittleEndian = tiff.toString('latin1', 0, 2) === 'II';
	const uint16 = (at: number) => (isLittleEndian ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
	if (tiff.length < 8) return undefined;
	const directory = isLittleEndian ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
	if (directory + 2 > tiff.length) return undefined;
	const entries = uint16(directory);
	for (let entry = 0; entry < entries; entry++) {
		const at = directory + 2 + entry * DIRECTORY_ENTRY_BYTES;
		if (at + DIRECTORY_ENTRY_BYTES > tiff.length) return undefined;
		if (uint16(at) !== ORIENTATION) continue;
		const orientation = uint16(at + 8);
		return orientation >= 1 && orientation <= 8 ? orientation : undefined;
	}
	return undefined;
}
