import type { ByteStream } from '../api/http/bytes';
import type { Clock } from '../api/http/clock';
import { ApiError, TRY_LATER } from '../api/errors/errors';
import { type HttpAnswer, isSuccess, type Send } from '../api/http/http';
import { isPassingStatus, type ReadResult, repeatRead, retryAfterMs } from '../api/http/retry';
import { failedExchange } from '../api/errors/advice';
import { isHttpUrl } from '../api/http/url';
import { decodeInPlace, isBase64 } from './base64';
import { withEnding } from './fileNames';
import { FORMATS, type ImageFormat } from './format';
import { examineImage, ImageReader } from './imageReader';
import { describeUnknown, isBinary, isNoImage } from './unknownContent';

export interface ImageFile<Content = Buffer> {
	content: Content;
	fileName: string;
	mimeType: string;
}

/**
 * Takes an image that is fetched, large ones while they arrive.
 *
 * @param bytes how large it is, or claims to be
 */
export type StoreImage<T> = (file: ImageFile<Buffer | ByteStream>, bytes: number) => Promise<T>;

/** How errors call what couldn't be fetched. */
export const FETCHED_IMAGE = 'The edited image';

const DOWNLOAD_TIMEOUT_MS = 120_000;

/**
 * Fetches result images, all at once, without the API key.
 *
 * @param stems their file names without the endings
 * @param store gets each image, again where it broke off
 * @returns what `store` made of them
 * @throws {EvolinkError} the first that could not be fetched
 */
export async function downloadImages<T>(
	send: Send,
	clock: Clock,
	links: string[],
	maxMegabytes: number,
	stems: string[],
	store: StoreImage<T>,
): Promise<T[]> {
	return await Promise.all(
		links.map(
			async (link, position) =>
				await downloadImage(send, clock, link, maxMegabytes, stems[position], store),
		),
	);
}

async function downloadImage<T>(
	send: Send,
	clock: Clock,
	link: string,
	maxMegabytes: number,
	stem: string,
	store: StoreImage<T>,
): Promise<T> {
	if (!isHttpUrl(link)) {
		throw new ApiError(
			'The URL of the edited image is not http or https',
			'Contact EvoLink support.',
		);
	}
	const keep = async (content: Buffer | ByteStream, format: ImageFormat, bytes: number) => {
		const { mimeType } = FORMATS[format];
		return await store({ content, fileName: withEnding(stem, format), mimeType }, bytes);
	};
	return await repeatRead(clock, async (): Promise<ReadResult<T>> => {
		const what = `${FETCHED_IMAGE} couldn't be downloaded`;
		const kept: Array<Promise<T>> = [];
		const reader = new ImageReader();
		const result = await send({
			method: 'GET',
			url: link,
			timeoutMs: DOWNLOAD_TIMEOUT_MS,
			maxBytes: maxMegabytes * 1024 * 1024,
			take(beginning) {
				const facts = examineImage(beginning);
				if (!facts) return undefined;
				return async (content, announced) => {
					const watched = content.map((chunk: Buffer) => {
						reader.write(chunk);
						return chunk;
					});
					kept.push(keep(watched, facts.format, announced));
					await kept[0];
				};
			},
		});
		if (result.kind === 'tooLarge') {
			const error = new ApiError(
				`${FETCHED_IMAGE} is larger than ${maxMegabytes} MB`,
				"Increase 'Max Download Size (MB)', or turn off 'Download' and use the URL.",
			);
			return { ok: false, error, mayPass: false };
		}
		if (result.kind !== 'answer') return failedExchange(what, result);
		const fault = { ok: false, retryAfterMs: retryAfterMs(result, clock.now()) } as const;
		if (!isSuccess(result)) {
			const error = new ApiError(
				`${what}: its URL responded with HTTP status ${result.status}`,
				'The URLs of edited images expire after 24 hours.',
				{ status: result.status },
			);
			// A new link may not be known everywhere yet.
			const mayPass = isPassingStatus(result.status) || result.status === 404;
			return { ...fault, error, mayPass };
		}
		if (kept.length === 0) {
			const facts = examineImage(result.body);
			if (!facts) return { ...fault, ...notAnImage(what, result) };
			reader.write(result.body);
			kept.push(keep(result.body, facts.format, result.body.length));
		}
		const value = await kept[0];
		if (reader.end()?.isCutOff) {
			const error = new ApiError(
				`${what} completely: the file ends before the image does`,
				'Open the URL to see whether the image is complete, and download it before the URL expires.',
			);
			return { ...fault, error, mayPass: true };
		}
		return { ok: true, value };
	});
}

function notAnImage(what: string, { status, body }: HttpAnswer) {
	const error = new ApiError(
		`${what}: its URL returns ${describeUnknown(body).what ?? 'something'}, which is not an image`,
		'Open the URL to see what it returns, and download the image before the URL expires.',
	);
	return { error, mayPass: isNotReady(status, body) };
}

/** Whether there may be an image in a moment: pages of proxies come under status 200 too, and so do excuses. */
function isNotReady(status: number, body: Buffer): boolean {
	const text = body.toString('utf8', 0, 2_000).trim();
	if (text === '' || text.startsWith('<') || status === 202) return true;
	return (
		/^[[{]/.test(text) && /pending|processing|progress|queue|not.?ready|try.?again/i.test(text)
	);
}

/** An image that came as base64. */
export interface DecodedImage extends ImageFile {
	/** What is to be said of it, as the end of a sentence. */
	hint?: string;
}

const UNKNOWN_FORMAT = { mimeType: 'application/octet-stream', extension: 'bin' };

/**
 * Decodes an image that came as base64. It is paid, so what may be an image in any format is kept.
 *
 * @param base64 with or without the escapes of JSON; the image then stands in its room
 * @param stem its file name without the ending
 * @throws {ApiError} it is certainly no image
 */
export async function decodeImage(base64: Buffer, stem: string): Promise<DecodedImage> {
	const reader = new ImageReader();
	const content = isBase64(base64)
		? await decodeInPlace(base64, (bytes) => reader.write(bytes))
		: base64;
	const facts = reader.end();
	if (facts) {
		const { mimeType } = FORMATS[facts.format];
		const hint = facts.isCutOff ? { hint: 'ends before the image does' } : {};
		return { content, fileName: withEnding(stem, facts.format), mimeType, ...hint };
	}
	const unknown = describeUnknown(content);
	if (!isBinary(content)) {
		throw new ApiError(
			`The file that was returned as the edited image ${isNoImage(unknown)}`,
			TRY_LATER,
		);
	}
	const { mimeType, extension } = UNKNOWN_FORMAT;
	const fileName = `${stem}.${extension}`;
	return { content, fileName, mimeType, hint: `${isNoImage(unknown)}; it was stored as it is` };
}
