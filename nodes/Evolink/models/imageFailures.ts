import type { TaskFailure } from '../api/task';
import type { ImageFacts } from '../images/format';
import { formatName, mayBeTransparent } from './imageProblems';
import type { ImageModel } from './model';
import { describeSizeLimits, wayOut, wayOutOfRefusedSize } from './wayOut';

/** An image of the request, as far as it is known: of a link only what to call it. */
export interface SentImage {
	label: string;
	fieldName?: string;
	facts?: ImageFacts;
	bytes?: number;
}

/** Codes of failures that may be about the size or transparency; which it was stands in their message. */
const OTHER_CODES = ['image_processing_error', 'invalid_parameters', 'invalid_request'];
const SIZE_WORDS =
	/\b(dimensions?|pixels?|px|resolution|width|height|aspect ratio|too (large|small))\b/i;

const TRANSPARENCY_WORDS = /transparen|alpha/i;

/**
 * What to do after a task failed because of an image, where that is known: n8n shows no hints of a node that failed.
 *
 * @returns undefined where the service's code has to do
 */
export function adviceAfterFailure(
	model: ImageModel,
	failure: TaskFailure,
	images: SentImage[],
): string | undefined {
	if (isTransparencyFailure(failure)) return adviceOnTransparency(model, images);
	return isSizeFailure(failure) ? adviceAfterSizeFailure(model, failure, images) : undefined;
}

function isTransparencyFailure({ code, message }: TaskFailure): boolean {
	return OTHER_CODES.includes(code) && TRANSPARENCY_WORDS.test(message);
}

function adviceOnTransparency(model: ImageModel, images: SentImage[]): string | undefined {
	const advice = images.flatMap(({ label, fieldName, facts, bytes = 0 }) =>
		facts && !model.images.transparency && mayBeTransparent(facts)
			? [
					`${label} is a ${formatName(facts.format)} image that may have transparent areas. ${wayOut(model, { facts, bytes }, { fieldName, imageCount: images.length })}`,
				]
			: [],
	);
	return advice.length > 0 ? advice.join(' ') : undefined;
}

/** Whether a task failed because of the size of an image. */
export function isSizeFailure({ code, message }: TaskFailure): boolean {
	if (code === 'image_dimension_mismatch') return true;
	return OTHER_CODES.includes(code) && SIZE_WORDS.test(message);
}

/**
 * What to do after a task failed because of the size of an image: the size that each image really has, what the
 * model accepts, and the way out.
 *
 * @returns undefined where no size is known
 */
export function adviceAfterSizeFailure(
	model: ImageModel,
	failure: TaskFailure,
	images: SentImage[],
): string | undefined {
	const sized = images.flatMap(({ label, fieldName, facts }) => {
		const { width, height } = facts ?? {};
		return width === undefined || height === undefined ? [] : [{ label, fieldName, width, height }];
	});
	if (sized.length === 0) sized.push(...sizeIn(failure.message, images));
	if (sized.length === 0) return undefined;
	const limits = describeSizeLimits(model);
	return [
		limits === undefined
			? `EvoLink's documentation gives no image size limit for ${model.name}.`
			: `${model.name} accepts ${limits}.`,
		...sized.map(({ label, fieldName, ...size }) => {
			const recipe = wayOutOfRefusedSize(model, size, fieldName);
			return `${label} is ${size.width} × ${size.height} pixels. ${recipe}`;
		}),
	].join(' ');
}

/** The service's message often says how large an image is that stands behind a link. */
function sizeIn(message: string, images: SentImage[]) {
	const [, width, height] = /(\d{1,6})\s*[x×*]\s*(\d{1,6})/i.exec(message) ?? [];
	if (width === undefined || Number(width) === 0 || Number(height) === 0) return [];
	const label = images.length === 1 ? images[0].label : 'An image';
	return [{ label, fieldName: undefined, width: Number(width), height: Number(height) }];
}
