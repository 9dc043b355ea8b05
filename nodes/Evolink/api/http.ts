import type {
	IDataObject,
	IExecuteFunctions,
	IHttpRequestMethods,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	IN8nHttpFullResponse,
	IWebhookFunctions,
} from 'n8n-workflow';

import { isRecord, textOf } from './json';

export interface HttpRequest {
	method: IHttpRequestMethods;
	url: string;
	headers?: Record<string, string>;
	/** An object goes out as JSON, a buffer as it is. */
	body?: IDataObject | Buffer;
	/** Limit for the whole exchange, body included. */
	timeoutMs: number;
	/** A longer answer is cut off before it fills the memory. */
	maxBytes: number;
}

export interface HttpAnswer {
	kind: 'answer';
	status: number;
	/** Names in lower case. */
	headers: Record<string, string>;
	body: Buffer;
}

export function isSuccess({ status }: HttpAnswer): boolean {
	return status >= 200 && status < 300;
}

/** Why no answer came. `notSent`: the request certainly did not reach the service. */
export interface HttpFailure {
	kind: 'notSent' | 'noAnswer' | 'tooLarge' | 'stopped';
	/** A few plain words without addresses or headers. */
	reason: string;
}

/**
 * Sends one request once. Failures come back as values, because what they mean (was it paid? may it be
 * repeated?) is for the caller to decide. Never rejects.
 */
export type Send = (request: HttpRequest) => Promise<HttpAnswer | HttpFailure>;

/** A running node, which can be stopped, or a webhook or the editor, which cannot. */
type HttpContext = IExecuteFunctions | IWebhookFunctions | ILoadOptionsFunctions;

/** Some hosts refuse clients that do not say who they are. */
const USER_AGENT = 'n8n-nodes-evolink';

/**
 * Requests that carry the API key. They follow no redirect, so the key stays with the host it is for, and
 * the key is blotted out of answers, because some services repeat it in their error messages.
 */
export function keyedSend(context: HttpContext, credentialType: string, apiKey: string): Send {
	return async (request) => {
		const result = await exchange(
			context,
			request,
			async (options) =>
				(await context.helpers.httpRequestWithAuthentication.call(context, credentialType, {
					...options,
					disableFollowRedirect: true,
				})) as IN8nHttpFullResponse,
		);
		if (result.kind !== 'answer' || apiKey === '' || !result.body.includes(apiKey)) return result;
		const body = result.body.toString('utf8').replaceAll(apiKey, '[API key]');
		return { ...result, body: Buffer.from(body) };
	};
}

/** Requests without the key, for links that the service hands out. */
export function plainSend(context: IExecuteFunctions): Send {
	return async (request) =>
		await exchange(
			context,
			request,
			async (options) =>
				(await context.helpers.httpRequest({
					...options,
					sendCredentialsOnCrossOriginRedirect: false,
				})) as IN8nHttpFullResponse,
		);
}

async function exchange(
	context: HttpContext,
	request: HttpRequest,
	perform: (options: IHttpRequestOptions) => Promise<IN8nHttpFullResponse>,
): Promise<HttpAnswer | HttpFailure> {
	const stop =
		'getExecutionCancelSignal' in context ? context.getExecutionCancelSignal?.() : undefined;
	const timeoutMs = Math.ceil(request.timeoutMs); // AbortSignal refuses fractions.
	const deadline = AbortSignal.timeout(timeoutMs);
	try {
		const response = await perform({
			method: request.method,
			url: request.url,
			headers: { 'User-Agent': USER_AGENT, ...request.headers },
			...(request.body === undefined ? {} : { body: request.body }),
			timeout: timeoutMs,
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			...(stop ? { abortSignal: stop } : {}),
		});
		const headers = lowerCaseHeaders(response.headers);
		const announced = Number(headers['content-length'] ?? 0);
		const body = await readBody(response.body, announced, request.maxBytes, stop, deadline);
		if (body === undefined) {
			const megabytes = Math.round(request.maxBytes / 1024 / 1024);
			return { kind: 'tooLarge', reason: `the answer is larger than ${megabytes} MB` };
		}
		return {
			kind: 'answer',
			status: response.statusCode,
			headers,
			body,
		};
	} catch (error) {
		if (stop?.aborted) return { kind: 'stopped', reason: 'the execution was stopped' };
		return describeFailure(error, deadline.aborted);
	}
}

const FIRST_ROOM_BYTES = 64 * 1024;

interface ByteStream {
	on(event: 'data', listener: (chunk: Uint8Array) => void): this;
	on(event: 'end' | 'close', listener: () => void): this;
	on(event: 'error', listener: (error: Error) => void): this;
	destroy(): void;
}

/**
 * Reads a body until it ends, is too long, or a signal comes, whichever is first. By events, because n8n 2.41
 * hands out a stream over a generator: destroying that ends no `for await` while the other side is silent.
 *
 * @param announced the length that the answer claims to have, so that a large body need not be held twice
 * @returns undefined where the body is longer than `maxBytes`
 */
async function readBody(
	body: unknown,
	announced: number,
	maxBytes: number,
	...signals: Array<AbortSignal | undefined>
): Promise<Buffer | undefined> {
	// n8n hands out text or a buffer instead of a stream where a proxy or a test stands in between.
	if (typeof body === 'string' || Buffer.isBuffer(body)) {
		const bytes = Buffer.from(body);
		return bytes.length > maxBytes ? undefined : bytes;
	}
	const stream = body as ByteStream;
	const done = new AbortController();
	try {
		return await new Promise((resolve, reject) => {
			let bytes = Buffer.allocUnsafe(Math.min(announced || FIRST_ROOM_BYTES, maxBytes));
			let length = 0;
			stream.on('data', (chunk) => {
				const needed = length + chunk.length;
				if (needed > maxBytes) return resolve(undefined);
				if (needed > bytes.length) {
					bytes = Buffer.concat([bytes], Math.min(maxBytes, needed * 2));
				}
				bytes.set(chunk, length);
				length = needed;
			});
			stream.on('end', () => resolve(bytes.subarray(0, length)));
			stream.on('error', reject);
			stream.on('close', () => reject(new Error('The answer broke off')));
			for (const signal of signals) {
				const cut = () => reject(new Error('The answer did not end in time'));
				if (signal?.aborted) cut();
				signal?.addEventListener('abort', cut, { once: true, signal: done.signal });
			}
		});
	} finally {
		done.abort(); // Takes the listeners off the stop signal, which lives as long as the execution.
		stream.destroy();
	}
}

function lowerCaseHeaders(headers: IDataObject): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers).map(([name, value]) => [name.toLowerCase(), textOf(value) ?? '']),
	);
}

/** Codes of Node.js that come up before a byte of the request has reached the other side. */
const NOT_SENT: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'the connection was refused',
	ENOTFOUND: 'the host name is not known',
	EAI_AGAIN: 'the host name could not be looked up',
	EHOSTUNREACH: 'the host cannot be reached',
	ENETUNREACH: 'the network cannot be reached',
	ERR_INVALID_URL: 'the address is not valid',
	CERT_HAS_EXPIRED: 'the certificate of the host has expired',
	DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the host is self-signed',
	SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the host is self-signed',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the host cannot be verified',
	ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
};

function describeFailure(error: unknown, timedOut: boolean): HttpFailure {
	const code = errorCode(error);
	if (code !== undefined && NOT_SENT[code]) return { kind: 'notSent', reason: NOT_SENT[code] };
	if (timedOut || code === 'ETIMEDOUT' || code === 'ECONNABORTED') {
		return { kind: 'noAnswer', reason: 'no answer came in time' };
	}
	return { kind: 'noAnswer', reason: 'the connection was lost' };
}

/** n8n wraps errors differently from version to version: the code may stand some causes down, or in `httpCode`. */
function errorCode(error: unknown): string | undefined {
	let current = error;
	for (let depth = 0; depth < 5 && isRecord(current); depth++) {
		const code = textOf(current.code) ?? textOf(current.httpCode);
		if (code !== undefined) return code;
		current = current.cause;
	}
	return undefined;
}
