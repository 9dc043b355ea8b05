import { execFileSync } from 'node:child_process';
import sharp from 'sharp';

/** An image as people have it. */
export interface TestImage {
	name: string;
	make: () => Promise<Buffer>;
}

/** GraphicsMagick's arguments make it; the last one is the format that it writes. */
function gm(...args: string[]): Buffer {
	const last = args.length - 1;
	const command = ['convert', ...args.slice(0, last), `${args[last]}:-`];
	return execFileSync('gm', command, { maxBuffer: 200_000_000 });
}

const SKY = '#7fb2d9';

const plain = (width: number, height: number) =>
	sharp({ create: { width, height, channels: 3, background: SKY } });

export const photo = (
	width: number,
	height: number,
	format: 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' = 'jpeg',
) =>
	image(
		`${width}x${height} ${format}`,
		async () => await plain(width, height)[format]().toBuffer(),
	);

/** With settings that not every program knows. */
export const odd = (size: string, format: string, ...settings: string[]) =>
	image(`${size} ${format} ${settings.join(' ')}`, () =>
		gm('-size', size, `xc:${SKY}`, ...settings, format),
	);

/** Of noise, so that its file is as large as it can be. */
export const heavy = (size: string, format = 'jpeg') =>
	image(`${size} ${format} of noise`, () =>
		gm('-size', size, 'xc:gray', '+noise', 'Random', '-quality', '97', format),
	);

/** With transparent corners. */
export const cutOut = (width: number, height: number, format: 'png' | 'webp' | 'gif' = 'png') =>
	image(`${width}x${height} ${format} with transparent corners`, async () => {
		const circle = Buffer.from(
			`<svg width="${width}" height="${height}"><circle cx="50%" cy="50%" r="40%" fill="${SKY}"/></svg>`,
		);
		return await sharp(circle)[format]().toBuffer();
	});

/** Turned by its EXIF data, as phones write it: what is stored lies on its side. */
export const turned = (width: number, height: number, format: 'jpeg' | 'png' | 'webp' = 'jpeg') =>
	image(`${width}x${height} ${format} that EXIF data turn`, async () => {
		return await plain(width, height)[format]().withMetadata({ orientation: 6 }).toBuffer();
	});

export const animation = (size: string) =>
	image(`${size} animated gif`, () =>
		gm('-size', size, `xc:${SKY}`, 'xc:#304060', '-delay', '20', 'gif'),
	);

/** Of an iPhone's kind: 1024 × 768, made with heif-enc. */
export const heic = image('heic', () => Buffer.from(HEIC, 'base64'));

export const avif = image('avif', async () => {
	return await plain(800, 600).avif({ effort: 0 }).toBuffer();
});

function image(name: string, make: () => Buffer | Promise<Buffer>): TestImage {
	let made: Promise<Buffer> | undefined;
	return { name: name.trim(), make: async () => await (made ??= Promise.resolve(make())) };
}

const HEIC =
	'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAFmAAEAAAAAAAABbgAAACNpaW5mAAAAAAABAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAwmlwcnAAAACkaXBjbwAAAHhodmNDAQQIAAAAAAAAAAAAXfAA/P36+gAADwMgAAEAF0ABDAH//wQIAAADAJ24AAADAABdugJAIQABACxCAQEECAAAAwCduAAAAwAAXaACAIAwE2W6kkprm4EBAwIAAAMAAgAAAwACECIAAQAHRAHBcrBiQAAAABRpc3BlAAAAAAAABAAAAAMAAAAAEHBpeGkAAAAAAwoKCgAAABZpcG1hAAAAAAAAAAEAAQOBAoMAAAF2bWRhdAAAAWooAa8ZGGpfedbbaaZZZvd8cpeduTE+42h+9IhMbY/Wuz8ZagQgVXASQHGL8AAAAwAAAwAAAwAZ0K0GtLlHaeYWzH8d+iV2AhoWAAADAAADAAADAAADAAGbpnvCD4o7/Mg4wTKAlAAAAwAAAwAAAwAAAwAAAwAD5qMu04eI9uWpyGpAAAADAAADAAADAAADAAADAAAh4B8+Tqhx57I8heAAAAMAAAMAAAMAAAMAAAMAAh4u/25fix0zoH26AAADAAADAAADAAADAAADAAX8Ku4DUNeF4YHwobAAAAMAAAMAAAMAAAMAACtgOhRTMrizwORwAAADAAADAAADAAADAAADAAOiPxkO5pEl/dJywAAAAwAAAwAAAwAAAwAAC/g10SMEF64I2XIAAAMAAAMAAAMAAAMAAAMCwkMmbHWo8qQxqkAAAAMAAAMAAAMAAAMAAFlAOqItYR34E4DMAAADAAADAAADAAADAAAHLA==';
