import { parseUrl } from '../api/http/url';
import { formatByName, FORMATS, type PictureFacts, type PictureFormat } from '../images/format';
import { type CrossRule, type ImageModel, makesSeveral, type ParameterValues } from './model';
import { formatNumber, PARAMETERS, parametersOf, pixelsOf, wantedInstead } from './parameters';

/** A limit of the model that a request breaks. */
export interface Violation {
	message: string;
	/** The way out. */
	advice: string;
	/** It is sent in any case, because the service may take it: the user only gets a hint. */
	hintOnly?: boolean;
	/** It is refused in any case. */
	always?: boolean;
}

const UNCHECKED = "Or set the option 'Validation' to 'Warn' to send it all the same.";

/** What is checked of a request, apart from its pictures one by one. */
export interface RequestFacts {
	prompt: string;
	imageCount: number;
	numberOfImages: number;
	parameters: ParameterValues;
	/** The first picture, where it is known. */
	firstPicture?: PictureFacts;
}

/** @param model undefined for a model that the catalogue does not know: nothing to check */
export function checkRequest(model: ImageModel | undefined, request: RequestFacts): Violation[] {
	if (!model) return [];
	return [
		...checkPrompt(model, request.prompt),
		...checkCounts(model, request),
		...checkParameters(model, request.parameters),
		...(model.rules ?? []).flatMap((rule) => checkRule(rule, model, request) ?? []),
	];
}

function checkPrompt({ name, prompt: limits }: ImageModel, prompt: string): Violation[] {
	const characters = Array.from(prompt).length;
	const violations: Violation[] = [];
	const { maxCharacters = Infinity, maxBytes = Infinity, readCharacters = Infinity } = limits;
	const shorten = `Shorten the prompt.${limits.lenient ? '' : ` ${UNCHECKED}`}`;
	if (characters > maxCharacters) {
		violations.push({
			message: `'Prompt' has ${characters} characters; ${name} takes at most ${maxCharacters}`,
			advice: shorten,
			...(limits.lenient ? { hintOnly: true } : {}),
		});
	} else if (characters > readCharacters) {
		violations.push({
			message: `'Prompt' has ${characters} characters; ${name} may read the first ${readCharacters} only`,
			advice: shorten,
			hintOnly: true,
		});
	}
	const bytes = Buffer.byteLength(prompt);
	if (bytes > maxBytes) {
		violations.push({
			message: `'Prompt' has ${bytes} bytes in UTF-8; ${name} takes at most ${maxBytes}`,
			advice: shorten,
		});
	}
	const tokens = roughTokens(prompt);
	if (tokens > (limits.maxTokens ?? Infinity)) {
		violations.push({
			message: `'Prompt' has about ${tokens} tokens; ${name} takes at most ${limits.maxTokens}`,
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

function checkCounts(model: ImageModel, request: RequestFacts): Violation[] {
	const { name, images, results } = model;
	const { imageCount, numberOfImages } = request;
	const violations: Violation[] = [];
	if (imageCount > images.max) {
		violations.push({
			message: `'Images' gives ${imageCount} pictures; ${name} takes at most ${images.max}`,
			advice: `Remove some pictures or pick a model that takes more. ${UNCHECKED}`,
		});
	}
	if (!makesSeveral(model)) {
		if (numberOfImages !== 1) {
			violations.push({
				message: `'Number of Images' is ${numberOfImages}; ${name} makes ${results === 'own' ? 'as many as it finds' : 'one'} and is not asked for a number`,
				advice: 'Pick a model that makes several.',
				hintOnly: true,
			});
		}
	} else if (results !== 'own' && !results.includes(numberOfImages)) {
		const wanted = describeCounts(results);
		violations.push({
			message: `'Number of Images' is ${numberOfImages}; ${name} makes ${wanted}`,
			advice: `Set it to a whole number: ${wanted}. ${UNCHECKED}`,
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

function checkParameters(model: ImageModel, values: ParameterValues): Violation[] {
	return parametersOf(model).flatMap(([name, rule]): Violation[] => {
		const value = values[name];
		if (value === undefined) return [];
		const { displayName } = PARAMETERS[name];
		if (rule.kind === 'text') {
			const { length } = Array.from(String(value));
			if (length <= rule.readCharacters) return [];
			return [
				{
					message: `'${displayName}' has ${length} characters; ${model.name} reads the first ${rule.readCharacters} only`,
					advice: 'Shorten it.',
					hintOnly: true,
				},
			];
		}
		const wanted = wantedInstead(rule, value);
		if (wanted === undefined) return [];
		return [
			{
				message: `'${displayName}' is ${JSON.stringify(value)}; ${model.name} takes ${wanted}`,
				advice: `Correct the option or remove it. ${UNCHECKED}`,
			},
		];
	});
}

function checkRule(
	rule: CrossRule,
	model: ImageModel,
	{ imageCount, numberOfImages, parameters, firstPicture }: RequestFacts,
): Violation | undefined {
	const { name } = model;
	const { size, resolution, background, outputFormat } = parameters;
	switch (rule.kind) {
		case 'sizeNeedsOneResult':
			if (size === undefined || numberOfImages === 1) return undefined;
			return {
				message: `'Size' is set and 'Number of Images' is ${numberOfImages}; ${name} takes a size for one picture only`,
				advice: `Set 'Number of Images' to 1 or remove 'Size'. ${UNCHECKED}`,
			};
		case 'maxImagesAndResults':
			if (imageCount + numberOfImages <= rule.max) return undefined;
			return {
				message: `'Images' gives ${imageCount} pictures and 'Number of Images' is ${numberOfImages}; ${name} takes and makes at most ${rule.max} together`,
				advice: `Remove some pictures or ask for fewer. ${UNCHECKED}`,
			};
		case 'resolutionNeedsRatio':
			if (resolution === undefined || !pixelsOf(size)) return undefined;
			return {
				message: `'Resolution' is ${resolution} and 'Size' is ${size}; ${name} takes a resolution with ratios only`,
				advice: `Remove 'Resolution', or set 'Size' to a ratio. ${UNCHECKED}`,
			};
		case 'transparentNeedsFormat':
			if (background !== 'transparent' || outputFormat === undefined) return undefined;
			if (rule.formats.includes(String(outputFormat))) return undefined;
			return {
				message: `'Background' is transparent and 'Output Format' is ${outputFormat}; ${name} makes that as ${rule.formats.join(' or ')} only`,
				advice: `Set 'Output Format' to ${rule.formats[0]} or remove it. ${UNCHECKED}`,
			};
		case 'transparentNeedsTransparentPicture': {
			if (background !== 'transparent') return undefined;
			const fits = !firstPicture || (firstPicture.format === 'png' && firstPicture.transparency);
			if (imageCount === 1 && fits) return undefined;
			return {
				message: `'Background' is transparent; ${name} keeps the transparency of a picture and needs exactly one, a PNG with transparency`,
				advice: `Give one such picture, or remove 'Background'. ${UNCHECKED}`,
			};
		}
		case 'severalResultsAreUnreliable':
			if (!(numberOfImages > 1)) return undefined;
			return {
				message: `'Number of Images' is ${numberOfImages}; ${name} often makes one all the same`,
				advice: 'Make an item for each picture instead.',
				hintOnly: true,
			};
	}
}

/** Checks a picture by its own bytes. */
export function checkPicture(
	model: ImageModel | undefined,
	label: string,
	facts: PictureFacts,
	bytes: number,
): Violation[] {
	if (!model) return [];
	const { name, images: limits } = model;
	const violations: Violation[] = [];
	// Rounded up: '10.0 MB' would look as if it were within a limit of 10 MB.
	const megabytes = Math.ceil((bytes / 1024 / 1024) * 10) / 10;
	if (megabytes > (limits.maxMegabytes ?? Infinity)) {
		violations.push({
			message: `${label} has ${megabytes.toFixed(1)} MB; ${name} takes at most ${limits.maxMegabytes} MB`,
			advice: `Make the picture smaller, for instance with n8n's Edit Image node. ${UNCHECKED}`,
		});
	}
	if (!limits.formats.includes(facts.format)) {
		violations.push({
			message: `${label} is a ${formatName(facts.format)} picture; ${name} takes ${limits.formats.map(formatName).join(', ')}`,
			advice: `Convert the picture, for instance with n8n's Edit Image node. ${UNCHECKED}`,
		});
	}
	if (facts.transparency && !limits.transparency) {
		violations.push({
			message: `${label} is a ${formatName(facts.format)} with transparency, which ${name} does not take`,
			advice: `Convert the picture to JPEG, for instance with n8n's Edit Image node. ${UNCHECKED}`,
		});
	}
	return [...violations, ...checkSize(model, label, facts)];
}

function checkSize(
	{ name, images: limits }: ImageModel,
	label: string,
	{ width, height }: PictureFacts,
): Violation[] {
	if (width === undefined || height === undefined) return [];
	const { minSide = 0, maxSide = Infinity, safeMaxSide = Infinity } = limits;
	const { minPixels = 0, maxPixels = Infinity, maxRatio = Infinity } = limits;
	const sides = [width, height];
	const has = `${label} has ${width} × ${height} pixels`;
	const advice = `Resize the picture, for instance with n8n's Edit Image node. ${UNCHECKED}`;
	if (sides.some((side) => side < minSide || side > maxSide)) {
		const wanted =
			limits.maxSide === undefined
				? `at least ${minSide}`
				: limits.minSide === undefined
					? `at most ${maxSide}`
					: `${minSide} to ${maxSide}`;
		return [{ message: `${has}; ${name} takes ${wanted} pixels on each side`, advice }];
	}
	if (width * height < minPixels) {
		const wanted = `at least ${formatNumber(minPixels)} pixels in all`;
		return [{ message: `${has}; ${name} takes ${wanted}`, advice }];
	}
	if (width * height > maxPixels) {
		const wanted = `at most ${formatNumber(maxPixels)} pixels in all`;
		return [{ message: `${has}; ${name} takes ${wanted}`, advice }];
	}
	if (Math.max(...sides) > maxRatio * Math.min(...sides)) {
		const wanted = `at most ${maxRatio} times as long as wide`;
		return [{ message: `${has}; ${name} takes pictures that are ${wanted}`, advice }];
	}
	if (sides.some((side) => side > safeMaxSide)) {
		return [
			{
				message: `${has}; not all of EvoLink's documents allow more than ${safeMaxSide} pixels on a side for ${name}`,
				advice: 'If the service refuses it, resize the picture.',
				hintOnly: true,
			},
		];
	}
	return [];
}

/** Checks what can be told of a picture behind a link without fetching it: the format that the link ends in. */
export function checkLink(model: ImageModel | undefined, label: string, link: string): Violation[] {
	const format = formatByLink(link);
	if (!model || !format || model.images.formats.includes(format)) return [];
	return [
		{
			message: `${label}: the link ends in .${FORMATS[format].extensions[0]}; ${model.name} takes ${model.images.formats.map(formatName).join(', ')}`,
			advice: `Give a link to a picture of such a format. ${UNCHECKED}`,
		},
	];
}

/** A mask as it is known: of a link only the address. */
export type MaskFacts = { link: string } | PictureFacts;

/** @param firstPicture undefined where it stands behind a link */
export function checkMask(
	model: ImageModel | undefined,
	mask: MaskFacts,
	firstPicture: PictureFacts | undefined,
): Violation[] {
	if (!model?.mask) {
		return [
			{
				message: `'Mask' is set, but ${model?.name ?? 'a model that is not in the list'} takes no mask`,
				advice:
					"Remove the option, pick a model that takes a mask, or give the field that the model wants in 'Additional Fields'.",
				// Without its mask the whole picture would be repainted, and paid.
				always: true,
			},
		];
	}
	const { name } = model;
	const violations: Violation[] = [];
	const format = 'link' in mask ? formatByLink(mask.link) : mask.format;
	if (format !== undefined && format !== 'png') {
		violations.push({
			message: `'Mask' is a ${formatName(format)} picture; ${name} takes a PNG`,
			advice: `Convert the mask to PNG. ${UNCHECKED}`,
		});
	}
	if ('link' in mask) return violations;
	if (format === 'png' && model.mask.repaints === 'transparent' && !mask.transparency) {
		violations.push({
			message: `'Mask' has no transparency; ${name} repaints the transparent parts of a mask`,
			advice: `Make the parts transparent that are to be repainted. ${UNCHECKED}`,
		});
	}
	const known = [mask.width, mask.height, firstPicture?.width, firstPicture?.height];
	if (known.includes(undefined)) return violations;
	if (mask.width !== firstPicture?.width || mask.height !== firstPicture?.height) {
		violations.push({
			message: `'Mask' has ${mask.width} × ${mask.height} pixels and the first picture ${firstPicture?.width} × ${firstPicture?.height}; they must be the same`,
			advice: `Give a mask of the size of the first picture. ${UNCHECKED}`,
		});
	}
	return violations;
}

/** @returns the format that a link's path ends in, which need not be the true one */
function formatByLink(link: string): PictureFormat | undefined {
	return formatByName(parseUrl(link)?.pathname ?? '');
}

export function formatName(format: PictureFormat): string {
	return FORMATS[format].extensions[0].toUpperCase();
}
