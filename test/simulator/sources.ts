import sharp from 'sharp';

import type { ModelLimits, SourceFormat } from './models';
import { sendRequest } from './outgoing';
import { sniffFormat } from './sniffing';

/** A reference picture as the service got it from its link. */
export interface SourcePicture {
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

/** Fetches one reference picture and holds it against the limits of the model. */
export async function fetchSource(
	url: string,
	limits: ModelLimits,
	signal: AbortSignal,
): Promise<SourcePicture> {
	const bytes = await fetchBytes(url, limits.maxImageBytes, signal);
	const source = await inspect(bytes, url);
	if (!limits.formats.includes(source.format)) {
		throw new TaskFailure('image_processing_error', `Format ${source.format} is not supported`);
	}
	for (const side of [source.width, source.height]) {
		if (side >= limits.minSide && side <= limits.maxSide) continue;
		throw new TaskFailure(
			'image_dimension_mismatch',
			`Image is ${source.width}x${source.height} pixels; ` +
				`each side must be from ${limits.minSide} to ${limits.maxSide}`,
		);
	}
	if (!limits.takesAlpha && source.format !== 'bmp' && (await sharp(bytes).metadata()).hasAlpha) {
		throw new TaskFailure('image_processing_error', 'Transparency is not supported');
	}
	return source;
}

async function fetchBytes(url: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
	let address = url;
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		const answer = await sendRequest(address, {
			timeoutSeconds: FETCH_TIMEOUT_SECONDS,
			maxBytes,
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

async function inspect(bytes: Buffer, url: string): Promise<SourcePicture> {
	const format = sniffFormat(bytes);
	try {
		if (format === undefined) throw new Error('unknown format');
		if (format === 'bmp') return { bytes, format, ...bmpSize(bytes) };
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
