/** Formats that are recognized by their first bytes. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'bmp' | 'tiff' | 'avif' | 'heic';

export interface FormatFacts {
	mimeType: string;
	/** File name ending without the dot; the first is the usual one. */
	extensions: readonly [string, ...string[]];
}

export const FORMATS: Readonly<Record<ImageFormat, FormatFacts>> = {
	jpeg: { mimeType: 'image/jpeg', extensions: ['jpg', 'jpeg'] },
	png: { mimeType: 'image/png', extensions: ['png'] },
	webp: { mimeType: 'image/webp', extensions: ['webp'] },
	gif: { mimeType: 'image/gif', extensions: ['gif'] },
	bmp: { mimeType: 'image/bmp', extensions: ['bmp'] },
	tiff: { mimeType: 'image/tiff', extensions: ['tiff', 'tif'] },
	avif: { mimeType: 'image/avif', extensions: ['avif'] },
	heic: { mimeType: 'image/heic', extensions: ['heic', 'heif'] },
};

/** What the bytes of an image tell. Sizes are missing where the file is damaged or cut off, and for AVIF and HEIC. */
export interface ImageFacts {
	format: ImageFormat;
	/** Pixels, as displayed. */
	width?: number;
	/** Pixels, as displayed. */
	height?: number;
	/** Whether the file stores it lying on its side, so that width and height are the other way round there. */
	isTurned?: boolean;
	/** Whether the image can have transparent pixels; only told for PNG, WebP and TIFF. */
	transparency?: boolean;
	/** Whether it has a transparent pixel; only told where the pixels were looked at. */
	isTransparent?: boolean;
	/** Whether the file ends before the image does; only told for JPEG, PNG, WebP and GIF. */
	isCutOff?: boolean;
}

/** @returns the format that a file name or a link ends in, which need not be the true one */
export function formatByName(name: string): ImageFormat | undefined {
	const ending = /\.([a-z]+)$/i.exec(name)?.[1].toLowerCase();
	if (ending === undefined) return undefined;
	const formats = Object.keys(FORMATS) as ImageFormat[];
	return formats.find((format) => FORMATS[format].extensions.includes(ending));
}

/** ISO/IEC 23008-12, annex B; MIAF's general brands say nothing of how the pixels are coded. */
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];
const AVIF_BRANDS = ['avif', 'avis'];
const GENERAL_BRANDS = ['mif1', 'msf1', 'miaf'];

/** @param bytes the first 64 at least, or the whole of a shorter file */
export function formatOf(bytes: Buffer): ImageFormat | undefined {
	const ascii = (start: number, end: number) => bytes.toString('latin1', start, end);
	if (bytes.length < 16) return undefined;
	if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
	if (ascii(0, 3) === '\xff\xd8\xff') return 'jpeg';
	if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
	if (ascii(0, 6) === 'GIF87a' || ascii(0, 6) === 'GIF89a') return 'gif';
	if (ascii(0, 2) === 'BM' && bytes.length >= 26) return 'bmp';
	// Canon's raw files, which are built like a TIFF file, say so themselves.
	const isTiff = ascii(0, 4) === 'II*\0' || ascii(0, 4) === 'MM\0*';
	if (isTiff && ascii(8, 10) !== 'CR') return 'tiff';
	if (ascii(4, 8) === 'ftyp') return formatOfBrands(bytes);
	return undefined;
}

/** The major brand, then those that it is compatible with. */
function formatOfBrands(bytes: Buffer): ImageFormat | undefined {
	const end = Math.min(bytes.length, bytes.readUInt32BE(0), 64);
	const brands: string[] = [];
	for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) {
		brands.push(bytes.toString('latin1', at, at + 4));
	}
	const [major] = brands;
	const known = [...AVIF_BRANDS, ...HEIC_BRANDS];
	const brand = GENERAL_BRANDS.includes(major)
		? (brands.find((each) => known.includes(each)) ?? 'heic')
		: major;
	if (AVIF_BRANDS.includes(brand)) return 'avif';
	return HEIC_BRANDS.includes(brand) ? 'heic' : undefined;
}
