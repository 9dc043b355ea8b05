import type { PictureFacts } from '../../nodes/Evolink/images/format';
import { findModel, IMAGE_MODELS, type ImageModel } from '../../nodes/Evolink/models/catalogue';
import { checkPicture, checkRequest } from '../../nodes/Evolink/models/checkRequest';

const MEGABYTE = 1024 * 1024;

function model(id: string): ImageModel {
	const found = findModel(id);
	if (!found) throw new Error(`The catalogue has no ${id}`);
	return found;
}

const QWEN = model('qwen-image-edit');
const WAN = model('wan2.5-image-to-image');
const REQUEST = { prompt: 'Make it a beach', imageCount: 1, numberOfImages: 1 };
const PICTURE: PictureFacts = { format: 'png', width: 1024, height: 768, transparency: false };

describe('requests at the edge of a limit', () => {
	it.each<[string, ImageModel, Partial<typeof REQUEST>]>([
		['2000 characters', QWEN, { prompt: 'x'.repeat(2000) }],
		['2000 emoji, which are two units each', QWEN, { prompt: '🏖'.repeat(2000) }],
		['3 pictures', QWEN, { imageCount: 3 }],
		['2 pictures', WAN, { imageCount: 2 }],
		['4 results', WAN, { numberOfImages: 4 }],
	])('takes %s', (_name, imageModel, request) => {
		expect(checkRequest(imageModel, { ...REQUEST, ...request })).toEqual([]);
	});

	it.each<[ImageModel, Partial<typeof REQUEST>, string, RegExp]>([
		[
			QWEN,
			{ prompt: 'x'.repeat(2001) },
			"'Prompt' has 2001 characters; Qwen Image Edit takes at most 2000",
			/Shorten the prompt/,
		],
		[
			QWEN,
			{ imageCount: 4 },
			"'Images' gives 4 pictures; Qwen Image Edit takes at most 3",
			/Remove some pictures/,
		],
		[
			WAN,
			{ imageCount: 3 },
			"'Images' gives 3 pictures; Wan 2.5 Image to Image takes at most 2",
			/Remove some pictures/,
		],
		[
			WAN,
			{ numberOfImages: 5 },
			"'Number of Images' is 5; Wan 2.5 Image to Image makes 1 to 4",
			/whole number from 1 to 4/,
		],
		[WAN, { numberOfImages: 0 }, "'Number of Images' is 0; ", /whole number/],
		[WAN, { numberOfImages: 1.5 }, "'Number of Images' is 1.5; ", /whole number/],
		[WAN, { numberOfImages: Number.NaN }, "'Number of Images' is NaN; ", /whole number/],
		[QWEN, { numberOfImages: 2 }, "'Number of Images' is 2; Qwen Image Edit makes 1", /whole/],
	])('%#: refuses one more, in plain words', (imageModel, request, message, advice) => {
		const violations = checkRequest(imageModel, { ...REQUEST, ...request });
		expect(violations).toHaveLength(1);
		expect(violations[0].message).toContain(message);
		expect(violations[0].advice).toMatch(advice);
	});

	it('names every limit that is broken', () => {
		const request = { prompt: 'x'.repeat(2001), imageCount: 4, numberOfImages: 9 };
		expect(checkRequest(QWEN, request)).toHaveLength(3);
	});
});

describe('pictures at the edge of a limit', () => {
	it.each<[string, ImageModel, Partial<PictureFacts>, number]>([
		['10 MB', QWEN, {}, 10 * MEGABYTE],
		['the smallest sides', QWEN, { width: 384, height: 384 }, 1],
		['the largest sides', QWEN, { width: 3072, height: 3072 }, 1],
		['the largest sides', WAN, { width: 5000, height: 5000 }, 1],
		['transparency', QWEN, { transparency: true }, 1],
		['a size that the format hides', QWEN, { width: undefined, height: undefined }, 1],
		['TIFF', QWEN, { format: 'tiff' }, 1],
	])('takes %s (%#)', (_name, imageModel, facts, bytes) => {
		expect(checkPicture(imageModel, 'Image 1', { ...PICTURE, ...facts }, bytes)).toEqual([]);
	});

	it.each<[ImageModel, Partial<PictureFacts>, number, string, RegExp]>([
		[QWEN, {}, 10.1 * MEGABYTE, 'has 10.1 MB; Qwen Image Edit takes at most 10 MB', /smaller/],
		[QWEN, { width: 383 }, 1, 'has 383 × 768 pixels; Qwen Image Edit takes 384 to 3072', /Resize/],
		[QWEN, { height: 3073 }, 1, 'has 1024 × 3073 pixels', /Resize/],
		[WAN, { width: 5001 }, 1, 'takes 384 to 5000 pixels', /Resize/],
		[WAN, { height: 383 }, 1, 'has 1024 × 383 pixels', /Resize/],
		[WAN, { transparency: true }, 1, 'is a PNG with transparency', /JPEG/],
		[WAN, { format: 'tiff' }, 1, 'is a TIFF picture; Wan 2.5 Image to Image takes JPG', /Convert/],
		[QWEN, { format: 'gif' }, 1, 'takes JPG, PNG, WEBP, BMP, TIFF', /Convert/],
	])('%#: refuses what is beyond, in plain words', (imageModel, facts, bytes, message, advice) => {
		const label = "Image 2 (field 'data')";
		const violations = checkPicture(imageModel, label, { ...PICTURE, ...facts }, bytes);
		expect(violations).toHaveLength(1);
		expect(violations[0].message).toContain(message);
		expect(violations[0].message).toContain(label);
		expect(violations[0].advice).toMatch(advice);
		expect(violations[0].advice).toContain("'Validation'");
	});

	it('never shows a limit as broken by itself: one byte more than 10 MB', () => {
		const [{ message }] = checkPicture(QWEN, 'Image 1', PICTURE, 10 * MEGABYTE + 1);
		expect(message).not.toContain('has 10.0 MB');
	});
});

it('leaves a model that is not in the catalogue to the service', () => {
	expect(findModel('brand-new-model')).toBeUndefined();
	const request = { prompt: 'x'.repeat(100_000), imageCount: 99, numberOfImages: 99 };
	expect(checkRequest(undefined, request)).toEqual([]);
	expect(checkPicture(undefined, 'Image 1', PICTURE, 1e9)).toEqual([]);
});

it('has every model once, with limits that make sense', () => {
	expect(new Set(IMAGE_MODELS.map(({ id }) => id)).size).toBe(IMAGE_MODELS.length);
	for (const { minSide, maxSide, maxImages, maxResults, formats } of IMAGE_MODELS) {
		expect(minSide).toBeLessThan(maxSide);
		expect(Math.min(maxImages, maxResults)).toBeGreaterThanOrEqual(1);
		expect(formats).toContain('png');
	}
});
