import type { SourceFormat } from './models';

const SIGNATURES: Array<[SourceFormat, (bytes: Buffer) => boolean]> = [
	['jpeg', (bytes) => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))],
	['png', (bytes) => bytes.subarray(0, 8).toString('latin1') === '\x89PNG\r\n\x1a\n'],
	['gif', (bytes) => /^GIF8[79]a/.test(bytes.subarray(0, 6).toString('latin1'))],
	['webp', (bytes) => /^RIFF[^]{4}WEBP/.test(bytes.subarray(0, 12).toString('latin1'))],
	['bmp', (bytes) => bytes.subarray(0, 2).toString('latin1') === 'BM'],
	['tiff', (bytes) => /^(II\*\0|MM\0\*)/.test(bytes.subarray(0, 4).toString('latin1'))],
	[
		'heic',
		(bytes) => /^ftyp(heic|heix|hevc|mif1|msf1)/.test(bytes.subarray(4, 12).toString('latin1')),
	],
];

/** The image format that the bytes themselves show, whatever name or type came with them. */
export function sniffFormat(bytes: Buffer): SourceFormat | undefined {
	return SIGNATURES.find(([, fits]) => fits(bytes))?.[0];
}
