import { FORMATS, type ImageFacts, type ImageFormat } from '../images/format';
import type { Carrier, CarrierAdvice } from '../images/inputImages';
import { EDITING_MODELS } from './catalogue';
import {
	formatName,
	type ImageProblem,
	type KnownImage,
	mayBeTransparent,
	problemsOf,
} from './imageProblems';
import type { ImageModel, ImageLimits } from './model';
import { formatNumber } from './parameters';

/**
 * What a person can do about an image that a model doesn't accept: n8n's Edit Image node with the numbers and
 * options for this image, or a model that accepts it as it is. The recipes hold for n8n 1.123, whose Edit Image
 * leaves photos lying on their side, and for 2.41, where it turns them.
 */

/** A step of n8n's Edit Image node, by the names that its panel shows. */
export type EditStep =
	| { operation: 'Create'; width: number; height: number }
	| { operation: 'Composite' }
	| { operation: 'Crop'; width: number; height: number; x: number; y: number }
	| { operation: 'Resize'; width: number; height: number; option: ResizeOption };

type ResizeOption = 'Only if Larger' | 'Minimum Area' | 'Percent';

/** What to set in the Edit Image node. */
export interface Recipe {
	steps: EditStep[];
	/** Undefined where the format can stay. */
	format?: 'JPEG' | 'PNG' | 'WebP';
	/** 1 to 100. */
	quality?: number;
}

/** Where the image is, and beside how many others. */
export interface Surroundings {
	/** The binary field, as the Edit Image node must be told. Default `data`. */
	fieldName?: string;
	/** Images of the request. Default 1. */
	imageCount?: number;
	/** How the image travels, where that has limits of its own. */
	carrier?: Carrier;
}

interface Size {
	width: number;
	height: number;
}

/** Pixels of each side, width × height, and the longer side divided by the shorter one. */
interface SizeBounds {
	minSide: number;
	maxSide: number;
	minPixels: number;
	maxPixels: number;
	maxRatio: number;
}

/** JPEG files of photos stay far below this at `QUALITY`; noise comes close to it. */
const BYTES_PER_JPEG_PIXEL = 1;
/** WebP keeps what is transparent without loss. */
const BYTES_PER_WEBP_PIXEL = 2;
const QUALITY = 85;
/** For models whose documents give no limit, where the service has refused the size. */
const USUAL_SIDE = 2048;

/**
 * The way out, as sentences for a person.
 *
 * @param model undefined where only the carrier sets limits
 */
export function wayOut(
	model: ImageModel | undefined,
	image: KnownImage,
	{ fieldName = 'data', imageCount = 1, carrier }: Surroundings = {},
): string {
	const limits = limitsWithin(model?.images ?? NO_LIMITS, carrier);
	const problems = problemsOf({ name: model?.name ?? '', images: limits }, image);
	const recipe = recipeFor(limits, image, problems);
	return [
		...describeRecipe(recipe, fieldName),
		...describeUncertainty(image.facts),
		...describeLoss(recipe, image.facts),
		...describeOtherModel(model, image, imageCount, carrier),
	].join(' ');
}

/** Where no model is known. */
export const adviseOnAnyModel: CarrierAdvice = (image, surroundings) =>
	wayOut(undefined, image, surroundings);

const NO_LIMITS: ImageLimits = {
	need: 'required',
	max: Infinity,
	formats: Object.keys(FORMATS) as ImageFormat[],
	transparency: true,
};

function limitsWithin(limits: ImageLimits, carrier: Carrier | undefined): ImageLimits {
	if (!carrier) return limits;
	const { maxMegabytes = Infinity } = limits;
	return {
		...limits,
		formats: limits.formats.filter((format) => carrier.formats.includes(format)),
		maxMegabytes: Math.min(maxMegabytes, carrier.maxMegabytes),
	};
}

/** A model that accepts the image as it is, uploaded where it can be, else by its URL. */
function describeOtherModel(
	model: ImageModel | undefined,
	image: KnownImage,
	imageCount: number,
	carrier: Carrier | undefined,
): string[] {
	if (!model) return [];
	const { format } = image.facts;
	const travels =
		!carrier ||
		(carrier.formats.includes(format) && image.bytes <= carrier.maxMegabytes * 1024 * 1024);
	const fits = (candidate: ImageModel) =>
		!candidate.mayBeRetired &&
		candidate.use === undefined &&
		candidate.images.max >= imageCount &&
		problemsOf(candidate, image).length === 0;
	const other = !travels && fits(model) ? model : EDITING_MODELS.find(fits);
	if (!other) return [];
	return travels
		? [`Or select a model that accepts it as it is, for example ${other.name}.`]
		: [`Or, if it has a public URL, set 'Source' to 'URL': ${other.name} accepts it that way.`];
}

/** Not every build of GraphicsMagick, which n8n's Edit Image node uses, reads every format. */
function describeUncertainty({ format }: ImageFacts): string[] {
	if (format !== 'heic' && format !== 'avif') return [];
	const source =
		format === 'heic'
			? 'save it as JPEG where it comes from (iPhone: Settings > Camera > Formats > Most Compatible, or share it as JPEG)'
			: 'save it as JPEG or PNG where it comes from';
	return [
		`If that node can't read ${formatName(format)}, which depends on how your n8n was installed, ${source}.`,
	];
}

/** For an image that the service refused because of its size, whatever the documents say. */
export function wayOutOfRefusedSize(
	{ images }: ImageModel,
	size: Size,
	fieldName = 'data',
): string {
	const bounds = safeBounds(images);
	if (bounds.maxSide === Infinity && bounds.maxPixels === Infinity) bounds.maxSide = USUAL_SIDE;
	const steps = stepsToFit(size, [bounds, hardBounds(images)], false);
	return describeRecipe(
		{ steps: steps.length > 0 ? steps : [boxFor(size, false)] },
		fieldName,
	).join(' ');
}

/** @param problems what the image breaks of these limits; others it keeps */
export function recipeFor(
	limits: ImageLimits,
	{ facts }: KnownImage,
	problems: ImageProblem[],
): Recipe {
	const broken = new Set(problems.map(({ limit }) => limit));
	const format = formatFor(limits, facts, broken);
	const compresses = broken.has('megabytes');
	const maxPixels = compresses
		? ((limits.maxMegabytes ?? Infinity) * 1_000_000) /
			(format === 'WebP' ? BYTES_PER_WEBP_PIXEL : BYTES_PER_JPEG_PIXEL)
		: Infinity;
	const bounds = [safeBounds(limits), hardBounds(limits)].map((some) => ({
		...some,
		maxPixels: Math.min(some.maxPixels, maxPixels),
	}));
	return {
		steps: stepsFor(facts, bounds, broken.has('transparency')),
		...(format === undefined ? {} : { format }),
		...(compresses ? { quality: QUALITY } : {}),
	};
}

function formatFor(
	{ formats }: ImageLimits,
	facts: ImageFacts,
	broken: Set<ImageProblem['limit']>,
): Recipe['format'] {
	const keepsTransparency = !broken.has('transparency') && mayLoseTransparency(facts);
	if (broken.has('transparency')) return 'JPEG';
	if (broken.has('megabytes')) {
		return keepsTransparency && formats.includes('webp') ? 'WebP' : 'JPEG';
	}
	if (broken.has('format')) return keepsTransparency ? 'PNG' : 'JPEG';
	// Of other formats n8n 1.123 loses which way is up.
	return facts.isTurned && facts.format !== 'jpeg' && !keepsTransparency ? 'JPEG' : undefined;
}

/** GIF files don't tell cheaply. */
function mayLoseTransparency(facts: ImageFacts): boolean {
	return facts.format === 'gif' || mayBeTransparent(facts);
}

function stepsFor(facts: ImageFacts, bounds: SizeBounds[], flattens: boolean): EditStep[] {
	const { width, height, isTurned = false } = facts;
	if (width === undefined || height === undefined) {
		const side = Math.min(bounds[0].maxSide, Math.floor(Math.sqrt(bounds[0].maxPixels)));
		return side === Infinity
			? [{ operation: 'Resize', width: 100, height: 100, option: 'Percent' }]
			: [{ operation: 'Resize', width: side, height: side, option: 'Only if Larger' }];
	}
	const fitting = stepsToFit({ width, height }, bounds, isTurned);
	if (flattens)
		return [{ operation: 'Create', width, height }, { operation: 'Composite' }, ...fitting];
	// The node converts only along with an operation: this one leaves the size as it is.
	return fitting.length > 0 ? fitting : [boxFor({ width, height }, isTurned)];
}

/** @param bounds the first are preferred */
function stepsToFit(size: Size, bounds: SizeBounds[], isTurned: boolean): EditStep[] {
	for (const some of bounds) {
		const resize = resizeInto(size, some, isTurned);
		if (resize) return resize;
	}
	const [hard] = bounds.slice(-1);
	const { width, height } = size;
	const short = Math.min(width, height);
	const maxRatio = Math.min(hard.maxRatio, hard.maxSide / hard.minSide);
	// Numbers of pixels are whole, so the longest shape of all may be just out of reach.
	for (const share of [1, 0.98, 0.9, 0.5]) {
		const long = Math.max(short, Math.floor(short * maxRatio * share));
		const cropped = { width: Math.min(width, long), height: Math.min(height, long) };
		const resize = resizeInto(cropped, hard, isTurned);
		if (!resize) continue;
		// What lies beyond the image is left out, so a square means the same whichever way the image lies.
		const crop = isTurned
			? { width: long, height: long, x: 0, y: 0 }
			: {
					...cropped,
					x: Math.floor((width - cropped.width) / 2),
					y: Math.floor((height - cropped.height) / 2),
				};
		return [{ operation: 'Crop', ...crop }, ...resize];
	}
	return [];
}

/** @returns no step where the size fits already; undefined where no scaling makes it fit */
function resizeInto(size: Size, bounds: SizeBounds, isTurned: boolean): EditStep[] | undefined {
	const { width, height } = size;
	const [short, long] = [Math.min(width, height), Math.max(width, height)];
	const lower = Math.max(bounds.minSide / short, Math.sqrt(bounds.minPixels / (short * long)));
	const upper = Math.min(bounds.maxSide / long, Math.sqrt(bounds.maxPixels / (short * long)));
	if (lower > upper) return undefined;
	const scale = Math.min(Math.max(1, lower), upper);
	if (scale === 1) return fits(size, bounds) ? [] : undefined;
	// GraphicsMagick rounds to whole pixels, which may be one too many or too few.
	return [0, 0.001, 0.01]
		.map((margin) => scale * (scale < 1 ? 1 - margin : 1 + margin))
		.filter((candidate) => candidate >= lower && candidate <= upper)
		.map((candidate) => [resizeBy(candidate, size, isTurned)])
		.find(([step]) => fits(sizeAfter(step, size), bounds));
}

function resizeBy(scale: number, { width, height }: Size, isTurned: boolean): EditStep {
	const whole = scale < 1 ? downwards : upwards;
	const target = { width: whole(width * scale), height: whole(height * scale) };
	if (scale < 1) return boxFor(target, isTurned);
	const box = isTurned ? square(Math.min(target.width, target.height)) : target;
	return { operation: 'Resize', ...box, option: 'Minimum Area' };
}

function boxFor(size: Size, isTurned: boolean): EditStep {
	const box = isTurned ? square(Math.max(size.width, size.height)) : size;
	return { operation: 'Resize', ...box, option: 'Only if Larger' };
}

/** Whichever way the image lies, a square means the same. */
const square = (side: number): Size => ({ width: side, height: side });

/** 3071.9999999 is 3072 after the arithmetic of fractions. */
const ALMOST = 1e-6;
const downwards = (pixels: number) => Math.max(1, Math.floor(pixels + ALMOST));
const upwards = (pixels: number) => Math.ceil(pixels - ALMOST);

/** What GraphicsMagick makes of a size. */
export function sizeAfter(step: EditStep, { width, height }: Size): Size {
	if (step.operation === 'Crop') {
		return {
			width: Math.min(step.width, width - step.x),
			height: Math.min(step.height, height - step.y),
		};
	}
	if (step.operation !== 'Resize' || step.option === 'Percent') return { width, height };
	const scales = [step.width / width, step.height / height];
	const scale = step.option === 'Minimum Area' ? Math.max(...scales) : Math.min(1, ...scales);
	return {
		width: Math.max(1, Math.floor(width * scale + 0.5)),
		height: Math.max(1, Math.floor(height * scale + 0.5)),
	};
}

function fits({ width, height }: Size, bounds: SizeBounds): boolean {
	const [short, long] = [Math.min(width, height), Math.max(width, height)];
	return (
		short >= bounds.minSide &&
		long <= bounds.maxSide &&
		short * long >= bounds.minPixels &&
		short * long <= bounds.maxPixels &&
		long <= bounds.maxRatio * short
	);
}

function hardBounds(limits: ImageLimits): SizeBounds {
	const { minSide = 1, maxSide = Infinity, minPixels = 1, maxPixels = Infinity } = limits;
	return { minSide, maxSide, minPixels, maxPixels, maxRatio: limits.maxRatio ?? Infinity };
}

/** What all documents allow. */
function safeBounds(limits: ImageLimits): SizeBounds {
	const hard = hardBounds(limits);
	const { safeMinSide = hard.minSide, safeMaxSide = hard.maxSide } = limits;
	return { ...hard, minSide: safeMinSide, maxSide: safeMaxSide };
}

/** The limits of a size that all documents allow, for instance `512 to 3072 pixels per side`. */
export function describeSizeLimits({ images }: ImageModel): string | undefined {
	const { minSide, maxSide, minPixels, maxPixels, maxRatio } = safeBounds(images);
	const parts: string[] = [];
	if (minSide > 1 && maxSide < Infinity) parts.push(`${minSide} to ${maxSide} pixels per side`);
	else if (minSide > 1) parts.push(`at least ${minSide} pixels per side`);
	else if (maxSide < Infinity) parts.push(`at most ${maxSide} pixels per side`);
	if (minPixels > 1) parts.push(`at least ${formatNumber(minPixels)} pixels in total`);
	if (maxPixels < Infinity) parts.push(`at most ${formatNumber(maxPixels)} pixels in total`);
	if (maxRatio < Infinity) parts.push(`an aspect ratio of at most ${maxRatio}:1`);
	return parts.length > 0 ? parts.join(', ') : undefined;
}

function describeRecipe({ steps, format, quality }: Recipe, fieldName: string): string[] {
	const described = steps.map((step) => describeStep(step, fieldName));
	const settings = [
		described.length === 1
			? described[0]
			: `Multi Step: ${described.map((step, index) => `${index + 1}. ${step}`).join(' ')}`,
		...(fieldName === 'data' ? [] : [`Property Name ${fieldName}`]),
		...(format === undefined ? [] : [`Format ${format}`]),
		...(quality === undefined ? [] : [`Quality ${quality}`]),
	];
	const crops = steps.some(({ operation }) => operation === 'Crop');
	return [
		...(crops ? ["It can't fit by scaling alone: crop it."] : []),
		`Add n8n's Edit Image node before this one (${settings.join('; ')}).`,
	];
}

function describeStep(step: EditStep, fieldName: string): string {
	switch (step.operation) {
		case 'Create':
			return `Create, ${step.width} × ${step.height}, Background Color #ffffff`;
		case 'Composite':
			return `Composite, Composite Image Property ${fieldName}, Operator Over`;
		case 'Crop':
			return `Crop, ${step.width} × ${step.height}, Position X ${step.x}, Position Y ${step.y}`;
		case 'Resize':
			return `Resize, ${step.width} × ${step.height}, ${step.option}`;
	}
}

function describeLoss({ steps, format }: Recipe, facts: ImageFacts): string[] {
	if (format !== 'JPEG' || !mayLoseTransparency(facts)) return [];
	const becomes = steps.some(({ operation }) => operation === 'Composite') ? 'white' : 'black';
	return [`Transparent areas become ${becomes}.`];
}
