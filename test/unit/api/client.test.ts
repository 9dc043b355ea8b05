import { type CreateTaskBody, EvolinkClient } from '../../../nodes/Evolink/api/client';
import {
	ApiError,
	EvolinkError,
	OutcomeUnknownError,
	StoppedError,
} from '../../../nodes/Evolink/api/errors/errors';
import {
	answer,
	blocked,
	HTML,
	noAnswer,
	notSent,
	ScriptedSend,
	type Step,
	stopped,
	tooLarge,
} from '../scriptedSend';
import { COMPLETED, PENDING, TASK_ID } from '../taskAnswers';
import { VirtualClock } from '../virtualClock';

const KEY = 'n8n-0123456789abcdef';
const BODY: CreateTaskBody = {
	model: 'qwen-image-edit',
	prompt: 'Replace the background with a beach',
	image_urls: ['https://pictures.example.com/cat.png'],
};
const CREATED = answer(200, PENDING);

function setUp(...steps: Step[]) {
	const clock = new VirtualClock();
	const service = new ScriptedSend(clock, steps);
	const client = new EvolinkClient(service.send, clock, {
		baseUrl: 'https://api.example.com',
		filesBaseUrl: 'https://files.example.com',
	});
	return { clock, service, client };
}

function refused(status: number, code: string, headers?: Record<string, string>): Step {
	return answer(status, { error: { code, message: `The service says ${code}` } }, headers);
}

async function errorOf(work: Promise<unknown>): Promise<EvolinkError> {
	const error: unknown = await work.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (error instanceof EvolinkError) return error;
	throw new Error(`Expected an EvolinkError, not ${String(error)}`);
}

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => jest.restoreAllMocks());

describe('create', () => {
	it('sends the body with the key and gives the task', async () => {
		const { client, service } = setUp(CREATED);
		await expect(client.createTask(BODY, KEY)).resolves.toMatchObject({ id: TASK_ID });
		expect(service.requests).toHaveLength(1);
		expect(service.requests[0]).toMatchObject({
			method: 'POST',
			url: 'https://api.example.com/v1/images/generations',
			headers: { 'Idempotency-Key': KEY },
			sentBody: JSON.stringify(BODY),
		});
	});

	describe('is repeated, with the same key and the same body, after', () => {
		it.each<[string, Step]>([
			['429', refused(429, 'rate_limit_exceeded')],
			['503', refused(503, 'no_available_channel')],
			['503 with HTML', answer(503, HTML)],
			['not being sent', notSent],
			['a lost connection', noAnswer],
			['no answer in time', { ...CREATED, takesMs: 130_000 }],
			['408', answer(408)],
			['499', answer(499)],
			['500', refused(500, 'internal_error')],
			['501', answer(501)],
			['502', answer(502, HTML)],
			['504', answer(504)],
			...[520, 521, 522, 523, 524, 525, 526, 527, 530, 599].map((status): [string, Step] => [
				String(status),
				answer(status, `error code: ${status}`),
			]),
			['an answer of HTML', answer(200, HTML)],
			['broken JSON', answer(200, '{"id":"task-uni')],
			['an answer that is no task', answer(200, { ok: true })],
			['an empty answer', answer(200)],
			['an answer that is too large', tooLarge],
			['paid_outcome_unknown', refused(409, 'paid_outcome_unknown')],
		])('%s', async (_name, fault) => {
			const { client, service } = setUp(fault, CREATED);
			await expect(client.createTask(BODY, KEY)).resolves.toMatchObject({ id: TASK_ID });
			expect(service.keys).toEqual([KEY, KEY]);
			expect(service.requests.map(({ sentBody }) => sentBody)).toEqual([
				JSON.stringify(BODY),
				JSON.stringify(BODY),
			]);
			expect(service.gaps[0]).toBeGreaterThanOrEqual(1_000);
		});
	});

	it.each([
		[400, 'invalid_request', /parameters/],
		[401, 'unauthorized', /API key/],
		[402, 'insufficient_quota', /Top up/],
		[403, 'model_access_denied', /doesn't have access to the model/],
		[404, 'not_found', /^Check 'Model', and the base URL/],
		[413, 'request_too_large', /fewer or smaller/],
		[302, 'moved', /base URL/],
	])('is sent once only when the service answers %d', async (status, code, advice) => {
		const { client, service } = setUp(refused(status, code), CREATED);
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(ApiError);
		expect(`${error.message} ${error.advice}`).toContain(`The service says ${code}`);
		expect(error.advice).toMatch(advice);
		expect(service.requests).toHaveLength(1);
	});

	it.each([
		[409, 'idempotency_conflict'],
		[409, 'conflict'],
		[400, 'idempotency_conflict'],
		[422, 'IDEMPOTENCY_CONFLICT'],
	])('is sent once only after a conflict (%d %s), and the outcome is unknown', async (...given) => {
		const { client, service } = setUp(refused(...given), CREATED);
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(OutcomeUnknownError);
		expect(error).toMatchObject({ idempotencyKey: KEY });
		expect(error.message).toMatch(/task history of your EvoLink dashboard/);
		expect(error.message).toContain(KEY);
		// What may be its cause, and the way out.
		expect(error.advice).toMatch(/copy of this n8n.*another encryption key, or rename the node/);
		expect(service.requests).toHaveLength(1);
	});

	it.each<[string, Step, number]>([
		['seconds', refused(429, 'slow', { 'retry-after': '20' }), 20_000],
		['a date', refused(503, 'slow', { 'retry-after': 'Sat, 21 Nov 2026 12:00:25 GMT' }), 25_000],
		['two minutes', refused(429, 'slow', { 'retry-after': '120' }), 120_000],
		['an hour, which is cut', refused(429, 'slow', { 'retry-after': '3600' }), 600_000],
		['an hour after 502, which is cut', answer(502, HTML, { 'retry-after': '3600' }), 60_000],
		['the same after 502', answer(502, HTML, { 'retry-after': '9' }), 9_000],
	])('waits as Retry-After says: %s', async (_name, fault, expected) => {
		const { client, service } = setUp(fault, CREATED);
		await client.createTask(BODY, KEY);
		expect(service.gaps).toEqual([expected]);
	});

	it('waits longer and longer under lasting load, then gives up with the cause and nothing paid', async () => {
		const { client, service } = setUp(refused(429, 'rate_limit_exceeded'));
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(ApiError);
		expect(error.message).toContain('rate_limit_exceeded');
		expect(service.gaps).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
	});

	it('is not sent again when n8n did not send it, with the words of n8n', async () => {
		const { client, service } = setUp(blocked, CREATED);
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(ApiError);
		expect(error.message).toBe(
			"The request didn't reach EvoLink: n8n didn't send the request: The request was blocked",
		);
		expect(error.advice).toBe('Ask your n8n administrator.');
		expect(service.requests).toHaveLength(1);
	});

	it.each<[string, Step]>([
		['403 of Cloudflare', answer(403, 'error code: 1010')],
		['403 of a proxy', answer(403, '<html><title>Access denied</title></html>')],
		['403 without a word', answer(403)],
		['407', answer(407, { error: { message: 'Proxy Authentication Required' } })],
	])('%s did not reach the service, and is not about the key', async (_name, fault) => {
		const { client, service } = setUp(fault, CREATED);
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(ApiError);
		expect(error.message).toMatch(
			/^The request didn't reach EvoLink: a proxy or firewall responded with HTTP status 40[37]/,
		);
		expect(error.advice).not.toMatch(/Check the API key|permissions/);
		expect(service.requests).toHaveLength(1);
	});

	it.each([
		['insufficient_quota', /Top up/],
		['INSUFFICIENT_USER_QUOTA', /Top up/],
		['key_daily_quota_exhausted', /daily limit/],
	])('429 for %s is no matter of patience', async (code, advice) => {
		const { client, service } = setUp(refused(429, code), CREATED);
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(ApiError);
		expect(error.advice).toMatch(advice);
		expect(service.requests).toHaveLength(1);
	});

	it.each([
		['beside the code', { remaining_credits: 0.5, estimated_credits: 2.3 }],
		['in details', { details: { remaining_credits: '0.5', estimated_credits: 2.3 } }],
	])('402 tells its figures, %s', async (_name, figures) => {
		const error = { code: 'insufficient_quota', message: 'Not enough', ...figures };
		const { client } = setUp(answer(402, { error }));
		const { message } = await errorOf(client.createTask(BODY, KEY));
		expect(message).toContain('Not enough (credits: needed 2.3, remaining 0.5)');
	});

	describe('refused under the guise of success', () => {
		it.each<[string, object, RegExp]>([
			['{error}', { error: { code: 'invalid_request', message: 'No such size' } }, /No such size/],
			['{error} with an ID', { id: 'req-1', error: { message: 'No such size' } }, /No such size/],
			['{error} as text', { error: 'No such size' }, /No such size/],
			['{success: false}', { success: false, message: 'No such size' }, /No such size/],
			['{code, msg}', { code: 402, msg: 'No credits left' }, /No credits left/],
			['{status, message}', { status: 402, message: 'No credits left' }, /No credits left/],
			['{success: "false"}', { success: 'false', message: 'No credits left' }, /No credits left/],
			['{code, msg} with an ID', { id: 'req-1', code: 402, msg: 'No credits left' }, /No credits/],
			['a word as code', { code: 'invalid_size', message: 'No such size' }, /No such size/],
		])('%s is a refusal in the words of the service', async (_name, body, message) => {
			const { client, service } = setUp(answer(200, body), CREATED);
			const error = await errorOf(client.createTask(BODY, KEY));
			expect(error).toBeInstanceOf(ApiError);
			expect(error.message).toMatch(message);
			expect(service.requests).toHaveLength(1);
		});

		it('without a status of its own it is about the request: trying later does not help', async () => {
			const { client } = setUp(answer(200, { success: false, message: 'No such size' }));
			const error = await errorOf(client.createTask(BODY, KEY));
			expect(error.advice).toMatch(/^Check the parameters/);
		});

		it('knows what to do by the status that the body names', async () => {
			const { client } = setUp(answer(200, { code: 402, msg: 'No credits left' }));
			const error = await errorOf(client.createTask(BODY, KEY));
			expect(error.advice).toMatch(/Top up/);
			expect(error).toMatchObject({ status: 402 });
		});

		it.each<[string, object]>([
			['a server fault by its status', { code: 502, msg: 'Bad gateway' }],
			['a server fault by its type', { error: { type: 'upstream_error', message: 'Gone' } }],
			['429', { code: 429, msg: 'Slow down' }],
		])('%s is repeated', async (_name, body) => {
			const { client, service } = setUp(answer(200, body), CREATED);
			await expect(client.createTask(BODY, KEY)).resolves.toMatchObject({ id: TASK_ID });
			expect(service.keys).toEqual([KEY, KEY]);
		});
	});

	it.each<[string, object]>([
		['wrapped in data', { code: 200, data: PENDING }],
		['wrapped twice', { success: true, data: { data: PENDING } }],
		['in a list', { code: 200, data: [PENDING] }],
		['under task', { id: 'request-7', task: PENDING }],
		['by its task_id alone', { code: 200, data: [{ status: 'submitted', task_id: TASK_ID }] }],
		['beside an empty error', { ...PENDING, error: { code: '', message: '' } }],
	])('gives a task %s', async (_name, body) => {
		const { client, service } = setUp(answer(200, body));
		await expect(client.createTask(BODY, KEY)).resolves.toMatchObject({ id: TASK_ID });
		expect(service.requests).toHaveLength(1);
	});

	it('reads a task after a byte order mark', async () => {
		const { client } = setUp(answer(200, `\ufeff${JSON.stringify(PENDING)}`));
		await expect(client.createTask(BODY, KEY)).resolves.toMatchObject({ id: TASK_ID });
	});

	it('that stays unreadable leaves its IDs, links and answer in the error, without secrets', async () => {
		const body = {
			job: { job_id: 'job-77', preview: 'https:\/\/cdn.example.com\/a.png?Signature=x\u0026b=1' },
			echo: 'https://n8n.example.com/webhook-waiting/7/callback?signature=aaa&evolink=bbb',
		};
		const headers = { 'x-request-id': 'req-42' };
		const { client } = setUp(answer(200, JSON.stringify(body).replaceAll('\\\\', '\\'), headers));
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(OutcomeUnknownError);
		for (const word of ['job-77', 'https://cdn.example.com/a.png?Signature=x&b=1', '"job":{']) {
			expect(error.message).toContain(word);
		}
		expect(error.trace).toMatchObject({ requestId: 'req-42' });
		expect(error.trace.answer).toContain('"job_id":"job-77"');
		for (const text of [error.message, error.trace.answer]) {
			expect(text).not.toMatch(/aaa|bbb/);
		}
	});

	it.each<[string, Step, number]>([
		['500', refused(500, 'internal_error'), 4],
		['530', answer(530, 'error code: 1033'), 4],
		['503', refused(503, 'service_unavailable'), 6],
		['503 of a proxy', answer(503, HTML), 6],
	])('after lasting %s it may have been paid, and is not called refused', async (...given) => {
		const [, fault, tries] = given;
		const { client, service } = setUp(fault);
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(OutcomeUnknownError);
		expect(error.message).toMatch(/It may have been charged: look for it with 'Get Many Tasks'/);
		expect(error.message).not.toContain('rejected the request');
		expect(service.requests).toHaveLength(tries);
	});

	it.each<[string, Step]>([
		['lost connections', noAnswer],
		['502', answer(502, HTML)],
		['paid_outcome_unknown', refused(409, 'paid_outcome_unknown')],
		['unreadable answers', answer(200, HTML)],
	])('gives up on lasting %s with an unknown outcome', async (_name, fault) => {
		const { client, service } = setUp(fault);
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(OutcomeUnknownError);
		expect(error).toMatchObject({ idempotencyKey: KEY });
		expect(new Set(service.keys)).toEqual(new Set([KEY]));
		expect(service.requests).toHaveLength(4);
	});

	it.each([
		[401, 'unauthorized'],
		[402, 'insufficient_quota'],
		[400, 'invalid_request'],
		[429, 'rate_limit_exceeded'],
		[500, 'internal_error'],
	])('stays unknown when a lost connection is followed by %d', async (status, code) => {
		const { client } = setUp(noAnswer, refused(status, code));
		const error = await errorOf(client.createTask(BODY, KEY));
		expect(error).toBeInstanceOf(OutcomeUnknownError);
		expect(error.message).toContain(code);
	});

	it('stays unknown when an earlier call had left it open and this one is refused', async () => {
		const { client, service } = setUp(refused(401, 'unauthorized'));
		const error = await errorOf(client.createTask(BODY, KEY, true));
		expect(error).toBeInstanceOf(OutcomeUnknownError);
		expect(service.requests).toHaveLength(1);
	});

	it('asks again for a lost answer however often it was refused before', async () => {
		const busy = refused(429, 'rate_limit_exceeded');
		const { client } = setUp(busy, busy, busy, busy, noAnswer, CREATED);
		await expect(client.createTask(BODY, KEY)).resolves.toMatchObject({ id: TASK_ID });
	});

	describe('after a stop', () => {
		it('sends nothing', async () => {
			const { client, clock, service } = setUp(CREATED);
			clock.stopAt = clock.now();
			expect(await errorOf(client.createTask(BODY, KEY))).toBeInstanceOf(StoppedError);
			expect(service.requests).toHaveLength(0);
		});

		it('is not repeated while the service is busy', async () => {
			const { client, clock, service } = setUp(refused(429, 'slow', { 'retry-after': '30' }));
			clock.stopAt = clock.now() + 5_000;
			expect(await errorOf(client.createTask(BODY, KEY))).toBeInstanceOf(StoppedError);
			expect(service.requests).toHaveLength(1);
			expect(clock.elapsed).toBe(5_000);
		});

		it.each<[string, Step]>([
			['the request is on its way', stopped],
			['it waits to ask again', noAnswer],
		])('is unknown when %s', async (_name, step) => {
			const { client, clock, service } = setUp(step);
			clock.stopAt = clock.now() + 500;
			const error = await errorOf(client.createTask(BODY, KEY));
			expect(error).toBeInstanceOf(OutcomeUnknownError);
			expect(error).toMatchObject({ idempotencyKey: KEY });
			expect(service.requests).toHaveLength(1);
		});
	});
});

const CREDITS = { data: { token: {}, user: { remaining_credits: 12 } }, success: true };
const UPLOADED = {
	success: true,
	code: 200,
	data: { file_url: 'https://files.example.com/a.png' },
};
const FILE = {
	content: Buffer.from('picture'),
	fileName: 'a.png',
	mimeType: 'image/png',
};

type Read = [name: string, read: (client: EvolinkClient) => Promise<unknown>, good: unknown];
const READS: Read[] = [
	['task', async (client) => await client.getTask(TASK_ID), COMPLETED],
	['credits', async (client) => await client.getCredits(), CREDITS],
	['upload', async (client) => await client.uploadFile(FILE), UPLOADED],
];

describe.each(READS)('read: %s', (_name, read, good) => {
	it.each<[string, Step]>([
		['429', refused(429, 'rate_limit_exceeded')],
		['500', refused(500, 'internal_error')],
		['502 with HTML', answer(502, HTML)],
		['503', answer(503)],
		['504', answer(504)],
		['521', answer(521)],
		['a reset', noAnswer],
		['a host that cannot be reached', notSent],
		['HTML under 200', answer(200, HTML)],
		['broken JSON', answer(200, '{"data":')],
		['nothing', answer(200)],
		['null', answer(200, 'null')],
		['another shape', answer(200, [])],
	])('is repeated after %s', async (_fault, fault) => {
		const { client, service } = setUp(fault, answer(200, good));
		await expect(read(client)).resolves.toBeDefined();
		expect(service.requests).toHaveLength(2);
	});

	it.each([
		[400, 'invalid_task_id', /parameters/],
		[401, 'unauthorized', /API key/],
		[402, 'insufficient_quota', /^Top up .* Tasks that were created before stay/],
		[403, 'permission_denied', /permissions/],
		[404, 'task_not_found', /Check the ID/],
	])('is not repeated after %d and says what to do', async (status, code, advice) => {
		const { client, service } = setUp(refused(status, code), answer(200, good));
		const error = await errorOf(read(client));
		expect(`${error.message} ${error.advice}`).toContain(`The service says ${code}`);
		expect(error.advice).toMatch(advice);
		expect(service.requests).toHaveLength(1);
	});

	it('waits as Retry-After says', async () => {
		const busy = refused(429, 'slow', { 'retry-after': '12' });
		const { client, service } = setUp(busy, answer(200, good));
		await read(client);
		expect(service.gaps).toEqual([12_000]);
	});

	it('ends a lasting fault with its cause', async () => {
		const { client, service } = setUp(noAnswer, answer(502, HTML), refused(503, 'overloaded'));
		const error = await errorOf(read(client));
		expect(error.message).toContain('The service says overloaded');
		expect(service.requests).toHaveLength(4);
	});

	it('is not repeated after a stop', async () => {
		const { client, service } = setUp(stopped);
		expect(await errorOf(read(client))).toBeInstanceOf(StoppedError);
		expect(service.requests).toHaveLength(1);
	});
});

describe('task', () => {
	it('takes no answer for another task', async () => {
		const other = answer(200, { ...COMPLETED, id: 'task-unified-other' });
		const { client } = setUp(other, answer(200, COMPLETED));
		await expect(client.getTask(TASK_ID)).resolves.toMatchObject({ id: TASK_ID });
	});

	it('gives the reads of the poll loop no more time than they are allowed', async () => {
		const { client, service } = setUp(answer(200, COMPLETED));
		await client.pollTask(TASK_ID, 1_000);
		await client.pollTask(TASK_ID, 600_000);
		expect(service.requests.map(({ timeoutMs }) => timeoutMs)).toEqual([1_000, 15_000]);
	});

	it.each<[string, Step]>([
		['401', refused(401, 'unauthorized')],
		['a lasting reset', noAnswer],
	])('is named in the error after %s', async (_name, fault) => {
		const { client } = setUp(fault);
		expect((await errorOf(client.getTask(TASK_ID))).trace).toMatchObject({ taskId: TASK_ID });
	});
});

describe('upload', () => {
	it('gives the address of the file', async () => {
		const { client, service } = setUp(answer(200, UPLOADED));
		await expect(client.uploadFile(FILE)).resolves.toEqual({
			url: 'https://files.example.com/a.png',
		});
		expect(service.requests[0].url).toBe('https://files.example.com/api/v1/files/upload/stream');
	});

	it.each([
		[40001, 'File too large'],
		[40002, 'File type not allowed'],
		[40003, 'Quota exceeded'],
		['40004', 'Download failed'],
		[401, 'Unauthorized'],
	])(
		'success:false with code %p is an error at once, in the words of the service',
		async (code, msg) => {
			const { client, service } = setUp(answer(200, { success: false, code, msg }));
			const error = await errorOf(client.uploadFile(FILE));
			expect(`${error.message} ${error.advice}`).toContain(`: ${msg}`);
			expect(service.requests).toHaveLength(1);
		},
	);

	it.each([500, 50001, '50001'])(
		'success:false with code %p is a fault of the service that may pass',
		async (code) => {
			const fault = answer(200, { success: false, code, msg: 'Storage error' });
			const { client, service } = setUp(fault, answer(200, UPLOADED));
			await expect(client.uploadFile(FILE)).resolves.toEqual({
				url: 'https://files.example.com/a.png',
			});
			expect(service.requests).toHaveLength(2);
		},
	);

	it.each(['javascript:alert(1)', '/files/a.png', '', null, 7])(
		'takes no %p for the address of the file',
		async (address) => {
			const { client } = setUp(answer(200, { success: true, data: { file_url: address } }));
			const error = await errorOf(client.uploadFile(FILE));
			expect(error.message).toContain("the response couldn't be read");
		},
	);
});

describe('credits', () => {
	it('are the data of the answer', async () => {
		const { client } = setUp(answer(200, CREDITS));
		await expect(client.getCredits()).resolves.toEqual(CREDITS.data);
	});

	it('success:false is an error in the words of the service', async () => {
		const { client, service } = setUp(answer(200, { success: false, message: 'No such user' }));
		expect((await errorOf(client.getCredits())).message).toContain('No such user');
		expect(service.requests).toHaveLength(1);
	});
});
