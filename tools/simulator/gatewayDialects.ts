import type { RecordedRequest } from './journal';

/**
 * How a gateway wants to be asked. Written from the gateways' documentation and client code (docs/facts/evolink.md,
 * "Synchronous gateways in use"), not from the node:
 * - `generations`: JSON at `/v1/images/generations` (aimanyi, CrazyRouter, UCloud, Huawei, SiliconFlow)
 * - `openAi`: a form at `/v1/images/edits`; generations ignore images, and are paid (OpenAI, LiteLLM, DMXAPI, one-api)
 * - `deepInfra`: the same at `/v1/openai/images/edits`
 * - `jsonEdits`: JSON at `/v1/images/edits`, links in the array `images` (OmniMaaS, chatgpt2api)
 * - `jsonEditsObjects`: the same, `images: [{ image_url }]` (llmgateway)
 * - `ark`: JSON at `/api/v3/images/generations`, images that failed have an error in their place (Volcengine Ark)
 * - `openRouter`: JSON at `/api/v1/images`, `input_references` of content parts (OpenRouter)
 * - `nanoGpt`: JSON at `/api/v1/images/edits`, a data URL in `imageDataUrl` (NanoGPT)
 * - `accepts`: as `generations`, answered with 202 and an address to ask at (asynchronous forks of new-api)
 */
export type GatewayDialect =
	| 'generations'
	| 'openAi'
	| 'deepInfra'
	| 'jsonEdits'
	| 'jsonEditsObjects'
	| 'ark'
	| 'openRouter'
	| 'nanoGpt'
	| 'accepts';

/** What a request asks for: images as links, data URLs or bytes. */
export interface GatewayRequest {
	model: unknown;
	prompt: unknown;
	n: unknown;
	images: unknown[];
	mask?: unknown;
}

/** How several images come in the field `image` of generations. */
export type GatewayImages = 'one' | 'array' | 'numbered';

const FIELDS = ['model', 'prompt', 'n', 'size', 'seed', 'response_format'];

type Json = Record<string, unknown>;

/**
 * Reads a request as a gateway of this dialect does.
 *
 * @returns what is wrong with it where it is refused; undefined where the gateway has no such address
 */
export function readRequest(
	dialect: GatewayDialect,
	request: RecordedRequest,
	severalImages: GatewayImages,
): GatewayRequest | string | undefined {
	const { path } = request;
	switch (dialect) {
		case 'generations':
		case 'accepts':
			if (path !== '/v1/images/generations') return undefined;
			return fromJson(request, generationsImages(severalImages));
		case 'openAi':
			if (path === '/v1/images/generations') return fromJson(request, ignored);
			return path === '/v1/images/edits' ? fromForm(request) : undefined;
		case 'deepInfra':
			return path === '/v1/openai/images/edits' ? fromForm(request) : undefined;
		case 'jsonEdits':
			if (path !== '/v1/images/edits') return undefined;
			return fromJson(request, list('images', isText), isText);
		case 'jsonEditsObjects':
			if (path !== '/v1/images/edits') return undefined;
			return fromJson(request, list('images', imageUrl), imageUrl);
		case 'ark':
			if (path !== '/api/v3/images/generations') return undefined;
			return fromJson(request, arkImages);
		case 'openRouter':
			if (path !== '/api/v1/images') return undefined;
			return fromJson(request, list('input_references', contentPart));
		case 'nanoGpt':
			if (path !== '/api/v1/images/edits') return undefined;
			return fromJson(request, dataUrl, isText);
	}
}

/** What an image in a body is; undefined for anything else. */
type Take = (value: unknown) => string | undefined;
interface ImageFields {
	names: string[];
	take: (body: Json) => unknown[] | string;
}

const isText: Take = (value) => (typeof value === 'string' ? value : undefined);
const imageUrl: Take = (value) => isText(only(value, ['image_url'])?.image_url);
const contentPart: Take = (value) => {
	const part = only(value, ['type', 'image_url']);
	return part?.type === 'image_url' ? isText(only(part.image_url, ['url'])?.url) : undefined;
};

/** An object that has these fields alone. */
function only(value: unknown, names: string[]): Json | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	return Object.keys(value).every((name) => names.includes(name)) ? (value as Json) : undefined;
}

function list(name: string, take: Take): ImageFields {
	return {
		names: [name],
		take: ({ [name]: value = [] }) => {
			if (!Array.isArray(value)) return `${name} must be an array`;
			const images = value.map(take);
			return images.includes(undefined) ? `${name} has an entry of another form` : images;
		},
	};
}

function generationsImages(several: GatewayImages): ImageFields {
	const names = several === 'numbered' ? ['image', 'image2', 'image3'] : ['image'];
	return {
		names,
		take: (body) => {
			const { image } = body;
			if (image === undefined) return [];
			if (several === 'array' ? !Array.isArray(image) : typeof image !== 'string') {
				return `image must be ${several === 'array' ? 'an array' : 'a string'}`;
			}
			return names.flatMap((name) => body[name]).filter((value) => value !== undefined);
		},
	};
}

/** As one-api hands a request for an image on: without the fields that it does not know. */
const ignored: ImageFields = { names: ['image'], take: () => [] };

const arkImages: ImageFields = {
	names: ['image', 'sequential_image_generation', 'watermark'],
	take: ({ image }) => {
		const images = [image].flat().filter((value) => value !== undefined);
		return images.every(isText) ? images : 'image must be a string or an array of strings';
	},
};

const dataUrl: ImageFields = {
	names: ['imageDataUrl'],
	take: ({ imageDataUrl: image }) =>
		isText(image)?.startsWith('data:') ? [image] : 'imageDataUrl must be a data URL',
};

function fromJson(
	{ json }: RecordedRequest,
	{ names, take }: ImageFields,
	takeMask?: Take,
): GatewayRequest | string {
	if (typeof json !== 'object' || json === null) return 'The body must be JSON';
	const body = json as Json;
	const known = [...FIELDS, ...names, ...(takeMask ? ['mask'] : [])];
	const stranger = Object.keys(body).find((field) => !known.includes(field));
	if (stranger !== undefined) return `${stranger} is not supported`;
	const images = take(body);
	if (typeof images === 'string') return images;
	const mask = body.mask === undefined ? undefined : takeMask?.(body.mask);
	if (body.mask !== undefined && mask === undefined) return 'mask has another form';
	const { model, prompt, n = 1 } = body;
	return { model, prompt, n, images, ...(mask === undefined ? {} : { mask }) };
}

/** One image as `image`, several as `image[]`, each a file. */
function fromForm({ parts }: RecordedRequest): GatewayRequest | string {
	if (!parts) return 'The body must be a form (multipart/form-data)';
	const files = parts.filter(({ fileName }) => fileName !== undefined);
	const fields = parts.filter(({ fileName }) => fileName === undefined);
	const stranger = fields.find(({ name }) => !FIELDS.includes(name));
	if (stranger) return `${stranger.name} is not supported`;
	const images = files.filter(({ name }) => name === 'image' || name === 'image[]');
	const masks = files.filter(({ name }) => name === 'mask');
	if (images.length + masks.length < files.length || masks.length > 1) return 'a file too many';
	if (images.length > 1 && images.some(({ name }) => name === 'image')) return 'image is one file';
	const wrong = files.find(({ contentType }) => !/^image\/(png|jpeg|webp)$/.test(contentType));
	if (wrong) return `${wrong.contentType} is not supported`;
	const field = (name: string) => fields.find((part) => part.name === name)?.data.toString('utf8');
	return {
		model: field('model'),
		prompt: field('prompt'),
		n: Number(field('n') ?? 1),
		images: images.map(({ data }) => data),
		...(masks.length > 0 ? { mask: masks[0].data } : {}),
	};
}
