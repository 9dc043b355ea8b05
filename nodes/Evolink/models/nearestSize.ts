import type { ParameterRule, PixelLimits } from './model';
import { fitsPixels, pixelsOf } from './parameters';

interface Size {
	width: number;
	height: number;
}

/**
 * The value of a size parameter that is nearest to an image.
 *
 * @param image pixels, as displayed
 * @param goesWithResolution whether a resolution is sent too, which means something beside a ratio only
 * @returns the image's own size where the model takes it; undefined where the model takes nothing like it
 */
export function nearestSize(
	rule: Extract<ParameterRule, { kind: 'size' | 'choice' }>,
	image: Size,
	goesWithResolution: boolean,
): string | undefined {
	const named = nearestValue(rule.values, image);
	if (rule.kind === 'choice' || (goesWithResolution && named !== undefined)) return named;
	const fitting = nearestPixels(rule.pixels, image);
	return fitting ? `${fitting.width}x${fitting.height}` : named;
}

/** Of ratios and sizes the one of the most similar shape; of several, the first. */
function nearestValue(values: readonly string[], image: Size): string | undefined {
	let nearest: { value: string; distance: number } | undefined;
	for (const value of values) {
		const [width, height] = /^[\d.]+:[\d.]+$/.test(value)
			? value.split(':').map(Number)
			: (pixelsOf(value) ?? []);
		if (width === undefined) continue;
		const distance = Math.abs(Math.log((width * image.height) / (height * image.width)));
		if (!nearest || distance < nearest.distance - 1e-9) nearest = { value, distance };
	}
	return nearest?.value;
}

/** The same shape where the limits allow it, and then as close to the same area as they allow. */
function nearestPixels(limits: PixelLimits, { width, height }: Size): Size | undefined {
	if (fitsPixels(limits, width, height)) return { width, height };
	const { minSide = 1, maxSide = Infinity, minPixels = 1, maxPixels = Infinity } = limits;
	const maxRatio = Math.min(limits.maxRatio ?? Infinity, maxSide / minSide);
	const ratio = clamp(width / height, 1 / maxRatio, maxRatio);
	const elongation = Math.max(ratio, 1 / ratio);
	const area = clamp(
		width * height,
		Math.max(minPixels, minSide ** 2 * elongation),
		Math.min(maxPixels, maxSide ** 2 / elongation),
	);
	const candidates = around(Math.sqrt(area * ratio), limits).flatMap((w) =>
		around(Math.sqrt(area / ratio), limits).map((h) => ({ width: w, height: h })),
	);
	const differenceOf = (size: Size) =>
		Math.abs(Math.log(size.width / size.height / ratio)) +
		Math.abs(Math.log((size.width * size.height) / area));
	return candidates
		.filter((size) => fitsPixels(limits, size.width, size.height))
		.sort((one, other) => differenceOf(one) - differenceOf(other))[0];
}

/** The allowed sides next to a length. */
function around(length: number, { multipleOf = 1 }: PixelLimits): number[] {
	const steps = Math.floor(length / multipleOf);
	return [steps - 1, steps, steps + 1, steps + 2].map((step) => step * multipleOf);
}

function clamp(value: number, min: number, max: number): number {
	return Math.min(Math.max(value, min), max);
}
