import * as fc from 'fast-check';

import type { ImageFacts, ImageFormat } from '../../../nodes/Evolink/images/format';
import { EDITING_MODELS, findModel } from '../../../nodes/Evolink/models/catalogue';
import { problemsOf } from '../../../nodes/Evolink/models/imageProblems';
import type { ImageModel } from '../../../nodes/Evolink/models/model';
import { adviceAfterSizeFailure, isSizeFailure } from '../../../nodes/Evolink/models/imageFailures';
import { recipeFor, sizeAfter, wayOut } from '../../../nodes/Evolink/models/wayOut';

const MEGABYTE = 1024 * 1024;

function model(id: string): ImageModel {
	const found = findModel(id);
	if (!found) throw new Error(`The catalogue has no ${id}`);
	return found;
}

const QWEN = model('qwen-image-edit');
const WAN = model('wan2.5-image-to-image');
const SEEDREAM_4 = model('doubao-seedream-4.0');
const LAYERIZE = model('doubao-seedream-5.0-pro-layerize');

const EDIT = "Add n8n's Edit Image node before this one";

describe('the way out', () => {
	const adviceFor = (
		imageModel: ImageModel,
		facts: Partial<ImageFacts>,
		megabytes = 1,
		fieldName?: string,
	) =>
		wayOut(
			imageModel,
			{ facts: { format: 'jpeg', ...facts }, bytes: megabytes * MEGABYTE },
			{ ...(fieldName === undefined ? {} : { fieldName }) },
		);

	it.each<[string, ImageModel, Partial<ImageFacts>, string]>([
		[
			'24 megapixels',
			QWEN,
			{ width: 6000, height: 4000 },
			`${EDIT} (Resize, 3072 × 2048, Only if Larger). Or select a model that accepts it as it is, for example GPT Image 1.5.`,
		],
		[
			'a photo that lies on its side in the file',
			QWEN,
			{ width: 4284, height: 5712, isTurned: true },
			'(Resize, 3072 × 3072, Only if Larger)',
		],
		['a small one', QWEN, { width: 300, height: 200 }, '(Resize, 768 × 512, Minimum Area)'],
		[
			'a small one that is too long for the safe sides',
			QWEN,
			{ width: 3000, height: 300 },
			'(Resize, 3840 × 384, Minimum Area)',
		],
		[
			'a very long one',
			QWEN,
			{ width: 9000, height: 500 },
			"It can't fit by scaling alone: crop it. " +
				`${EDIT} (Multi Step: 1. Crop, 5333 × 500, Position X 1833, Position Y 0 2. Resize, 4096 × 384, Only if Larger).`,
		],
		[
			'a very long one on its side',
			QWEN,
			{ width: 500, height: 9000, isTurned: true },
			'1. Crop, 5333 × 5333, Position X 0, Position Y 0',
		],
		['a GIF', QWEN, { format: 'gif', width: 800, height: 600 }, 'Only if Larger; Format PNG).'],
		[
			'too many pixels',
			SEEDREAM_4,
			{ width: 8000, height: 6000 },
			'(Resize, 6928 × 5196, Only if Larger)',
		],
		[
			'a panorama',
			SEEDREAM_4,
			{ width: 2000, height: 100 },
			'(Crop, 1600 × 100, Position X 200, Position Y 0)',
		],
	])('of %s', (_name, imageModel, facts, advice) => {
		expect(adviceFor(imageModel, facts)).toContain(advice);
	});

	it('keeps a large file small, and what is transparent transparent', () => {
		const facts = { width: 5000, height: 4000 };
		expect(adviceFor(SEEDREAM_4, facts, 12)).toContain(
			'(Resize, 3535 × 2828, Only if Larger; Format JPEG; Quality 85).',
		);
		const cutOut = { ...facts, format: 'png', transparency: true } as const;
		const advice = adviceFor(SEEDREAM_4, cutOut, 12);
		expect(advice).toContain('(Resize, 2500 × 2000, Only if Larger; Format WebP; Quality 85).');
		expect(advice).not.toContain('Transparent areas');
		// Layerize takes no WebP.
		expect(adviceFor(LAYERIZE, cutOut, 32)).toContain('Transparent areas become black.');
	});

	it('puts a cut-out on white for a model that takes none, or names one that does', () => {
		const cutOut = { format: 'png', width: 600, height: 600, transparency: true } as const;
		expect(adviceFor(WAN, cutOut, 1, 'photo')).toBe(
			`${EDIT} (Multi Step: 1. Create, 600 × 600, Background Color #ffffff 2. Composite, Composite Image Property photo, Operator Over; Property Name photo; Format JPEG). Transparent areas become white. Or select a model that accepts it as it is, for example Qwen Image Edit.`,
		);
	});

	it('holds where the file does not tell its size', () => {
		expect(adviceFor(QWEN, { format: 'heic' })).toContain(
			'(Resize, 3072 × 3072, Only if Larger; Format JPEG)',
		);
		expect(adviceFor(model('nano-banana-beta'), { format: 'tiff' })).toContain(
			'(Resize, 100 × 100, Percent; Format JPEG)',
		);
	});

	it('names a model only where it takes as many images', () => {
		const image = { facts: { format: 'jpeg', width: 6000, height: 4000 } as const, bytes: 1 };
		expect(wayOut(QWEN, image, { imageCount: 16 })).toContain('GPT Image 1.5');
		expect(wayOut(QWEN, image, { imageCount: 17 })).not.toContain('Or select a model');
	});
});

/** Every image that a model refuses or doubts, of every model. */
const cases = fc.record({
	model: fc.constantFrom(...EDITING_MODELS),
	bytes: fc.integer({ min: 1, max: 200 * MEGABYTE }),
	facts: fc.record({
		format: fc.constantFrom<ImageFormat>('jpeg', 'png', 'webp', 'gif', 'bmp', 'tiff'),
		width: fc.oneof(fc.integer({ min: 1, max: 30_000 }), fc.integer({ min: 300, max: 5200 })),
		height: fc.oneof(fc.integer({ min: 1, max: 30_000 }), fc.integer({ min: 300, max: 5200 })),
		isTurned: fc.boolean(),
		transparency: fc.boolean(),
	}),
});

/** 1.123 leaves a photo as it lies in the file, 2.41 turns it first. */
it('of any image ends within the limits, whether n8n turns it first or not', () => {
	fc.assert(
		fc.property(cases, ({ model: imageModel, bytes, facts }) => {
			const problems = problemsOf(imageModel, { facts, bytes });
			if (problems.length === 0) return;
			const recipe = recipeFor(imageModel.images, { facts, bytes }, problems);
			const displayed = { width: facts.width, height: facts.height };
			const stored = { width: facts.height, height: facts.width };
			for (const size of facts.isTurned ? [displayed, stored] : [displayed]) {
				const after = recipe.steps.reduce((now, step) => sizeAfter(step, now), size);
				const format = { JPEG: 'jpeg', PNG: 'png', WebP: 'webp' } as const;
				const left = problemsOf(imageModel, {
					facts: {
						...after,
						format: recipe.format ? format[recipe.format] : facts.format,
						transparency: facts.transparency && recipe.format !== 'JPEG',
					},
					bytes: 1,
				});
				expect({ recipe, left: left.filter(({ hintOnly }) => !hintOnly) }).toEqual({
					recipe,
					left: [],
				});
				if (recipe.quality === undefined) continue;
				const perPixel = recipe.format === 'WebP' ? 2 : 1;
				const bound = (imageModel.images.maxMegabytes ?? 0) * 1_000_000;
				expect(after.width * after.height * perPixel).toBeLessThanOrEqual(bound);
			}
		}),
		{ numRuns: 3_000 },
	);
});

describe('after a task has failed for the size of an image', () => {
	const failure = (code: string, message: string) => ({ code, message, retryable: false });
	const mismatch = failure('image_dimension_mismatch', 'Image dimensions are not supported');

	it.each([
		[mismatch, true],
		[failure('image_processing_error', 'Image is too large'), true],
		[failure('invalid_parameters', 'width must be at most 3072'), true],
		[failure('image_processing_error', 'Failed to fetch https://a.example.com/a.png'), false],
		[failure('content_policy_violation', 'Image resolution'), false],
	])('%#: it is known for what it is', (given, expected) => {
		expect(isSizeFailure(given)).toBe(expected);
	});

	it("tells the image's size, the limit and the way out", () => {
		const image = {
			label: "Image 1 (field 'data')",
			fieldName: 'data',
			facts: { format: 'jpeg', width: 4000, height: 3000 } as const,
		};
		expect(adviceAfterSizeFailure(QWEN, mismatch, [image])).toBe(
			`Qwen Image Edit accepts 512 to 3072 pixels per side. Image 1 (field 'data') is 4000 × 3000 pixels. ${EDIT} (Resize, 3072 × 2304, Only if Larger).`,
		);
	});

	it('takes the size of a linked image from what the service says', () => {
		const told = failure('image_dimension_mismatch', 'Image is 300x200 pixels; too small');
		expect(adviceAfterSizeFailure(QWEN, told, [{ label: 'Image 1' }])).toContain(
			'Image 1 is 300 × 200 pixels',
		);
		expect(adviceAfterSizeFailure(QWEN, mismatch, [{ label: 'Image 1' }])).toBeUndefined();
	});

	it('has a way out where the documents give no limit', () => {
		const nano = model('nano-banana-beta');
		const told = failure('image_dimension_mismatch', '9000x6000 is too large');
		expect(adviceAfterSizeFailure(nano, told, [{ label: 'Image 1' }])).toContain(
			'(Resize, 2048 × 1365, Only if Larger)',
		);
	});
});
