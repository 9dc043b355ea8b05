import type { ImageFormat } from '../images/format';

/** What a model takes and makes: a row of the catalogue. */
export interface ImageModel {
	id: string;
	name: string;
	description: string;
	/** It is in no current document, and not in the service's price list. */
	mayBeRetired?: boolean;
	/** Whether the documents call it fast beside its siblings. */
	isFast?: boolean;
	/** What the model is made for, where it doesn't edit as a prompt says. */
	use?: 'layers' | 'background' | 'texture';
	prompt: PromptLimits;
	images: ImageLimits;
	/** How many images a request may ask for; `[1]` where it cannot ask. 'own': as many as the model finds. */
	results: readonly number[] | 'own';
	parameters: Readonly<Partial<Record<ParameterName, ParameterRule>>>;
	mask?: MaskRule;
	/** What one part of a request says about another. */
	rules?: readonly CrossRule[];
	/** Where the figures of the row are from: an address, or what the page is where nobody knows its address. */
	source: string;
	/** Where single figures are from, if not from `source`. */
	otherSources?: Readonly<Partial<Record<Figure, string>>>;
}

export interface PromptLimits {
	/** Unicode code points. */
	maxCharacters?: number;
	/** Bytes in UTF-8. */
	maxBytes?: number;
	/** Tokens, which only the service can count: beyond a rough count there is a hint. */
	maxTokens?: number;
	/** Whether a longer prompt is only hinted at, because the documents disagree on the limit. */
	lenient?: boolean;
	/** Code points that the model reads; the rest is cut off without a word. */
	readCharacters?: number;
	/** Whether the model works without a prompt. */
	optional?: boolean;
	/** Whether the model takes none: it is not sent. */
	unused?: boolean;
}

export interface ImageLimits {
	/** Whether the model works without any, or never takes one: what Generate Image and Edit Image offer. */
	need: 'required' | 'optional' | 'none';
	/** Reference images per request. */
	max: number;
	formats: readonly ImageFormat[];
	/** Whether images may have transparent pixels. */
	transparency: boolean;
	/** Pixels of each side. */
	minSide?: number;
	maxSide?: number;
	/** Pixels of each side that all versions of the documents allow: beyond them there is a hint. */
	safeMinSide?: number;
	safeMaxSide?: number;
	/** Width × height. */
	minPixels?: number;
	maxPixels?: number;
	/** The longer side divided by the shorter one. */
	maxRatio?: number;
	/** Of each image. The documents do not say how many bytes a megabyte has. */
	maxMegabytes?: number;
}

/** The options that not every model takes. `mask` and `numberOfImages` stand by themselves. */
export type ParameterName =
	| 'background'
	| 'imageSearch'
	| 'negativePrompt'
	| 'outputFormat'
	| 'promptExtend'
	| 'promptPriority'
	| 'quality'
	| 'resolution'
	| 'seed'
	| 'size'
	| 'thinkingLevel'
	| 'watermark'
	| 'webSearch';

export type ParameterValue = string | number | boolean;
export type ParameterValues = Partial<Record<ParameterName, ParameterValue>>;

/** `default`: what the model does when nothing is sent, where the documents say so. */
export type ParameterRule =
	| (Placed & { kind: 'choice'; values: readonly string[]; default?: string })
	| (Placed & { kind: 'size'; values: readonly string[]; pixels: PixelLimits; default?: string })
	| (Placed & { kind: 'flag'; default: boolean })
	| (Placed & { kind: 'integer'; min: number; max: number })
	/** Longer texts are cut by the service. */
	| (Placed & { kind: 'text'; readCharacters: number });

interface Placed {
	/** Where in the request body, if not where other models have it. */
	path?: readonly string[];
	/** For a flag that is not sent as a boolean: what is sent when it is on. Off, nothing is sent. */
	sentWhenOn?: unknown;
}

/** Sizes that are written as width x height. */
export interface PixelLimits {
	minSide?: number;
	maxSide?: number;
	/** Width × height. */
	minPixels?: number;
	maxPixels?: number;
	/** Both sides are multiples of it. */
	multipleOf?: number;
	/** The longer side divided by the shorter one. */
	maxRatio?: number;
}

/** Models disagree on which parts of a mask are repainted. */
export interface MaskRule {
	repaints: 'transparent' | 'white';
}

export type CrossRule =
	/** `size` goes with one result only. */
	| { kind: 'sizeNeedsOneResult' }
	/** Reference images and results together. */
	| { kind: 'maxImagesAndResults'; max: number }
	/** `resolution` means nothing beside a size in pixels. */
	| { kind: 'resolutionNeedsRatio' }
	/** A transparent background goes with these values of `outputFormat`. */
	| { kind: 'transparentNeedsFormat'; formats: readonly string[] }
	/** A transparent background is kept, not made: it needs one PNG that has it. */
	| { kind: 'transparentNeedsTransparentImage' }
	/** More than one result is often not given. */
	| { kind: 'severalResultsAreUnreliable' }
	/** The number of results is an upper limit: as many are made as the prompt asks for. */
	| { kind: 'promptAsksForSeveral' }
	/** `quality` means nothing beside a size in pixels, nor beside `auto` where that is said. */
	| { kind: 'qualityNeedsRatio'; beside: 'pixels' | 'pixels and auto' }
	/** The longer side of a size in pixels divided by the shorter one; beyond it there is a hint. */
	| { kind: 'sizeRatio'; max: number };

/** A figure of a row, for its source. */
export type Figure =
	| `prompt.${keyof PromptLimits}`
	| `images.${keyof ImageLimits}`
	| `parameters.${ParameterName}`
	| 'results'
	| 'mask'
	| 'rules';

/** Whether the model changes images, and so belongs to Edit Image. */
export function editsImages({ images }: ImageModel): boolean {
	return images.need !== 'none';
}

/** Whether the model makes images from a prompt alone, and so belongs to Generate Image. */
export function worksWithoutImages({ images }: ImageModel): boolean {
	return images.need !== 'required';
}

/** Whether the user chooses how many images a model makes. */
export function makesSeveral({ results }: ImageModel): boolean {
	return results !== 'own' && results.length > 1;
}
