import { adviceForApiError } from '../../../nodes/Evolink/api/errors/errors';
import { parseServiceError } from '../../../nodes/Evolink/api/errors/advice';
import {
	adviceForTaskFailure,
	isRetryableFailure,
	TASK_FAILURES,
} from '../../../nodes/Evolink/api/errors/taskFailures';
import { HTML } from '../scriptedSend';
import { apiErrorFrom } from '../refusedAnswer';

describe('parseServiceError', () => {
	it.each([
		[
			'A: integer code, the type says more',
			{
				error: {
					code: 429,
					message: 'Rate limit exceeded',
					type: 'rate_limit_error',
					fallback_suggestion: 'retry after 60 seconds',
				},
			},
			{ code: 'rate_limit_error', message: 'Rate limit exceeded' },
		],
		[
			'A: without a type',
			{ error: { code: 401, message: 'Invalid or expired token' } },
			{ message: 'Invalid or expired token' },
		],
		[
			'B: code in words',
			{
				error: {
					code: 'model_access_denied',
					message: 'Access denied for this model',
					type: 'invalid_request_error',
				},
			},
			{ code: 'model_access_denied', message: 'Access denied for this model' },
		],
		[
			"C: the gateway's code in any case",
			{
				error: {
					code: 'Insufficient_User_Quota',
					message: 'Not enough (request id: 2026)',
					account_balance_credits: 0,
				},
			},
			{ code: 'insufficient_user_quota', message: 'Not enough (request id: 2026)' },
		],
		[
			'C: idempotency conflict',
			{ error: { code: 'idempotency_conflict', message: 'Another body' } },
			{ code: 'idempotency_conflict', message: 'Another body' },
		],
		[
			'files: own code',
			{ success: false, code: 40002, msg: 'File type not allowed' },
			{ code: '40002', message: 'File type not allowed' },
		],
		[
			'files: an HTTP status as code says nothing new',
			{ success: false, code: 401, msg: '未授权' },
			{ message: '未授权' },
		],
		['plain message', { message: 'No route' }, { message: 'No route' }],
		['error as text', { error: 'Bad gateway' }, { message: 'Bad gateway' }],
		['detail', { detail: 'Not Found' }, { message: 'Not Found' }],
		['detail as a list', { detail: [{ msg: 'field required' }] }, { message: 'field required' }],
		['errors', { errors: [{ message: 'No such model' }] }, { message: 'No such model' }],
		[
			'base_resp',
			{ base_resp: { status_code: 1008, status_msg: 'insufficient balance' } },
			{ code: '1008', message: 'insufficient balance' },
		],
		[
			'a code as error',
			{ error: 'key_model_not_allowed', error_description: 'Not for this key' },
			{ code: 'key_model_not_allowed', message: 'Not for this key' },
		],
		['error: null', { error: null }, {}],
		['an object without a word', { ok: 1 }, {}],
	])('%s', (_name, body, expected) => {
		expect(parseServiceError(JSON.stringify(body))).toEqual(expected);
	});

	it.each([
		['HTML of a proxy', HTML, {}],
		['HTML after a byte order mark', `\ufeff  ${HTML}`, {}],
		['text', ' upstream connect error ', { message: 'upstream connect error' }],
		['nothing', '', {}],
		['white space', ' \r\n', {}],
		['broken JSON', '{"error":{"mess', { message: '{"error":{"mess' }],
	])('%s', (_name, body, expected) => {
		expect(parseServiceError(body)).toEqual(expected);
	});

	it('cuts a message that would fill the screen', () => {
		const { message } = parseServiceError(JSON.stringify({ message: 'x'.repeat(5_000) }));
		expect(message).toBe(`${'x'.repeat(500)}…`);
	});
});

describe('apiErrorFrom', () => {
	it('says what happened, what the service said, its code and the way out', () => {
		const body = { error: { code: 'key_expired', message: 'Invalid or expired token' } };
		const error = apiErrorFrom('Could not get the task', 401, JSON.stringify(body));
		expect(error.message).toBe('EvoLink rejected the API key');
		expect(error.advice).toBe(
			"This API key has expired. Use another one. EvoLink's response: Invalid or expired token.",
		);
		expect(error).toMatchObject({ status: 401, code: 'key_expired' });
	});

	it('names the status where the body has no reason, and shows no HTML', () => {
		const { message } = apiErrorFrom('Could not get the task', 500, HTML);
		expect(message).toBe('Could not get the task: HTTP status 500 without a reason');
	});

	it.each<[string, number, string, RegExp]>([
		['Cloudflare', 403, 'error code: 1010', /responded with HTTP status 403 \(error code: 1010\)$/],
		['a proxy', 502, HTML, /responded with HTTP status 502$/],
		[
			'a proxy that names itself',
			403,
			'<html><head><title>ERR_ACCESS_DENIED</title></head></html>',
			/HTTP status 403 \(ERR_ACCESS_DENIED\)$/,
		],
		['a proxy that wants a login', 407, '', /HTTP status 407$/],
		['a tunnel of Cloudflare', 530, 'error code: 1033', /HTTP status 530 \(error code: 1033\)$/],
	])('names %s as what it is', (_name, status, body, words) => {
		const error = apiErrorFrom('Failed', status, body);
		expect(error.message).toMatch(/^Failed: a proxy or firewall responded/);
		expect(error.message).toMatch(words);
		expect(error.advice).not.toMatch(/Check the API key|permissions/);
		expect(error.advice).toMatch(/proxy/);
	});

	it('takes what comes as JSON for an answer of the service', () => {
		const body = { error: { code: 'permission_denied', message: 'No' } };
		const error = apiErrorFrom('Failed', 403, JSON.stringify(body));
		expect(error.message).toBe('Failed: No');
		expect(error.advice).toMatch(/permissions/);
	});

	it('keeps the code of a 402 that comes as a word, with its description', () => {
		const body = { error: 'key_model_not_allowed', error_description: 'Not for this key' };
		const error = apiErrorFrom('Refused', 402, JSON.stringify(body));
		expect(error.message).toBe('Refused: Not for this key');
		expect(error).toMatchObject({ status: 402, code: 'key_model_not_allowed' });
		expect(error.advice).toMatch(/doesn't have access to the model/);
	});

	it.each([
		[
			'in the error',
			(more: object) => ({ error: { code: 'insufficient_quota', message: 'No', ...more } }),
		],
		['beside it', (more: object) => ({ error: 'insufficient_quota', message: 'No', ...more })],
	])('tells the figures of a 402 that stand %s', (_where, body) => {
		const figures = {
			estimated_credits: 2.3,
			remaining_credits: 0.5,
			action_url: 'https://evolink.ai/dashboard/credits',
			reset_timezone: 'UTC',
		};
		const error = apiErrorFrom('Refused', 402, JSON.stringify(body(figures)));
		expect(error.message).toBe('Refused: No (credits: needed 2.3, remaining 0.5)');
		expect(error.advice).toMatch(
			/midnight \(UTC\)\. See https:\/\/evolink\.ai\/dashboard\/credits\.$/,
		);
	});

	it.each(['x-request-id', 'x-oneapi-request-id'])('carries the %s', (name) => {
		const error = apiErrorFrom('Refused', 500, '{}', { [name]: ' req-1 ' });
		expect(error.trace).toEqual({ requestId: 'req-1' });
	});
});

describe('advice', () => {
	it.each([
		[400, 'invalid_request', /parameters of this node/],
		[400, undefined, /parameters of this node/],
		[401, 'unauthorized', /API key in the 'EvoLink API' credential/],
		[401, undefined, /API key in the 'EvoLink API' credential/],
		[402, 'insufficient_quota', /Top up/],
		[402, 'quota_exceeded', /Top up/],
		[402, undefined, /Top up/],
		[403, 'permission_denied', /permissions/],
		[403, 'model_access_denied', /doesn't have access to the model/],
		[404, 'task_not_found', /Check the ID/],
		[413, 'request_too_large', /fewer or smaller images/],
		[429, 'rate_limit_exceeded', /Concurrency/],
		[302, undefined, /base URL/],
		[500, 'internal_error', /Try again later/],
		[418, undefined, /Try again later/],
		[undefined, undefined, /Try again later/],
	])('for status %p and code %p: %p', (status, code, advice) => {
		expect(adviceForApiError(status, code)).toMatch(advice);
	});

	// The codes of the vendor's classifier, EvoLinkAI/evolink-mcp, error-handler.
	it.each([
		['insufficient_quota', /Top up/],
		['insufficient_user_quota', /Top up/],
		['quota_not_enough', /Top up/],
		['account_balance_insufficient', /Top up/],
		['insufficient_token_quota', /limit of this API key/],
		['key_quota_exhausted', /limit of this API key/],
		['token_daily_quota_exceeded', /reached its daily limit/],
		['key_daily_quota_exhausted', /reached its daily limit/],
		['key_disabled', /disabled\. Use another/],
		['key_expired', /expired\. Use another/],
		['key_model_not_allowed', /doesn't have access to the model/],
		['user_disabled', /account is disabled/],
		['content_policy_violation', /content filter/],
		['content_filter', /content filter/],
		['sensitive_content', /content filter/],
		['moderation_blocked', /content filter/],
		['input_moderation_failed', /content filter/],
		['no_available_channel', /select another model/],
		['model_unavailable', /select another model/],
		['channel_selection_failed', /select another model/],
		['channel:upstream_error', /select another model/],
	])('code %s comes before the status: %p', (code, advice) => {
		expect(adviceForApiError(400, code)).toMatch(advice);
	});

	it.each(['constructor', '__proto__', 'toString', 'brand_new'])(
		'code %s is none of ours: the status decides',
		(code) => {
			expect(adviceForApiError(402, code)).toMatch(/Top up/);
			expect(adviceForTaskFailure(code)).toBe(adviceForTaskFailure('unknown_error'));
			expect(isRetryableFailure(code)).toBe(false);
		},
	);
});

describe('failures of tasks', () => {
	// docs.evolink.ai, task management, error codes: all 13, and whether trying again makes sense.
	const DOCUMENTED: Array<[string, boolean]> = [
		['content_policy_violation', false],
		['invalid_parameters', false],
		['image_processing_error', false],
		['image_dimension_mismatch', false],
		['request_cancelled', true],
		['generation_failed_no_content', false],
		['service_error', true],
		['generation_timeout', true],
		['resource_exhausted', true],
		['quota_exceeded', true],
		['service_unavailable', true],
		['resource_not_found', false],
		['unknown_error', false],
	];

	it.each(DOCUMENTED)('%s is in the table, retryable: %s', (code, retryable) => {
		expect(Object.keys(TASK_FAILURES)).toContain(code);
		expect(isRetryableFailure(code)).toBe(retryable);
		expect(adviceForTaskFailure(code)).toMatch(/^[A-Z].*\.$/);
	});

	it('gives every code an advice of its own', () => {
		const advice = DOCUMENTED.map(([code]) => adviceForTaskFailure(code));
		expect(new Set(advice).size).toBe(DOCUMENTED.length);
	});
});
