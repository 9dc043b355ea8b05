import { adviceForApiError, ApiError, type EvolinkError, StoppedError, TRY_LATER } from './errors';
import type { HttpFailure } from '../http/http';
import { isRecord, parseJson, textOf } from '../http/json';
import type { ReadResult } from '../http/retry';

/** What an error body says, whichever of the documented shapes it has. */
export interface ServiceError {
	/** Lower case, where it is a word; HTTP statuses in its place are left out. */
	code?: string;
	message?: string;
}

const MAX_MESSAGE_CHARACTERS = 500;

/**
 * Reads an error body: `{error: {code, message}}` with the code as number (older documentation) or
 * word (newer), the files service's `{success: false, code, msg}`, plain `{message}`, or text.
 * HTML of a proxy gives no message.
 */
export function parseServiceError(body: string): ServiceError {
	const parsed = parseJson(body);
	if (!isRecord(parsed)) {
		const text = body.trim();
		return text === '' || text.startsWith('<') ? {} : { message: shorten(text) };
	}
	const error = isRecord(parsed.error) ? parsed.error : parsed;
	const message =
		textOf(error.message) ?? textOf(error.msg) ?? textOf(parsed.error) ?? textOf(error.detail);
	const code = [error.code, error.type]
		.map((candidate) => textOf(candidate)?.toLowerCase())
		.find((candidate) => candidate !== undefined && !/^[1-5]\d\d$/.test(candidate));
	return {
		...(code === undefined ? {} : { code }),
		...(message === undefined ? {} : { message: shorten(message) }),
	};
}

/** The error for an answer that refuses the request or makes no sense. */
export function apiErrorFrom(what: string, status: number, body: string): ApiError {
	const { code, message } = parseServiceError(body);
	const said = message ?? `HTTP status ${status} without a reason`;
	return new ApiError(
		`${what}: ${said}${code ? ` [${code}]` : ''}`,
		adviceForApiError(status, code),
		{
			status,
			...(code === undefined ? {} : { code }),
		},
	);
}

/** The error for a request that got no answer. */
export function errorFromFailure(what: string, failure: HttpFailure): EvolinkError {
	if (failure.kind === 'stopped') return new StoppedError();
	return new ApiError(
		`${what}: ${failure.reason}`,
		failure.kind === 'notSent'
			? "Check the base URLs in the credential 'EvoLink API' and n8n's connection to the internet."
			: TRY_LATER,
	);
}

/** What a request that got no answer means for a read: a lost or unsent one may succeed the next time. */
export function failedExchange(what: string, failure: HttpFailure): ReadResult<never> {
	const mayPass = failure.kind === 'noAnswer' || failure.kind === 'notSent';
	return { ok: false, error: errorFromFailure(what, failure), mayPass };
}

function shorten(text: string): string {
	return text.length > MAX_MESSAGE_CHARACTERS ? `${text.slice(0, MAX_MESSAGE_CHARACTERS)}…` : text;
}
