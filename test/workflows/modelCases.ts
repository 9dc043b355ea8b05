import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';

import type { ImageFormat } from '../../nodes/Evolink/images/format';
import type {
	ImageModel,
	ParameterName,
	ParameterRule,
	ParameterValue,
	PixelLimits,
} from '../../nodes/Evolink/models/model';
import { parametersOf } from '../../nodes/Evolink/models/parameters';
import { hollowPng, samplePicture, type Simulator } from '../simulator';
import { binaryField, editImage } from './harness';

/** Requests at the edges of a model's row in the catalogue, and one beyond each of them. */

/** One item: what differs from a request with one linked image and a short prompt. */
export interface ModelCase {
	name: string;
	prompt?: string;
	/** Paths on the images host. */
	links?: string[];
	/** In binary fields, instead of links. */
	images?: Buffer[];
	numberOfImages?: number;
	options?: Partial<Record<ParameterName, ParameterValue>>;
	/** A path on the images host, or an image for a binary field. */
	mask?: string | Buffer;
}

const CAT = '/cat.png';
/** What the files service takes; other formats go by link. */
const UPLOADED: ImageFormat[] = ['jpeg', 'png', 'webp', 'gif'];
const LINKED: Partial<Record<ImageFormat, string>> = {
	bmp: '/hills.bmp',
	gif: '/hills.gif',
	heic: '/hills.heic',
	tiff: '/hills.tiff',
};

const repeat = (count: number) => Array.from({ length: count }, () => CAT);
const words = (count: number) => 'a '.repeat(count).trim();

export async function acceptedCases(model: ImageModel): Promise<ModelCase[]> {
	const { prompt, images, results } = model;
	const cases: ModelCase[] = [{ name: 'as many pictures as it takes', links: repeat(images.max) }];
	if (!prompt.unused) {
		const name = `a prompt of ${prompt.maxCharacters ?? 'many'} characters`;
		cases.push({ name, prompt: longPrompt(model) });
	}
	if (prompt.maxBytes) {
		cases.push({ name: 'a prompt of many bytes', prompt: '海'.repeat(prompt.maxBytes / 3) });
	}
	if (prompt.optional) cases.push({ name: 'no prompt', prompt: '' });
	if (results !== 'own' && results.length > 1) {
		const most = Math.min(Math.max(...results), (sharedMax(model) ?? Infinity) - 1);
		cases.push({ name: `${most} results`, numberOfImages: most });
	}
	for (const [name, rule] of parametersOf(model)) {
		for (const value of acceptedValues(rule)) {
			const keepsTransparency =
				name === 'background' && hasRule(model, 'transparentNeedsTransparentImage');
			cases.push({
				name: `${name} ${value}`.slice(0, 60),
				options: { [name]: value },
				...(keepsTransparency ? { images: [await samplePicture('png', { alpha: true })] } : {}),
			});
		}
	}
	for (const format of images.formats) {
		if (UPLOADED.includes(format)) {
			const images = [await samplePicture(format as 'png')];
			cases.push({ name: `a ${format} in a binary field`, images });
		}
		const link = LINKED[format];
		if (link) cases.push({ name: `a link to a ${format}`, links: [link] });
	}
	for (const [width, height] of acceptedSizes(model)) {
		cases.push({ name: `${width} × ${height} pixels`, images: [hollowPng(width, height)] });
	}
	if (images.transparency) {
		cases.push({
			name: 'transparency',
			images: [await samplePicture('png', { alpha: true })],
		});
	}
	if (model.mask) {
		const mask = await samplePicture('png', { alpha: true });
		cases.push({ name: 'a mask', images: [await samplePicture('jpeg')], mask });
		cases.push({ name: 'a mask for a link', links: ['/hills.png'], mask });
		cases.push({ name: 'a link to a mask', links: ['/hills.png'], mask: '/hills-alpha.png' });
	}
	return cases;
}

/** What strict validation refuses, and the service too. */
export async function refusedCases(model: ImageModel): Promise<ModelCase[]> {
	const { prompt, images, results } = model;
	const cases: ModelCase[] = [{ name: 'one picture too many', links: repeat(images.max + 1) }];
	if (prompt.maxCharacters && !prompt.lenient) {
		cases.push({ name: 'a character too many', prompt: `${longPrompt(model)}x` });
	}
	if (prompt.maxBytes) {
		cases.push({ name: 'a byte too many', prompt: `${'海'.repeat(prompt.maxBytes / 3)}x` });
	}
	if (results !== 'own' && results.length > 1) {
		cases.push({ name: 'no result', numberOfImages: 0 });
		cases.push({ name: 'too many results', numberOfImages: Math.max(...results) + 1 });
		const gap = results.find((count) => count > 1 && !results.includes(count - 1));
		if (gap) cases.push({ name: `${gap - 1} results`, numberOfImages: gap - 1 });
	}
	for (const [name, rule] of parametersOf(model)) {
		for (const value of refusedValues(rule)) {
			cases.push({ name: `${name} ${value}`, options: { [name]: value } });
		}
	}
	for (const format of UPLOADED.filter((other) => !images.formats.includes(other))) {
		const images = [await samplePicture(format as 'png')];
		cases.push({ name: `a ${format} in a binary field`, images });
	}
	for (const [width, height] of refusedSizes(model)) {
		cases.push({ name: `${width} × ${height} pixels`, images: [hollowPng(width, height)] });
	}
	if (!images.transparency) {
		cases.push({ name: 'transparency', images: [await samplePicture('png', { alpha: true })] });
	}
	if (model.mask) {
		const images = [await samplePicture('jpeg')];
		const small = await samplePicture('png', { width: 767, alpha: true });
		cases.push({ name: 'a mask of another size', images, mask: small });
		cases.push({
			name: 'a mask that is no PNG',
			images,
			mask: await samplePicture('jpeg'),
		});
		if (model.mask.repaints === 'transparent') {
			cases.push({ name: 'an opaque mask', images, mask: await samplePicture('png') });
		}
	}
	for (const rule of model.rules ?? []) cases.push(...(await casesBeyond(rule.kind, model)));
	return cases;
}

type RuleKind = NonNullable<ImageModel['rules']>[number]['kind'];

async function casesBeyond(rule: RuleKind, model: ImageModel): Promise<ModelCase[]> {
	const transparent = [await samplePicture('png', { alpha: true })];
	switch (rule) {
		case 'sizeNeedsOneResult':
			return [{ name: rule, numberOfImages: 2, options: { size: '1024x1024' } }];
		case 'maxImagesAndResults': {
			const { max } = model.images;
			return [
				{ name: rule, links: repeat(max), numberOfImages: (sharedMax(model) ?? 0) - max + 1 },
			];
		}
		case 'resolutionNeedsRatio':
			return [{ name: rule, options: { size: '1024x1024', resolution: '2K' } }];
		case 'transparentNeedsFormat':
			return [
				{
					name: rule,
					images: transparent,
					options: { background: 'transparent', outputFormat: 'jpeg' },
				},
			];
		case 'transparentNeedsTransparentImage':
			return [
				{
					name: `${rule}: two`,
					images: [...transparent, ...transparent],
					options: { background: 'transparent' },
				},
				{
					name: `${rule}: opaque`,
					images: [await samplePicture('png')],
					options: { background: 'transparent' },
				},
				{
					name: `${rule}: no PNG`,
					images: [await samplePicture('webp', { alpha: true })],
					options: { background: 'transparent' },
				},
			];
		case 'severalResultsAreUnreliable':
		case 'promptAsksForSeveral':
		case 'qualityNeedsRatio':
		case 'sizeRatio':
			return []; // Hints.
	}
}

/** What is sent all the same, with a hint. */
export function hintedCases(model: ImageModel): ModelCase[] {
	const { prompt, images } = model;
	const cases: ModelCase[] = [];
	if (prompt.lenient) cases.push({ name: 'a long prompt', prompt: `${longPrompt(model)}x` });
	if (prompt.readCharacters) {
		cases.push({ name: 'half read', prompt: 'x'.repeat(prompt.readCharacters + 1) });
	}
	if (prompt.maxTokens) cases.push({ name: 'too many tokens', prompt: words(5001) });
	for (const [width, height] of doubtfulSizes(model)) {
		cases.push({ name: `${width} × ${height} pixels`, images: [hollowPng(width, height)] });
	}
	for (const [format, link] of Object.entries(LINKED)) {
		if (images.formats.includes(format as ImageFormat)) continue;
		cases.push({ name: `a link to a ${format}`, links: [link] });
	}
	if (model.mask) {
		cases.push({
			name: 'a link to a mask that is no PNG',
			links: ['/room.jpg'],
			mask: '/room.jpg',
		});
	}
	for (const { kind } of model.rules ?? []) {
		const [quality] =
			model.parameters.quality?.kind === 'choice' ? model.parameters.quality.values : [];
		const size =
			model.parameters.size?.kind === 'size' ? acceptedPixels(model.parameters.size.pixels)[0] : '';
		if (kind === 'severalResultsAreUnreliable' || kind === 'promptAsksForSeveral') {
			cases.push({ name: kind, numberOfImages: 2 });
		}
		if (kind === 'qualityNeedsRatio') cases.push({ name: kind, options: { quality, size } });
		if (kind === 'sizeRatio') cases.push({ name: kind, options: { size: '3400x200' } });
	}
	if (prompt.unused) cases.push({ name: 'a prompt', prompt: 'Make it a beach' });
	if (model.mayBeRetired) cases.push({ name: 'a model that may be retired' });
	for (const [name, rule] of parametersOf(model)) {
		if (rule.kind !== 'text') continue;
		cases.push({
			name: `a long ${name}`,
			options: { [name]: 'x'.repeat(rule.readCharacters + 1) },
		});
	}
	return cases;
}

function longPrompt({ prompt }: ImageModel): string {
	if (prompt.maxTokens) return words(5000);
	return 'x'.repeat(prompt.maxCharacters ?? 100_000);
}

function hasRule({ rules }: ImageModel, kind: RuleKind): boolean {
	return rules?.some((rule) => rule.kind === kind) ?? false;
}

/** How many images in and out together. */
function sharedMax({ rules }: ImageModel): number | undefined {
	return rules?.flatMap((rule) => (rule.kind === 'maxImagesAndResults' ? [rule.max] : []))[0];
}

function acceptedValues(rule: ParameterRule): ParameterValue[] {
	switch (rule.kind) {
		case 'choice':
			return [...rule.values];
		case 'size':
			return [...rule.values, ...acceptedPixels(rule.pixels)];
		case 'flag':
			return [true, false];
		case 'integer':
			return [rule.min, rule.max];
		case 'text':
			return ['blur', 'x'.repeat(rule.readCharacters)];
	}
}

function refusedValues(rule: ParameterRule): ParameterValue[] {
	switch (rule.kind) {
		case 'choice':
			return ['nonsense'];
		case 'size':
			return ['7:5', 'large', ...refusedPixels(rule.pixels)];
		case 'flag':
			return ['perhaps'];
		case 'integer':
			return [rule.min - 1, rule.max + 1, rule.min + 0.5, 'seven'];
		case 'text':
			return [];
	}
}

/** Sizes with exactly as many pixels as the limits of the catalogue say. */
const SIZES_BY_PIXELS: Readonly<Record<number, string>> = {
	262_144: '512x512',
	655_360: '1024x640',
	921_600: '1280x720',
	3_686_400: '2560x1440',
	4_194_304: '2048x2048',
	4_624_220: '2830x1634',
	8_294_400: '3840x2160',
	16_777_216: '4096x4096',
};

/** The smallest and the largest size in pixels, and the longest. */
function acceptedPixels({ minSide, maxSide, multipleOf, ...limits }: PixelLimits): string[] {
	const { minPixels, maxPixels, maxRatio } = limits;
	if (minPixels === undefined || maxPixels === undefined) return [`${minSide}x${maxSide}`];
	const sizes = [SIZES_BY_PIXELS[minPixels], SIZES_BY_PIXELS[maxPixels]];
	if (maxRatio) {
		const side = shortSide(minPixels, maxRatio, multipleOf);
		sizes.push(`${side * maxRatio}x${side}`);
	}
	return sizes;
}

/** Of the smallest size that is as long as it may be. */
function shortSide(minPixels: number, maxRatio: number, step = 1): number {
	return Math.ceil(Math.sqrt(minPixels / maxRatio) / step) * step;
}

function refusedPixels({ minSide, maxSide, multipleOf, ...limits }: PixelLimits): string[] {
	const { minPixels, maxPixels, maxRatio } = limits;
	const step = multipleOf ?? 1;
	const sizes: Array<[number, number]> = [];
	if (minSide && !minPixels) sizes.push([minSide - 1, minSide]);
	if (maxSide) sizes.push([maxSide + step, 1024]);
	if (minPixels) {
		const side = Math.floor(Math.sqrt(minPixels) / step) * step;
		sizes.push([side, side - step]);
	}
	if (maxPixels) {
		const side = Math.ceil(Math.sqrt(maxPixels) / step) * step;
		sizes.push([side, side + step]);
	}
	if (maxRatio && minPixels) {
		const side = shortSide(minPixels, maxRatio, step);
		sizes.push([side * maxRatio + step, side]);
	}
	if (multipleOf) sizes.push([1025, 1024]);
	return sizes.map(([width, height]) => `${width}x${height}`);
}

function acceptedSizes({ images }: ImageModel): Array<[number, number]> {
	const { minSide, maxSide, safeMaxSide, minPixels, maxPixels, maxRatio } = images;
	const sizes: Array<[number, number]> = [];
	if (minSide) sizes.push([minSide, minSide]);
	if (maxSide) sizes.push([maxSide, minSide ?? 1]);
	if (maxSide && minSide) sizes.push([maxSide, maxSide]);
	if (safeMaxSide) sizes.push([safeMaxSide, safeMaxSide]);
	if (minPixels) sizes.push([Math.sqrt(minPixels), Math.sqrt(minPixels)]);
	if (maxPixels) sizes.push(largest(images));
	if (maxRatio) sizes.push([longSide(images), longSide(images) / maxRatio]);
	return sizes;
}

function refusedSizes({ images }: ImageModel): Array<[number, number]> {
	const { minSide, maxSide, minPixels, maxPixels, maxRatio } = images;
	const sizes: Array<[number, number]> = [];
	if (minSide) sizes.push([minSide - 1, minSide], [minSide, minSide - 1]);
	if (maxSide) sizes.push([maxSide + 1, 1024], [1024, maxSide + 1]);
	if (minPixels) sizes.push([Math.sqrt(minPixels), Math.sqrt(minPixels) - 1]);
	if (maxPixels) sizes.push([largest(images)[0], largest(images)[1] + 1]);
	if (maxRatio) sizes.push([longSide(images) + 1, longSide(images) / maxRatio]);
	return sizes;
}

/** What not all documents allow. */
function doubtfulSizes({ images }: ImageModel): Array<[number, number]> {
	const { minSide, maxSide, safeMinSide, safeMaxSide } = images;
	const sizes: Array<[number, number]> = [];
	if (safeMinSide && minSide) sizes.push([safeMinSide - 1, safeMinSide], [minSide, minSide]);
	if (safeMaxSide && maxSide) sizes.push([safeMaxSide + 1, safeMaxSide], [maxSide, maxSide]);
	return sizes;
}

/** As many pixels as an image may have. */
function largest({ maxSide, maxPixels = 1 }: ImageModel['images']): [number, number] {
	const width = maxSide ?? Math.sqrt(maxPixels);
	return [width, Math.floor(maxPixels / width)];
}

/** The long side of an image that is as long as it may be and has pixels enough. */
function longSide({ minPixels = 100 * 1600, maxRatio = 1 }: ImageModel['images']): number {
	return shortSide(minPixels, maxRatio) * maxRatio;
}

/** The parameters of Edit Image for all cases of a model at once: what differs stands in the items. */
export function parametersFor(
	simulator: Simulator,
	model: ImageModel,
	validation: 'strict' | 'warn',
): INodeParameters {
	const names = [...Object.keys(model.parameters), ...(model.mask ? ['mask'] : [])];
	return editImage(simulator, {
		model: { __rl: true, mode: 'id', value: model.id },
		prompt: '={{ $json.prompt }}',
		images: {
			image: [
				{
					source: '={{ $json.source }}',
					url: '={{ $json.links }}',
					binaryPropertyName: '={{ $json.fields }}',
				},
			],
		},
		numberOfImages: '={{ $json.numberOfImages }}',
		wait: 'none',
		options: {
			validation,
			...Object.fromEntries(names.map((name) => [name, `={{ $json.options.${name} }}`])),
		},
	});
}

export function itemsFor(simulator: Simulator, cases: ModelCase[]): INodeExecutionData[] {
	return cases.map(({ prompt, links = [CAT], images, numberOfImages, options, mask }) => {
		const field = (content: Buffer) => binaryField(content, 'picture', 'image/png');
		const fields = Object.fromEntries(
			(images ?? []).map((content, index) => [`picture_${index}`, field(content)]),
		);
		const maskIsLink = typeof mask === 'string';
		return {
			json: {
				prompt: prompt ?? 'Make it a beach',
				source: images ? 'binary' : 'url',
				links: links.map((path) => `${simulator.picturesUrl}${path}`),
				fields: (images ?? []).map((_content, index) => `picture_${index}`).join(', '),
				numberOfImages: numberOfImages ?? 1,
				options: {
					...options,
					...(mask ? { mask: maskIsLink ? `${simulator.picturesUrl}${mask}` : 'the mask' } : {}),
				},
			},
			binary: {
				...fields,
				...(mask && !maskIsLink ? { 'the mask': field(mask) } : {}),
			},
		} as INodeExecutionData;
	});
}
