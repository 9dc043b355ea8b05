import { deflateSync } from 'node:zlib';

import sharp from 'sharp';

import { encode, type ResultFormat } from './editing';

export type SampleFormat = ResultFormat | 'tiff' | 'bmp';

export interface SampleSize {
	/** Pixels; default 768. */
	width?: number;
	/** Pixels; default 576. */
	height?: number;
	/** With transparent corners (PNG, WebP, GIF and TIFF); default false. */
	alpha?: boolean;
}

const cache = new Map<string, Promise<Buffer>>();

/** A small landscape as the bytes of an image file; the same bytes for the same arguments. */
export async function samplePicture(
	format: SampleFormat = 'png',
	{ width = 768, height = 576, alpha = false }: SampleSize = {},
): Promise<Buffer> {
	return await once(`${format} ${width}x${height} ${alpha}`, async () => {
		return await drawn(landscape(alpha), format, width, height, alpha);
	});
}

/** A PNG that says how large it is and has no pixels: for limits that would take too long to draw. */
export function hollowPng(width: number, height: number): Buffer {
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([8, 2], 8); // 8 bits, red, green and blue
	const chunks = [pngChunk('IHDR', header), pngChunk('IDAT', deflateSync('')), pngChunk('IEND')];
	return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

function pngChunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
	const content = Buffer.concat([Buffer.from(type), data]);
	const chunk = Buffer.alloc(content.length + 8);
	chunk.writeUInt32BE(data.length, 0);
	content.copy(chunk, 4);
	chunk.writeUInt32BE(crc32(content), content.length + 4);
	return chunk;
}

/** PNG specification, annex D. */
function crc32(bytes: Buffer): number {
	let crc = 0xffffffff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	}
	return (crc ^ 0xffffffff) >>> 0;
}

/** A HEIC that says how large it is and has no pixels: sharp does not write HEIC. */
function hollowHeic(width: number, height: number): Buffer {
	const box = (type: string, ...content: Buffer[]) => {
		const body = Buffer.concat([Buffer.from(type), ...content]);
		const length = Buffer.alloc(4);
		length.writeUInt32BE(body.length + 4);
		return Buffer.concat([length, body]);
	};
	const size = Buffer.alloc(12);
	size.writeUInt32BE(width, 4);
	size.writeUInt32BE(height, 8);
	return Buffer.concat([
		box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1')),
		box('meta', Buffer.alloc(4), box('iprp', box('ipco', box('ispe', size)))),
	]);
}

/** The images that the images host serves, by path. */
export const SAMPLES: Record<string, { contentType: string; bytes: () => Promise<Buffer> }> = {
	'/cat.png': sample('png', 768, 768, cat),
	'/hills.bmp': { contentType: 'image/bmp', bytes: async () => await samplePicture('bmp') },
	'/hills.gif': { contentType: 'image/gif', bytes: async () => await samplePicture('gif') },
	'/hills.heic': { contentType: 'image/heic', bytes: async () => hollowHeic(768, 576) },
	'/hills.png': { contentType: 'image/png', bytes: async () => await samplePicture('png') },
	'/hills-alpha.png': {
		contentType: 'image/png',
		bytes: async () => await samplePicture('png', { alpha: true }),
	},
	'/hills.tiff': { contentType: 'image/tiff', bytes: async () => await samplePicture('tiff') },
	'/room.jpg': sample('jpeg', 1024, 683, room),
	'/shirt.webp': sample('webp', 640, 800, shirt),
	'/tiny.png': sample('png', 64, 64, cat),
};

function sample(format: ResultFormat, width: number, height: number, svg: () => string) {
	const bytes = async () =>
		await once(`${svg.name} ${format} ${width}`, async () => {
			return await drawn(svg(), format, width, height, false);
		});
	return { contentType: `image/${format}`, bytes };
}

async function once(key: string, make: () => Promise<Buffer>): Promise<Buffer> {
	const bytes = cache.get(key) ?? make();
	cache.set(key, bytes);
	return await bytes;
}

async function drawn(
	svg: string,
	format: SampleFormat,
	width: number,
	height: number,
	alpha: boolean,
): Promise<Buffer> {
	const image = sharp(Buffer.from(svg)).resize(width, height, { fit: 'fill' });
	if (!alpha) image.flatten({ background: '#fff' });
	if (format === 'tiff') return await image.tiff().toBuffer();
	if (format === 'bmp') return bmp(await image.removeAlpha().raw().toBuffer(), width, height);
	return await encode(image, format);
}

/** A 24-bit BMP, bottom row first, rows padded to four bytes. sharp does not write BMP. */
function bmp(rgb: Buffer, width: number, height: number): Buffer {
	const rowLength = Math.ceil((width * 3) / 4) * 4;
	const file = Buffer.alloc(54 + rowLength * height);
	file.write('BM');
	file.writeUInt32LE(file.length, 2);
	file.writeUInt32LE(54, 10);
	file.writeUInt32LE(40, 14);
	file.writeInt32LE(width, 18);
	file.writeInt32LE(height, 22);
	file.writeUInt16LE(1, 26);
	file.writeUInt16LE(24, 28);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) {
			const from = (y * width + x) * 3;
			const to = 54 + (height - 1 - y) * rowLength + x * 3;
			file[to] = rgb[from + 2];
			file[to + 1] = rgb[from + 1];
			file[to + 2] = rgb[from];
		}
	}
	return file;
}

function svg(width: number, height: number, content: string): string {
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"
		width="${width}" height="${height}" preserveAspectRatio="none">${content}</svg>`;
}

function gradient(id: string, from: string, to: string): string {
	return `<linearGradient id="${id}" x2="0" y2="1"><stop stop-color="${from}"/>
		<stop offset="1" stop-color="${to}"/></linearGradient>`;
}

function landscape(alpha: boolean): string {
	return svg(
		768,
		576,
		`<defs>${gradient('sky', '#2b6cb0', '#fde2b3')}${gradient('hill', '#5f9e57', '#2f6b46')}
			<clipPath id="card"><rect width="768" height="576" rx="${alpha ? 120 : 0}"/></clipPath></defs>
		<g clip-path="url(#card)">
			<rect width="768" height="576" fill="url(#sky)"/>
			<circle cx="560" cy="190" r="70" fill="#fff3c4"/>
			<path d="M0 400 L170 200 L300 350 L420 240 L600 430 L768 330 V576 H0Z" fill="#6b7fa3"/>
			<path d="M170 200 L214 251 L178 262 L150 240Z M420 240 L462 284 L425 300 L392 268Z" fill="#fff"/>
			<path d="M0 450 C200 360 330 500 520 430 S720 420 768 440 V576 H0Z" fill="url(#hill)"/>
		</g>`,
	);
}

function cat(): string {
	return svg(
		768,
		768,
		`<defs>${gradient('wall', '#cfe8e3', '#f6efe2')}${gradient('fur', '#f2a65a', '#d9813a')}</defs>
		<rect width="768" height="768" fill="url(#wall)"/>
		<ellipse cx="384" cy="690" rx="330" ry="90" fill="#b9715a"/>
		<path d="M560 640 C700 600 690 430 610 420" stroke="#d9813a" stroke-width="46" fill="none"
			stroke-linecap="round"/>
		<ellipse cx="384" cy="570" rx="190" ry="170" fill="url(#fur)"/>
		<path d="M236 300 L222 130 L350 220Z M532 300 L546 130 L418 220Z" fill="#d9813a"/>
		<path d="M252 252 L246 172 L308 216Z M516 252 L522 172 L460 216Z" fill="#f7c9a9"/>
		<ellipse cx="384" cy="330" rx="176" ry="150" fill="url(#fur)"/>
		<g stroke="#b8652a" stroke-width="14" stroke-linecap="round">
			<path d="M384 196 V240 M344 204 V240 M424 204 V240"/></g>
		<ellipse cx="318" cy="318" rx="30" ry="36" fill="#f8f8e8"/>
		<ellipse cx="450" cy="318" rx="30" ry="36" fill="#f8f8e8"/>
		<ellipse cx="318" cy="320" rx="12" ry="30" fill="#2d3a2e"/>
		<ellipse cx="450" cy="320" rx="12" ry="30" fill="#2d3a2e"/>
		<path d="M366 372 H402 L384 392Z" fill="#a94f4f"/>
		<path d="M384 392 C380 424 344 424 338 408 M384 392 C388 424 424 424 430 408"
			stroke="#7a3e22" stroke-width="6" fill="none" stroke-linecap="round"/>
		<path d="M290 386 L176 366 M290 404 L180 416 M478 386 L592 366 M478 404 L588 416"
			stroke="#fff6ea" stroke-width="5" stroke-linecap="round"/>
		<ellipse cx="384" cy="600" rx="96" ry="118" fill="#fae3c8"/>`,
	);
}

function room(): string {
	return svg(
		1024,
		683,
		`<defs>${gradient('wall', '#e9e1d3', '#d8cbb5')}${gradient('view', '#8ec5e8', '#e8f4d9')}
			${gradient('floor', '#a8764e', '#7d5336')}</defs>
		<rect width="1024" height="683" fill="url(#wall)"/>
		<rect y="500" width="1024" height="183" fill="url(#floor)"/>
		<rect y="488" width="1024" height="14" fill="#f6f1e7"/>
		<rect x="90" y="80" width="260" height="300" fill="#fff"/>
		<rect x="104" y="94" width="232" height="272" fill="url(#view)"/>
		<path d="M104 320 C170 270 240 340 336 290 V366 H104Z" fill="#7fae6e"/>
		<path d="M215 94 H225 V366 H215Z M104 225 H336 V235 H104Z" fill="#fff"/>
		<rect x="560" y="90" width="180" height="130" fill="#3c4a63"/>
		<rect x="574" y="104" width="152" height="102" fill="#f4b860"/>
		<circle cx="650" cy="158" r="34" fill="#c8553d"/>
		<ellipse cx="600" cy="610" rx="360" ry="46" fill="#c9d3dc"/>
		<rect x="420" y="330" width="420" height="150" rx="34" fill="#3f7d78"/>
		<rect x="390" y="400" width="70" height="150" rx="28" fill="#356b67"/>
		<rect x="800" y="400" width="70" height="150" rx="28" fill="#356b67"/>
		<rect x="440" y="450" width="380" height="90" rx="20" fill="#4b928c"/>
		<rect x="500" y="380" width="110" height="90" rx="18" fill="#f0c987" transform="rotate(-8 555 425)"/>
		<path d="M430 548 h20 v36 h-20Z M810 548 h20 v36 h-20Z" fill="#4a3020"/>
		<path d="M940 540 V260" stroke="#4a4a4a" stroke-width="10"/>
		<path d="M900 170 H980 L1006 270 H874Z" fill="#fbe7b0"/>
		<rect x="906" y="536" width="70" height="14" rx="6" fill="#4a4a4a"/>`,
	);
}

function shirt(): string {
	return svg(
		640,
		800,
		`<defs>${gradient('back', '#f3f4f8', '#d5dae6')}${gradient('cloth', '#4f7cff', '#2e55c9')}</defs>
		<rect width="640" height="800" fill="url(#back)"/>
		<ellipse cx="320" cy="742" rx="200" ry="18" fill="#b9c0d1"/>
		<path d="M230 130 L110 190 L40 360 L140 410 L172 340 V720 H468 V340 L500 410 L600 360
			L530 190 L410 130 C380 190 260 190 230 130Z" fill="url(#cloth)"/>
		<path d="M230 130 C260 190 380 190 410 130 L432 141 C396 222 244 222 208 141Z" fill="#2446a8"/>
		<path d="M172 340 C190 420 182 560 172 640 M468 340 C450 420 458 560 468 640"
			stroke="#2446a8" stroke-width="4" fill="none"/>
		<path d="M320 330 L344 398 L416 400 L358 442 L380 511 L320 469 L260 511 L282 442 L224 400
			L296 398Z" fill="#ffe08a"/>`,
	);
}
