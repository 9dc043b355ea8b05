import type { InvalidInputError } from '../../../nodes/Evolink/api/errors/errors';
import type { ImageFacts } from '../../../nodes/Evolink/images/format';
import {
	EDITING_MODELS,
	findModel,
	GENERATING_MODELS,
	IMAGE_MODELS,
} from '../../../nodes/Evolink/models/catalogue';
import {
	violationsOfLink,
	violationsOfMask,
	violationsOfImage,
	violationsOfRequest,
	type RequestFacts,
} from '../../../nodes/Evolink/models/checkRequest';
import { settleViolations, type Violation } from '../../../nodes/Evolink/models/violations';
import { editsImages, type Figure, type ImageModel } from '../../../nodes/Evolink/models/model';
import { MODELS } from '../../simulator';

const MEGABYTE = 1024 * 1024;

function model(id: string): ImageModel {
	const found = findModel(id);
	if (!found) throw new Error(`The catalogue has no ${id}`);
	return found;
}

const QWEN = model('qwen-image-edit');
const PLUS = model('qwen-image-edit-plus');
const QWEN_3 = model('qwen-image-3.0');
const WAN = model('wan2.5-image-to-image');
const GPT_4O = model('gpt-4o-image');
const GPT_2 = model('gpt-image-2');
const SEEDREAM_4 = model('doubao-seedream-4.0');
const SEEDREAM_5 = model('doubao-seedream-5.0-pro');
const LAYERIZE = model('doubao-seedream-5.0-pro-layerize');

const REQUEST: RequestFacts = {
	prompt: 'Make it a beach',
	imageCount: 1,
	numberOfImages: 1,
	parameters: {},
};
const IMAGE: ImageFacts = { format: 'png', width: 1024, height: 768, transparency: false };

describe('requests at the edge of a limit', () => {
	it.each<[string, ImageModel, Partial<RequestFacts>]>([
		['800 emoji, which are two units each', QWEN, { prompt: '🏖'.repeat(800) }],
		['3 pictures', QWEN, { imageCount: 3 }],
		['2 pictures', WAN, { imageCount: 2 }],
		['4 results', WAN, { numberOfImages: 4 }],
		['2000 emoji', WAN, { prompt: '🏖'.repeat(2000) }],
		['60000 bytes', GPT_2, { prompt: '海'.repeat(20_000) }],
		['no prompt', LAYERIZE, { prompt: '' }],
		['2600 Chinese characters', SEEDREAM_5, { prompt: '海'.repeat(2600) }],
		['5000 words', SEEDREAM_5, { prompt: 'word '.repeat(5000) }],
		['14 pictures and one result', SEEDREAM_4, { imageCount: 14 }],
		['a size for one result', PLUS, { parameters: { size: '512x2048' } }],
	])('takes %s (%#)', (_name, imageModel, request) => {
		expect(violationsOfRequest(imageModel, { ...REQUEST, ...request })).toEqual([]);
	});

	it.each<[ImageModel, Partial<RequestFacts>, string, RegExp]>([
		[
			WAN,
			{ prompt: 'x'.repeat(2001) },
			"'Prompt' has 2001 characters, but Wan 2.5 Image to Image accepts at most 2000",
			/Shorten the prompt/,
		],
		[
			GPT_2,
			{ prompt: '海'.repeat(20_001) },
			"'Prompt' has 60003 bytes in UTF-8, but GPT Image 2 accepts at most 60000",
			/Shorten the prompt/,
		],
		[
			QWEN,
			{ imageCount: 4 },
			'4 images provided, but Qwen Image Edit accepts at most 3',
			/Remove images/,
		],
		[
			WAN,
			{ imageCount: 3 },
			'3 images provided, but Wan 2.5 Image to Image accepts at most 2',
			/Remove images/,
		],
		[
			WAN,
			{ numberOfImages: 5 },
			"'Number of Images' is 5, but Wan 2.5 Image to Image accepts 1 to 4",
			/whole number: 1 to 4/,
		],
		[WAN, { numberOfImages: 0 }, "'Number of Images' is 0, but ", /whole number/],
		[WAN, { numberOfImages: 1.5 }, "'Number of Images' is 1.5, but ", /whole number/],
		[WAN, { numberOfImages: Number.NaN }, "'Number of Images' is NaN, but ", /whole number/],
		[
			PLUS,
			{ numberOfImages: 2, parameters: { size: '1024x1024' } },
			"'Size' is set and 'Number of Images' is 2, but Qwen Image Edit Plus accepts a size only for a single image",
			/Set 'Number of Images' to 1/,
		],
		[PLUS, { parameters: { size: '1:1' } }, '\'Size\' is "1:1", but ', /Correct the option/],
		[
			PLUS,
			{ parameters: { size: '511x1024' } },
			'accepts WIDTHxHEIGHT, e.g. 1536x1024 (512–2048 px per side)',
			/Correct/,
		],
		[PLUS, { parameters: { seed: -1 } }, 'accepts a whole number from 0 to 2147483647', /Correct/],
		[PLUS, { parameters: { watermark: 'no' } }, 'accepts true or false', /Correct/],
		[GPT_2, { parameters: { quality: 'best' } }, 'accepts low, medium, high', /Correct/],
		[GPT_2, { parameters: { size: '1000x1000' } }, 'multiples of 16', /Correct/],
		[GPT_2, { parameters: { size: '640x640' } }, '655,360–8,294,400 px in total', /Correct/],
		[GPT_2, { parameters: { size: '3840x1264' } }, 'aspect ratio up to 3:1', /Correct/],
		[
			GPT_2,
			{ parameters: { size: '1024x1024', resolution: '2K' } },
			"'Resolution' is 2K and 'Size' is 1024x1024, but GPT Image 2 accepts a resolution only with a ratio",
			/Remove 'Resolution'/,
		],
		[
			GPT_2,
			{ parameters: { background: 'transparent', outputFormat: 'jpeg' } },
			"'Background' is transparent and 'Output Format' is jpeg, but GPT Image 2 supports transparency only as png or webp",
			/Set 'Output Format' to png/,
		],
		[
			SEEDREAM_4,
			{ imageCount: 14, numberOfImages: 2 },
			"14 images provided and 'Number of Images' is 2, but Seedream 4.0 allows at most 15",
			/Remove images, or lower 'Number of Images'/,
		],
		[
			SEEDREAM_5,
			{ parameters: { background: 'transparent' }, firstImage: { format: 'jpeg' } },
			'only with exactly one image, a PNG with transparency',
			/Provide one such image/,
		],
		[
			SEEDREAM_5,
			{ parameters: { background: 'transparent' }, imageCount: 2 },
			'only with exactly one image, a PNG with transparency',
			/Provide one such image/,
		],
	])('%#: refuses what is beyond, in plain words', (imageModel, request, message, advice) => {
		const violations = violationsOfRequest(imageModel, { ...REQUEST, ...request });
		const refusals = violations.filter(({ hintOnly }) => !hintOnly);
		expect(refusals).toHaveLength(1);
		expect(refusals[0].message).toContain(message);
		expect(refusals[0].advice).toMatch(advice);
	});

	it.each<[ImageModel, Partial<RequestFacts>, string]>([
		// The documents disagree on the prompts of qwen-image-edit, so the service decides.
		[
			QWEN,
			{ prompt: 'x'.repeat(2001) },
			"'Prompt' has 2001 characters, but Qwen Image Edit accepts",
		],
		[QWEN, { prompt: 'x'.repeat(801) }, 'Qwen Image Edit may ignore those after the first 800'],
		[SEEDREAM_5, { prompt: '海'.repeat(2700) }, "'Prompt' has about 4154 tokens"],
		[
			QWEN,
			{ numberOfImages: 2 },
			"'Number of Images' is 2, but Qwen Image Edit generates one image per request",
		],
		[LAYERIZE, { numberOfImages: 2 }, 'generates an image for each layer that it finds'],
		[GPT_2, { numberOfImages: 2 }, 'GPT Image 2 often generates only one'],
		[
			SEEDREAM_4,
			{ numberOfImages: 2 },
			'a maximum: Seedream 4.0 generates as many as the prompt asks for',
		],
		[
			SEEDREAM_4,
			{ parameters: { quality: '2K', size: '1280x720' } },
			"'Quality' is 2K, which has no effect for Seedream 4.0 with 'Size' 1280x720",
		],
		[
			QWEN_3,
			{ parameters: { quality: '2K' } },
			"'Quality' is 2K, which has no effect for Qwen Image 3.0 with 'Size' auto",
		],
		[
			QWEN_3,
			{ parameters: { size: '3400x200' } },
			"'Size' is 3400x200, but Qwen Image 3.0 supports aspect ratios up to 16:1",
		],
		[
			GPT_4O,
			{},
			"GPT-4o Image (Beta) is no longer in EvoLink's documentation and may have been retired",
		],
		[
			model('mj-v7-remove-bg'),
			{},
			"'Prompt' isn't sent, because Midjourney 7 Remove Background doesn't use one",
		],
		[
			PLUS,
			{ parameters: { negativePrompt: 'x'.repeat(501) } },
			"'Negative Prompt' has 501 characters, but Qwen Image Edit Plus uses only the first 500",
		],
	])('%#: only hints at what the service may take', (imageModel, request, message) => {
		const violations = violationsOfRequest(imageModel, { ...REQUEST, ...request });
		expect(violations).toMatchObject([
			{ message: expect.stringContaining(message) as string, hintOnly: true },
		]);
	});

	it.each<[ImageModel, number, RegExp]>([
		[QWEN, 0, /needs an image.*'Edit Image'/],
		[LAYERIZE, 0, /needs an image.*'Edit Image'/],
		[model('z-image-turbo'), 1, /from a prompt only.*'Generate Image'/],
		[model('wan2.5-text-to-image'), 2, /from a prompt only.*'Generate Image'/],
	])('%#: names the operation that the model belongs to', (imageModel, imageCount, text) => {
		const violations = violationsOfRequest(imageModel, { ...REQUEST, imageCount });
		expect(violations).toMatchObject([{ always: true }]);
		expect(`${violations[0].message} ${violations[0].advice}`).toMatch(text);
	});

	it.each(GENERATING_MODELS.map((row) => [row.id, row] as const))(
		'%s works without images',
		(_id, row) => {
			const violations = violationsOfRequest(row, { ...REQUEST, imageCount: 0 });
			expect(violations.filter(({ hintOnly }) => !hintOnly)).toEqual([]);
		},
	);

	it('names every limit that is broken', () => {
		const request = { ...REQUEST, prompt: 'x'.repeat(2001), imageCount: 4, numberOfImages: 9 };
		expect(violationsOfRequest(WAN, request)).toHaveLength(3);
	});
});

describe('images at the edge of a limit', () => {
	it.each<[string, ImageModel, Partial<ImageFacts>, number]>([
		['10 MB', QWEN, {}, 10_000_000],
		['the smallest safe sides', QWEN, { width: 512, height: 512 }, 1],
		['the largest safe sides', QWEN, { width: 3072, height: 3072 }, 1],
		['the smallest safe sides', WAN, { width: 384, height: 384 }, 1],
		['the largest safe sides', WAN, { width: 4096, height: 4096 }, 1],
		['the longest shape', SEEDREAM_4, { width: 1600, height: 100 }, 1],
		['the most pixels', SEEDREAM_4, { width: 6000, height: 6000 }, 1],
		[
			'an alpha channel without a transparent pixel',
			WAN,
			{ transparency: true, isTransparent: false },
			1,
		],
		['any size', model('nano-banana-beta'), { width: 1, height: 50_000 }, 1],
		['transparency', QWEN, { transparency: true }, 1],
		['a size that the file hides', QWEN, { width: undefined, height: undefined }, 1],
		['TIFF', QWEN, { format: 'tiff' }, 1],
	])('accepts %s (%#)', (_name, imageModel, facts, bytes) => {
		const image = { facts: { ...IMAGE, ...facts }, bytes };
		expect(violationsOfImage(imageModel, 'Image 1', image)).toEqual([]);
	});

	it.each<[ImageModel, Partial<ImageFacts>, number, string]>([
		[QWEN, {}, 10.1 * MEGABYTE, 'is 10.1 MB, but Qwen Image Edit accepts at most 10 MB'],
		[
			QWEN,
			{ width: 383 },
			1,
			'is 383 × 768 pixels, but Qwen Image Edit requires 384 to 4096 pixels per side',
		],
		[QWEN, { height: 4097 }, 1, 'is 1024 × 4097 pixels'],
		[model('qwen-image-3.0-pro'), { width: 4097 }, 1, 'requires 384 to 4096 pixels per side'],
		[WAN, { width: 5001 }, 1, 'requires 360 to 5000 pixels per side'],
		[WAN, { height: 359 }, 1, 'is 1024 × 359 pixels'],
		[WAN, { transparency: true, isTransparent: true }, 1, 'is a PNG image with transparent areas'],
		[WAN, { format: 'tiff' }, 1, 'is a TIFF image, but Wan 2.5 Image to Image accepts JPG'],
		[QWEN, { format: 'gif' }, 1, 'accepts JPG, PNG, WEBP, BMP, TIFF'],
		[SEEDREAM_4, { width: 14, height: 20 }, 1, 'requires at least 15 pixels per side'],
		[GPT_2, { width: 23_171 }, 1, 'requires at most 23170 pixels per side'],
		[SEEDREAM_4, { width: 6000, height: 6001 }, 1, 'at most 36,000,000 pixels in total'],
		[LAYERIZE, { width: 511, height: 512 }, 1, 'at least 262,144 pixels in total'],
		[SEEDREAM_4, { width: 1601, height: 100 }, 1, 'an aspect ratio of at most 16:1'],
	])('%#: refuses what no document allows, with a way out', (imageModel, facts, bytes, message) => {
		const label = "Image 2 (field 'data')";
		const image = { facts: { ...IMAGE, ...facts }, bytes };
		const violations = violationsOfImage(imageModel, label, image);
		expect(violations).toHaveLength(1);
		expect(violations[0].message).toContain(`${label} ${message}`.slice(0, label.length));
		expect(violations[0].message).toContain(message);
		expect(violations[0].advice).toMatch(/^(It can't fit by scaling.*)?Add n8n's Edit Image node/);
		expect(violations[0].hintOnly).toBeFalsy();
	});

	it.each<[ImageModel, Partial<ImageFacts>, number, string]>([
		[
			QWEN,
			{ width: 4096 },
			1,
			"not all pages of EvoLink's documentation allow more than 3072 pixels",
		],
		[QWEN, { height: 3073 }, 1, 'more than 3072 pixels'],
		[QWEN, { height: 511 }, 1, 'fewer than 512 pixels'],
		[QWEN, { height: 384 }, 1, 'fewer than 512 pixels'],
		[WAN, { width: 4097 }, 1, 'more than 4096 pixels'],
		[WAN, { width: 360 }, 1, 'fewer than 384 pixels'],
		[QWEN, {}, 10_000_001, 'is 10,000,001 bytes'],
		[QWEN, {}, 10 * MEGABYTE, 'is 10,485,760 bytes'],
	])('%#: only hints at what some documents allow', (imageModel, facts, bytes, message) => {
		const image = { facts: { ...IMAGE, ...facts }, bytes };
		expect(violationsOfImage(imageModel, 'Image 1', image)).toMatchObject([
			{
				message: expect.stringContaining(message) as string,
				advice: expect.stringMatching(/^If the task fails: Add n8n's Edit Image node/) as string,
				hintOnly: true,
			},
		]);
	});

	it('only hints at transparency that nobody has looked for', () => {
		const facts: ImageFacts = { ...IMAGE, format: 'webp', transparency: true };
		expect(violationsOfImage(WAN, 'Image 1', { facts, bytes: 1 })).toMatchObject([
			{
				message: expect.stringContaining('may be a WEBP image with transparent areas') as string,
				hintOnly: true,
			},
		]);
	});

	it('never shows a limit as broken by itself: one byte more than 10 MB', () => {
		const image = { facts: IMAGE, bytes: 10 * MEGABYTE + 1 };
		const [{ message }] = violationsOfImage(QWEN, 'Image 1', image);
		expect(message).not.toContain('is 10.0 MB');
	});
});

describe('links', () => {
	it.each([
		['https://a.example.com/a.png', QWEN],
		['https://a.example.com/a.TIF?x=y.gif', QWEN],
		['https://a.example.com/a', QWEN],
		['https://a.example.com/a.php', QWEN],
		['https://a.example.gif/', QWEN],
		['https://a.example.gif', QWEN],
		['https://a.example.com/a.heif', SEEDREAM_5],
		['https://a.example.com/a.gif', undefined],
	])('%s may be an image that the model accepts', (link, imageModel) => {
		expect(violationsOfLink(imageModel, 'Image 1', link)).toEqual([]);
	});

	it.each([
		['https://a.example.com/a.gif', QWEN, 'Image 1: the URL ends in .gif, but Qwen Image Edit'],
		['https://a.example.com/A.GIF?w=3#x', QWEN, 'the URL ends in .gif'],
		['https://a.example.com/a.tif', WAN, 'ends in .tiff, but Wan 2.5 Image to Image accepts JPG'],
		['https://a.example.com/a.webp', LAYERIZE, 'accepts JPG, PNG'],
		['https://a.example.com/IMG_1.heic?format=jpg', QWEN, 'ends in .heic'],
		['https://a.example.com/f_auto/sample.avif', QWEN, 'ends in .avif'],
	])('%s may send another format than it ends in: a hint', (link, imageModel, message) => {
		expect(violationsOfLink(imageModel, 'Image 1', link)).toMatchObject([
			{ message: expect.stringContaining(message) as string, hintOnly: true },
		]);
	});
});

describe('what a violation leads to', () => {
	const violation = { message: 'It is wrong', advice: 'Mend it.' };
	const settled = (violations: Violation[], strict: boolean) => {
		try {
			return settleViolations(violations, strict);
		} catch (error) {
			const { message, advice } = error as InvalidInputError;
			return { message, advice };
		}
	};

	it('is an error that names the way around the check', () => {
		expect(settled([{ ...violation, hintOnly: true }, violation], true)).toEqual({
			message: 'It is wrong',
			advice: "Mend it. To send it anyway, set the option 'Validation' to 'Warn'.",
		});
	});

	it('is a hint where it is no more, or the user wants no more', () => {
		const hints = ['It is wrong. Mend it.'];
		expect(settled([violation], false)).toEqual(hints);
		expect(settled([{ ...violation, hintOnly: true }], true)).toEqual(hints);
	});

	it('is an error in any case where money would be lost', () => {
		expect(settled([{ ...violation, always: true }], false)).toEqual(violation);
	});
});

describe('masks', () => {
	const mask: ImageFacts = { ...IMAGE, transparency: true };

	it.each<[string, ...Parameters<typeof violationsOfMask>]>([
		['that fit', GPT_2, mask, IMAGE, { least: 0, most: 255 }],
		['that nobody can look at', GPT_2, mask, IMAGE],
		['with soft edges', GPT_2, mask, IMAGE, { least: 0, most: 200 }],
		['beside a link', GPT_2, mask, undefined],
		['behind a link', GPT_2, { link: 'https://a.example.com/a' }, IMAGE],
		['in black and white', GPT_4O, IMAGE, IMAGE, { least: 0, most: 255 }],
		['in grey and white', GPT_4O, IMAGE, IMAGE, { least: 90, most: 250 }],
	])('%s are taken', (_name, ...given) => {
		expect(violationsOfMask(...given)).toEqual([]);
	});

	const turned: ImageFacts = { format: 'jpeg', width: 768, height: 1024, isTurned: true };

	it.each<[string, ...Parameters<typeof violationsOfMask>]>([
		["Qwen Image Edit doesn't accept a mask", QWEN, mask, IMAGE],
		["a model that is not in the list doesn't accept a mask", undefined, mask, IMAGE],
		[
			"'Mask' has no transparent pixel, so GPT Image 2 would repaint nothing",
			...([GPT_2, IMAGE, IMAGE, { least: 255, most: 255 }] as const),
		],
		[
			"'Mask' is transparent everywhere, so GPT Image 2 would repaint the whole image",
			...([GPT_2, mask, IMAGE, { least: 0, most: 0 }] as const),
		],
		["'Mask' has no white pixel", GPT_4O, IMAGE, IMAGE, { least: 0, most: 127 }],
		["'Mask' is white everywhere", GPT_4O, IMAGE, IMAGE, { least: 128, most: 255 }],
		[
			"'Mask' is a WEBP image, but GPT Image 2 accepts only PNG",
			GPT_2,
			{ ...mask, format: 'webp' },
			IMAGE,
		],
		[
			"'Mask' is 1023 × 768 pixels, but the first image is 1024 × 768 pixels",
			...([GPT_2, { ...mask, width: 1023 }, IMAGE] as const),
		],
		['its file stores it lying on its side, as the mask does', GPT_2, mask, turned],
	])('are refused: %s', (message, ...given) => {
		const violations = violationsOfMask(...given);
		expect(violations).toHaveLength(1);
		expect(violations[0].message).toContain(message);
		expect(violations[0].hintOnly).toBeUndefined();
	});

	it('that are nowhere transparent altogether get a hint', () => {
		expect(violationsOfMask(GPT_2, mask, IMAGE, { least: 100, most: 255 })).toMatchObject([
			{ message: expect.stringContaining('no fully transparent pixel') as string, hintOnly: true },
		]);
	});
});

it('only hints at a mask whose URL ends in another format', () => {
	expect(violationsOfMask(GPT_4O, { link: 'https://a.example.com/a.jpg' }, IMAGE)).toMatchObject([
		{ message: expect.stringContaining("'Mask': the URL ends in .jpg") as string, hintOnly: true },
	]);
});

it('leaves a model that is not in the catalogue to the service', () => {
	expect(findModel('brand-new-model')).toBeUndefined();
	const request = { ...REQUEST, prompt: 'x'.repeat(100_000), imageCount: 99, numberOfImages: 99 };
	expect(violationsOfRequest(undefined, request)).toEqual([]);
	expect(violationsOfImage(undefined, 'Image 1', { facts: IMAGE, bytes: 1e9 })).toEqual([]);
});

/** The other limits of each row meet the simulator in test/workflows/models.test.ts; files this large take long. */
describe('the largest file', () => {
	it.each(EDITING_MODELS.map((row) => [row.id, row] as const))('of %s', (id, row) => {
		expect(row.images.maxMegabytes && row.images.maxMegabytes * MEGABYTE).toBe(
			MODELS[id].maxImageBytes,
		);
		const limit = row.images.maxMegabytes;
		const beyond = (bytes: number) => violationsOfImage(row, 'Image 1', { facts: IMAGE, bytes });
		if (limit === undefined) {
			expect(beyond(1e12)).toEqual([]);
			return;
		}
		expect(beyond(limit * 1_000_000)).toEqual([]);
		expect(beyond(limit * MEGABYTE)).toMatchObject([{ hintOnly: true }]);
		expect(beyond(limit * MEGABYTE + 1)).toEqual([
			expect.not.objectContaining({ hintOnly: true }) as object,
		]);
	});
});

describe('the catalogue', () => {
	it('has every model once', () => {
		expect(new Set(IMAGE_MODELS.map(({ id }) => id)).size).toBe(IMAGE_MODELS.length);
		expect(new Set(IMAGE_MODELS.map(({ name }) => name)).size).toBe(IMAGE_MODELS.length);
	});

	it.each(IMAGE_MODELS.map((row) => [row.id, row] as const))(
		'%s: the figures make sense and have a source',
		(_id, row) => {
			const { minSide = 0, maxSide = Infinity, minPixels = 0, maxPixels = Infinity } = row.images;
			const { safeMinSide = minSide, safeMaxSide = maxSide } = row.images;
			expect(safeMinSide).toBeGreaterThanOrEqual(minSide);
			expect(safeMaxSide).toBeLessThanOrEqual(maxSide);
			expect(minSide).toBeLessThan(maxSide);
			expect(minPixels).toBeLessThan(maxPixels);
			if (editsImages(row)) expect(row.images.formats).toContain('png');
			for (const rule of Object.values(row.parameters)) {
				if (rule.kind === 'choice' && rule.default) expect(rule.values).toContain(rule.default);
				if (rule.kind === 'size' && rule.default) expect(rule.values).toContain(rule.default);
			}
			const figures = [
				...Object.keys(row.prompt).map((name) => `prompt.${name}`),
				...Object.keys(row.images).map((name) => `images.${name}`),
				...Object.keys(row.parameters).map((name) => `parameters.${name}`),
				'results',
				...(row.mask ? ['mask'] : []),
				...(row.rules ? ['rules'] : []),
			] as Figure[];
			for (const figure of figures) {
				expect(row.otherSources?.[figure] ?? row.source).toMatch(
					/^https:\/\/|^docs\.evolink\.ai, an older page/,
				);
			}
			// A source for a figure that the row does not have would be a slip.
			expect(figures).toEqual(expect.arrayContaining(Object.keys(row.otherSources ?? {})));
		},
	);
});
