import { FORMATS, type ImageFacts, type ImageFormat } from '../images/format';
import type { ImageModel, ImageLimits } from './model';
import { formatNumber } from './parameters';

/** What is known of an image that is to be edited. */
export interface KnownImage {
	facts: ImageFacts;
	bytes: number;
}

/** A limit of a model that an image breaks. */
export interface ImageProblem {
	limit: 'megabytes' | 'format' | 'transparency' | 'size';
	/** The rest of a sentence that begins with what the image is called. */
	message: string;
	/** The documents disagree, or the file does not tell: the service may accept it. */
	hintOnly?: boolean;
}

/** What limits images, and what to call it. */
type Limited = Pick<ImageModel, 'name' | 'images'>;

const MEGABYTE = 1024 * 1024;
const DECIMAL_MEGABYTE = 1_000_000;

/** What a model's documents say against an image, as far as its file tells. */
export function problemsOf(model: Limited, { facts, bytes }: KnownImage): ImageProblem[] {
	return [
		...bytesProblem(model, bytes),
		...formatProblem(model, facts.format),
		...transparencyProblem(model, facts),
		...sizeProblem(model, facts),
	];
}

/** "10 MB" is 10,000,000 bytes to some and 10 × 1024 × 1024 to others: refused is only what is too much for both. */
function bytesProblem({ name, images }: Limited, bytes: number): ImageProblem[] {
	const { maxMegabytes = Infinity } = images;
	if (bytes > maxMegabytes * MEGABYTE) {
		// Rounded up: '10.0 MB' would look as if it were within a limit of 10 MB.
		const megabytes = (Math.ceil((bytes / MEGABYTE) * 10) / 10).toFixed(1);
		const message = `is ${megabytes} MB, but ${name} accepts at most ${maxMegabytes} MB`;
		return [{ limit: 'megabytes', message }];
	}
	if (bytes > maxMegabytes * DECIMAL_MEGABYTE) {
		const message = `is ${formatNumber(bytes)} bytes, and the ${maxMegabytes} MB that ${name} accepts may mean ${formatNumber(maxMegabytes * DECIMAL_MEGABYTE)}`;
		return [{ limit: 'megabytes', message, hintOnly: true }];
	}
	return [];
}

function formatProblem({ name, images }: Limited, format: ImageFormat): ImageProblem[] {
	if (images.formats.includes(format)) return [];
	const message = `is a ${formatName(format)} image, but ${name} accepts ${formatNames(images)}`;
	return [{ limit: 'format', message }];
}

function transparencyProblem({ name, images }: Limited, facts: ImageFacts): ImageProblem[] {
	if (images.transparency || !mayBeTransparent(facts)) return [];
	const what = `a ${formatName(facts.format)} image with transparent areas, which ${name} doesn't accept`;
	return facts.isTransparent
		? [{ limit: 'transparency', message: `is ${what}` }]
		: [{ limit: 'transparency', message: `may be ${what}`, hintOnly: true }];
}

/** Whether converting the image to JPEG could lose something. */
export function mayBeTransparent({ transparency, isTransparent }: ImageFacts): boolean {
	return isTransparent ?? transparency === true;
}

function sizeProblem({ name, images }: Limited, facts: ImageFacts): ImageProblem[] {
	const { width, height } = facts;
	if (width === undefined || height === undefined) return [];
	const problem = (wanted: string): ImageProblem[] => [
		{ limit: 'size', message: `is ${width} × ${height} pixels, but ${name} requires ${wanted}` },
	];
	const doubt = (what: string): ImageProblem[] => [
		{
			limit: 'size',
			message: `is ${width} × ${height} pixels, and not all pages of EvoLink's documentation allow ${what} pixels per side for ${name}`,
			hintOnly: true,
		},
	];
	const { minSide = 0, maxSide = Infinity, safeMinSide = 0, safeMaxSide = Infinity } = images;
	const { minPixels = 0, maxPixels = Infinity, maxRatio = Infinity } = images;
	const [short, long] = [Math.min(width, height), Math.max(width, height)];
	if (short < minSide || long > maxSide) return problem(describeSides(images));
	if (short * long < minPixels)
		return problem(`at least ${formatNumber(minPixels)} pixels in total`);
	if (short * long > maxPixels)
		return problem(`at most ${formatNumber(maxPixels)} pixels in total`);
	if (long > maxRatio * short) return problem(`an aspect ratio of at most ${maxRatio}:1`);
	if (long > safeMaxSide) return doubt(`more than ${safeMaxSide}`);
	if (short < safeMinSide) return doubt(`fewer than ${safeMinSide}`);
	return [];
}

function describeSides({ minSide, maxSide }: ImageLimits): string {
	if (maxSide === undefined) return `at least ${minSide} pixels per side`;
	if (minSide === undefined) return `at most ${maxSide} pixels per side`;
	return `${minSide} to ${maxSide} pixels per side`;
}

export function formatName(format: ImageFormat): string {
	return FORMATS[format].extensions[0].toUpperCase();
}

/** For instance `JPG, PNG, WEBP`. */
export function formatNames({ formats }: ImageLimits): string {
	return formats.map(formatName).join(', ');
}
