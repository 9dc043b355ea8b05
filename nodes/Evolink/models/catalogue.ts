import type { ImageFormat } from '../images/format';
import {
	editsImages,
	type ImageModel,
	type ParameterRule,
	type ImageLimits,
	worksWithoutImages,
} from './model';

/**
 * The models that the node knows, the only place where models differ: fields, checks, request body, tests and
 * the README's tables follow from these rows. Most figures are from the newest English pages of EvoLink's
 * documents, by way of the parameter file of EvoLinkAI/evolink-mcp (model-params.generated.ts, 48a8fe9a).
 */

const DOCS = 'https://evolink.ai/docs/en/api-manual/image-series';
const PRODUCT_PAGE = 'https://evolink.ai/qwen-image-edit';
const KOREAN_QWEN_PAGE = 'https://docs.evolink.ai/ko/api-manual/image-series/qwen/qwen-image-edit';
const SPANISH_WAN_PAGE =
	'https://docs.evolink.ai/es/api-manual/image-series/wan2.5/wan2.5-image-to-image';
const ALIBABA = 'https://www.alibabacloud.com/help/en/model-studio/qwen-image-edit-api';
const SKILL =
	'https://github.com/EvoLinkAI/evolink-mcp/blob/main/oc-skill-image/references/image-api-params.md';

const COMMON_FORMATS: readonly ImageFormat[] = ['jpeg', 'png', 'webp'];
const QWEN_FORMATS: readonly ImageFormat[] = ['jpeg', 'png', 'webp', 'bmp', 'tiff'];
const SEEDREAM_4_FORMATS: readonly ImageFormat[] = [...COMMON_FORMATS, 'bmp', 'tiff', 'gif'];
const SEEDREAM_5_FORMATS: readonly ImageFormat[] = [...SEEDREAM_4_FORMATS, 'heic'];

const upTo = (max: number) => Array.from({ length: max }, (_, index) => index + 1);
const choice = (values: readonly string[], byDefault?: string): ParameterRule => ({
	kind: 'choice',
	values,
	...(byDefault === undefined ? {} : { default: byDefault }),
});
const flag = (byDefault: boolean): ParameterRule => ({ kind: 'flag', default: byDefault });

const SEED = { kind: 'integer', min: 0, max: 2147483647 } as const;
/** Longer ones are documented as cut, not refused. */
const NEGATIVE_PROMPT: ParameterRule = { kind: 'text', readCharacters: 500 };
const THINKING_LEVEL = choice(['auto', 'min', 'high'], 'auto');
const inModelParams = (name: string) => ({ path: ['model_params', name] });

const QWEN_IMAGES: ImageLimits = {
	need: 'required',
	max: 3,
	formats: QWEN_FORMATS,
	transparency: true,
	minSide: 384,
	maxSide: 4096,
	safeMinSide: 512,
	safeMaxSide: 3072,
	maxMegabytes: 10,
};
/** The documents name 1000 and 2000 characters; Alibaba's model reads 800. */
const QWEN_PROMPT = { maxCharacters: 2000, lenient: true, readCharacters: 800 };
const QWEN_SIZE_SOURCES = {
	'images.maxSide': KOREAN_QWEN_PAGE,
	'images.safeMinSide': KOREAN_QWEN_PAGE,
} as const;
const QWEN_SOURCES = {
	...QWEN_SIZE_SOURCES,
	'images.maxMegabytes': PRODUCT_PAGE,
	'prompt.readCharacters': ALIBABA,
} as const;

const ELEVEN_RATIOS = [
	...['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4'],
	...['9:16', '16:9', '21:9', '9:21'],
];

const QWEN_3: Omit<ImageModel, 'id' | 'name' | 'description' | 'source'> = {
	prompt: { maxCharacters: 4500 },
	images: { ...QWEN_IMAGES, need: 'optional', maxMegabytes: undefined },
	results: upTo(6),
	parameters: {
		negativePrompt: NEGATIVE_PROMPT,
		promptExtend: flag(false),
		quality: choice(['1K', '2K'], '1K'),
		seed: SEED,
		size: {
			kind: 'size',
			values: ['auto', ...ELEVEN_RATIOS],
			// The upper bound is cut off in the source after '419'; its largest example has 4,177,236 pixels.
			pixels: { minPixels: 262_144, maxPixels: 2048 * 2048 },
			default: 'auto',
		},
		watermark: flag(false),
	},
	rules: [
		{ kind: 'sizeRatio', max: 16 },
		{ kind: 'qualityNeedsRatio', beside: 'pixels and auto' },
	],
};

const GPT_2_RATIOS = [
	...['1:1', '1:2', '2:1', '1:3', '3:1', '2:3', '3:2', '3:4', '4:3'],
	...['4:5', '5:4', '9:16', '16:9', '9:21', '21:9'],
];

function gptImage2(
	qualities: readonly string[],
): Omit<ImageModel, 'id' | 'name' | 'description' | 'source'> {
	return {
		prompt: { maxCharacters: 32_000, maxBytes: 60_000 },
		images: {
			need: 'optional',
			max: 16,
			formats: COMMON_FORMATS,
			transparency: true,
			maxSide: 23_170,
			maxPixels: 178_956_970,
			maxMegabytes: 50,
		},
		results: upTo(10),
		parameters: {
			background: choice(['opaque', 'transparent'], 'opaque'),
			outputFormat: choice(['png', 'jpeg', 'webp'], 'png'),
			quality: choice(qualities, 'medium'),
			resolution: choice(['1K', '2K', '4K'], '1K'),
			size: {
				kind: 'size',
				values: ['auto', ...GPT_2_RATIOS],
				pixels: {
					minSide: 16,
					maxSide: 3840,
					minPixels: 655_360,
					maxPixels: 8_294_400,
					multipleOf: 16,
					maxRatio: 3,
				},
				default: 'auto',
			},
		},
		mask: { repaints: 'transparent' },
		rules: [
			{ kind: 'resolutionNeedsRatio' },
			{ kind: 'transparentNeedsFormat', formats: ['png', 'webp'] },
			{ kind: 'severalResultsAreUnreliable' },
		],
	};
}

/** OpenAI's first sizes; the pixels are values like the ratios, other ones are not taken. */
const GPT_1_SIZES = ['1:1', '2:3', '3:2', '1024x1024', '1024x1536', '1536x1024'];

const NANO_BANANA_PRO_SIZES = [
	...['auto', '1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4'],
	...['9:16', '16:9', '21:9'],
];
const NANO_BANANA_2_SIZES = [
	...['auto', '1:1', '1:4', '4:1', '1:8', '8:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4'],
	...['9:16', '16:9', '21:9'],
];

const nanoBananaImages = (max: number, maxMegabytes: number): ImageLimits => ({
	need: 'optional',
	max,
	formats: COMMON_FORMATS,
	transparency: true,
	maxMegabytes,
});

const SEEDREAM_IMAGES: ImageLimits = {
	need: 'optional',
	max: 14,
	formats: SEEDREAM_4_FORMATS,
	transparency: true,
	minSide: 15,
	maxPixels: 6000 * 6000,
	maxRatio: 16,
	maxMegabytes: 10,
};
const SEEDREAM_5_IMAGES: ImageLimits = {
	...SEEDREAM_IMAGES,
	max: 10,
	formats: SEEDREAM_5_FORMATS,
	maxMegabytes: 30,
};

const seedreamSize = (minPixels: number, maxPixels: number): ParameterRule => ({
	kind: 'size',
	values: ['auto', ...ELEVEN_RATIOS],
	pixels: { minPixels, maxPixels, maxRatio: 16 },
	default: 'auto',
});
const STANDARD_PRIORITY = choice(['standard'], 'standard');
const PRIORITIES = choice(['standard', 'fast'], 'standard');

function seedream4(
	parameters: ImageModel['parameters'],
): Omit<ImageModel, 'id' | 'name' | 'description' | 'source'> {
	return {
		prompt: { maxCharacters: 2000 },
		images: SEEDREAM_IMAGES,
		results: upTo(15),
		parameters,
		rules: [
			{ kind: 'maxImagesAndResults', max: 15 },
			{ kind: 'promptAsksForSeveral' },
			{ kind: 'qualityNeedsRatio', beside: 'pixels' },
		],
	};
}

function seedream5(
	promptPriority: ParameterRule,
): Omit<ImageModel, 'id' | 'name' | 'description' | 'source'> {
	return {
		prompt: { maxTokens: 4000 },
		images: SEEDREAM_5_IMAGES,
		results: [1],
		parameters: {
			background: choice(['opaque', 'transparent'], 'opaque'),
			outputFormat: choice(['png', 'jpeg'], 'jpeg'),
			promptPriority,
			quality: choice(['1K', '1.5K', '2K'], '1K'),
			size: seedreamSize(921_600, 4_624_220),
			watermark: flag(false),
		},
		rules: [
			{ kind: 'transparentNeedsFormat', formats: ['png'] },
			{ kind: 'transparentNeedsTransparentImage' },
			{ kind: 'qualityNeedsRatio', beside: 'pixels' },
		],
	};
}

function layerize(
	promptPriority: ParameterRule,
): Omit<ImageModel, 'id' | 'name' | 'description' | 'source'> {
	return {
		use: 'layers',
		prompt: { optional: true },
		images: {
			need: 'required',
			max: 1,
			formats: ['jpeg', 'png'],
			transparency: true,
			minPixels: 512 * 512,
			maxPixels: 6000 * 6000,
			maxRatio: 16,
			maxMegabytes: 30,
		},
		results: 'own',
		parameters: {
			outputFormat: choice(['png', 'jpeg'], 'jpeg'),
			promptPriority,
			quality: choice(['auto', '1K', '1.5K', '2K'], 'auto'),
		},
	};
}

const MIDJOURNEY_FORMATS: readonly ImageFormat[] = [...COMMON_FORMATS, 'gif'];

/** Midjourney's operations on an image of one's own; what it makes itself has no `image_urls`. */
function midjourney(
	version: '7' | '8.1' | '8.2',
	use: 'background' | 'texture',
	limits: Pick<ImageModel, 'prompt'> & { formats?: readonly ImageFormat[] },
): ImageModel {
	const { prompt, formats = MIDJOURNEY_FORMATS } = limits;
	const operation = use === 'background' ? 'remove-bg' : 'retexture';
	return {
		id: `mj-v${version}-${operation}`,
		name: `Midjourney ${version} ${use === 'background' ? 'Remove Background' : 'Retexture'}`,
		description:
			use === 'background'
				? 'One image in, the same image without background out; no prompt needed'
				: 'One image in, images with the same structure and other textures out',
		use,
		prompt,
		images: { need: 'required', max: 1, formats, transparency: true },
		results: 'own',
		parameters: {},
		source: `${DOCS}/midjourney/mj-v${version.replace('.', '-')}-${operation}`,
	};
}

const NO_IMAGES: ImageLimits = { need: 'none', max: 0, formats: [], transparency: true };
const NO_PROMPT = { optional: true, unused: true };

export const IMAGE_MODELS: readonly ImageModel[] = [
	{
		id: 'qwen-image-edit',
		name: 'Qwen Image Edit',
		description: 'One to three images in, one image out',
		prompt: QWEN_PROMPT,
		images: QWEN_IMAGES,
		results: [1],
		parameters: {},
		source: `${DOCS}/qwen/qwen-image-edit`,
		otherSources: QWEN_SOURCES,
	},
	{
		id: 'qwen-image-edit-plus',
		name: 'Qwen Image Edit Plus',
		description: 'One to three images in, up to six images out, with size and seed',
		prompt: QWEN_PROMPT,
		images: QWEN_IMAGES,
		results: upTo(6),
		parameters: {
			negativePrompt: NEGATIVE_PROMPT,
			promptExtend: flag(true),
			seed: SEED,
			size: { kind: 'size', values: [], pixels: { minSide: 512, maxSide: 2048 } },
			watermark: flag(false),
		},
		rules: [{ kind: 'sizeNeedsOneResult' }],
		source: `${DOCS}/qwen/qwen-image-edit-plus`,
		otherSources: QWEN_SOURCES,
	},
	{
		...QWEN_3,
		id: 'qwen-image-3.0',
		name: 'Qwen Image 3.0',
		description: 'One to three images in, up to six images out, long prompts',
		source: `${DOCS}/qwen/qwen-image-3.0`,
		otherSources: QWEN_SIZE_SOURCES,
	},
	{
		...QWEN_3,
		id: 'qwen-image-3.0-pro',
		name: 'Qwen Image 3.0 Pro',
		description: 'One to three images in, up to six images out, long prompts',
		source: `${DOCS}/qwen/qwen-image-3.0-pro`,
		otherSources: QWEN_SIZE_SOURCES,
	},
	{
		id: 'wan2.5-image-to-image',
		name: 'Wan 2.5 Image to Image',
		description: 'One or two images in, one to four images out',
		prompt: { maxCharacters: 2000 },
		images: {
			need: 'required',
			max: 2,
			formats: [...COMMON_FORMATS, 'bmp'],
			transparency: false,
			minSide: 360,
			maxSide: 5000,
			safeMinSide: 384,
			safeMaxSide: 4096,
			maxMegabytes: 10,
		},
		results: upTo(4),
		parameters: {},
		source: `${DOCS}/wan2.5/wan2.5-image-to-image`,
		otherSources: { 'images.minSide': SPANISH_WAN_PAGE, 'images.safeMaxSide': SPANISH_WAN_PAGE },
	},
	{
		id: 'gpt-4o-image',
		mayBeRetired: true,
		name: 'GPT-4o Image (Beta)',
		description:
			"Up to five images in; white areas of a mask are repainted. No longer in EvoLink's documentation, possibly retired",
		prompt: { maxCharacters: 2000 },
		images: {
			need: 'optional',
			max: 5,
			formats: COMMON_FORMATS,
			transparency: true,
			maxMegabytes: 10,
		},
		results: [1, 2, 4],
		parameters: { size: choice(GPT_1_SIZES) },
		mask: { repaints: 'white' },
		source:
			"docs.evolink.ai, an older page for gpt-4o-image that is no longer in the documents' index",
		otherSources: { mask: SKILL, 'prompt.maxCharacters': SKILL, 'parameters.size': SKILL },
	},
	{
		id: 'gpt-image-1.5',
		name: 'GPT Image 1.5',
		description: 'Up to 16 images in, one image out',
		prompt: { maxCharacters: 2000 },
		images: {
			need: 'optional',
			max: 16,
			formats: COMMON_FORMATS,
			transparency: true,
			maxMegabytes: 50,
		},
		results: [1],
		parameters: {
			quality: choice(['low', 'medium', 'high'], 'high'),
			size: choice(GPT_1_SIZES),
		},
		source: `${DOCS}/gpt-image-1.5/gpt-image-1.5-image-generation`,
	},
	{
		...gptImage2(['low', 'medium', 'high']),
		id: 'gpt-image-2',
		name: 'GPT Image 2',
		description: 'Up to 16 images in; transparent areas of a mask are repainted',
		source: `${DOCS}/gpt-image-2/gpt-image-2-image-generation`,
	},
	{
		id: 'gpt-image-2-beta',
		name: 'GPT Image 2 (Beta)',
		description: 'Up to 16 images in, one image out',
		prompt: { maxCharacters: 2000 },
		images: { need: 'optional', max: 16, formats: COMMON_FORMATS, transparency: true },
		results: [1],
		parameters: {
			resolution: choice(['1K'], '1K'),
			size: choice(['auto', ...GPT_2_RATIOS], 'auto'),
		},
		source: `${DOCS}/gpt-image-2/gpt-image-2-beta-image-generation`,
	},
	{
		...gptImage2(['low', 'medium', 'high', 'xhigh', 'max']),
		id: 'gpt-image-2.5-flare',
		name: 'GPT Image 2.5 Flare',
		description: 'Up to 16 images in; transparent areas of a mask are repainted; fast',
		isFast: true,
		source: `${DOCS}/gpt-image-2.5/gpt-image-2.5-image-generation`,
	},
	{
		...gptImage2(['low', 'medium', 'high', 'xhigh', 'max']),
		id: 'gpt-image-2.5-sunburst',
		name: 'GPT Image 2.5 Sunburst',
		description: 'Up to 16 images in; transparent areas of a mask are repainted; precise',
		source: `${DOCS}/gpt-image-2.5/gpt-image-2.5-image-generation`,
	},
	{
		id: 'gemini-3-pro-image-preview',
		name: 'Nano Banana Pro (Gemini 3 Pro Image)',
		description: 'Up to 14 images in, with at most five real people',
		prompt: { maxCharacters: 2000 },
		images: nanoBananaImages(14, 20),
		results: [1],
		parameters: {
			quality: choice(['1K', '2K', '4K'], '2K'),
			size: choice(NANO_BANANA_PRO_SIZES, 'auto'),
			webSearch: flag(false),
		},
		source: `${DOCS}/nanobanana/nanobanana-pro-image-generate`,
	},
	{
		id: 'gemini-3.1-flash-image-preview',
		name: 'Nano Banana 2 (Gemini 3.1 Flash Image)',
		description: 'Up to 14 images in, with at most four real people',
		prompt: { maxCharacters: 2000 },
		images: nanoBananaImages(14, 20),
		results: [1],
		parameters: {
			imageSearch: flag(false),
			quality: choice(['0.5K', '1K', '2K', '4K'], '2K'),
			size: choice(NANO_BANANA_2_SIZES, 'auto'),
			thinkingLevel: THINKING_LEVEL,
			webSearch: flag(false),
		},
		source: `${DOCS}/nanobanana/nanobanana-2-image-generate`,
	},
	{
		id: 'gemini-3.1-flash-lite-image',
		name: 'Nano Banana 2 Lite (Gemini 3.1 Flash Lite Image)',
		description: 'Up to 14 images in, one image out',
		prompt: { maxCharacters: 2000 },
		images: nanoBananaImages(14, 20),
		results: [1],
		parameters: {
			quality: choice(['1K'], '1K'),
			size: choice(NANO_BANANA_2_SIZES, 'auto'),
			thinkingLevel: THINKING_LEVEL,
		},
		source: `${DOCS}/nanobanana/nanobanana-2-lite-image-generate`,
	},
	{
		id: 'nano-banana-2-lite-beta',
		name: 'Nano Banana 2 Lite (Beta)',
		description: 'Up to 14 images in, one image out',
		prompt: { maxCharacters: 2000 },
		images: nanoBananaImages(14, 20),
		results: [1],
		parameters: {
			quality: choice(['1K'], '1K'),
			size: choice(NANO_BANANA_2_SIZES, 'auto'),
		},
		source: `${DOCS}/nanobanana/nanobanana-2-lite-beta-image-generate`,
	},
	{
		id: 'nano-banana-2-beta',
		name: 'Nano Banana 2 (Beta)',
		description: 'Up to 14 images in, with at most four real people',
		prompt: { maxCharacters: 2000 },
		images: nanoBananaImages(14, 10),
		results: [1],
		parameters: {
			quality: choice(['1K', '2K', '4K'], '2K'),
			size: choice(NANO_BANANA_2_SIZES, 'auto'),
			thinkingLevel: THINKING_LEVEL,
		},
		source: `${DOCS}/nanobanana/nanobanana-2-beta-image-generate`,
	},
	{
		id: 'nano-banana-pro-beta',
		name: 'Nano Banana Pro (Beta)',
		description: 'Up to ten images in, with at most five real people',
		prompt: { maxCharacters: 2000 },
		images: nanoBananaImages(10, 10),
		results: [1],
		parameters: {
			quality: choice(['1K', '2K', '4K'], '2K'),
			size: choice(NANO_BANANA_PRO_SIZES, 'auto'),
		},
		source: `${DOCS}/nanobanana/nanobanana-pro-beta-image-generate`,
	},
	{
		id: 'nano-banana-beta',
		name: 'Nano Banana (Beta)',
		description: 'Up to five images in, one image out',
		prompt: { maxCharacters: 2000 },
		images: nanoBananaImages(5, 10),
		results: [1],
		parameters: {
			size: choice(['auto', '1:1', '2:3', '3:2', '4:3', '3:4', '16:9', '9:16'], 'auto'),
		},
		source: `${DOCS}/nanobanana/nanobanana-image-generate`,
	},
	{
		...seedream4({
			promptPriority: PRIORITIES,
			quality: choice(['1K', '2K', '4K'], '2K'),
			size: seedreamSize(921_600, 16_777_216),
		}),
		id: 'doubao-seedream-4.0',
		name: 'Seedream 4.0',
		description: 'Up to 14 images in, at most 15 images in and out in total',
		source: `${DOCS}/seedream/seedream-4.0-image-generate`,
	},
	{
		...seedream4({
			promptPriority: STANDARD_PRIORITY,
			quality: choice(['2K', '4K'], '2K'),
			size: seedreamSize(3_686_400, 16_777_216),
		}),
		id: 'doubao-seedream-4.5',
		name: 'Seedream 4.5',
		description: 'Up to 14 images in, at most 15 images in and out in total',
		source: `${DOCS}/seedream/seedream-4.5-image-generate`,
	},
	{
		...seedream4({
			outputFormat: { ...choice(['png', 'jpeg'], 'jpeg'), ...inModelParams('output_format') },
			promptPriority: STANDARD_PRIORITY,
			quality: choice(['2K', '3K', '4K'], '2K'),
			size: seedreamSize(3_686_400, 16_777_216),
			webSearch: {
				...flag(false),
				...inModelParams('tools'),
				sentWhenOn: [{ type: 'web_search' }],
			},
		}),
		id: 'doubao-seedream-5.0-lite',
		name: 'Seedream 5.0 Lite',
		description: 'Up to 14 images in, at most 15 images in and out in total',
		source: `${DOCS}/seedream/seedream-5.0-lite-image-generate`,
	},
	{
		...seedream5(PRIORITIES),
		id: 'doubao-seedream-5.0-pro',
		name: 'Seedream 5.0 Pro',
		description: 'Up to ten images in, one image out',
		source: `${DOCS}/seedream/seedream-5.0-pro-image-generate`,
	},
	{
		...seedream5(STANDARD_PRIORITY),
		id: 'doubao-seedream-5.0-flash',
		name: 'Seedream 5.0 Flash',
		description: 'Up to ten images in, one image out; fast',
		isFast: true,
		source: `${DOCS}/seedream/seedream-5.0-flash-image-generate`,
	},
	{
		...layerize(PRIORITIES),
		id: 'doubao-seedream-5.0-pro-layerize',
		name: 'Seedream 5.0 Pro Layerize',
		description: 'One image in, separated into layers, each an image that is charged',
		source: `${DOCS}/seedream/seedream-5.0-pro-layerize-image-generate`,
	},
	{
		...layerize(STANDARD_PRIORITY),
		id: 'doubao-seedream-5.0-flash-layerize',
		name: 'Seedream 5.0 Flash Layerize',
		description: 'One image in, separated into layers, each an image that is charged; fast',
		isFast: true,
		source: `${DOCS}/seedream/seedream-5.0-flash-layerize-image-generate`,
	},
	{
		id: 'grok-imagine-image-2.0',
		name: 'Grok Imagine Image 2.0',
		description:
			'Up to three images in, called <IMAGE_0> to <IMAGE_2> in the prompt; up to ten images out',
		prompt: {},
		images: { need: 'optional', max: 3, formats: COMMON_FORMATS, transparency: true },
		results: upTo(10),
		parameters: {
			quality: choice(['low', 'medium'], 'medium'),
			resolution: choice(['1K', '2K'], '1K'),
			size: choice(
				[
					...['auto', '1:1', '4:3', '3:4', '3:2', '2:3', '16:9', '9:16', '2:1', '1:2'],
					...['19.5:9', '9:19.5', '20:9', '9:20'],
				],
				'auto',
			),
		},
		source: `${DOCS}/grok/grok-imagine-image-2.0-image-generate`,
	},
	midjourney('7', 'background', { prompt: NO_PROMPT }),
	midjourney('8.1', 'background', { prompt: NO_PROMPT }),
	midjourney('8.2', 'background', { prompt: NO_PROMPT, formats: ['jpeg', 'png'] }),
	midjourney('7', 'texture', { prompt: {} }),
	midjourney('8.1', 'texture', { prompt: { maxCharacters: 1024 } }),
	midjourney('8.2', 'texture', { prompt: { maxCharacters: 8100 } }),
	{
		id: 'wan2.5-text-to-image',
		name: 'Wan 2.5 Text to Image',
		description: 'A prompt in, one to four images out',
		prompt: { maxCharacters: 2000 },
		images: NO_IMAGES,
		results: upTo(4),
		parameters: {
			promptExtend: flag(true),
			size: {
				kind: 'size',
				values: [],
				pixels: { minPixels: 768 * 768, maxPixels: 1440 * 1440, maxRatio: 4 },
			},
		},
		source: `${DOCS}/wan2.5/wan2.5-text-to-image`,
	},
	{
		id: 'z-image-turbo',
		name: 'Z Image Turbo',
		description: 'A prompt in, one image out; fast',
		isFast: true,
		prompt: { maxCharacters: 2000 },
		images: NO_IMAGES,
		results: [1],
		parameters: {
			seed: { ...SEED, min: 1 },
			size: {
				kind: 'size',
				values: ['1:1', '2:3', '3:2', '3:4', '4:3', '9:16', '16:9', '1:2', '2:1'],
				pixels: { minSide: 376, maxSide: 1536 },
			},
		},
		source: `${DOCS}/z-image-turbo/z-image-turbo-image-generate`,
	},
];

/** What Edit Image offers. */
export const EDITING_MODELS = IMAGE_MODELS.filter(editsImages);
/** What Generate Image offers. */
export const GENERATING_MODELS = IMAGE_MODELS.filter(worksWithoutImages);

export const DEFAULT_MODEL_ID = 'qwen-image-edit';
/** Of Generate Image: the same family. */
export const DEFAULT_GENERATING_MODEL_ID = 'qwen-image-3.0';

/** @returns undefined for a model that the catalogue does not know: the service checks it then */
export function findModel(id: string): ImageModel | undefined {
	return IMAGE_MODELS.find((model) => model.id === id);
}
