import { adviceForApiError, ApiError } from './errors';
import { isRecord, parseJson, textOf } from './json';

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

function shorten(text: string): string {
	return text.length > MAX_MESSAGE_CHARACTERS ? `${text.slice(0, MAX_MESSAGE_CHARACTERS)}…` : text;
}
