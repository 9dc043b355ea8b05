import type { IDataObject } from 'n8n-workflow';

import type { Clock } from './http/clock';
import {
	ApiError,
	type EvolinkError,
	PictureLostError,
	STOPPED_MESSAGE,
	TRY_LATER,
} from './errors/errors';
import { type HttpAnswer, type HttpFailure, isSuccess, type Send } from './http/http';
import { isRecord, numberOf, parseJson, textOf } from './http/json';
import { retryAfterMs, retryDelayMs } from './http/retry';
import { parseServiceError, type ServiceError } from './errors/advice';
import { dateOf } from './task';
import { isHttpUrl } from './http/url';

/**
 * Gateways that edit in one request: `POST /v1/images/generations` answers with the pictures themselves,
 * minutes later. They know no tasks and no idempotency keys, so what is paid and lost stays lost.
 * Sources: doc.aimanyi.top (qwen-image-edit-2509), docs.crazyrouter.com, docs.siliconflow.cn,
 * oepnai-nebula.apifox.cn, support.huaweicloud.com (ModelArts MaaS).
 */

/** An edited picture, as a link or as the content itself. */
export type GatewayPicture = { kind: 'link'; link: string } | { kind: 'content'; base64: string };

export interface GatewayEdit {
	/** At least one. */
	pictures: GatewayPicture[];
	/** Unix milliseconds. */
	createdAt?: number;
	/** The gateway's own answer; pictures that stood in it as base64 are taken out. */
	raw: IDataObject;
}

/** What an answer with a status of success says. */
export type GatewayReply =
	| { kind: 'edited'; edit: GatewayEdit }
	/** An error under the guise of success; `status` where its code is that of an HTTP error. */
	| { kind: 'error'; error: ServiceError; status?: number }
	/** The host works with tasks, as EvoLink does. */
	| { kind: 'task'; taskId?: string }
	| { kind: 'unreadable' };

/** Base64 of a picture of some 50 MB, with room for another one. */
const MAX_ANSWER_BYTES = 160 * 1024 * 1024;

/** Refusals because of load are certain not to be billed, so patience costs nothing but time. */
const THROTTLED_TRIES = 6;

export class ImagesGatewayClient {
	/** @param baseUrl without a slash at the end, up to and without `/v1` */
	constructor(
		private readonly send: Send,
		private readonly clock: Clock,
		private readonly baseUrl: string,
	) {}

	/**
	 * Edits pictures. **Costs money**, each time: repeated only after the gateway refused because of load
	 * (429, 503 with a reason) or was not reached.
	 *
	 * @param timeoutMs for each request; a gateway works minutes on it
	 * @throws {ApiError} the gateway refused; nothing is billed
	 * @throws {PictureLostError} it is, or may be, billed
	 * @throws {StoppedError} nothing is billed
	 */
	async edit(body: IDataObject, timeoutMs: number): Promise<GatewayEdit> {
		for (let tries = 1; ; tries++) {
			await this.clock.sleep(0); // Nothing is paid after a stop.
			const result = await this.send({
				method: 'POST',
				url: `${this.baseUrl}/v1/images/generations`,
				body,
				timeoutMs,
				maxBytes: MAX_ANSWER_BYTES,
			});
			const outcome = readOutcome(result, this.clock.now());
			if (outcome.kind === 'edited') return outcome.edit;
			if (outcome.kind === 'final' || tries >= THROTTLED_TRIES) throw outcome.error;
			await this.clock.sleep(retryDelayMs(tries, outcome.retryAfterMs));
		}
	}
}

type Outcome =
	| { kind: 'edited'; edit: GatewayEdit }
	/** Certainly not billed, and worth another try. */
	| { kind: 'throttled'; error: EvolinkError; retryAfterMs?: number }
	| { kind: 'final'; error: EvolinkError };

const REFUSED = 'The images gateway did not edit the picture';

/** What became of a request, for the money above all. */
function readOutcome(result: HttpAnswer | HttpFailure, nowMs: number): Outcome {
	if (result.kind === 'notSent') {
		return {
			kind: 'throttled',
			error: new ApiError(`${REFUSED}: ${result.reason}`, CHECK_ADDRESS),
		};
	}
	if (result.kind !== 'answer') return { kind: 'final', error: outcomeUnknown(reasonOf(result)) };

	const text = result.body.toString('utf8');
	const waiting = { retryAfterMs: retryAfterMs(result, nowMs) };
	if (!isSuccess(result)) {
		return { ...refusal(result.status, parseServiceError(text)), ...waiting };
	}
	const reply = readGatewayReply(text);
	switch (reply.kind) {
		case 'edited':
			return reply;
		case 'error':
			return { ...refusal(reply.status, reply.error), ...waiting };
		case 'task':
			return { kind: 'final', error: worksWithTasks(reply.taskId) };
		case 'unreadable':
			return { kind: 'final', error: outcomeUnknown('its answer has no picture') };
	}
}

function refusal(
	status: number | undefined,
	{ code, message }: ServiceError,
): Exclude<Outcome, { kind: 'edited' }> {
	const said = message ?? `HTTP status ${status ?? 200} without a reason`;
	const reason = `${said}${code === undefined ? '' : ` [${code}]`}`;
	const saysWhy = code !== undefined || message !== undefined;
	if (status !== undefined && isOutcomeUnknown(status, saysWhy)) {
		return { kind: 'final', error: outcomeUnknown(reason) };
	}
	const error = new ApiError(`${REFUSED}: ${reason}`, adviceFor(status), { status, code });
	return { kind: status === 429 || status === 503 ? 'throttled' : 'final', error };
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

function outcomeUnknown(reason: string): PictureLostError {
	return new PictureLostError(
		`It is not known whether the images gateway edited the picture: ${reason}. It may have been billed`,
		"It is not sent again, because a gateway would bill it again. Look into the gateway's own log or " +
			"billing; run the workflow anew to ask, and pay, again. If the time was too short, raise the option 'Timeout'.",
	);
}

function worksWithTasks(taskId: string | undefined): PictureLostError {
	const name = taskId === undefined ? 'a task' : `the task ${taskId}`;
	return new PictureLostError(
		`The host of the credential 'Images Gateway API' answered with ${name} instead of a picture, which may have been billed`,
		"This host works with tasks, as EvoLink does. For EvoLink set 'Service' to EvoLink: its operations " +
			"Get Task and Wait for Completion fetch the picture. 'Images Gateway' is for hosts that answer with the picture itself.",
		taskId === undefined ? {} : { taskId },
	);
}

const CHECK_ADDRESS =
	"Check the base URL in the credential 'Images Gateway API' (the address up to and without /v1) and n8n's connection to the internet.";

const ADVICE: Readonly<Record<number, string>> = {
	401: "Check the API key and the base URL in the credential 'Images Gateway API'.",
	402: 'Top up the account at the gateway, then run again.',
	403: 'This API key may not do that: check its permissions and models at the gateway.',
	404: "Check 'Model', and the base URL in the credential 'Images Gateway API': the address up to and without /v1.",
	405: CHECK_ADDRESS,
	413: 'The request is too large: use fewer or smaller pictures, or links instead of binary fields.',
	429: "The gateway asks to slow down: lower the option 'Concurrency' or run again later.",
	503: TRY_LATER,
};

function adviceFor(status: number | undefined): string {
	if (status !== undefined && status >= 300 && status < 400) return CHECK_ADDRESS;
	return (
		ADVICE[status ?? 200] ??
		"Check the prompt, the pictures, 'Model' and the options against what the gateway says."
	);
}

/**
 * Reads what a gateway answered: `data` or `images`, also wrapped once more in `data`; in it `url` (one
 * or several) or `b64_json`. An error may come as success, and hosts with tasks may be mistaken for gateways.
 */
export function readGatewayReply(text: string): GatewayReply {
	const body = parseJson(text);
	if (!isRecord(body)) return { kind: 'unreadable' };
	if (hasError(body)) return errorReply(body, text);
	const pictures = takePictures(body);
	if (pictures.length > 0) {
		const wrapped = isRecord(body.data) ? body.data : {};
		const createdAt = dateOf(body.created ?? wrapped.created);
		return {
			kind: 'edited',
			edit: {
				pictures,
				...(createdAt === undefined ? {} : { createdAt }),
				raw: body as IDataObject,
			},
		};
	}
	if (hasErrorCode(body)) return errorReply(body, text);
	const task = [body, ...listOf(body.data)].find(isTask);
	if (!task) return { kind: 'unreadable' };
	const taskId = textOf(task.id) ?? textOf(task.task_id);
	return { kind: 'task', ...(taskId === undefined ? {} : { taskId }) };
}

function hasError({ error, success }: Record<string, unknown>): boolean {
	if (success === false || textOf(error) !== undefined) return true;
	return isRecord(error) && Object.keys(error).length > 0;
}

/** Wrapped answers have a code of their own: 200 or 0 for success. */
function hasErrorCode({ code }: Record<string, unknown>): boolean {
	const given = textOf(code)?.toLowerCase();
	return given !== undefined && !['0', '200', 'ok', 'success'].includes(given);
}

function errorReply(body: Record<string, unknown>, text: string): GatewayReply {
	const codes = isRecord(body.error)
		? [body.error.code, body.error.status, body.code]
		: [body.code];
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

/** The pictures of an answer; base64 is taken out of it, because nobody wants megabytes in an item's JSON. */
function takePictures(body: Record<string, unknown>): GatewayPicture[] {
	const wrapped = isRecord(body.data) ? body.data : {};
	const lists = [body.data, wrapped.data, wrapped.images, body.images];
	return lists.map(takeFromList).find((pictures) => pictures.length > 0) ?? [];
}

function takeFromList(list: unknown): GatewayPicture[] {
	return listOf(list).flatMap((entry) => {
		if (!isRecord(entry)) return pictureOf(entry);
		const { url, b64_json: base64 } = entry;
		const pictures = listOf(url).flatMap(pictureOf);
		if (pictures.some(({ kind }) => kind === 'content')) delete entry.url;
		if (typeof base64 !== 'string' || base64.trim() === '') return pictures;
		delete entry.b64_json;
		return pictures.length > 0 ? pictures : [contentOf(base64)];
	});
}

function listOf(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [value];
}

/** A link, or a picture as data URL. */
function pictureOf(value: unknown): GatewayPicture[] {
	if (typeof value !== 'string') return [];
	const text = value.trim();
	if (/^data:/i.test(text)) return [contentOf(text)];
	return isHttpUrl(text) ? [{ kind: 'link', link: text }] : [];
}

function contentOf(base64: string): GatewayPicture {
	return { kind: 'content', base64: base64.trim().replace(/^data:[^,]{0,200},/i, '') };
}
