import { readCreateOutcome } from '../../../nodes/Evolink/api/createOutcome';
import { StoppedError } from '../../../nodes/Evolink/api/errors/errors';
import type { HttpAnswer, HttpFailure } from '../../../nodes/Evolink/api/http/http';
import { answer, blocked, HTML, noAnswer, notSent, stopped, tooLarge } from '../scriptedSend';
import { PENDING, TASK_ID } from '../taskAnswers';

/** What an answer to a create means for the money, each kind by itself; what follows from it is in client.test.ts. */

const NOW = Date.UTC(2026, 10, 21, 12);
const read = (result: HttpAnswer | HttpFailure) => readCreateOutcome(result, NOW);

function refused(status: number, code: string, message = 'No'): HttpAnswer | HttpFailure {
	return answer(status, { error: { code, message } });
}

function notCreated(result: HttpAnswer | HttpFailure) {
	const outcome = read(result);
	if (outcome.kind === 'created') throw new Error('It was created');
	return outcome;
}

describe('a refusal', () => {
	it.each([
		'insufficient_quota',
		'insufficient_user_quota',
		'quota_not_enough',
		'account_balance_insufficient',
		'insufficient_token_quota',
		'key_quota_exhausted',
		'token_daily_quota_exceeded',
		'key_daily_quota_exhausted',
	])('with 429 for %s is final', (code) => {
		expect(read(refused(429, code))).toMatchObject({ kind: 'refused' });
		expect(read(refused(200, code))).toMatchObject({ kind: 'refused' });
	});

	it.each([
		'paid_outcome_unknown',
		'error',
		'server_error',
		'internal_error',
		'internal_server_error',
		'api_error',
		'service_error',
		'unknown_error',
		'upstream_error',
		'bad_gateway',
		'timeout',
		'gateway_timeout',
		'request_timeout',
		'generation_timeout',
	])('in an answer of success that is called %s may be a fault after payment', (code) => {
		expect(read(refused(200, code))).toMatchObject({ kind: 'unknown' });
	});

	it.each(['no_error', 'error_in_prompt', 'a_timeout', 'timeout_too_long', 'user_server_error'])(
		'in an answer of success that is called %s is one, though the word is much like a fault',
		(code) => {
			expect(read(refused(200, code))).toMatchObject({ kind: 'refused' });
		},
	);

	it('that is called a fault is one only in an answer of success', () => {
		expect(read(refused(400, 'internal_error'))).toMatchObject({ kind: 'refused' });
	});

	it.each([
		[200, { code: 409, msg: 'Used' }, 'conflict'],
		[200, { code: 'idempotency_conflict', msg: 'Used' }, 'conflict'],
		[200, { code: 503, msg: 'Busy' }, 'busy'],
		[200, { code: 408, msg: 'Late' }, 'unknown'],
		[200, { code: 499, msg: 'Gone' }, 'unknown'],
		[200, { code: 500, msg: 'Fault' }, 'unknown'],
		[200, { code: 498, msg: 'No' }, 'refused'],
		[498, { msg: 'No' }, 'refused'],
		[201, { success: false, message: 'No' }, 'refused'],
		[499, { msg: 'Gone' }, 'unknown'],
		[600, { msg: 'Odd' }, 'unknown'],
		[409, { error: { code: 'paid_outcome_unknown' } }, 'unknown'],
		[429, { msg: 'Slow' }, 'throttled'],
	])('%d %j', (status, body, kind) => {
		expect(read(answer(status, body))).toMatchObject({ kind });
	});

	it('says why, in the error with whose answer it is', () => {
		expect(notCreated(refused(400, 'invalid_request', 'No such size'))).toMatchObject({
			reason: 'No such size',
			error: { message: 'EvoLink rejected the request: No such size' },
		});
		const between = notCreated(answer(403, 'error code: 1010'));
		expect(between.error.message).toBe(`The request didn't reach EvoLink: ${between.reason}`);
	});

	it("carries the service's ID of the request", () => {
		const outcome = notCreated(
			answer(400, { error: { message: 'No' } }, { 'x-request-id': 'req-42' }),
		);
		expect(outcome.trace).toEqual({ requestId: 'req-42' });
	});
});

describe('a wait that the service asks for', () => {
	const asks = (status: number, body: unknown = { msg: 'Wait' }) =>
		notCreated(answer(status, body, { 'retry-after': '3600' })).retryAfterMs;

	it('is ten minutes at most under load, a minute else', () => {
		expect([429, 503].map((status) => asks(status))).toEqual([600_000, 600_000]);
		expect([500, 409, 400].map((status) => asks(status))).toEqual([60_000, 60_000, 60_000]);
		expect(asks(200, HTML)).toBe(60_000);
		expect(notCreated(answer(500)).retryAfterMs).toBeUndefined();
	});
});

describe('no answer', () => {
	it.each([
		[notSent, 'unsent', 'EvoLink rejected the request: the connection was refused'],
		[noAnswer, 'unknown', 'EvoLink rejected the request: the connection was lost'],
		[tooLarge, 'unknown', 'EvoLink rejected the request: the response is larger than 4 MB'],
	])('%j', (failure, kind, message) => {
		const outcome = read(failure);
		expect(outcome).toMatchObject({ kind, reason: failure.reason, trace: {}, error: { message } });
	});

	it('because n8n blocked it: refused, in the words of n8n', () => {
		expect(read(blocked)).toMatchObject({
			kind: 'refused',
			reason: "n8n didn't send it again: The request was blocked",
			error: {
				message:
					"The request didn't reach EvoLink: n8n didn't send the request: The request was blocked",
			},
		});
	});

	it('because the execution was stopped: asking again will not tell', () => {
		const outcome = notCreated(stopped);
		expect(outcome).toMatchObject({ kind: 'undecidable', reason: 'the execution was stopped' });
		expect(outcome.error).toBeInstanceOf(StoppedError);
	});
});

it('an answer of success that cannot be read leaves open whether it was paid, and says what is in it', () => {
	const outcome = notCreated(answer(200, { ok: true, job_id: 'job-7' }));
	expect(outcome).toMatchObject({
		kind: 'unknown',
		reason: `the response couldn't be read; it begins with: {"ok":true,"job_id":"job-7"}; IDs in it: job-7`,
		trace: { answer: '{"ok":true,"job_id":"job-7"}' },
	});
	expect(outcome.error).toMatchObject({ message: outcome.reason, advice: 'Try again later.' });
	for (const body of ['null', '7', '[]', '"error"', '']) {
		expect(read(answer(200, body))).toMatchObject({ kind: 'unknown' });
	}
});

describe('a task', () => {
	const taskOf = (body: unknown, headers = {}) => {
		const outcome = read(answer(200, body, headers));
		return outcome.kind === 'created' ? outcome.task : undefined;
	};

	it('is told to have been made before only where the service says so', () => {
		expect(taskOf(PENDING, { 'idempotency-replayed': 'true' })).toMatchObject({ isReplay: true });
		expect(taskOf(PENDING, { 'idempotency-replayed': 'false' })).not.toHaveProperty('isReplay');
		expect(taskOf(PENDING)).not.toHaveProperty('isReplay');
	});

	it('under a status that is no success is none', () => {
		expect(read(answer(500, PENDING))).toMatchObject({ kind: 'unknown' });
	});

	it.each<[string, unknown]>([
		['its ID under id', { result: { id: TASK_ID, status: 'pending' } }],
		['its ID under task_id', { result: { task_id: TASK_ID, status: 'pending' } }],
		['its ID under taskId', { result: { taskId: TASK_ID, status: 'pending' } }],
		['another ID beside it', { result: { id: 'request-7', task_id: TASK_ID, status: 'pending' } }],
		['an ID of another kind outside', { id: 'request-7', result: { task: PENDING } }],
		['in a refusal', { error: { code: 'slow', message: 'No' }, task: PENDING }],
		['five deep', { a: { b: { c: { d: { e: PENDING } } } } }],
		['among others', { a: null, b: 7, c: 'text', d: [1, 2, { e: PENDING }] }],
	])('is found with %s', (_name, body) => {
		expect(taskOf(body)).toMatchObject({ id: TASK_ID, status: 'pending' });
	});

	it('is not taken for what it wraps', () => {
		const wrapping = { id: TASK_ID, data: { id: 'image-1', status: 'pending' } };
		expect(taskOf(wrapping)).toMatchObject({ id: TASK_ID });
	});

	it('is found with its status wrapped beside it', () => {
		const wrapped = { task_id: TASK_ID, data: { status: 'pending' } };
		expect(taskOf(wrapped)).toMatchObject({ id: TASK_ID });
	});

	it('is found behind a list of IDs', () => {
		const listed = { result: { id: [TASK_ID], task: { id: `${TASK_ID}7`, status: 'pending' } } };
		expect(taskOf(listed)).toMatchObject({ id: `${TASK_ID}7` });
	});

	it('is what its place wraps, where that says more', () => {
		const wrapped = { result: { id: TASK_ID, data: { ...PENDING, progress: 40 } } };
		expect(taskOf(wrapped)).toMatchObject({ id: TASK_ID, progress: 40 });
	});

	it('gives what the place says where it was found', () => {
		expect(taskOf({ result: { task: PENDING } })).toMatchObject({ creditsReserved: 1 });
	});

	it.each<[string, unknown]>([
		['six deep', { a: { b: { c: { d: { e: { f: PENDING } } } } } }],
		[
			'after a thousand others',
			{ a: Array.from({ length: 1_000 }, () => 0), b: { c: { d: PENDING } } },
		],
		['text before its ID', { result: { id: `my ${TASK_ID}` } }],
		['text after its ID', { result: { id: `${TASK_ID} please` } }],
		['an ID of another kind', { result: { id: 'task-7', status: 'pending' } }],
		['an ID that is too long', { result: { id: `task-unified-${'7'.repeat(101)}` } }],
		['an ID without an end', { result: { id: 'task-unified-' } }],
		['an ID in a list', { result: { id: [TASK_ID] } }],
	])('is not found with %s', (_name, body) => {
		expect(taskOf(body)).toBeUndefined();
	});

	it('of another kind is taken where the answer is one, and not where it is a refusal', () => {
		expect(taskOf({ id: 'task-7', status: 'pending' })).toMatchObject({ id: 'task-7' });
		expect(taskOf({ id: 'task-7' })).toMatchObject({ id: 'task-7' });
		expect(taskOf({ id: 'task-7', code: 402, msg: 'No credits' })).toBeUndefined();
		expect(taskOf({ id: 'task-7', success: false })).toBeUndefined();
	});

	it('that has failed already is a task, not a refusal', () => {
		const failed = { id: 'task-7', status: 'failed', error: { code: 'x', message: 'No' } };
		expect(taskOf(failed)).toMatchObject({ id: 'task-7', status: 'failed' });
	});
});
