/**
 * What each model takes. Source: the models' pages under https://evolink.ai/docs/en, by way of the
 * parameter table of https://github.com/EvoLinkAI/evolink-mcp. Written by itself, not from the node's own
 * catalogue: where the two disagree, a test fails.
 */
export interface ModelLimits {
	/** Characters of the prompt (`maxLength`: Unicode code points). */
	maxPromptLength?: number;
	/** Bytes of the prompt in UTF-8. */
	maxPromptBytes?: number;
	/** Words of the prompt, standing in for tokens. */
	maxPromptWords?: number;
	promptIsOptional?: boolean;
	takesNoPrompt?: boolean;
	maxImages: number;
	/** Whether it works without images. With `maxImages` 0 it takes none. */
	imagesAreOptional?: boolean;
	/** Pixels that each side of a source image has to keep to. */
	minSide?: number;
	maxSide?: number;
	/** Width × height of a source image. */
	minPixels?: number;
	maxPixels?: number;
	/** The longer side of a source image by the shorter one. */
	maxRatio?: number;
	/** Bytes of one source image. */
	maxImageBytes?: number;
	formats: SourceFormat[];
	takesAlpha: boolean;
	/** Whether there is `mask_url`, and which parts of the mask are repainted. */
	mask?: 'transparent' | 'white';
	/** Body fields beside model, prompt, image_urls and callback_url: a check, giving what is wrong. */
	parameters: Record<string, ParameterCheck>;
	/** What fields say about each other: which of them is wrong, and why. */
	together?: (body: CreateBody) => { param: string; message: string } | undefined;
	/** A transparent background keeps that of the one PNG it needs. */
	keepsTransparency?: boolean;
	/** Results of a request that does not say how many. Default 1. */
	results?: number;
	/** Credits for one result. */
	creditsPerImage: number;
}

export type ParameterCheck = (value: unknown, body: CreateBody) => string | undefined;

export type SourceFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'tiff' | 'heic';

export type CreateBody = Record<string, unknown> & {
	model: string;
	/** Only models that work without one may lack it. */
	prompt?: string;
	image_urls?: string[];
	mask_url?: string;
	n?: number;
	callback_url?: string;
};

const MEGABYTE = 1024 * 1024;

const COMMON: SourceFormat[] = ['jpeg', 'png', 'webp'];

const QWEN_SOURCES = {
	maxPromptLength: 2000,
	maxImages: 3,
	minSide: 384,
	maxSide: 4096,
	maxImageBytes: 10 * MEGABYTE,
	formats: [...COMMON, 'bmp', 'tiff'] satisfies SourceFormat[],
	takesAlpha: true,
};

const QWEN_PARAMETERS = {
	n: integer(1, 6),
	// Longer than 500 characters is documented as cut by the service, not refused.
	negative_prompt: (value: unknown) => (typeof value === 'string' ? undefined : 'must be a string'),
	prompt_extend: flag,
	watermark: flag,
	seed: integer(0, 2147483647),
};

const QWEN_3: ModelLimits = {
	...QWEN_SOURCES,
	imagesAreOptional: true,
	maxImageBytes: undefined,
	maxPromptLength: 4500,
	parameters: {
		...QWEN_PARAMETERS,
		quality: oneOf('1K 2K'),
		size: size('auto 1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9 9:21', {
			pixels: [262144, 2048 * 2048],
		}),
	},
	creditsPerImage: 1,
};

const GPT_SIZES = oneOf('1:1 2:3 3:2 1024x1024 1024x1536 1536x1024');
const GPT_2_RATIOS = 'auto 1:1 1:2 2:1 1:3 3:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 9:21 21:9';

function gptImage2(qualities: string): ModelLimits {
	return {
		maxPromptLength: 32000,
		maxPromptBytes: 60000,
		imagesAreOptional: true,
		maxImages: 16,
		maxImageBytes: 50 * MEGABYTE,
		maxSide: 23170,
		maxPixels: 178956970,
		formats: COMMON,
		takesAlpha: true,
		mask: 'transparent',
		parameters: {
			n: integer(1, 10),
			quality: oneOf(qualities),
			background: oneOf('opaque transparent'),
			output_format: oneOf('png jpeg webp'),
			resolution: (value, { size: wanted }) =>
				/^\d+x\d+$/.test(String(wanted)) ? 'works with ratios only' : oneOf('1K 2K 4K')(value),
			size: size(GPT_2_RATIOS, {
				sides: [16, 3840],
				pixels: [655360, 8294400],
				ratio: 3,
				multipleOf: 16,
			}),
		},
		together: ({ background, output_format }) =>
			background === 'transparent' && output_format === 'jpeg'
				? { param: 'output_format', message: 'jpeg has no transparent background' }
				: undefined,
		creditsPerImage: 2,
	};
}

const NANO_BANANA_PRO_SIZES = oneOf('auto 1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9');
const NANO_BANANA_2_SIZES = oneOf(
	'auto 1:1 1:4 4:1 1:8 8:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9',
);
const THINKING_LEVEL = oneOf('auto min high');

function nanoBanana(
	maxImages: number,
	megabytes: number,
	parameters: ModelLimits['parameters'],
): ModelLimits {
	return {
		maxPromptLength: 2000,
		imagesAreOptional: true,
		maxImages,
		maxImageBytes: megabytes * MEGABYTE,
		formats: COMMON,
		takesAlpha: true,
		parameters,
		creditsPerImage: 3,
	};
}

const SEEDREAM_RATIOS = 'auto 1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9 9:21';

function seedream4(
	quality: string,
	minPixels: number,
	parameters: ModelLimits['parameters'],
): ModelLimits {
	return {
		maxPromptLength: 2000,
		imagesAreOptional: true,
		maxImages: 14,
		minSide: 15,
		maxPixels: 6000 * 6000,
		maxRatio: 16,
		maxImageBytes: 10 * MEGABYTE,
		formats: [...COMMON, 'bmp', 'tiff', 'gif'],
		takesAlpha: true,
		parameters: {
			n: integer(1, 15),
			size: size(SEEDREAM_RATIOS, { pixels: [minPixels, 16777216], ratio: 16 }),
			quality: oneOf(quality),
			...parameters,
		},
		together: ({ image_urls = [], n = 1 }) =>
			image_urls.length + n > 15
				? { param: 'n', message: 'reference images and n must not exceed 15 together' }
				: undefined,
		creditsPerImage: 1.5,
	};
}

function seedream5(priorities: string): ModelLimits {
	return {
		maxPromptWords: 5000,
		imagesAreOptional: true,
		maxImages: 10,
		minSide: 15,
		maxPixels: 6000 * 6000,
		maxRatio: 16,
		maxImageBytes: 30 * MEGABYTE,
		formats: [...COMMON, 'bmp', 'tiff', 'gif', 'heic'],
		takesAlpha: true,
		parameters: {
			size: size(SEEDREAM_RATIOS, { pixels: [921600, 4624220], ratio: 16 }),
			quality: oneOf('1K 1.5K 2K'),
			prompt_priority: oneOf(priorities),
			output_format: oneOf('png jpeg'),
			watermark: flag,
			background: oneOf('opaque transparent'),
		},
		together: ({ background, output_format, image_urls = [] }) => {
			if (background !== 'transparent') return undefined;
			if (output_format === 'jpeg') {
				return { param: 'output_format', message: 'jpeg has no transparent background' };
			}
			return image_urls.length === 1
				? undefined
				: { param: 'background', message: 'transparent takes exactly 1 input image' };
		},
		keepsTransparency: true,
		creditsPerImage: 2,
	};
}

function layerize(priorities: string): ModelLimits {
	return {
		promptIsOptional: true,
		maxImages: 1,
		minPixels: 262144,
		maxPixels: 6000 * 6000,
		maxRatio: 16,
		maxImageBytes: 30 * MEGABYTE,
		formats: ['png', 'jpeg'],
		takesAlpha: true,
		parameters: {
			quality: oneOf('auto 1K 1.5K 2K'),
			prompt_priority: oneOf(priorities),
			output_format: oneOf('jpeg png'),
		},
		results: 3,
		creditsPerImage: 1,
	};
}

const TEXT_ONLY = {
	maxPromptLength: 2000,
	imagesAreOptional: true,
	maxImages: 0,
	formats: [] satisfies SourceFormat[],
	takesAlpha: true,
};

function midjourney(version: string, operation: string, maxPromptLength?: number): ModelLimits {
	const removesBackground = operation === 'remove-bg';
	const formats: SourceFormat[] =
		removesBackground && version === '8.2' ? ['png', 'jpeg'] : [...COMMON, 'gif'];
	return {
		...(removesBackground ? { takesNoPrompt: true } : {}),
		maxPromptLength,
		maxImages: 1,
		formats,
		takesAlpha: true,
		parameters: removesBackground ? {} : { model_params: fields({ speed: oneOf('fast turbo') }) },
		results: removesBackground ? 1 : 4,
		creditsPerImage: removesBackground ? 5.4 : 2,
	};
}

export const MODELS: Record<string, ModelLimits> = {
	'qwen-image-edit': { ...QWEN_SOURCES, parameters: {}, creditsPerImage: 1 },
	'qwen-image-edit-plus': {
		...QWEN_SOURCES,
		parameters: { ...QWEN_PARAMETERS, size: qwenPlusSize },
		creditsPerImage: 1,
	},
	'qwen-image-3.0': QWEN_3,
	'qwen-image-3.0-pro': { ...QWEN_3, creditsPerImage: 2 },
	'wan2.5-image-to-image': {
		maxPromptLength: 2000,
		maxImages: 2,
		minSide: 360,
		maxSide: 5000,
		maxImageBytes: 10 * MEGABYTE,
		formats: [...COMMON, 'bmp'],
		takesAlpha: false,
		parameters: { n: integer(1, 4) },
		creditsPerImage: 1.2,
	},
	'gpt-4o-image': {
		maxPromptLength: 2000,
		imagesAreOptional: true,
		maxImages: 5,
		maxImageBytes: 10 * MEGABYTE,
		formats: COMMON,
		takesAlpha: true,
		mask: 'white',
		parameters: {
			size: GPT_SIZES,
			n: (value) => ([1, 2, 4].includes(value as number) ? undefined : 'must be 1, 2 or 4'),
		},
		creditsPerImage: 1,
	},
	'gpt-image-1.5': {
		maxPromptLength: 2000,
		imagesAreOptional: true,
		maxImages: 16,
		maxImageBytes: 50 * MEGABYTE,
		formats: COMMON,
		takesAlpha: true,
		parameters: { size: GPT_SIZES, quality: oneOf('low medium high'), n: integer(1, 1) },
		creditsPerImage: 2,
	},
	'gpt-image-2': gptImage2('low medium high'),
	'gpt-image-2.5-flare': gptImage2('low medium high xhigh max'),
	'gpt-image-2.5-sunburst': gptImage2('low medium high xhigh max'),
	'gpt-image-2-beta': {
		maxPromptLength: 2000,
		imagesAreOptional: true,
		maxImages: 16,
		formats: COMMON,
		takesAlpha: true,
		parameters: { size: oneOf(GPT_2_RATIOS), resolution: oneOf('1K') },
		creditsPerImage: 1,
	},
	'gemini-3-pro-image-preview': nanoBanana(14, 20, {
		size: NANO_BANANA_PRO_SIZES,
		quality: oneOf('1K 2K 4K'),
		model_params: fields({ web_search: flag }),
	}),
	'gemini-3.1-flash-image-preview': nanoBanana(14, 20, {
		size: NANO_BANANA_2_SIZES,
		quality: oneOf('0.5K 1K 2K 4K'),
		model_params: fields({
			web_search: flag,
			image_search: flag,
			thinking_level: THINKING_LEVEL,
		}),
	}),
	'gemini-3.1-flash-lite-image': nanoBanana(14, 20, {
		size: NANO_BANANA_2_SIZES,
		quality: oneOf('1K'),
		model_params: fields({ thinking_level: THINKING_LEVEL }),
	}),
	'nano-banana-2-lite-beta': nanoBanana(14, 20, {
		size: NANO_BANANA_2_SIZES,
		quality: oneOf('1K'),
	}),
	'nano-banana-2-beta': nanoBanana(14, 10, {
		size: NANO_BANANA_2_SIZES,
		quality: oneOf('1K 2K 4K'),
		model_params: fields({ thinking_level: THINKING_LEVEL }),
	}),
	'nano-banana-pro-beta': nanoBanana(10, 10, {
		size: NANO_BANANA_PRO_SIZES,
		quality: oneOf('1K 2K 4K'),
	}),
	'nano-banana-beta': nanoBanana(5, 10, {
		size: oneOf('auto 1:1 2:3 3:2 4:3 3:4 16:9 9:16'),
	}),
	'doubao-seedream-4.0': seedream4('1K 2K 4K', 921600, {
		prompt_priority: oneOf('standard fast'),
	}),
	'doubao-seedream-4.5': seedream4('2K 4K', 3686400, { prompt_priority: oneOf('standard') }),
	'doubao-seedream-5.0-lite': seedream4('2K 3K 4K', 3686400, {
		prompt_priority: oneOf('standard'),
		model_params: fields({
			output_format: oneOf('png jpeg'),
			tools: (value) =>
				JSON.stringify(value) === '[{"type":"web_search"}]' ? undefined : 'is no list of tools',
		}),
	}),
	'doubao-seedream-5.0-pro': seedream5('standard fast'),
	'doubao-seedream-5.0-flash': seedream5('standard'),
	'doubao-seedream-5.0-pro-layerize': layerize('standard fast'),
	'doubao-seedream-5.0-flash-layerize': layerize('standard'),
	'grok-imagine-image-2.0': {
		imagesAreOptional: true,
		maxImages: 3,
		formats: COMMON,
		takesAlpha: true,
		parameters: {
			size: oneOf('1:1 4:3 3:4 3:2 2:3 16:9 9:16 2:1 1:2 19.5:9 9:19.5 20:9 9:20 auto'),
			resolution: oneOf('1K 2K'),
			quality: oneOf('low medium'),
			n: integer(1, 10),
		},
		creditsPerImage: 2,
	},
	'mj-v7-remove-bg': midjourney('7', 'remove-bg'),
	'mj-v8.1-remove-bg': midjourney('8.1', 'remove-bg'),
	'mj-v8.2-remove-bg': midjourney('8.2', 'remove-bg'),
	'mj-v7-retexture': midjourney('7', 'retexture'),
	'mj-v8.1-retexture': midjourney('8.1', 'retexture', 1024),
	'mj-v8.2-retexture': midjourney('8.2', 'retexture', 8100),
	'wan2.5-text-to-image': {
		...TEXT_ONLY,
		parameters: {
			n: integer(1, 4),
			prompt_extend: flag,
			size: size('', { pixels: [768 * 768, 1440 * 1440], ratio: 4 }),
		},
		creditsPerImage: 1.2,
	},
	'z-image-turbo': {
		...TEXT_ONLY,
		parameters: {
			seed: integer(1, 2147483647),
			nsfw_check: flag,
			size: size('1:1 2:3 3:2 3:4 4:3 9:16 16:9 1:2 2:1', {
				sides: [376, 1536],
				pixels: [376 * 376, 1536 * 1536],
			}),
		},
		creditsPerImage: 0.026,
	},
};

/** The price in credits of a request that is in order. */
export function priceOf(limits: ModelLimits, body: CreateBody): number {
	const results = body.n ?? limits.results ?? 1;
	return Math.round(limits.creditsPerImage * results * 10_000) / 10_000;
}

function integer(minimum: number, maximum: number): ParameterCheck {
	return (value) =>
		Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum
			? undefined
			: `must be an integer from ${minimum} to ${maximum}`;
}

function flag(value: unknown): string | undefined {
	return typeof value === 'boolean' ? undefined : 'must be a boolean';
}

/** @param values separated by spaces */
function oneOf(values: string): (value: unknown) => string | undefined {
	const allowed = values.split(' ');
	return (value) =>
		typeof value === 'string' && allowed.includes(value)
			? undefined
			: `must be one of ${allowed.join(', ')}`;
}

/** An object with some fields and no others. */
function fields(checks: Record<string, ParameterCheck>): ParameterCheck {
	return (value, body) => {
		if (typeof value !== 'object' || value === null) return 'must be an object';
		for (const [name, given] of Object.entries(value)) {
			if (!Object.hasOwn(checks, name)) return `has no ${name}`;
			const problem = checks[name](given, body);
			if (problem) return `${name} ${problem}`;
		}
		return undefined;
	};
}

interface PixelRange {
	sides?: [minimum: number, maximum: number];
	pixels: [minimum: number, maximum: number];
	ratio?: number;
	multipleOf?: number;
}

/** A ratio, or width x height. @param values separated by spaces */
function size(values: string, { sides, pixels, ratio, multipleOf }: PixelRange): ParameterCheck {
	const named = oneOf(values);
	return (value) => {
		const [, width, height] = /^(\d+)x(\d+)$/.exec(String(value)) ?? [];
		if (width === undefined) return named(value);
		const [short, long] = [Number(width), Number(height)].sort((a, b) => a - b);
		if (sides && (short < sides[0] || long > sides[1])) return 'has a side out of range';
		if (multipleOf && (short % multipleOf || long % multipleOf)) return 'is no multiple';
		if (short * long < pixels[0] || short * long > pixels[1]) return 'has pixels out of range';
		if (ratio && long / short > ratio) return 'is too long';
		return undefined;
	};
}

function qwenPlusSize(value: unknown, body: CreateBody): string | undefined {
	const [, width, height] = /^(\d+)x(\d+)$/.exec(String(value)) ?? [];
	if (width === undefined) return 'must look like 1024x1024';
	if ([width, height].some((side) => Number(side) < 512 || Number(side) > 2048)) {
		return 'each side must be from 512 to 2048 pixels';
	}
	return (body.n ?? 1) === 1 ? undefined : 'is only supported when n is 1';
}
