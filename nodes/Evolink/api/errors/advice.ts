import { adviceForApiError, ApiError, type EvolinkError, StoppedError, TRY_LATER } from './errors';
import { redacted } from './redaction';
import type { HttpFailure } from '../http/failures';
import { type HttpAnswer, requestIdOf } from '../http/messages';
import { isNo, isRecord, numberOf, parseJson, textOf } from '../http/json';
import type { ReadResult } from '../http/retry';

/** What an error body says, whichever of the documented shapes it has. Secrets are blotted out. */
export interface ServiceError {
	/** Lower case, where it is a word; HTTP statuses in its place are left out. */
	code?: string;
	message?: string;
}

/** What else an error body may tell. */
interface ErrorDetails {
	/** The HTTP status that the body names. */
	status?: number;
	/** What a refusal for lack of credits counts up. */
	figures?: string;
	/** Where the service says that something can be done about it. */
	actionUrl?: string;
	/** In which time zone the service's day ends. */
	resetTimezone?: string;
}

const MAX_MESSAGE_CHARACTERS = 500;

type Json = Record<string, unknown>;

/**
 * Reads an error body: `{error: {code, message}}` with the code as number (older documentation) or
 * word (newer), the files service's `{success: false, code, msg}`, `{error: "a_code", error_description}`, plain
 * `{message}`, what gateways say in `errors[]`, `detail[]`, `base_resp` or `status_code`, or text.
 * HTML of a proxy gives no message.
 */
export function parseServiceError(body: string): ServiceError {
	const parsed = parseJson(body);
	if (!isRecord(parsed)) {
		const text = body.trim();
		return text === '' || isHtml(text) ? {} : { message: shown(text) };
	}
	const places = placesOf(parsed);
	const message =
		firstIn(places, messageIn) ??
		[parsed.error, parsed.detail, ...listOf(parsed.errors)].map(textOf).find(Boolean);
	const code =
		firstIn(places, (place) =>
			[place.code, place.type, place.status_code].map(codeIn).find(Boolean),
		) ?? codeWord(parsed.error);
	return {
		...(code === undefined ? {} : { code }),
		...(message === undefined ? {} : { message: shown(message) }),
	};
}

function parseErrorDetails(body: string): ErrorDetails {
	const parsed = parseJson(body);
	if (!isRecord(parsed)) return {};
	const places = placesOf(parsed).flatMap((place) => [place, place.details].filter(isRecord));
	const figures = FIGURES.flatMap(([name, meaning]) => {
		const figure = firstIn(places, (place) => numberOf(place[name]));
		return figure === undefined ? [] : [`${meaning} ${figure}`];
	}).join(', ');
	return {
		status: firstIn(places, ({ code, status, status_code: statusCode }) =>
			[code, status, statusCode].map(numberOf).find(isErrorStatus),
		),
		figures: figures === '' ? undefined : figures,
		actionUrl: firstIn(places, (place) => httpsLink(place.action_url)),
		resetTimezone: firstIn(places, (place) => textOf(place.reset_timezone)),
	};
}

function firstIn<T>(places: Json[], read: (place: Json) => T | undefined): T | undefined {
	return places.map(read).find((value) => value !== undefined);
}

/** Credits, as refusals with status 402 count them. Source: EvoLinkAI/evolink-mcp, error-handler. */
const FIGURES = [
	['estimated_credits', 'needed'],
	['remaining_credits', 'remaining'],
	['account_balance_credits', 'account balance'],
	['total_limit_credits', 'key limit'],
	['used_credits', 'used'],
	['daily_limit_credits', 'daily limit'],
	['daily_used_credits', 'used today'],
] as const;

/** Where the parts of an error may stand, what is nearest to it first. */
function placesOf(body: Json): Json[] {
	return [
		body.error,
		...listOf(body.errors),
		...listOf(body.detail),
		body.base_resp,
		body,
		body.data,
	].filter(isRecord);
}

function listOf(value: unknown): unknown[] {
	return Array.isArray(value) ? (value as unknown[]) : [value];
}

function messageIn(place: Json): string | undefined {
	return [place.message, place.msg, place.error_description, place.status_msg, place.detail]
		.map(textOf)
		.find((text) => text !== undefined);
}

/** A code of the service; an HTTP status, or a sign that all is well, says nothing new. */
function codeIn(value: unknown): string | undefined {
	const code = textOf(value)?.toLowerCase();
	return code === undefined || /^([1-5]\d\d|0)$/.test(code) || isGoodCode(code) ? undefined : code;
}

/** Instead of an object, `error` may be a code, or a sentence. */
function codeWord(error: unknown): string | undefined {
	const text = textOf(error)?.trim();
	return text !== undefined && /^[a-z]+([_.:-][a-z0-9]+)+$/i.test(text)
		? text.toLowerCase()
		: undefined;
}

function isErrorStatus(status: number | undefined): status is number {
	return status !== undefined && Number.isInteger(status) && status >= 400 && status < 600;
}

function isGoodCode(code: string): boolean {
	return ['0', '200', '201', '202', 'ok', 'success', 'none', 'null'].includes(code);
}

/**
 * Whether an answer with a status of success is a refusal all the same: `{error}`, `{success: false}`,
 * `{code: 402, msg}` and their kin. An empty `error` is none.
 */
export function saysItFailed(body: Json): boolean {
	return saysSoPlainly(body) || saysSoAside(body);
}

/** In a place that is for nothing else. */
export function saysSoPlainly({ success, error, base_resp: base }: Json): boolean {
	return isNo(success) || isRealError(error) || (isRecord(base) && isBadCode(base.status_code));
}

/** In a place that may be for other things as well, such as images that are missing among those that came. */
export function saysSoAside({
	errors,
	detail,
	code,
	status,
	status_code: statusCode,
}: Json): boolean {
	const lists = [errors, detail].filter(Array.isArray);
	const isBad = isBadCode(code) || isBadCode(statusCode) || isErrorStatus(numberOf(status));
	return lists.some((list) => isRealError(list)) || isBad;
}

/** An error that is nested deeper is nonsense, but one. */
const MAX_DEPTH = 5;

/** @returns false for what other answers have where there is no error: `{code: ""}`, 0, null, "none" */
export function isRealError(error: unknown, depth = 0): boolean {
	if (isRecord(error) || Array.isArray(error)) {
		return Object.values(error).some((part) => depth === MAX_DEPTH || isRealError(part, depth + 1));
	}
	if (error === true) return true;
	const text = textOf(error)?.trim().toLowerCase();
	return text !== undefined && !isGoodCode(text) && text !== 'false';
}

function isBadCode(code: unknown): boolean {
	const text = textOf(code)?.trim().toLowerCase();
	return text !== undefined && !isGoodCode(text);
}

function httpsLink(value: unknown): string | undefined {
	const link = textOf(value)?.trim();
	return link !== undefined && /^https:\/\/[^\s"'<>]{1,500}$/i.test(link)
		? redacted(link)
		: undefined;
}

function isHtml(text: string): boolean {
	return /^\ufeff?\s*</.test(text);
}

function titleOf(html: string): string | undefined {
	const [, title = ''] = /<title[^>]{0,100}>([^<]{1,200})</i.exec(html.slice(0, 5_000)) ?? [];
	return textOf(shown(title.replace(/\s+/g, ' ').trim()));
}

/** An answer as far as it can tell of an error. */
interface ErrorAnswer {
	status: number;
	text: string;
	headers: HttpAnswer['headers'];
}

/**
 * Whether not the service but something before it answered: a proxy that n8n uses, a firewall, a balancer.
 * Services of this kind answer with JSON.
 */
function isFromBetween({ status, text, headers }: ErrorAnswer): boolean {
	if (status === 407 || headers['x-squid-error'] !== undefined) return true;
	return BETWEEN_STATUSES.has(status) && !isRecord(parseJson(text));
}

/** Of balancers and proxies; those from 520 on are Cloudflare's. */
const BETWEEN_STATUSES = new Set([
	403, 502, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530, 598, 599,
]);

/** Why a request was refused, and what to do about it. */
export interface Refusal {
	/** After "it was refused: ". */
	reason: string;
	advice: string;
	status: number;
	code?: string;
	/** By a proxy or firewall: the service never said so. */
	isFromBetween: boolean;
	requestId?: string;
}

/** Reads an answer that refuses the request or makes no sense. */
export function refusalIn(answer: ErrorAnswer): Refusal {
	const { code, message } = parseServiceError(answer.text);
	const details = parseErrorDetails(answer.text);
	const isSuccess = answer.status >= 200 && answer.status < 300;
	const status = isSuccess ? (details.status ?? answer.status) : answer.status;
	const requestId = requestIdOf(answer);
	const more = requestId === undefined ? {} : { requestId };
	const page = isHtml(answer.text) ? titleOf(answer.text) : undefined;
	const statusWords = `HTTP status ${status}`;
	if (isFromBetween(answer)) {
		const said = message ?? page;
		return {
			reason: `a proxy or firewall responded with ${statusWords}${said === undefined ? '' : ` (${said})`}`,
			advice: adviceForBetween(status),
			status,
			isFromBetween: true,
			...more,
		};
	}
	const figures = details.figures === undefined ? '' : ` (credits: ${details.figures})`;
	return {
		reason: `${message ?? `${statusWords} ${page === undefined ? 'without a reason' : `(${page})`}`}${figures}`,
		// Under a status of success, a refusal without one of its own is about what was asked for.
		advice: adviceWith(details, isSuccess ? (details.status ?? 400) : status, code),
		status,
		...(code === undefined ? {} : { code }),
		isFromBetween: false,
		...more,
	};
}

/** What is longer says no more to anybody. */
const MAX_ERROR_BYTES = 1024 * 1024;

/** What `refusalIn` reads of an answer. */
export function errorAnswer({ status, headers, body }: HttpAnswer): ErrorAnswer {
	return { status, headers, text: body.toString('utf8', 0, MAX_ERROR_BYTES) };
}

function adviceWith(
	{ actionUrl, resetTimezone }: ErrorDetails,
	status: number,
	code: string | undefined,
): string {
	return [
		adviceForApiError(status, code),
		resetTimezone === undefined
			? ''
			: `The daily limit resets at midnight (${shown(resetTimezone)}).`,
		actionUrl === undefined ? '' : `See ${actionUrl}.`,
	]
		.filter((part) => part !== '')
		.join(' ');
}

/** What to do about a refusal that does not come from the service. */
function adviceForBetween(status: number): string {
	switch (status) {
		case 407:
			return "The proxy requires authentication. Check n8n's proxy settings (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).";
		case 403:
			return (
				"This isn't caused by the API key. Check n8n's proxy and firewall. Codes such as 1010 or 1020 come from " +
				"Cloudflare, which blocks this network: contact the service's support with the code."
			);
		default:
			return "Try again later. If the problem persists, check n8n's proxy and the base URL in the credential.";
	}
}

/** The error for a refusal. */
export function apiErrorOf(what: string, refusal: Refusal): ApiError {
	const { reason, advice, status, code, requestId, isFromBetween } = refusal;
	const isKeyRefused = status === 401 && !isFromBetween;
	const message = isKeyRefused ? 'EvoLink rejected the API key' : `${what}: ${reason}`;
	return new ApiError(
		message,
		isKeyRefused ? `${advice} EvoLink's response: ${reason.replace(/\.$/, '')}.` : advice,
		{
			status,
			...(code === undefined ? {} : { code }),
			...(requestId === undefined ? {} : { requestId }),
		},
	);
}

/** The error for a request that got no answer. */
export function errorFromFailure(what: string, failure: HttpFailure): EvolinkError {
	if (failure.kind === 'stopped') return new StoppedError();
	if (failure.kind === 'blocked') {
		return new ApiError(
			`${what}: n8n didn't send the request: ${shown(failure.reason)}`,
			failure.advice ?? "Check the credential and n8n's settings.",
		);
	}
	return new ApiError(
		`${what}: ${failure.reason}`,
		failure.kind === 'notSent'
			? "Check n8n's internet connection, its proxy and firewall, and the base URLs in the 'EvoLink API' credential."
			: TRY_LATER,
	);
}

/** What a request that got no answer means for a read: a lost or unsent one may succeed the next time. */
export function failedExchange(what: string, failure: HttpFailure): ReadResult<never> {
	const mayPass = failure.kind === 'noAnswer' || failure.kind === 'notSent';
	return { ok: false, error: errorFromFailure(what, failure), mayPass };
}

/** As it may be shown: without secrets, and not longer than somebody reads. */
export function shown(text: string): string {
	const safe = redacted(text);
	return safe.length > MAX_MESSAGE_CHARACTERS ? `${safe.slice(0, MAX_MESSAGE_CHARACTERS)}…` : safe;
}
