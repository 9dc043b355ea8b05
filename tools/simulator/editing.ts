import { createHash } from 'node:crypto';
import sharp, { type OverlayOptions, type Sharp } from 'sharp';

import type { SourceImage } from './sources';

export type ResultFormat = 'png' | 'jpeg' | 'webp' | 'gif';

export interface Edit {
	sources: SourceImage[];
	prompt: string;
	/** Which of several results, from 0: each looks a little different. */
	index: number;
	format: ResultFormat;
	/** Pixels. */
	width: number;
	height: number;
}

/** Edited images that are kept; older ones are made anew when they are asked for again. */
const MAX_CACHED = 64;
const cache = new Map<string, Promise<Buffer>>();

/**
 * The "edited" image: the sources side by side in another hue, the prompt on a banner below.
 * Whoever sees it recognises the input, and sees that it went through an edit.
 */
export async function renderEdit(edit: Edit): Promise<Buffer> {
	const key = cacheKey(edit);
	const known = cache.get(key);
	if (known) return await known;
	if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value ?? '');
	const made = render(edit);
	cache.set(key, made);
	return await made;
}

function cacheKey({ sources, ...rest }: Edit): string {
	const hash = createHash('sha1').update(JSON.stringify(rest));
	for (const { bytes } of sources) hash.update(bytes);
	return hash.digest('hex');
}

async function render(edit: Edit): Promise<Buffer> {
	const { width, height, index, format } = edit;
	const cellWidth = Math.floor(width / edit.sources.length);
	const cells = await Promise.all(
		edit.sources.map(async (source, position): Promise<OverlayOptions> => {
			const cell = await readable(source)
				.resize(cellWidth, height, { fit: 'cover' })
				.modulate({ hue: 70 + 60 * index, saturation: 1.15 })
				.ensureAlpha()
				.raw()
				.toBuffer();
			const raw = { width: cellWidth, height, channels: 4 as const };
			return { input: cell, raw, left: position * cellWidth, top: 0 };
		}),
	);
	const canvas = sharp({
		create: { width, height, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
	}).composite([...cells, { input: Buffer.from(banner(edit)), left: 0, top: 0 }]);
	return await encode(canvas, format);
}

/** A source as sharp can read it; BMP and HEIC, which it cannot, are stood in for by a plain colour. */
function readable({ bytes, format, width, height }: SourceImage): Sharp {
	if (format !== 'bmp' && format !== 'heic') return sharp(bytes).rotate();
	return sharp({ create: { width, height, channels: 3, background: '#7fb2d9' } });
}

/** Encodes fast rather than small: tests wait for it. */
export async function encode(image: Sharp, format: ResultFormat): Promise<Buffer> {
	switch (format) {
		case 'png':
			return await image.png({ compressionLevel: 3 }).toBuffer();
		case 'jpeg':
			return await image.flatten({ background: '#fff' }).jpeg({ quality: 85 }).toBuffer();
		case 'webp':
			return await image.webp({ quality: 80, effort: 0 }).toBuffer();
		case 'gif':
			return await image.gif({ colours: 64, effort: 1, dither: 0 }).toBuffer();
	}
}

/** A strip along the bottom with the prompt on at most two lines. */
function banner({ prompt, index, width, height }: Edit): string {
	const fontSize = Math.max(12, Math.round(height * 0.034));
	const lines = wrap(prompt, Math.floor(width / (fontSize * 0.58)) - 2);
	const stripHeight = Math.round(fontSize * (lines.length * 1.35 + 1.9));
	const top = height - stripHeight;
	const text = lines.map((line, row) => {
		const y = top + fontSize * (2.45 + row * 1.35);
		return `<text x="${fontSize}" y="${y}" font-size="${fontSize}" fill="#fff">${line}</text>`;
	});
	const title = `EDITED BY THE EVOLINK SIMULATOR${index ? ` · ${index + 1}` : ''}`;
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"
		font-family="DejaVu Sans, Helvetica, Arial, sans-serif">
		<rect y="${top}" width="${width}" height="${stripHeight}" fill="#15151f" fill-opacity="0.86"/>
		<rect y="${top}" width="${width}" height="${Math.ceil(fontSize / 5)}" fill="#ff5fa2"/>
		<text x="${fontSize}" y="${top + fontSize * 1.25}" font-size="${fontSize * 0.6}"
			letter-spacing="1" fill="#ff9cc6">${title}</text>
		${text.join('')}
	</svg>`;
}

function wrap(prompt: string, lineLength: number): string[] {
	const words = prompt
		.replace(/[^\P{C}]/gu, ' ')
		.trim()
		.split(/\s+/);
	const lines = [''];
	for (const word of words) {
		const line = lines[lines.length - 1];
		if (line === '' || line.length + 1 + word.length <= lineLength) {
			lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
		} else {
			lines.push(word);
		}
	}
	const shown = lines.slice(0, 2).map((line) => cut(line, lineLength));
	if (lines.length > 2) shown[1] = cut(`${shown[1]} …`, lineLength);
	return shown.map(escapeXml);
}

function cut(line: string, length: number): string {
	return line.length <= length ? line : `${[...line].slice(0, length - 1).join('')}…`;
}

function escapeXml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
