import { randomUUID } from 'node:crypto';

import type { StatusFault } from './faults';

/**
 * The three generations of error bodies that EvoLink documents or its clients know:
 * - A: integer code, `fallback_suggestion` (https://docs.evolink.ai, older model pages)
 * - B: string code (https://docs.evolink.ai/en/api-manual/task-management/get-task-detail.md)
 * - C: the gateway's codes (error handler of https://github.com/EvoLinkAI/evolink-mcp)
 */
export type ErrorStyle = 'A' | 'B' | 'C';

interface Refusal {
	status: number;
	message: string;
	/** Style A. */
	typeA: string;
	suggestion?: string;
	/** Style B; also C where the gateway has no code of its own. */
	codeB: string;
	typeB: string;
	/** Style C. */
	codeC?: string;
	/** Further keys of a style C error. */
	detailsC?: object;
}

const REFUSALS = {
	invalidRequest: {
		status: 400,
		message: 'Invalid request format',
		typeA: 'invalid_request_error',
		codeB: 'invalid_request',
		typeB: 'invalid_request_error',
	},
	invalidTaskId: {
		status: 400,
		message: 'Invalid task ID format',
		typeA: 'invalid_request_error',
		codeB: 'invalid_task_id',
		typeB: 'invalid_request_error',
	},
	unauthorized: {
		status: 401,
		message: 'Invalid or expired token',
		typeA: 'authentication_error',
		codeB: 'unauthorized',
		typeB: 'authentication_error',
		codeC: 'key_expired',
	},
	insufficientCredits: {
		status: 402,
		message: 'Insufficient quota',
		typeA: 'insufficient_quota_error',
		suggestion: 'https://evolink.ai/dashboard/billing',
		codeB: 'insufficient_quota',
		typeB: 'insufficient_quota',
		codeC: 'insufficient_user_quota',
		detailsC: {
			key_name: 'simulator',
			estimated_credits: 1,
			account_balance_credits: 0,
			action_url: 'https://evolink.ai/dashboard/billing',
		},
	},
	keyLimitReached: {
		status: 402,
		message: 'The quota of this key is used up',
		typeA: 'insufficient_quota_error',
		codeB: 'quota_exceeded',
		typeB: 'insufficient_quota',
		codeC: 'insufficient_token_quota',
		detailsC: { key_name: 'simulator', total_limit_credits: 100, used_credits: 100 },
	},
	modelAccessDenied: {
		status: 403,
		message: 'Access denied for this model',
		typeA: 'permission_error',
		codeB: 'model_access_denied',
		typeB: 'invalid_request_error',
		codeC: 'key_model_not_allowed',
		detailsC: { key_name: 'simulator', allowed_models: [] },
	},
	taskNotFound: {
		status: 404,
		message: 'Task not found or expired',
		typeA: 'not_found_error',
		codeB: 'task_not_found',
		typeB: 'invalid_request_error',
	},
	routeNotFound: {
		status: 404,
		message: 'Invalid URL',
		typeA: 'not_found_error',
		codeB: 'not_found',
		typeB: 'invalid_request_error',
	},
	idempotencyConflict: {
		status: 409,
		message: 'Idempotency-Key was used with a different request body',
		typeA: 'invalid_request_error',
		codeB: 'idempotency_conflict',
		typeB: 'invalid_request_error',
	},
	paidOutcomeUnknown: {
		status: 409,
		message: 'A request with this Idempotency-Key is still being processed',
		typeA: 'invalid_request_error',
		codeB: 'paid_outcome_unknown',
		typeB: 'api_error',
	},
	tooLarge: {
		status: 413,
		message: 'Request body too large',
		typeA: 'request_too_large_error',
		codeB: 'request_too_large',
		typeB: 'invalid_request_error',
	},
	rateLimited: {
		status: 429,
		message: 'Rate limit exceeded',
		typeA: 'rate_limit_error',
		suggestion: 'retry after 60 seconds',
		codeB: 'rate_limit_exceeded',
		typeB: 'rate_limit_error',
	},
	internalError: {
		status: 500,
		message: 'Internal server error',
		typeA: 'internal_server_error',
		suggestion: 'try again later',
		codeB: 'internal_error',
		typeB: 'api_error',
	},
	badGateway: {
		status: 502,
		message: 'Upstream service error',
		typeA: 'upstream_error',
		suggestion: 'try again later',
		codeB: 'upstream_error',
		typeB: 'api_error',
		codeC: 'channel:upstream_error',
	},
	unavailable: {
		status: 503,
		message: 'Service temporarily unavailable',
		typeA: 'service_unavailable_error',
		suggestion: 'retry after 30 seconds',
		codeB: 'service_unavailable',
		typeB: 'api_error',
		codeC: 'no_available_channel',
	},
} satisfies Record<string, Refusal>;

export type RefusalKind = keyof typeof REFUSALS;

export interface RefusalDetails {
	/** Instead of the usual message. */
	message?: string;
	/** The field or query parameter at fault. */
	param?: string;
	headers?: Record<string, string>;
}

/** An error answer of the API host in one of the documented generations. */
export function refusal(
	style: ErrorStyle,
	kind: RefusalKind,
	details: RefusalDetails = {},
): StatusFault {
	const known: Refusal = REFUSALS[kind];
	const message = details.message ?? known.message;
	const param = details.param === undefined ? {} : { param: details.param };
	return {
		status: known.status,
		headers: details.headers,
		body: { error: { ...errorBody(style, known, message), ...param } },
	};
}

function errorBody(style: ErrorStyle, known: Refusal, message: string): object {
	switch (style) {
		case 'A':
			return {
				code: known.status,
				message,
				type: known.typeA,
				...(known.suggestion ? { fallback_suggestion: known.suggestion } : {}),
			};
		case 'B':
			return { code: known.codeB, message, type: known.typeB };
		case 'C': {
			const requestId = randomUUID();
			return {
				code: known.codeC ?? known.codeB,
				message: `${message} (request id: ${requestId})`,
				type: 'evo_api_error',
				...known.detailsC,
				request_id: requestId,
			};
		}
	}
}
