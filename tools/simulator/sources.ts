import sharp from 'sharp';

import type { CreateBody, ModelLimits, SourceFormat } from './models';
import { sendRequest } from './outgoing';
import { sniffFormat } from './sniffing';

/** A reference image as the service got it from its link. */
export interface SourceImage {
	bytes: Buffer;
	format: SourceFormat;
	/** Pixels, as displayed (after EXIF rotation). */
	width: number;
	height: number;
}

/** Why a task failed, with one of the documented task error codes. */
export class TaskFailure extends Error {
	constructor(
		readonly code: string,
		message: string,
	) {
		super(message);
	}
}

const MAX_REDIRECTS = 3;
const FETCH_TIMEOUT_SECONDS = 10;

/** Fetches the reference images and the mask, and holds them against the limits of the model. */
export async function fetchSources(
	body: CreateBody,
	limits: ModelLimits,
	signal: AbortSignal,
): Promise<SourceImage[]> {
	const sources = await Promise.all(
		(body.image_urls ?? []).map(async (url) => await fetchSource(url, limits, signal)),
	);
	if (body.background === 'transparent' && limits.keepsTransparency) {
		if (sources[0].format !== 'png' || !(await hasAlpha(sources[0]))) {
			throw new TaskFailure('image_processing_error', 'The image has no transparency to keep');
		}
	}
	if (body.mask_url !== undefined) await fetchMask(body.mask_url, sources[0], limits, signal);
	return sources;
}

async function fetchMask(
	url: string,
	reference: SourceImage,
	limits: ModelLimits,
	signal: AbortSignal,
): Promise<void> {
	const mask = await inspect(await fetchBytes(url, limits.maxImageBytes, signal), url);
	if (mask.format !== 'png' || (limits.mask === 'transparent' && !(await hasAlpha(mask)))) {
		throw new TaskFailure('image_processing_error', 'Invalid mask image format');
	}
	if (mask.width !== reference.width || mask.height !== reference.height) {
		throw new TaskFailure(
			'image_dimension_mismatch',
			`Mask is ${mask.width}x${mask.height}, image ${reference.width}x${reference.height}`,
		);
	}
}

/** Fetches one reference image and holds it against the limits of the model. */
async function fetchSource(
	url: string,
	limits: ModelLimits,
	signal: AbortSignal,
): Promise<SourceImage> {
	const bytes = await fetchBytes(url, limits.maxImageBytes, signal);
	const source = await inspect(bytes, url);
	if (!limits.formats.includes(source.format)) {
		throw new TaskFailure('image_processing_error', `Format ${source.format} is not supported`);
	}
	const problem = sizeProblem(source, limits);
	if (problem) {
		throw new TaskFailure(
			'image_dimension_mismatch',
			`Image is ${source.width}x${source.height} pixels; ${problem}`,
		);
	}
	if (!limits.takesAlpha && (await isTransparent(source))) {
		throw new TaskFailure('image_processing_error', 'Transparency is not supported');
	}
	return source;
}

function sizeProblem({ width, height }: SourceImage, limits: ModelLimits): string | undefined {
	const { minSide = 1, maxSide = Infinity, minPixels = 1, maxPixels = Infinity } = limits;
	const [short, long] = [width, height].sort((a, b) => a - b);
	if (short < minSide || long > maxSide) {
		return `each side must be from ${minSide} to ${maxSide}`;
	}
	if (width * height < minPixels || width * height > maxPixels) {
		return `there must be ${minPixels} to ${maxPixels} pixels in all`;
	}
	const { maxRatio = Infinity } = limits;
	return long / short > maxRatio ? `it must not be longer than 1:${maxRatio}` : undefined;
}

/** BMP and HEIC, which sharp does not read, count as opaque. */
async function hasAlpha({ bytes, format }: SourceImage): Promise<boolean> {
	if (format === 'bmp' || format === 'heic') return false;
	return (await sharp(bytes).metadata()).hasAlpha;
}

/** Whether a pixel is transparent: an alpha channel alone is not. */
async function isTransparent(source: SourceImage): Promise<boolean> {
	return (await hasAlpha(source)) && !(await sharp(source.bytes).stats()).isOpaque;
}

async function fetchBytes(
	url: string,
	maxBytes: number | undefined,
	signal: AbortSignal,
): Promise<Buffer> {
	let address = url;
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		const answer = await sendRequest(address, {
			timeoutSeconds: FETCH_TIMEOUT_SECONDS,
			maxBytes: maxBytes ?? Infinity,
			signal,
		}).catch((error: Error) => {
			throw new TaskFailure('image_processing_error', `Failed to fetch ${url}: ${error.message}`);
		});
		if (answer.status === 200) return answer.body;
		if (answer.status < 300 || answer.status > 399 || !answer.location) {
			throw new TaskFailure('image_processing_error', `${url} answered ${answer.status}`);
		}
		address = new URL(answer.location, address).href;
	}
	throw new TaskFailure('image_processing_error', `${url} redirects too often`);
}

async function inspect(bytes: Buffer, url: string): Promise<SourceImage> {
	const format = sniffFormat(bytes);
	try {
		if (format === undefined) throw new Error('unknown format');
		if (format === 'bmp') return { bytes, format, ...bmpSize(bytes) };
		if (format === 'heic') return { bytes, format, ...heicSize(bytes) };
		const { width, height } = (await sharp(bytes).metadata()).autoOrient;
		return { bytes, format, width, height };
	} catch {
		throw new TaskFailure('image_processing_error', `${url} is not a picture`);
	}
}

/** From the BITMAPINFOHEADER; sharp does not read BMP. A negative height means top row first. */
function bmpSize(bytes: Buffer): { width: number; height: number } {
	return { width: bytes.readInt32LE(18), height: Math.abs(bytes.readInt32LE(22)) };
}

/** From the box `ispe` (ISO/IEC 23008-12, 6.5.3); sharp does not read HEIC. */
function heicSize(bytes: Buffer): { width: number; height: number } {
	const start = bytes.indexOf('ispe');
	if (start < 0) throw new Error('no size');
	return { width: bytes.readUInt32BE(start + 8), height: bytes.readUInt32BE(start + 12) };
}
