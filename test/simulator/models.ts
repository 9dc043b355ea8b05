/**
 * What each model takes. Source: the models' pages under https://evolink.ai/docs/en, by way of the
 * parameter table of https://github.com/EvoLinkAI/evolink-mcp.
 */
export interface ModelLimits {
	/** Characters of the prompt (`maxLength`: Unicode code points). */
	maxPromptLength: number;
	maxImages: number;
	/** Pixels that each side of a source picture has to keep to. */
	minSide: number;
	maxSide: number;
	/** Bytes of one source picture. */
	maxImageBytes: number;
	formats: SourceFormat[];
	takesAlpha: boolean;
	/** Body fields beside model, prompt, image_urls and callback_url: a check, giving what is wrong. */
	parameters: Record<string, (value: unknown, body: CreateBody) => string | undefined>;
	/** Credits for one result. */
	creditsPerImage: number;
}

export type SourceFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'tiff';

export type CreateBody = Record<string, unknown> & {
	model: string;
	prompt: string;
	image_urls: string[];
	n?: number;
	callback_url?: string;
};

const MEGABYTE = 1024 * 1024;

const QWEN_SOURCES = {
	maxPromptLength: 2000,
	maxImages: 3,
	minSide: 384,
	maxSide: 3072,
	maxImageBytes: 10 * MEGABYTE,
	formats: ['jpeg', 'png', 'bmp', 'webp', 'tiff'] satisfies SourceFormat[],
	takesAlpha: true,
};

export const MODELS: Record<string, ModelLimits> = {
	'qwen-image-edit': { ...QWEN_SOURCES, parameters: {}, creditsPerImage: 1 },
	'qwen-image-edit-plus': {
		...QWEN_SOURCES,
		parameters: {
			n: integer(1, 6),
			// Longer than 500 characters is documented as cut by the service, not refused.
			negative_prompt: (value) => (typeof value === 'string' ? undefined : 'must be a string'),
			size: qwenPlusSize,
			prompt_extend: flag,
			watermark: flag,
			seed: integer(0, 2147483647),
		},
		creditsPerImage: 1,
	},
	'wan2.5-image-to-image': {
		maxPromptLength: 2000,
		maxImages: 2,
		minSide: 384,
		maxSide: 5000,
		maxImageBytes: 10 * MEGABYTE,
		formats: ['jpeg', 'png', 'bmp', 'webp'],
		takesAlpha: false,
		parameters: { n: integer(1, 4) },
		creditsPerImage: 1.2,
	},
};

/** The price in credits of a request that is in order. */
export function priceOf(limits: ModelLimits, body: CreateBody): number {
	return Math.round(limits.creditsPerImage * (body.n ?? 1) * 10_000) / 10_000;
}

function integer(minimum: number, maximum: number) {
	return (value: unknown) =>
		Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum
			? undefined
			: `must be an integer from ${minimum} to ${maximum}`;
}

function flag(value: unknown): string | undefined {
	return typeof value === 'boolean' ? undefined : 'must be a boolean';
}

function qwenPlusSize(value: unknown, body: CreateBody): string | undefined {
	const [, width, height] = /^(\d+)x(\d+)$/.exec(String(value)) ?? [];
	if (width === undefined) return 'must look like 1024x1024';
	if ([width, height].some((side) => Number(side) < 512 || Number(side) > 2048)) {
		return 'each side must be from 512 to 2048 pixels';
	}
	return (body.n ?? 1) === 1 ? undefined : 'is only supported when n is 1';
}
