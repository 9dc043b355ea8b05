import type { IDataObject } from 'n8n-workflow';

import { isRecord } from '../api/http/json';
import type {
	ImageModel,
	ParameterName,
	ParameterRule,
	ParameterValue,
	ParameterValues,
	PixelLimits,
} from './model';

/** What the options are called, and where they stand in the request body if their rule says nothing else. */
export const PARAMETERS: Readonly<
	Record<ParameterName, { displayName: string; path: readonly string[]; description: string }>
> = {
	background: {
		displayName: 'Background',
		path: ['background'],
		description: 'Opaque, or transparent where the image allows it',
	},
	imageSearch: {
		displayName: 'Image Search',
		path: ['model_params', 'image_search'],
		description: 'Whether the model may search the web for images',
	},
	negativePrompt: {
		displayName: 'Negative Prompt',
		path: ['negative_prompt'],
		description: 'What to avoid in the image',
	},
	outputFormat: {
		displayName: 'Output Format',
		path: ['output_format'],
		description: 'File format of the edited image',
	},
	promptExtend: {
		displayName: 'Prompt Extend',
		path: ['prompt_extend'],
		description: 'Whether the model may rewrite a short prompt into a longer one',
	},
	promptPriority: {
		displayName: 'Prompt Priority',
		path: ['prompt_priority'],
		description: 'Whether to optimize the prompt for better images or for shorter waits',
	},
	quality: {
		displayName: 'Quality',
		path: ['quality'],
		description: 'Level of detail. Higher quality may cost more.',
	},
	resolution: {
		displayName: 'Resolution',
		path: ['resolution'],
		description: "Resolution of the image. Used if 'Size' is a ratio.",
	},
	seed: {
		displayName: 'Seed',
		path: ['seed'],
		description: 'The same seed gives similar images',
	},
	size: {
		displayName: 'Size',
		path: ['size'],
		description: 'Aspect ratio or size of the edited image',
	},
	thinkingLevel: {
		displayName: 'Thinking Level',
		path: ['model_params', 'thinking_level'],
		description: 'How much the model reasons before generating',
	},
	watermark: {
		displayName: 'Watermark',
		path: ['watermark'],
		description: "Whether to add the model's watermark to the image",
	},
	webSearch: {
		displayName: 'Web Search',
		path: ['model_params', 'web_search'],
		description: 'Whether the model may search the web, which can cost extra',
	},
};

/** The rules of a model's parameters, in a fixed order. */
export function parametersOf(model: ImageModel): Array<[ParameterName, ParameterRule]> {
	return Object.entries(model.parameters) as Array<[ParameterName, ParameterRule]>;
}

/** A size in pixels, however it is written: `1024x768`, `1024 X 768`, `1024×768`. */
export function pixelsOf(size: ParameterValue | undefined): [number, number] | undefined {
	const [, width, height] = /^\s*(\d+)\s*[x×*]\s*(\d+)\s*$/i.exec(String(size)) ?? [];
	return width === undefined ? undefined : [Number(width), Number(height)];
}

/**
 * A value as the service writes it: `2k` becomes `2K`, `1024 × 768` becomes `1024x768`, and text that an
 * expression gives becomes a number or a boolean. What fits no such pattern stays as it is.
 */
export function normalize(rule: ParameterRule, value: ParameterValue): ParameterValue {
	switch (rule.kind) {
		case 'choice':
		case 'size': {
			const text = String(value).trim();
			const known = rule.values.find((other) => other.toLowerCase() === text.toLowerCase());
			if (known !== undefined) return known;
			return rule.kind === 'size' ? (pixelsOf(text)?.join('x') ?? text) : text;
		}
		case 'flag':
			if (/^(true|false)$/i.test(String(value))) return /^true$/i.test(String(value));
			return value;
		case 'integer':
			return Number.isFinite(Number(value)) ? Number(value) : value;
		case 'text':
			return String(value);
	}
}

/** @returns what values the parameter takes, where this is none of them */
export function wantedInstead(rule: ParameterRule, value: ParameterValue): string | undefined {
	switch (rule.kind) {
		case 'choice':
			return rule.values.includes(String(value)) ? undefined : rule.values.join(', ');
		case 'size': {
			if (rule.values.includes(String(value))) return undefined;
			const pixels = pixelsOf(value);
			if (pixels && fitsPixels(rule.pixels, ...pixels)) return undefined;
			return [rule.values.join(', '), describePixels(rule.pixels)].filter(Boolean).join(' or ');
		}
		case 'flag':
			return typeof value === 'boolean' ? undefined : 'true or false';
		case 'integer':
			return Number.isInteger(value) && Number(value) >= rule.min && Number(value) <= rule.max
				? undefined
				: `a whole number from ${rule.min} to ${rule.max}`;
		case 'text':
			return undefined;
	}
}

/** Whether a size in pixels is within the limits. */
export function fitsPixels(limits: PixelLimits, width: number, height: number): boolean {
	const { minSide = 1, maxSide = Infinity, multipleOf = 1, maxRatio = Infinity } = limits;
	const { minPixels = 1, maxPixels = Infinity } = limits;
	const sides = [width, height];
	const pixels = width * height;
	return (
		sides.every((side) => side >= minSide && side <= maxSide && side % multipleOf === 0) &&
		pixels >= minPixels &&
		pixels <= maxPixels &&
		Math.max(...sides) <= maxRatio * Math.min(...sides)
	);
}

/** `1,234,567`. Not with `toLocaleString`, whose first call takes longer than loading the whole package. */
export function formatNumber(value: number): string {
	return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

const EXAMPLE_SIZES: Array<[number, number]> = [
	[1536, 1024],
	[1024, 1024],
	[3072, 2048],
];

/** For instance `WIDTHxHEIGHT, e.g. 1536x1024 (512–2048 px per side)`. */
export function describePixels(limits: PixelLimits): string {
	const { minSide, maxSide, multipleOf, minPixels, maxPixels, maxRatio } = limits;
	const parts: string[] = [];
	if (minSide !== undefined && maxSide !== undefined) {
		parts.push(`${minSide}–${maxSide} px per side`);
	}
	if (multipleOf !== undefined) parts.push(`multiples of ${multipleOf}`);
	if (minPixels !== undefined && maxPixels !== undefined) {
		parts.push(`${formatNumber(minPixels)}–${formatNumber(maxPixels)} px in total`);
	}
	if (maxRatio !== undefined) parts.push(`aspect ratio up to ${maxRatio}:1`);
	const example = EXAMPLE_SIZES.find((size) => fitsPixels(limits, ...size));
	const text = `WIDTHxHEIGHT${example ? `, e.g. ${example.join('x')}` : ''}`;
	return parts.length > 0 ? `${text} (${parts.join(', ')})` : text;
}

/** A part of the request body, with the parameter of the node that it comes from. */
export interface BodyPart {
	displayName: string;
	path: readonly string[];
	value: unknown;
}

/** What goes into the request body for the options of a model. */
export function bodyPartsOf(model: ImageModel, values: ParameterValues): BodyPart[] {
	return parametersOf(model).flatMap(([name, rule]) => {
		const value = values[name];
		const { displayName, path } = PARAMETERS[name];
		if (value === undefined || (rule.sentWhenOn !== undefined && value === false)) return [];
		const sent = value === true ? (rule.sentWhenOn ?? true) : value;
		return [{ displayName, path: rule.path ?? path, value: sent }];
	});
}

/** The request body that several parts make. */
export function assemble(parts: BodyPart[]): IDataObject {
	return parts.reduce<IDataObject>(
		(body, { path, value }) => merge(body, nest(path, value)) ?? body,
		{},
	);
}

function nest([key, ...rest]: readonly string[], value: unknown): IDataObject {
	return { [key]: rest.length === 0 ? value : nest(rest, value) } as IDataObject;
}

/** Both objects in one, nested ones too. @returns undefined where both say something in one place */
export function merge(one: IDataObject, other: IDataObject): IDataObject | undefined {
	const entries = new Map<string, unknown>(Object.entries(one));
	for (const [key, value] of Object.entries(other)) {
		const there = entries.get(key);
		if (there === undefined) {
			entries.set(key, value);
			continue;
		}
		if (!isRecord(there) || !isRecord(value)) return undefined;
		const merged = merge(there as IDataObject, value as IDataObject);
		if (!merged) return undefined;
		entries.set(key, merged);
	}
	return Object.fromEntries(entries) as IDataObject;
}

/** The part whose place in the body an object takes too. */
export function conflictWith(parts: BodyPart[], fields: IDataObject): BodyPart | undefined {
	return parts.find(({ path, value }) => merge(nest(path, value), fields) === undefined);
}
