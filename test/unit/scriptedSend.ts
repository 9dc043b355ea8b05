import type { HttpAnswer, HttpFailure, HttpRequest, Send } from '../../nodes/Evolink/api/http/http';
import type { VirtualClock } from './virtualClock';

/** What happens to one request, and how long it takes. */
export type Step = (HttpAnswer | HttpFailure) & { takesMs?: number };

export interface SentRequest extends HttpRequest {
	/** Milliseconds since the clock's start. */
	atMs: number;
	/** The body as it was at that moment; '' for a form. */
	sentBody: string;
}

/** Answers requests from a script; its last step goes on for ever. */
export class ScriptedSend {
	readonly requests: SentRequest[] = [];

	constructor(
		private readonly clock: VirtualClock,
		private readonly steps: Step[],
	) {}

	readonly send: Send = async (request) => {
		const { length } = this.requests;
		const sentBody = Buffer.isBuffer(request.body) ? '' : JSON.stringify(request.body ?? null);
		this.requests.push({ ...request, atMs: this.clock.elapsed, sentBody });
		const step = this.steps[Math.min(length, this.steps.length - 1)];
		return await deliver(this.clock, step, request);
	};

	get keys(): unknown[] {
		return this.requests.map(({ headers }) => headers?.['Idempotency-Key']);
	}

	/** Milliseconds from each request to the next. */
	get gaps(): number[] {
		return this.requests.slice(1).map(({ atMs }, index) => atMs - this.requests[index].atMs);
	}
}

/** Lets the time of a step pass; what takes longer than the request's limit is no answer. */
export async function deliver(
	clock: VirtualClock,
	{ takesMs = 0, ...result }: Step,
	request: HttpRequest,
): Promise<HttpAnswer | HttpFailure> {
	if (takesMs > 0) await clock.pass(Math.min(takesMs, request.timeoutMs));
	return takesMs > request.timeoutMs ? noAnswer : result;
}

/** Texts and bytes go out as they are, everything else as JSON. */
export function answer(
	status: number,
	body: unknown = '',
	headers: Record<string, string> = {},
): Step {
	const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
	return {
		kind: 'answer',
		status,
		headers,
		body: Buffer.from(isRaw ? body : JSON.stringify(body)),
	};
}

export const noAnswer: HttpFailure = { kind: 'noAnswer', reason: 'the connection was lost' };
export const notSent: HttpFailure = { kind: 'notSent', reason: 'the connection was refused' };
export const blocked: HttpFailure = {
	kind: 'blocked',
	reason: 'The request was blocked',
	advice: 'Ask your n8n administrator.',
};
export const tooLarge: HttpFailure = {
	kind: 'tooLarge',
	reason: 'the response is larger than 4 MB',
};
export const stopped: HttpFailure = { kind: 'stopped', reason: 'the execution was stopped' };

export const HTML = '<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>';
