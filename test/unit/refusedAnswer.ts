import type { ApiError } from '../../nodes/Evolink/api/errors/errors';
import { apiErrorOf, refusalIn } from '../../nodes/Evolink/api/errors/advice';

/** The error for an answer that refuses the request or makes no sense. */
export function apiErrorFrom(
	what: string,
	status: number,
	text: string,
	headers: Record<string, string> = {},
): ApiError {
	return apiErrorOf(what, refusalIn({ status, text, headers }));
}
