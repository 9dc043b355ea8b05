import type { IDataObject } from 'n8n-workflow';

import {
	errorAnswer,
	errorFromFailure,
	isRealError,
	parseServiceError,
	type Refusal,
	refusalIn,
	shown,
	saysSoAside,
	saysSoPlainly,
	type ServiceError,
} from './errors/advice';
import {
	ApiError,
	type EvolinkError,
	ImageLateError,
	ImageLostError,
	STOPPED_MESSAGE,
	type TaskTrace,
	TRY_LATER,
} from './errors/errors';
import { tellPaidAnswer } from './errors/paidAnswer';
import type { Clock } from './http/clock';
import type { HttpFailure } from './http/failures';
import { isRecord, numberOf, parseJson, textOf } from './http/json';
import { setLongTextsAside } from './http/longTexts';
import { type HttpAnswer, isSuccess, requestIdOf, type Room, type Send } from './http/messages';
import { isPassingStatus, retryAfterMs, retryDelayMs } from './http/retry';
import { isHttpUrl, parseUrl } from './http/url';
import { dateOf } from './task';

/**
 * Gateways that edit in one request: `POST /v1/images/generations` answers with the images themselves,
 * minutes later. They know no tasks and no idempotency keys, so what is paid and lost stays lost.
 * Sources: doc.aimanyi.top (qwen-image-edit-2509), docs.crazyrouter.com, docs.siliconflow.cn,
 * oepnai-nebula.apifox.cn, support.huaweicloud.com (ModelArts MaaS).
 */

/** An edited image, as a link or as the content itself: base64, maybe with the escapes of JSON. */
export type GatewayImage = { kind: 'link'; link: string } | { kind: 'content'; base64: Buffer };

export interface GatewayEdit {
	/** At least one. */
	images: GatewayImage[];
	/** Unix milliseconds. */
	createdAt?: number;
	/** Why other images of the same request did not come. */
	failures?: string[];
	/** The gateway's own answer; images that stood in it as base64 are taken out. */
	raw: IDataObject;
}

/** What an answer with a status of success says. */
export type GatewayReply =
	| { kind: 'edited'; edit: GatewayEdit }
	/** An error under the guise of success; `status` where its code is that of an HTTP error. */
	| { kind: 'error'; error: ServiceError; status?: number }
	/** The host works with tasks, as EvoLink does; `pollUrl` where it says at which address to ask. */
	| { kind: 'task'; taskId?: string; pollUrl?: string }
	| { kind: 'unreadable' };

/** Base64 of an image of some 50 MB, with room for another one. */
const MAX_ANSWER_BYTES = 160 * 1024 * 1024;

/** Refusals because of load are certain not to be billed, so patience costs nothing but time. */
const THROTTLED_TRIES = 6;

/** What to send, and where. */
export interface GatewayRequest {
	/** Below the base URL; begins with one slash. */
	path: string;
	/** An object goes out as JSON. */
	body: IDataObject | Buffer;
	/** Of a body that is not JSON. */
	contentType?: string;
}

export class ImagesGatewayClient {
	/** @param baseUrl without a slash at the end, up to and without `/v1` */
	constructor(
		private readonly send: Send,
		private readonly clock: Clock,
		private readonly baseUrl: string,
	) {}

	/**
	 * Edits images. **Costs money**, each time: repeated only after the gateway refused because of load
	 * (429, 503 with a reason) or was not reached.
	 *
	 * @param timeoutMs for each request; a gateway works minutes on it
	 * @param onAccepted gets the address to ask at, where the gateway answers later
	 * @param room for the images that stand in an answer
	 * @throws {ApiError} the gateway refused; nothing is billed
	 * @throws {ImageLostError} it is, or may be, billed
	 * @throws {ImageLateError} of `collect`
	 * @throws {StoppedError} nothing is billed
	 */
	async edit(
		{ path, body, contentType }: GatewayRequest,
		timeoutMs: number,
		onAccepted: (pollUrl: string) => void = () => undefined,
		room?: Room,
	): Promise<GatewayEdit> {
		for (let tries = 1; ; tries++) {
			await this.clock.sleep(0); // Nothing is paid after a stop.
			const sentAt = this.clock.now();
			const result = await this.send({
				method: 'POST',
				url: `${this.baseUrl.replace(/\/v1$/, '')}${path}`,
				...(contentType === undefined ? {} : { headers: { 'Content-Type': contentType } }),
				body,
				timeoutMs,
				maxBytes: MAX_ANSWER_BYTES,
				makeRoom: room?.make,
			});
			const outcome = await this.readOutcome(result);
			if (outcome.kind === 'edited') return outcome.edit;
			if (outcome.kind === 'accepted') {
				onAccepted(outcome.pollUrl);
				const deadline = sentAt + timeoutMs;
				return await this.poll(outcome.pollUrl, deadline, outcome.retryAfterMs, room);
			}
			if (outcome.kind === 'final' || tries >= THROTTLED_TRIES) throw outcome.error;
			await this.clock.sleep(retryDelayMs(tries, outcome.retryAfterMs));
		}
	}

	/**
	 * Asks for an edit that the gateway has accepted, until it is there. It is, or may be, billed, and asking costs nothing.
	 *
	 * @throws {ImageLateError} it did not come in time
	 * @throws {ImageLostError} the gateway says that it never will
	 */
	async collect(pollUrl: string, timeoutMs: number, room?: Room): Promise<GatewayEdit> {
		// What was saved may be of another credential.
		if (addressOn(this.baseUrl, pollUrl) === undefined) throw onAnotherHost(pollUrl);
		return await this.poll(pollUrl, this.clock.now() + timeoutMs, 0, room);
	}

	private async poll(
		pollUrl: string,
		deadline: number,
		firstPauseMs: number | undefined,
		room: Room | undefined,
	): Promise<GatewayEdit> {
		let pauseMs = firstPauseMs;
		for (let last = 'no response yet'; ; ) {
			const wait = Math.max(SHORTEST_POLL_MS, pauseMs ?? POLL_MS);
			if (this.clock.now() + wait > deadline) throw late(pollUrl, last);
			await this.clock.sleep(wait).catch((stopped: EvolinkError) => {
				throw late(pollUrl, stopped.message);
			});
			const result = await this.send({
				method: 'GET',
				url: pollUrl,
				timeoutMs: POLL_TIMEOUT_MS,
				maxBytes: MAX_ANSWER_BYTES,
				makeRoom: room?.make,
			});
			pauseMs = undefined;
			if (result.kind !== 'answer') {
				if (result.kind === 'stopped') throw late(pollUrl, STOPPED_MESSAGE);
				last = result.reason;
				continue;
			}
			pauseMs = retryAfterMs(result, this.clock.now());
			if (!isSuccess(result)) {
				last = refusalIn(errorAnswer(result)).reason;
				if (!isPassingStatus(result.status)) throw late(pollUrl, last);
				continue;
			}
			const { reply, shortened } = await readReply(result);
			if (reply.kind === 'edited') return reply.edit;
			room?.free(); // Others need it through the pause.
			if (reply.kind === 'error') {
				const { trace } = tellPaidAnswer(shortened);
				throw outcomeUnknown(reasonIn(reply.error, reply.status), trace);
			}
			last = "it isn't ready yet";
		}
	}

	/** What became of a request, for the money above all. */
	private async readOutcome(result: HttpAnswer | HttpFailure): Promise<Outcome> {
		const outcome = await readOutcome(result, this.clock.now());
		if (outcome.kind !== 'accepted') return outcome;
		const pollUrl = addressOn(this.baseUrl, outcome.pollUrl);
		if (pollUrl !== undefined) return { ...outcome, pollUrl };
		return { kind: 'final', error: onAnotherHost(outcome.pollUrl) };
	}
}

const POLL_MS = 3_000;
const SHORTEST_POLL_MS = 1_000;
const POLL_TIMEOUT_MS = 60_000;

/** @returns undefined where it is not on the host of the gateway, which alone may get the key */
function addressOn(baseUrl: string, address: string): string | undefined {
	const base = parseUrl(baseUrl);
	const url = base && parseUrl(address, base);
	return url && base && url.origin === base.origin ? url.href : undefined;
}

type Outcome =
	| { kind: 'edited'; edit: GatewayEdit }
	/** Certainly not billed, and worth another try. */
	| { kind: 'throttled'; error: EvolinkError; retryAfterMs?: number }
	/** Taken, and to be asked for at an address. */
	| { kind: 'accepted'; pollUrl: string; retryAfterMs?: number }
	| { kind: 'final'; error: EvolinkError };

const REFUSED = "The images gateway didn't edit the image";

async function readOutcome(result: HttpAnswer | HttpFailure, nowMs: number): Promise<Outcome> {
	if (result.kind === 'notSent') {
		const error = new ApiError(`${REFUSED}: ${result.reason}`, CHECK_ADDRESS);
		return { kind: 'throttled', error };
	}
	if (result.kind === 'blocked') return { kind: 'final', error: errorFromFailure(REFUSED, result) };
	if (result.kind !== 'answer') return { kind: 'final', error: outcomeUnknown(reasonOf(result)) };

	const waiting = { retryAfterMs: retryAfterMs(result, nowMs) };
	const requestId = requestIdOf(result);
	if (!isSuccess(result)) {
		const answer = errorAnswer(result);
		const between = refusalIn(answer);
		return {
			...(between.isFromBetween
				? fromBetween(between)
				: refusal(result.status, parseServiceError(answer.text), requestId, result)),
			...waiting,
		};
	}
	const { reply, shortened } = await readReply(result);
	switch (reply.kind) {
		case 'edited':
			return reply;
		case 'error':
			return { ...refusal(reply.status, reply.error, requestId, shortened), ...waiting };
		case 'task': {
			const location = result.status === 202 ? textOf(result.headers.location) : undefined;
			const pollUrl = reply.pollUrl ?? location;
			if (pollUrl !== undefined) return { kind: 'accepted', pollUrl, ...waiting };
			return {
				kind: 'final',
				error: worksWithTasks(reply.taskId, tellPaidAnswer(shortened).trace),
			};
		}
		case 'unreadable': {
			const location = textOf(result.headers.location);
			if (result.status === 202 && location !== undefined) {
				return { kind: 'accepted', pollUrl: location, ...waiting };
			}
			const { told, trace } = tellPaidAnswer(shortened);
			return { kind: 'final', error: outcomeUnknown(`its response has no image; ${told}`, trace) };
		}
	}
}

/** A proxy or firewall in between: the gateway never said so, and may not have seen the request. */
function fromBetween({ status, reason, advice, requestId }: Refusal): Outcome & { kind: 'final' } {
	if (status >= 500) return { kind: 'final', error: outcomeUnknown(reason) };
	const about = { status, ...(requestId === undefined ? {} : { requestId }) };
	const message = `The request didn't reach the images gateway: ${reason}`;
	return { kind: 'final', error: new ApiError(message, advice, about) };
}

function refusal(
	status: number | undefined,
	said: ServiceError,
	requestId: string | undefined,
	answer: HttpAnswer,
): Outcome & { kind: 'final' | 'throttled' } {
	const reason = reasonIn(said, status);
	const saysWhy = said.code !== undefined || said.message !== undefined;
	if (status !== undefined && isOutcomeUnknown(status, saysWhy)) {
		return { kind: 'final', error: outcomeUnknown(reason, tellPaidAnswer(answer).trace) };
	}
	const error = new ApiError(
		`${REFUSED}: ${reasonIn({ message: said.message }, status)}`,
		adviceFor(status),
		{
			status,
			code: said.code,
			...(requestId === undefined ? {} : { requestId }),
		},
	);
	return { kind: status === 429 || status === 503 ? 'throttled' : 'final', error };
}

function reasonIn({ code, message }: ServiceError, status: number | undefined): string {
	const said = message ?? `HTTP status ${status ?? 200} without a reason`;
	return `${said}${code === undefined ? '' : ` [${code}]`}`;
}

/**
 * The gateway, or a proxy before it, gave up while the model may have gone on. With a 503 that says why, the
 * gateway itself refuses for the time being; without a word it may come from a proxy.
 */
function isOutcomeUnknown(status: number, saysWhy: boolean): boolean {
	return status === 408 || status === 499 || (status >= 500 && !(status === 503 && saysWhy));
}

function reasonOf(failure: HttpFailure): string {
	return failure.kind === 'stopped' ? STOPPED_MESSAGE : failure.reason;
}

function late(pollUrl: string, last: string): ImageLateError {
	return new ImageLateError(
		`The images gateway accepted the request, which it may bill, but its image didn't arrive at ${shown(pollUrl)}: ${last}`,
		"It isn't sent again, because the gateway would bill it again. Retry On Fail checks that URL again, free of charge. " +
			"If the time was too short, increase 'Timeout (Seconds)'.",
	);
}

function onAnotherHost(pollUrl: string): ImageLostError {
	return outcomeUnknown(
		`it accepted the request, but its polling URL is on another host: ${shown(pollUrl)}`,
	);
}

function outcomeUnknown(reason: string, trace: TaskTrace = {}): ImageLostError {
	return new ImageLostError(
		`It's unknown whether the images gateway edited the image: ${reason}. It may have been billed`,
		"It isn't sent again, because the gateway would bill it again. Check the gateway's log or " +
			"billing. To send it, and pay for it, again, run the workflow again. If the time was too short, increase 'Timeout (Seconds)'.",
		trace,
	);
}

function worksWithTasks(taskId: string | undefined, trace: TaskTrace): ImageLostError {
	const name = taskId === undefined ? 'a task' : `the task ${taskId}`;
	return new ImageLostError(
		`The host of the 'Images Gateway API' credential responded with ${name} instead of an image, which it may bill`,
		"This host works with tasks, as EvoLink does. For EvoLink, set 'Service' to 'EvoLink', and get the image with " +
			"'Get Task' or 'Wait for Completion'. 'Images Gateway' is for APIs that return the edited image directly in their response.",
		taskId === undefined ? trace : { ...trace, taskId },
	);
}

const CHECK_ADDRESS =
	"Check the base URL in the 'Images Gateway API' credential (without /v1 and what follows it), and n8n's internet connection.";

const ADVICE: Readonly<Record<number, string>> = {
	401: "Check the API key and the base URL in the 'Images Gateway API' credential.",
	402: 'Top up the account at the gateway, then run the workflow again.',
	403: "This API key doesn't have permission for this. Check its permissions and models at the gateway.",
	404: "Check 'Model', and the base URL in the 'Images Gateway API' credential (without /v1 and what follows it).",
	405: CHECK_ADDRESS,
	413: 'The request is too large. Use fewer or smaller images, or URLs instead of binary fields.',
	429: "The gateway limits the number of requests. Lower the option 'Concurrency', or run the workflow again later.",
	503: TRY_LATER,
};

function adviceFor(status: number | undefined): string {
	if (status !== undefined && status >= 300 && status < 400) return CHECK_ADDRESS;
	return (
		ADVICE[status ?? 200] ??
		"Check the prompt, the images, 'Model' and the options. The gateway's message says what it didn't accept."
	);
}

/** So much is read in a moment, and kept whole where it may be paid and gives no image. */
const SHORT_ANSWER_BYTES = 1024 * 1024;

/** What is longer without its images is nothing that a gateway means, and would hold up n8n. */
const MOST_JSON_BYTES = 8 * 1024 * 1024;

/** More than any request can ask for. */
const MOST_IMAGES = 100;

/** @returns `shortened`: a long answer without the images that stood in it, so that nothing of it takes long to read */
async function readReply(
	answer: HttpAnswer,
): Promise<{ reply: GatewayReply; shortened: HttpAnswer }> {
	const { json, long } = await setLongTextsAside(answer.body);
	if (json.length > MOST_JSON_BYTES) {
		const body = json.subarray(0, SHORT_ANSWER_BYTES);
		return { reply: { kind: 'unreadable' }, shortened: { ...answer, body } };
	}
	return {
		reply: readGatewayReply(json.toString('utf8'), long),
		shortened: answer.body.length < SHORT_ANSWER_BYTES ? answer : { ...answer, body: json },
	};
}

/**
 * Reads what a gateway answered. Images stand in one of several lists, see `listsIn`; in it `url` (one or several),
 * `image_url`, `b64_json`, or an `error` in the place of an image. An error may come as success, and hosts with
 * tasks may be mistaken for gateways.
 *
 * @param long of `setLongTextsAside`; those that are images are taken out of it
 */
export function readGatewayReply(
	text: string,
	long: Map<string, Buffer> = new Map(),
): GatewayReply {
	const body = parseJson(text);
	if (!isRecord(body)) return { kind: 'unreadable' };
	const pollUrl = textOf(body.poll_url);
	if (saysSoPlainly({ success: body.success })) return errorReply(body, text);
	const taken = takeImages(body, long);
	const images = taken.images.slice(0, MOST_IMAGES);
	const errors = isRealError(body.error) ? [...taken.errors, body.error] : taken.errors;
	if (images.length > 0) {
		const wrapped = isRecord(body.data) ? body.data : {};
		const createdAt = dateOf(body.created ?? wrapped.created);
		return {
			kind: 'edited',
			edit: {
				images,
				...(createdAt === undefined ? {} : { createdAt }),
				...(errors.length === 0 ? {} : { failures: errors.map(wordsOf) }),
				raw: withLongTexts(body, long),
			},
		};
	}
	if (saysSoPlainly(body)) return errorReply(body, text);
	if (errors.length > 0)
		return errorReply({ error: errors[0] }, JSON.stringify({ error: errors[0] }));
	if (saysSoAside(body)) return errorReply(body, text);
	const task = [body, ...listOf(body.data)].find(isTask);
	if (!task && pollUrl === undefined) return { kind: 'unreadable' };
	const taskId = task && (textOf(task.id) ?? textOf(task.task_id));
	return {
		kind: 'task',
		...(taskId === undefined ? {} : { taskId }),
		...(pollUrl === undefined ? {} : { pollUrl }),
	};
}

/** Puts back what is no image. */
function withLongTexts(body: Record<string, unknown>, long: Map<string, Buffer>): IDataObject {
	if (long.size === 0) return body as IDataObject;
	return JSON.parse(JSON.stringify(body), (_name, value: unknown) => {
		const text = typeof value === 'string' ? long.get(value) : undefined;
		return text === undefined ? value : parseJson(`"${text.toString('utf8')}"`);
	}) as IDataObject;
}

function wordsOf(error: unknown): string {
	return reasonIn(parseServiceError(JSON.stringify({ error })), undefined);
}

function errorReply(body: Record<string, unknown>, text: string): GatewayReply {
	const codes = isRecord(body.error)
		? [body.error.code, body.error.status, body.code]
		: [body.code, body.status_code];
	const status = codes
		.map(numberOf)
		.find((code) => code !== undefined && code >= 400 && code < 600 && Number.isInteger(code));
	return {
		kind: 'error',
		error: parseServiceError(text),
		...(status === undefined ? {} : { status }),
	};
}

function isTask(value: unknown): value is Record<string, unknown> {
	if (!isRecord(value)) return false;
	return textOf(value.task_id) !== undefined || Boolean(textOf(value.id) && textOf(value.status));
}

/** Where gateways put their images. Sources: the table of dialects in docs/facts/evolink.md. */
function listsIn(body: Record<string, unknown>): unknown[] {
	const data = isRecord(body.data) ? body.data : {};
	const result = isRecord(body.result) ? body.result : {};
	const messages = listOf(body.choices)
		.map((choice) => (isRecord(choice) && isRecord(choice.message) ? choice.message.images : []))
		.flat();
	return [
		body.data,
		data.data,
		data.images,
		data.image_urls,
		body.images,
		body.output,
		body.output_images,
		result.data,
		result.images,
		messages,
	];
}

interface Taken {
	images: GatewayImage[];
	/** What stands in the place of images that did not come. */
	errors: unknown[];
}

/** The images of an answer; base64 is taken out of it, because nobody wants megabytes in an item's JSON. */
function takeImages(body: Record<string, unknown>, long: Map<string, Buffer>): Taken {
	const taken = listsIn(body).map((list) => takeFromList(list, long));
	return (
		taken.find(({ images }) => images.length > 0) ??
		taken.find(({ errors }) => errors.length > 0) ?? { images: [], errors: [] }
	);
}

function takeFromList(list: unknown, long: Map<string, Buffer>): Taken {
	const errors: unknown[] = [];
	const images = listOf(list).flatMap((entry) => {
		if (!isRecord(entry)) return imageOf(entry, long);
		const { url, image_url: imageUrl, b64_json: base64, error } = entry;
		const links = listOf(url);
		const others = listOf(isRecord(imageUrl) ? imageUrl.url : imageUrl);
		const all = [...links, ...others.filter((link) => !links.includes(link))];
		const found = all.flatMap((link) => imageOf(link, long));
		if (found.some(({ kind }) => kind === 'content')) {
			delete entry.url;
			delete entry.image_url;
		}
		const hasContent = typeof base64 === 'string' && base64.trim() !== '';
		if (hasContent) delete entry.b64_json;
		if (found.length > 0) return found;
		if (hasContent) return [contentOf(base64, long)];
		if (isRealError(error)) errors.push(error);
		return [];
	});
	return { images, errors };
}

function listOf(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [value];
}

/** A link, or an image as data URL. */
function imageOf(value: unknown, long: Map<string, Buffer>): GatewayImage[] {
	if (typeof value !== 'string') return [];
	const text = value.trim();
	if (/^data:/i.test(text)) return [contentOf(value, long)];
	return isHttpUrl(text) ? [{ kind: 'link', link: text }] : [];
}

function contentOf(text: string, long: Map<string, Buffer>): GatewayImage {
	const whole = long.get(text) ?? Buffer.from(text.trim());
	long.delete(text);
	const [prefix] = /^\s*data:[^,]{0,200},/i.exec(whole.toString('latin1', 0, 300)) ?? [''];
	return { kind: 'content', base64: whole.subarray(prefix.length) };
}
