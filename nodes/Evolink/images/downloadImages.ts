import type { ByteStream } from '../api/http/bytes';
import type { Clock } from '../api/http/clock';
import { ApiError, TRY_LATER } from '../api/errors/errors';
import { isSuccess, type Send } from '../api/http/http';
import { isPassingStatus, type ReadResult, repeatRead, retryAfterMs } from '../api/http/retry';
import { failedExchange } from '../api/errors/advice';
import { isHttpUrl } from '../api/http/url';
import { FORMATS, type PictureFormat } from './format';
import { examinePicture } from './imageReader';

export interface PictureFile<Content = Buffer> {
	content: Content;
	fileName: string;
	mimeType: string;
}

/**
 * Takes a picture that is fetched, large ones while they arrive.
 *
 * @param bytes how large it is, or claims to be
 */
export type StorePicture<T> = (file: PictureFile<Buffer | ByteStream>, bytes: number) => Promise<T>;

const DOWNLOAD_TIMEOUT_MS = 120_000;
const MAX_STEM_CHARACTERS = 80;

/**
 * Fetches result pictures, all at once, without the API key.
 *
 * @param fallbackName what to call a picture whose link has no name
 * @param store gets each picture, again where it broke off
 * @returns what `store` made of them
 * @throws {EvolinkError} the first that could not be fetched
 */
export async function downloadPictures<T>(
	send: Send,
	clock: Clock,
	links: string[],
	maxMegabytes: number,
	fallbackName: string,
	store: StorePicture<T>,
): Promise<T[]> {
	return await Promise.all(
		links.map(async (link, position) => {
			const name = links.length > 1 ? `${fallbackName}-${position + 1}` : fallbackName;
			return await downloadPicture(send, clock, link, maxMegabytes, name, store);
		}),
	);
}

async function downloadPicture<T>(
	send: Send,
	clock: Clock,
	link: string,
	maxMegabytes: number,
	fallbackName: string,
	store: StorePicture<T>,
): Promise<T> {
	if (!isHttpUrl(link)) {
		throw new ApiError('The result link is not http or https', 'Contact EvoLink support.');
	}
	const keep = async (content: Buffer | ByteStream, format: PictureFormat, bytes: number) => {
		const { mimeType } = FORMATS[format];
		return await store(
			{ content, fileName: fileNameFor(link, format, fallbackName), mimeType },
			bytes,
		);
	};
	return await repeatRead(clock, async (): Promise<ReadResult<T>> => {
		const what = 'The edited picture could not be fetched';
		const kept: Array<Promise<T>> = [];
		const result = await send({
			method: 'GET',
			url: link,
			timeoutMs: DOWNLOAD_TIMEOUT_MS,
			maxBytes: maxMegabytes * 1024 * 1024,
			take(beginning) {
				const facts = examinePicture(beginning);
				if (!facts) return undefined;
				return async (content, announced) => {
					kept.push(keep(content, facts.format, announced));
					await kept[0];
				};
			},
		});
		if (result.kind === 'tooLarge') {
			const error = new ApiError(
				`The edited picture is larger than ${maxMegabytes} MB`,
				"Raise the option 'Max Download Size', or switch 'Download' off and use the link.",
			);
			return { ok: false, error, mayPass: false };
		}
		if (result.kind !== 'answer') return failedExchange(what, result);
		const fault = { ok: false, retryAfterMs: retryAfterMs(result, clock.now()) } as const;
		if (!isSuccess(result)) {
			const error = new ApiError(
				`${what}: the link answers with HTTP status ${result.status}`,
				'The links work for 24 hours: later ones are refused.',
				{ status: result.status },
			);
			// A new link may not be known everywhere yet.
			const mayPass = isPassingStatus(result.status) || result.status === 404;
			return { ...fault, error, mayPass };
		}
		const facts = examinePicture(result.body);
		if (!facts) {
			// Pages of proxies come with status 200 too; another try may find the picture.
			const isPage = result.body.subarray(0, 200).toString('latin1').trimStart().startsWith('<');
			const error = new ApiError(
				`${what}: the link gives ${isPage ? 'a web page' : 'something'} that is not a picture`,
				'Open the link to see what it gives, and fetch it before it expires.',
			);
			return { ...fault, error, mayPass: isPage };
		}
		const value = kept[0] ?? keep(result.body, facts.format, result.body.length);
		return { ok: true, value: await value };
	});
}

/**
 * A picture that came as base64.
 *
 * @param fileStem its file name without the ending
 * @throws {ApiError} it is no picture
 */
export function decodePicture(base64: string, fileStem: string): PictureFile {
	const content = Buffer.from(base64, 'base64');
	const facts = examinePicture(content);
	if (!facts) {
		throw new ApiError('What came as the edited picture is not a picture', TRY_LATER);
	}
	const { extensions, mimeType } = FORMATS[facts.format];
	return { content, fileName: `${fileStem}.${extensions[0]}`, mimeType };
}

/** The name in the link where it has one, always with the ending that fits the bytes. */
export function fileNameFor(link: string, format: PictureFormat, fallbackName: string): string {
	const { extensions } = FORMATS[format];
	const segment = new URL(link).pathname.split('/').pop() ?? '';
	const [, stem = '', extension = ''] = /^(.+?)(?:\.([a-z0-9]{1,5}))?$/i.exec(segment) ?? [];
	const cleanStem = stem.replace(/%[0-9a-f]{2}/gi, '_').replace(/[^\w.-]+/g, '_');
	const ending = extensions.find((known) => known === extension.toLowerCase()) ?? extensions[0];
	return `${cleanStem.slice(0, MAX_STEM_CHARACTERS) || fallbackName}.${ending}`;
}
