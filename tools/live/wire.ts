/** Requests as they are on the wire, over plain fetch: no retries, no redirects followed, everything kept. */

import { StreamedBytes } from '../../nodes/Evolink/api/http/bytes';
import { describeFailure } from '../../nodes/Evolink/api/http/failures';
import { isSuccess, type Send } from '../../nodes/Evolink/api/http/messages';
import { isRecord, parseJson, textOf } from '../../nodes/Evolink/api/http/json';

/** An answer, and how it came. */
export interface Answer {
	method: string;
	url: URL;
	/** Unix milliseconds. */
	sentAt: number;
	milliseconds: number;
	status: number;
	/** Names in lower case. */
	headers: Record<string, string>;
	body: Buffer;
	/** undefined where the body is no JSON. */
	json: unknown;
	withKey: boolean;
}

interface Question {
	/** An object goes out as JSON. */
	body?: object;
	headers?: Record<string, string>;
	/** Default true. */
	withKey?: boolean;
	timeoutMs?: number;
}

/** As the package's own client waits for a create. */
const TIMEOUT_MS = 120_000;

export class Wire {
	/** All answers, in order. */
	readonly answers: Answer[] = [];

	constructor(private readonly apiKey: string) {}

	/** @throws what fetch throws where no answer comes */
	async ask(method: string, url: string, question: Question = {}): Promise<Answer> {
		const { body, headers = {}, withKey = true, timeoutMs = TIMEOUT_MS } = question;
		const isBytes = Buffer.isBuffer(body);
		const sentAt = Date.now();
		const response = await fetch(url, {
			method,
			redirect: 'manual',
			headers: {
				'User-Agent': 'n8n-nodes-evolink',
				...(body === undefined || isBytes ? {} : { 'Content-Type': 'application/json' }),
				...(withKey ? { Authorization: `Bearer ${this.apiKey}` } : {}),
				...headers,
			},
			...(body === undefined
				? {}
				: { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
			signal: AbortSignal.timeout(timeoutMs),
		});
		const bytes = Buffer.from(await response.arrayBuffer());
		const answer: Answer = {
			method,
			url: new URL(url),
			sentAt,
			milliseconds: Date.now() - sentAt,
			status: response.status,
			headers: Object.fromEntries(response.headers),
			body: bytes,
			json: parseJson(bytes.toString('utf8')),
			withKey,
		};
		this.answers.push(answer);
		return answer;
	}

	/** The same wire for the package's own client. */
	readonly send: Send = async ({ method, url, headers, body, timeoutMs }) => {
		try {
			const bytes = body instanceof StreamedBytes ? await body.hold() : body;
			const answer = await this.ask(method, url, { body: bytes, headers, timeoutMs });
			return { kind: 'answer', ...answer };
		} catch (error) {
			return describeFailure(error, (error as Error).name === 'TimeoutError');
		}
	};
}

/** Whether the host says that there is no such address, or that it is not for this account. */
export function isMissing({ status }: Answer): boolean {
	return [403, 404, 405, 501].includes(status);
}

/** Whether a refusal is about what was asked for, and not about the key, the account or the moment. */
export function isAboutRequest({ status }: Answer): boolean {
	return status >= 400 && status < 500 && ![401, 402, 403, 408, 425, 429].includes(status);
}

/** For instance `409 idempotency_conflict`; the message is left out, because it may repeat what was sent. */
export function statusOf(answer: Answer): string {
	const { status, json } = answer;
	if (!isRecord(json)) return `${status}, no JSON`;
	const isRefusal = !isSuccess(answer) || json.success === false || 'error' in json;
	const error = isRecord(json.error) ? json.error : json;
	const code = textOf(error.code) ?? textOf(error.type) ?? textOf(json.error);
	return isRefusal && code !== undefined && code !== String(status)
		? `${status} ${code}`
		: String(status);
}
