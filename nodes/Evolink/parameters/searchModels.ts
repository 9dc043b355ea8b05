import { createHash } from 'crypto';

import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { realClock } from '../api/http/clock';
import { isSuccess, keyedSend } from '../api/http/http';
import { isRecord, listIn, parseJson } from '../api/http/json';
import { BoundedMap } from '../memory/boundedMap';
import { EDITING_MODELS, findModel, GENERATING_MODELS } from '../models/catalogue';
import { listName, pageOf } from '../models/listName';
import { CREDENTIAL, readCredential } from './credential';

const TIMEOUT_MS = 3_000;
const MAX_BYTES = 4 * 1024 * 1024;
const CACHE_MS = 60_000;
/** A service that does not answer must not hold up every letter that is typed into the search. */
const FAILURE_CACHE_MS = 10_000;
const MAX_CACHED_KEYS = 50;

/** What `GET /v1/models` said, by base URL and key; undefined where it could not be asked. */
const cache = new BoundedMap<{ ids: string[] | undefined; expiresAt: number }>(MAX_CACHED_KEYS);

/**
 * The list of the parameter 'Model': first the models of the catalogue that the key may use, then others that
 * the service names and that the operation can drive, then the rest of the catalogue. Without a working
 * credential, the catalogue. Never fails and never costs anything.
 */
export async function searchModels(
	context: ILoadOptionsFunctions,
	filter = '',
): Promise<INodeListSearchResult> {
	const generates = context.getCurrentNodeParameter('operation') === 'generateImage';
	const models = generates ? GENERATING_MODELS : EDITING_MODELS;
	const known = models.map((model): Entry => {
		const name = listName(model, generates ? 'generate' : 'edit');
		return { name, value: model.id, description: model.description, url: pageOf(model) };
	});
	const ids = await allowedIds(context);
	const entries = ids ? byPermission(known, ids, generates ? mayGenerate : mayEdit) : known;
	return { results: entries.filter((entry) => isFoundBy(filter, entry)) };
}

interface Entry {
	name: string;
	value: string;
	description: string;
	/** What the link beside the field leads to. */
	url?: string;
}

/** By a part of ID or name, or by the beginnings of words that stand anywhere: `seedream 5`, `fast mask`. */
function isFoundBy(filter: string, { name, value, description }: Entry): boolean {
	if (`${value} ${name}`.toLowerCase().includes(filter.trim().toLowerCase())) return true;
	const words = wordsOf(`${value} ${name} ${description}`);
	return wordsOf(filter).every((wanted) => words.some((word) => word.startsWith(wanted)));
}

const wordsOf = (text: string) => text.toLowerCase().match(/[^\s()·,;-]+/g) ?? [];

/** n8n shows no descriptions in this list, so the names say it. */
function byPermission(known: Entry[], ids: string[], isWanted: (id: string) => boolean): Entry[] {
	const others = ids.filter((id) => isWanted(id) && !findModel(id));
	return [
		...known.filter(({ value }) => ids.includes(value)),
		...others.map((id) => ({
			name: `${id} · limits not checked`,
			value: id,
			description: "Limits aren't checked beforehand",
		})),
		...known
			.filter(({ value }) => !ids.includes(value))
			.map((entry) => ({ ...entry, name: `${entry.name} · not enabled for this API key` })),
	];
}

/** The service names models of all kinds and does not say which kind; their names do. */
const IMAGE_FAMILIES =
	/^(qwen-image|wan[\d.]+-|gpt-image|gpt-4o-image|nano-banana|doubao-seed(ream|edit)|grok-imagine-image|mj-|gemini-.*image|z-image|krea-)/;
const MAKES_VIDEOS = /video|\bi2v\b|\bt2v\b/;
const TAKES_NO_IMAGE = /text-to-image|t2i|^z-image|^krea-/;
const NEEDS_AN_IMAGE =
	/image-to-image|i2i|-edit\b|seededit|layerize|remove-bg|retexture|upload-paint/;
/** Midjourney's own images: from a prompt that may begin with links, and from an earlier task. */
const MIDJOURNEY_GENERATES = /^mj-v[\d.]+$/;
const NEEDS_A_TASK = /^mj-v[\d.]+-(edit|inpaint|outpaint|pan|remix|variation|enhance|upscale)$/;

function mayEdit(id: string): boolean {
	return makesImages(id) && !TAKES_NO_IMAGE.test(id) && !MIDJOURNEY_GENERATES.test(id);
}

function mayGenerate(id: string): boolean {
	return makesImages(id) && !NEEDS_AN_IMAGE.test(id);
}

/** Without what works on an earlier task, which neither operation has. */
function makesImages(id: string): boolean {
	return IMAGE_FAMILIES.test(id) && !MAKES_VIDEOS.test(id) && !NEEDS_A_TASK.test(id);
}

async function allowedIds(context: ILoadOptionsFunctions): Promise<string[] | undefined> {
	const credential = await workingCredential(context);
	if (!credential) return undefined;
	const { apiKey, addresses } = credential;
	const { baseUrl } = addresses;
	const cacheKey = createHash('sha256').update(`${baseUrl}\n${apiKey}`).digest('hex');
	const clock = realClock();
	const cached = cache.get(cacheKey);
	if (cached && cached.expiresAt > clock.now()) return cached.ids;

	const result = await keyedSend(
		context,
		CREDENTIAL,
		apiKey,
	)({
		method: 'GET',
		url: `${baseUrl}/v1/models`,
		timeoutMs: TIMEOUT_MS,
		maxBytes: MAX_BYTES,
	});
	const ids =
		result.kind === 'answer' && isSuccess(result)
			? readIds(parseJson(result.body.toString('utf8')))
			: undefined;
	cache.set(cacheKey, { ids, expiresAt: clock.now() + (ids ? CACHE_MS : FAILURE_CACHE_MS) });
	return ids;
}

async function workingCredential(context: ILoadOptionsFunctions) {
	try {
		const credential = await readCredential(context);
		return credential.apiKey === '' ? undefined : credential;
	} catch {
		return undefined; // There is none yet.
	}
}

/** @returns undefined where the answer is no list of models */
function readIds(body: unknown): string[] | undefined {
	const ids = listIn(body)?.flatMap((entry) =>
		isRecord(entry) && typeof entry.id === 'string' ? [entry.id] : [],
	);
	return ids?.length ? ids : undefined;
}
