import { shortened } from '../api/errors/shortened';
import { parseUrl } from '../api/http/url';
import { formatByName, FORMATS, type ImageFacts, type ImageFormat } from '../images/format';
import type { PixelRange } from '../images/pngPixels';
import { formatName, formatNames, type KnownImage, problemsOf } from './imageProblems';
import {
	type CrossRule,
	type ImageModel,
	makesSeveral,
	type MaskRule,
	type ParameterValues,
} from './model';
import { PARAMETERS, parametersOf, pixelsOf, wantedInstead } from './parameters';
import type { Violation } from './violations';
import { type Surroundings, wayOut } from './wayOut';

/** What is checked of a request, apart from its images one by one. */
export interface RequestFacts {
	prompt: string;
	imageCount: number;
	numberOfImages: number;
	parameters: ParameterValues;
	/** The first image, where it is known. */
	firstImage?: ImageFacts;
}

/** @param model undefined for a model that the catalogue does not know: nothing to check */
export function violationsOfRequest(
	model: ImageModel | undefined,
	request: RequestFacts,
): Violation[] {
	if (!model) return [];
	return [
		...violationsOfRetirement(model),
		...violationsOfPrompt(model, request.prompt),
		...violationsOfCounts(model, request),
		...violationsOfParameters(model, request.parameters),
		...(model.rules ?? []).flatMap((rule) => violationsOfRule(rule, model, request) ?? []),
	];
}

function violationsOfRetirement({ name, mayBeRetired }: ImageModel): Violation[] {
	if (!mayBeRetired) return [];
	const message = `${name} is no longer in EvoLink's documentation and may have been retired`;
	return [{ message, advice: 'If it fails, select another model.', hintOnly: true }];
}

function violationsOfPrompt({ name, prompt: limits }: ImageModel, prompt: string): Violation[] {
	if (limits.unused) {
		if (prompt === '') return [];
		return [
			{
				message: `'Prompt' isn't sent, because ${name} doesn't use one`,
				advice: 'Remove it, or select a model that edits by prompt.',
				hintOnly: true,
			},
		];
	}
	const characters = Array.from(prompt).length;
	const violations: Violation[] = [];
	const { maxCharacters = Infinity, maxBytes = Infinity, readCharacters = Infinity } = limits;
	const shorten = 'Shorten the prompt.';
	if (characters > maxCharacters) {
		violations.push({
			message: `'Prompt' has ${characters} characters, but ${name} accepts at most ${maxCharacters}`,
			advice: shorten,
			...(limits.lenient ? { hintOnly: true } : {}),
		});
	} else if (characters > readCharacters) {
		violations.push({
			message: `'Prompt' has ${characters} characters, and ${name} may ignore those after the first ${readCharacters}`,
			advice: shorten,
			hintOnly: true,
		});
	}
	const bytes = Buffer.byteLength(prompt);
	if (bytes > maxBytes) {
		violations.push({
			message: `'Prompt' has ${bytes} bytes in UTF-8, but ${name} accepts at most ${maxBytes}`,
			advice: shorten,
		});
	}
	const tokens = roughTokens(prompt);
	if (tokens > (limits.maxTokens ?? Infinity)) {
		violations.push({
			message: `'Prompt' has about ${tokens} tokens, but ${name} accepts at most ${limits.maxTokens}`,
			advice: shorten,
			hintOnly: true,
		});
	}
	return violations;
}

/** By the documents of Seedream 5.0: 4000 tokens are about 2600 Chinese characters or 5000 English words. */
function roughTokens(text: string): number {
	const chinese = text.match(/\p{Script=Han}/gu)?.length ?? 0;
	const words = text.match(/[^\s\p{Script=Han}]+/gu)?.length ?? 0;
	return Math.round((chinese * 4000) / 2600 + (words * 4000) / 5000);
}

function violationsOfCounts(model: ImageModel, request: RequestFacts): Violation[] {
	const { name, images, results, use } = model;
	const { imageCount, numberOfImages } = request;
	const violations: Violation[] = [];
	if (images.need === 'none' && imageCount > 0) {
		violations.push({
			message: `${name} generates images from a prompt only and accepts no images`,
			advice: "Use the operation 'Generate Image', or select a model that edits images.",
			always: true,
		});
	} else if (images.need === 'required' && imageCount === 0) {
		violations.push({
			message: `${name} needs an image to edit`,
			advice: "Use the operation 'Edit Image', or select a model that works without images.",
			always: true,
		});
	} else if (imageCount > images.max) {
		violations.push({
			message: `${imageCount} images provided, but ${name} accepts at most ${images.max}`,
			advice: 'Remove images, or select a model that accepts more.',
		});
	}
	if (!makesSeveral(model)) {
		if (numberOfImages !== 1) {
			const own =
				use === 'layers' ? 'an image for each layer that it finds' : 'as many as it decides';
			violations.push({
				message: `'Number of Images' is ${numberOfImages}, but ${name} generates ${results === 'own' ? own : 'one image per request'}`,
				advice: 'Select a model that generates several images.',
				hintOnly: true,
			});
		}
	} else if (results !== 'own' && !results.includes(numberOfImages)) {
		const wanted = describeCounts(results);
		violations.push({
			message: `'Number of Images' is ${numberOfImages}, but ${name} accepts ${wanted}`,
			advice: `Set it to a whole number: ${wanted}.`,
		});
	}
	return violations;
}

/** `1 to 4`, or `1, 2 or 4`. */
export function describeCounts(counts: readonly number[]): string {
	const [first] = counts;
	const last = counts[counts.length - 1];
	if (counts.length === 1) return String(first);
	if (last - first === counts.length - 1) return `${first} to ${last}`;
	return `${counts.slice(0, -1).join(', ')} or ${last}`;
}

function violationsOfParameters(model: ImageModel, values: ParameterValues): Violation[] {
	return parametersOf(model).flatMap(([name, rule]): Violation[] => {
		const value = values[name];
		if (value === undefined) return [];
		const { displayName } = PARAMETERS[name];
		if (rule.kind === 'text') {
			const { length } = Array.from(String(value));
			if (length <= rule.readCharacters) return [];
			return [
				{
					message: `'${displayName}' has ${length} characters, but ${model.name} uses only the first ${rule.readCharacters}`,
					advice: 'Shorten it.',
					hintOnly: true,
				},
			];
		}
		const wanted = wantedInstead(rule, value);
		if (wanted === undefined) return [];
		return [
			{
				message: `'${displayName}' is ${shortened(JSON.stringify(value))}, but ${model.name} accepts ${wanted}`,
				advice: 'Correct the option, or remove it.',
			},
		];
	});
}

function violationsOfRule(
	rule: CrossRule,
	model: ImageModel,
	{ imageCount, numberOfImages, parameters, firstImage }: RequestFacts,
): Violation | undefined {
	const { name } = model;
	const { size, resolution, background, outputFormat, quality } = parameters;
	switch (rule.kind) {
		case 'sizeNeedsOneResult':
			if (size === undefined || numberOfImages === 1) return undefined;
			return {
				message: `'Size' is set and 'Number of Images' is ${numberOfImages}, but ${name} accepts a size only for a single image`,
				advice: "Set 'Number of Images' to 1, or remove 'Size'.",
			};
		case 'maxImagesAndResults':
			if (imageCount + numberOfImages <= rule.max) return undefined;
			return {
				message: `${imageCount} images provided and 'Number of Images' is ${numberOfImages}, but ${name} allows at most ${rule.max} input and output images in total`,
				advice: "Remove images, or lower 'Number of Images'.",
			};
		case 'resolutionNeedsRatio':
			if (resolution === undefined || !pixelsOf(size)) return undefined;
			return {
				message: `'Resolution' is ${resolution} and 'Size' is ${size}, but ${name} accepts a resolution only with a ratio`,
				advice: "Remove 'Resolution', or set 'Size' to a ratio.",
			};
		case 'transparentNeedsFormat':
			if (background !== 'transparent' || outputFormat === undefined) return undefined;
			if (rule.formats.includes(String(outputFormat))) return undefined;
			return {
				message: `'Background' is transparent and 'Output Format' is ${outputFormat}, but ${name} supports transparency only as ${rule.formats.join(' or ')}`,
				advice: `Set 'Output Format' to ${rule.formats[0]}, or remove it.`,
			};
		case 'transparentNeedsTransparentImage': {
			if (background !== 'transparent') return undefined;
			const fits = !firstImage || (firstImage.format === 'png' && firstImage.transparency);
			if (imageCount === 1 && fits) return undefined;
			return {
				message: `'Background' is transparent, which ${name} supports only with exactly one image, a PNG with transparency`,
				advice: "Provide one such image, or remove 'Background'.",
			};
		}
		case 'severalResultsAreUnreliable':
			if (!(numberOfImages > 1)) return undefined;
			return {
				message: `'Number of Images' is ${numberOfImages}, but ${name} often generates only one`,
				advice: 'Use one item per image instead.',
				hintOnly: true,
			};
		case 'promptAsksForSeveral':
			if (!(numberOfImages > 1)) return undefined;
			return {
				message: `'Number of Images' is ${numberOfImages}, which is a maximum: ${name} generates as many as the prompt asks for`,
				advice: `Ask for ${numberOfImages} images in the prompt.`,
				hintOnly: true,
			};
		case 'qualityNeedsRatio': {
			if (quality === undefined) return undefined;
			const automatic = rule.beside === 'pixels and auto' && (size ?? 'auto') === 'auto';
			if (!automatic && !pixelsOf(size)) return undefined;
			return {
				message: `'Quality' is ${quality}, which has no effect for ${name} with 'Size' ${size ?? 'auto'}`,
				advice: "Set 'Size' to a ratio, or remove 'Quality'.",
				hintOnly: true,
			};
		}
		case 'sizeRatio': {
			const [width, height] = pixelsOf(size) ?? [1, 1];
			if (Math.max(width, height) <= rule.max * Math.min(width, height)) return undefined;
			return {
				message: `'Size' is ${size}, but ${name} supports aspect ratios up to ${rule.max}:1`,
				advice: "Correct 'Size', or remove it.",
				hintOnly: true,
			};
		}
	}
}

/** Checks an image by its own bytes. */
export function violationsOfImage(
	model: ImageModel | undefined,
	label: string,
	image: KnownImage,
	surroundings: Surroundings = {},
): Violation[] {
	if (!model) return [];
	return problemsOf(model, image).map(({ message, hintOnly }) => ({
		message: `${label} ${message}`,
		advice: `${hintOnly ? 'If the task fails: ' : ''}${wayOut(model, image, surroundings)}`,
		...(hintOnly ? { hintOnly } : {}),
	}));
}

/**
 * Checks what can be told of an image behind a link without fetching it: the format that the link ends in. The
 * server may send another one (`photo.heic?format=jpg`), so this is never more than a hint.
 */
export function violationsOfLink(
	model: ImageModel | undefined,
	label: string,
	link: string,
): Violation[] {
	const format = formatByLink(link);
	if (!model || !format || model.images.formats.includes(format)) return [];
	return [
		{
			message: `${label}: the URL ends in .${FORMATS[format].extensions[0]}, but ${model.name} accepts ${formatNames(model.images)}`,
			advice: 'If the task fails, use a URL that returns such a format.',
			hintOnly: true,
		},
	];
}

/** A mask as it is known: of a link only the address. */
export type MaskFacts = { link: string } | ImageFacts;

/**
 * @param firstImage undefined where it stands behind a link
 * @param pixels how opaque, or how bright, the mask's pixels are, where that is known
 */
export function violationsOfMask(
	model: ImageModel | undefined,
	mask: MaskFacts,
	firstImage: ImageFacts | undefined,
	pixels?: PixelRange,
): Violation[] {
	if (!model?.mask) {
		return [
			{
				message: `'Mask' is set, but ${model?.name ?? 'a model that is not in the list'} doesn't accept a mask`,
				advice:
					"Remove the option, select a model that accepts a mask, or add the model's own field under 'Additional Fields'.",
				// Without its mask the whole image would be repainted, and paid.
				always: true,
			},
		];
	}
	const { name } = model;
	const violations: Violation[] = [];
	if ('link' in mask) {
		const format = formatByLink(mask.link) ?? 'png';
		if (format === 'png') return [];
		return [
			{
				message: `'Mask': the URL ends in .${FORMATS[format].extensions[0]}, but ${name} accepts only PNG`,
				advice: 'If the task fails, use a URL that returns a PNG.',
				hintOnly: true,
			},
		];
	}
	if (mask.format !== 'png') {
		violations.push({
			message: `'Mask' is a ${formatName(mask.format)} image, but ${name} accepts only PNG`,
			advice: 'Save the mask as PNG.',
		});
	}
	violations.push(...violationsOfMaskSize(mask, firstImage));
	if (mask.format === 'png') violations.push(...violationsOfRepainted(model.mask, name, pixels));
	return violations;
}

/** In a mask that repaints what is white, from here on a pixel is more white than black. */
const HALF_WHITE = 128;

/** A mask that repaints nothing, or everything, is none. */
function violationsOfRepainted(
	{ repaints }: MaskRule,
	name: string,
	range: PixelRange | undefined,
): Violation[] {
	if (!range) return [];
	const isTransparent = repaints === 'transparent';
	const [where, paint] = isTransparent ? ['transparent', 'Erase'] : ['white', 'Paint in white'];
	const nothing = isTransparent ? range.least === 255 : range.most < HALF_WHITE;
	const everything = isTransparent ? range.most === 0 : range.least >= HALF_WHITE;
	if (nothing) {
		return [
			{
				message: `'Mask' has no ${where} pixel, so ${name} would repaint nothing`,
				advice: `${paint} the areas of the mask that are to be repainted, or remove 'Mask' to edit the whole image.`,
			},
		];
	}
	if (everything) {
		return [
			{
				message: `'Mask' is ${where} everywhere, so ${name} would repaint the whole image`,
				advice: `Keep the areas ${isTransparent ? 'opaque' : 'black'} that are to stay as they are, or remove 'Mask' to edit the whole image.`,
			},
		];
	}
	if (!isTransparent || range.least === 0) return [];
	return [
		{
			message: `'Mask' has no fully transparent pixel, and ${name} may repaint fully transparent ones only`,
			advice: 'If nothing is repainted, erase the areas completely.',
			hintOnly: true,
		},
	];
}

function violationsOfMaskSize(mask: ImageFacts, image: ImageFacts | undefined): Violation[] {
	if (mask.width === undefined || image?.width === undefined) return [];
	const sizeOf = ({ width, height }: ImageFacts) => `${width} × ${height}`;
	if (sizeOf(mask) === sizeOf(image)) return [];
	const message = `'Mask' is ${sizeOf(mask)} pixels, but the first image is ${sizeOf(image)} pixels`;
	const liesOnItsSide =
		image.isTurned && mask.width === image.height && mask.height === image.width;
	return [
		liesOnItsSide
			? {
					message: `${message} when displayed: its file stores it lying on its side, as the mask does`,
					advice: `Rotate the mask so that it is ${sizeOf(image)} pixels and covers the image as it is displayed.`,
				}
			: { message, advice: `Use a mask of ${sizeOf(image)} pixels.` },
	];
}

/** @returns the format that a link's path ends in, which need not be the true one */
function formatByLink(link: string): ImageFormat | undefined {
	return formatByName(parseUrl(link)?.pathname ?? '');
}
