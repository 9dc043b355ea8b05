import type {
	IDataObject,
	IExecuteFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	IN8nHttpFullResponse,
	IWebhookFunctions,
} from 'n8n-workflow';

import { ArrivingBody, type ByteStream, StreamedBytes } from './bytes';
import { describeFailure, type HttpFailure } from './failures';
import { type HttpAnswer, type HttpRequest, isSuccess, type Send } from './messages';
import { textOf } from './json';
import { logged } from './logged';
import { STOPPED_MESSAGE } from '../errors/errors';
import { redacted, withoutSecrets } from '../errors/redaction';

export { type HttpAnswer, type HttpFailure, type HttpRequest, isSuccess, type Send };

/** A running node, which can be stopped, or a webhook or the editor, which cannot. */
type HttpContext = IExecuteFunctions | IWebhookFunctions | ILoadOptionsFunctions;

/** Some hosts refuse clients that do not say who they are. */
const USER_AGENT = 'n8n-nodes-evolink';

/**
 * Requests that carry the API key. They follow no redirect, so the key stays with the host it is for. Answers come
 * without secrets, because some services repeat them in their error messages.
 */
export function keyedSend(context: HttpContext, credentialType: string, apiKey: string): Send {
	const send: Send = async (request) => {
		const result = await exchange(
			context,
			request,
			async (options) =>
				(await context.helpers.httpRequestWithAuthentication.call(context, credentialType, {
					...options,
					disableFollowRedirect: true,
				})) as IN8nHttpFullResponse,
		);
		if (result.kind === 'answer') {
			return { ...result, body: await withoutSecrets(result.body, apiKey) };
		}
		const reason = await withoutSecrets(Buffer.from(result.reason), apiKey);
		return { ...result, reason: redacted(reason.toString('utf8')) };
	};
	return logged(send, context.logger, true);
}

/** Requests without the key, for links that the service hands out. */
export function plainSend(context: IExecuteFunctions): Send {
	const send: Send = async (request) =>
		await exchange(
			context,
			request,
			async (options) =>
				(await context.helpers.httpRequest({
					...options,
					sendCredentialsOnCrossOriginRedirect: false,
				})) as IN8nHttpFullResponse,
		);
	return logged(send, context.logger, false);
}

const BROKE_OFF = { code: 'ECONNRESET' };

async function exchange(
	context: HttpContext,
	request: HttpRequest,
	perform: (options: IHttpRequestOptions) => Promise<IN8nHttpFullResponse>,
): Promise<HttpAnswer | HttpFailure> {
	const streamed = request.body instanceof StreamedBytes ? request.body : undefined;
	const upload = await streamed?.open();
	const userStop =
		'getExecutionCancelSignal' in context ? context.getExecutionCancelSignal?.() : undefined;
	const timeoutMs = Math.ceil(request.timeoutMs); // AbortSignal refuses fractions.
	const bounds = new ExchangeBounds(userStop);
	bounds.startClock(timeoutMs);
	let arriving: ArrivingBody | undefined;
	try {
		const response = await perform({
			method: request.method,
			url: request.url,
			headers: {
				'User-Agent': USER_AGENT,
				...(streamed ? { 'Content-Length': String(streamed.length) } : {}),
				...request.headers,
			},
			...(request.body === undefined
				? {}
				: { body: (upload?.stream ?? request.body) as IDataObject }),
			timeout: timeoutMs,
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			abortSignal: bounds.signal,
		});
		const { statusCode: status } = response;
		const headers = lowerCaseHeaders(response.headers);
		// n8n hands out text or a buffer instead of a stream where a proxy or a test stands in between.
		if (typeof response.body === 'string' || Buffer.isBuffer(response.body)) {
			const body = Buffer.from(response.body);
			return body.length > request.maxBytes
				? tooLarge(request)
				: { kind: 'answer', status, headers, body };
		}
		const announced = Number(headers['content-length'] ?? 0);
		const stream = response.body as ByteStream;
		arriving = new ArrivingBody(stream, announced, request.maxBytes, () => bounds.forget());
		if (isSuccess({ status }) && request.makeRoom) {
			// The image is paid: its time must not run out while others are stored.
			bounds.stopClock();
			await bounds.race(request.makeRoom(announced));
			bounds.startClock(timeoutMs);
		}
		const take = isSuccess({ status }) ? request.take : undefined;
		const body = await bounds.race(arriving.receive(take));
		return { kind: 'answer', status, headers, body };
	} catch (error) {
		bounds.end(); // Destroying a body frees no connection on which nothing comes any more.
		if (userStop?.aborted) return { kind: 'stopped', reason: STOPPED_MESSAGE };
		if (arriving?.isTooLong) return tooLarge(request);
		// An answer that has begun can only break off.
		return describeFailure(arriving ? BROKE_OFF : error, bounds.isLate);
	} finally {
		bounds.forget();
		arriving?.close();
		upload?.close();
	}
}

function tooLarge({ maxBytes }: HttpRequest): HttpFailure {
	const megabytes = Math.round(maxBytes / 1024 / 1024);
	return { kind: 'tooLarge', reason: `the response is larger than ${megabytes} MB` };
}

/** Ends an exchange when the user stops the execution or the time is up. */
class ExchangeBounds {
	/** Whether the time was up. */
	isLate = false;
	readonly end = () => this.controller.abort();
	private readonly endLate = () => {
		this.isLate = true;
		this.end();
	};
	private readonly controller = new AbortController();
	private readonly isOver: Promise<never>;
	private clock?: AbortSignal;

	constructor(private readonly userStop: AbortSignal | undefined) {
		this.isOver = new Promise((_resolve, reject) => {
			const fail = () => reject(new Error('The request did not finish in time'));
			this.signal.addEventListener('abort', fail, { once: true });
		});
		this.isOver.catch(() => undefined); // Nobody waits for it until an answer arrives.
		if (userStop?.aborted) this.end();
		userStop?.addEventListener('abort', this.end, { once: true });
	}

	get signal(): AbortSignal {
		return this.controller.signal;
	}

	startClock(timeoutMs: number): void {
		this.clock = AbortSignal.timeout(timeoutMs);
		this.clock.addEventListener('abort', this.endLate, { once: true });
	}

	stopClock(): void {
		this.clock?.removeEventListener('abort', this.endLate);
	}

	/** @throws Error where the exchange ends before the work does */
	async race<T>(work: Promise<T>): Promise<T> {
		return await Promise.race([work, this.isOver]);
	}

	/** The stop signal lives as long as the execution: listeners must not gather there. */
	forget(): void {
		this.stopClock();
		this.userStop?.removeEventListener('abort', this.end);
	}
}

function lowerCaseHeaders(headers: IDataObject): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers).map(([name, value]) => [name.toLowerCase(), textOf(value) ?? '']),
	);
}
