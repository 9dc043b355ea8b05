import { setTimeout as sleep } from 'node:timers/promises';

import sharp from 'sharp';

import type { Clock } from './clock';
import { renderEdit } from './editing';
import {
	type GatewayDialect,
	type GatewayImages,
	type GatewayRequest,
	readRequest,
} from './gatewayDialects';
import type { RecordedRequest } from './journal';
import type { Ledger } from './ledger';
import type { ModelLimits } from './models';
import type { Answer } from './server';
import { sniffFormat } from './sniffing';
import { fetchSources, TaskFailure, type SourceImage } from './sources';

/**
 * The shapes in which gateways answer:
 * - `data`: `data[].url` (doc.aimanyi.top, docs.crazyrouter.com)
 * - `base64`, `dataUrl`: `data[].b64_json`, plain or with a prefix (ModelArts MaaS)
 * - `images`: `images[].url` (docs.siliconflow.cn)
 * - `wrapped`: `{code, msg, data: {data: [{url, b64_json: ''}]}}` (Nebula)
 * - `task`, `wrappedTask`: hosts that work with tasks (EvoLink, APIMart)
 * - `error`, `wrappedError`: a refusal under HTTP 200, not billed
 * - `empty`, `garbage`: billed, but no image, or base64 that is none
 */
export type GatewayShape =
	| 'data'
	| 'base64'
	| 'dataUrl'
	| 'images'
	| 'wrapped'
	| 'task'
	| 'wrappedTask'
	| 'error'
	| 'wrappedError'
	| 'empty'
	| 'garbage';

/** What becomes of a request. Everything is optional. */
export interface GatewayScript {
	/** How many requests it is for. Default 1. */
	times?: number;
	/** Only for requests with such a prompt. */
	prompt?: RegExp;
	shape?: GatewayShape;
	/** What it gives as base64 instead of an image. */
	bytes?: Buffer;
	/** Seconds until the answer. Default 0. */
	seconds?: number;
	message?: string;
	/** How many of its images fail: an error stands in their place. Default 0. */
	failing?: number;
	/** How often a gateway that has accepted a request says that it is not ready. Default 1. */
	polls?: number;
}

export interface GatewaySetup {
	apiKey: string;
	ledger: Ledger;
	clock: Clock;
	signal: AbortSignal;
	/** Where its links lead. */
	resultsOrigin: () => string;
	images: () => GatewayImages;
	dialect: GatewayDialect;
}

interface Edit {
	sources: SourceImage[];
	prompt: string;
	count: number;
}

const CREDITS = 1;
/** They make images from a prompt alone. */
const GENERATING_MODELS = ['qwen-image'];
const MODELS = ['qwen-image-edit-2509', 'Qwen/Qwen-Image-Edit-2509', ...GENERATING_MODELS];

/** The address at which a gateway makes an image from the prompt alone, whatever else it is given. */
const IGNORES_IMAGES: Partial<Record<GatewayDialect, string>> = {
	openAi: '/v1/images/generations',
};
/** The shape in which each answers by itself. */
const USUAL_SHAPES: Partial<Record<GatewayDialect, GatewayShape>> = {
	openAi: 'base64',
	deepInfra: 'base64',
	openRouter: 'base64',
	nanoGpt: 'base64',
};

/** What it takes behind links. */
const LIMITS: ModelLimits = {
	maxImages: 1,
	maxImageBytes: 20 * 1024 * 1024,
	formats: ['jpeg', 'png', 'webp', 'bmp', 'gif', 'tiff'],
	takesAlpha: true,
	parameters: {},
	creditsPerImage: CREDITS,
};

/**
 * A strict gateway that edits in one request. It has no tasks and no idempotency: every request that it
 * accepts is paid.
 */
export class Gateway {
	private readonly scripts: Array<{ script: GatewayScript; used: number }> = [];
	private readonly edits = new Map<string, Edit>();
	/** Edits that are accepted, and how often they are still asked for in vain. */
	private readonly accepted = new Map<string, { polls: number; body: object }>();
	private made = 0;

	constructor(private readonly setup: GatewaySetup) {}

	nextEdit(script: GatewayScript): void {
		this.scripts.push({ script, used: 0 });
	}

	async answer(request: RecordedRequest): Promise<Answer> {
		const { method, path, headers } = request;
		if (headers.authorization !== `Bearer ${this.setup.apiKey}`) {
			return refuse(401, 'Invalid token', 'invalid_api_key');
		}
		if (method === 'GET' && path === '/v1/models') {
			return { status: 200, body: { object: 'list', data: MODELS.map((id) => ({ id })) } };
		}
		const [, accepted] = /^\/v1\/images\/tasks\/([^/]+)$/.exec(path) ?? [];
		if (method === 'GET' && accepted !== undefined) return this.poll(accepted);
		if (method === 'POST') {
			const wanted = readRequest(this.setup.dialect, request, this.setup.images());
			if (typeof wanted === 'string') return refuse(400, wanted);
			if (wanted) return await this.edit(request, wanted);
		}
		return refuse(404, `Invalid URL (${method} ${path})`, 'not_found');
	}

	/** The image behind one of its links; asks for no key. */
	async picture(path: string): Promise<Answer> {
		const [, id, number] = /^\/gateway\/([^/]+)\/(\d+)\.png$/.exec(path) ?? [];
		const edit = this.edits.get(id);
		const index = Number(number) - 1;
		if (!edit || !(index < edit.count)) return { status: 404, body: 'Not Found' };
		return {
			status: 200,
			headers: { 'content-type': 'image/png' },
			body: await render(edit, index),
		};
	}

	private poll(id: string): Answer {
		const edit = this.accepted.get(id);
		if (!edit) return refuse(404, 'No such task', 'task_not_found');
		if (edit.polls-- > 0) return { status: 200, body: { id, status: 'processing' } };
		return { status: 200, body: { id, status: 'completed', result: edit.body } };
	}

	private async edit(
		request: RecordedRequest,
		{ model, prompt, n, images, mask }: GatewayRequest,
	): Promise<Answer> {
		const { signal, ledger, clock, dialect } = this.setup;
		if (!MODELS.includes(String(model))) return refuse(404, 'No such model', 'model_not_found');
		if (typeof prompt !== 'string' || prompt === '') return refuse(400, 'prompt is required');
		if (!Number.isInteger(n) || Number(n) < 1 || Number(n) > 4) return refuse(400, 'n is 1 to 4');
		const generates =
			GENERATING_MODELS.includes(String(model)) || request.path === IGNORES_IMAGES[dialect];
		if (images.length === 0 && !generates) return refuse(400, 'image is required');
		let sources: SourceImage[];
		try {
			const given = mask === undefined ? images : [...images, mask];
			sources = await Promise.all(given.map(async (image) => await readSource(image, signal)));
			sources = sources.slice(0, images.length);
		} catch (error) {
			return refuse(400, (error as Error).message, 'invalid_image');
		}

		const script = this.scriptFor(prompt);
		const { shape = USUAL_SHAPES[dialect] ?? 'data', seconds = 0, message, bytes } = script;
		if (shape === 'error') {
			const error = {
				message: message ?? 'Blocked',
				type: 'invalid_request_error',
				code: 'blocked',
			};
			return { status: 200, body: { error } };
		}
		if (shape === 'wrappedError') {
			return { status: 200, body: { code: 400, msg: message ?? 'Blocked', data: null } };
		}
		const id = `edit-${++this.made}`;
		const edit = { sources, prompt, count: Number(n) };
		this.edits.set(id, edit);
		const credits = CREDITS * edit.count;
		ledger.charge({ taskId: id, model: String(model), credits, at: clock.now() });
		request.charged = credits;
		if (seconds > 0) await sleep(seconds * 1000, undefined, { signal });
		const body = await this.shaped(shape, id, edit, bytes);
		const { failing = 0, polls = 1 } = script;
		if (failing > 0) (body as { data: object[] }).data.splice(0, failing, ...failures(failing));
		if (dialect !== 'accepts') return { status: 200, body };
		this.accepted.set(id, { polls, body });
		const headers = { location: `/v1/images/tasks/${id}`, 'retry-after': '1' };
		return { status: 202, headers, body: { id, status: 'queued' } };
	}

	private async shaped(
		shape: Exclude<GatewayShape, 'error' | 'wrappedError'>,
		id: string,
		edit: Edit,
		bytes?: Buffer,
	): Promise<object> {
		const created = Math.floor(this.setup.clock.now() / 1000);
		const numbers = Array.from({ length: edit.count }, (_, index) => index);
		const links = numbers.map((index) => ({
			url: `${this.setup.resultsOrigin()}/gateway/${id}/${index + 1}.png?key=eyJhbGciOiJIUzI1NiJ9`,
		}));
		const base64 = async (prefix = '') =>
			await Promise.all(
				numbers.map(async (index) => ({
					b64_json: prefix + (bytes ?? (await render(edit, index))).toString('base64'),
				})),
			);
		switch (shape) {
			case 'data':
				return { data: links, created };
			case 'base64':
				return { created, data: await base64() };
			case 'dataUrl':
				return { created, data: await base64('data:image/png;base64,') };
			case 'images':
				return { images: links, timings: { inference: 1.5 }, seed: 7, created };
			case 'wrapped': {
				const data = links.map((entry) => ({ ...entry, b64_json: '', revised_prompt: '' }));
				return { code: 200, msg: 'ok', data: { data, created } };
			}
			case 'task':
				return {
					id: `task-unified-${id}`,
					object: 'image.generation.task',
					status: 'pending',
					created,
				};
			case 'wrappedTask':
				return { code: 200, data: [{ status: 'submitted', task_id: `task_${id}` }] };
			case 'empty':
				return { data: [], created };
			case 'garbage':
				return {
					data: [{ b64_json: Buffer.from('no picture at all').toString('base64') }],
					created,
				};
		}
	}

	private scriptFor(prompt: string): GatewayScript {
		const entry = this.scripts.find(
			({ script, used }) => used < (script.times ?? 1) && (script.prompt?.test(prompt) ?? true),
		);
		if (!entry) return {};
		entry.used++;
		return entry.script;
	}
}

const failures = (count: number) =>
	Array.from({ length: count }, () => ({
		error: { code: 'OutputImageSensitiveContentDetected', message: 'The image was blocked' },
	}));

/** Bytes, a link, which is fetched, or a data URL whose declared type has to be true. */
async function readSource(address: unknown, signal: AbortSignal): Promise<SourceImage> {
	if (Buffer.isBuffer(address)) return await describeSource(address);
	if (typeof address !== 'string') throw new Error('An image must be a string');
	const [, type, base64] = /^data:image\/(\w+);base64,([A-Za-z0-9+/]+=*)$/.exec(address) ?? [];
	if (base64 === undefined) {
		if (!/^https?:\/\//.test(address)) throw new Error('image must be a URL or a data URL');
		const request = { model: '', prompt: '', image_urls: [address] };
		const [source] = await fetchSources(request, LIMITS, signal);
		return source;
	}
	const bytes = Buffer.from(base64, 'base64');
	const format = sniffFormat(bytes);
	if (format === undefined || format !== type) {
		throw new TaskFailure('invalid_image', `The data URL says ${type}, its bytes say ${format}`);
	}
	return await describeSource(bytes);
}

async function describeSource(bytes: Buffer): Promise<SourceImage> {
	const format = sniffFormat(bytes);
	if (format === undefined) throw new TaskFailure('invalid_image', 'The file is no image');
	if (format === 'bmp') return { bytes, format, width: 512, height: 512 };
	const { width, height } = await sharp(bytes).metadata();
	return { bytes, format, width, height };
}

async function render({ sources, prompt }: Edit, index: number): Promise<Buffer> {
	const { width, height } = sources.at(-1) ?? { width: 768, height: 768 };
	return await renderEdit({ sources, prompt, index, format: 'png', width, height });
}

/** As OpenAI words it. */
function refuse(status: number, message: string, code = 'invalid_request'): Answer {
	return { status, body: { error: { message, type: 'invalid_request_error', param: null, code } } };
}
