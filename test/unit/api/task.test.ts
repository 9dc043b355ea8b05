import { hasEnded, isCharged, lacksImages, parseTask } from '../../../nodes/Evolink/api/task';
import { COMPLETED, FAILED, PENDING, PROCESSING, TASK_ID } from '../taskAnswers';

describe('documented answers', () => {
	it('reads the answer to a create', () => {
		expect(parseTask(PENDING)).toEqual({
			id: TASK_ID,
			status: 'pending',
			model: 'qwen-image-edit',
			progress: 0,
			results: [],
			createdAt: Date.UTC(2025, 8, 2, 12, 57, 1),
			estimatedSeconds: 30,
			creditsReserved: 1,
			raw: PENDING,
		});
	});

	it('reads a task that is worked on', () => {
		expect(parseTask(PROCESSING)).toMatchObject({
			status: 'processing',
			progress: 45,
			estimatedSeconds: 12,
			results: [],
		});
	});

	it('reads a complete task, with http links too', () => {
		const task = parseTask(COMPLETED);
		expect(task).toMatchObject({
			status: 'completed',
			progress: 100,
			results: ['http://example.com/image.jpg'],
		});
		expect(task).not.toHaveProperty('failure');
	});

	it('reads a failed task of the newer page, which leaves half of the fields out', () => {
		const task = parseTask(FAILED);
		expect(task).toMatchObject({
			status: 'failed',
			progress: 0,
			results: [],
			failure: {
				code: 'content_policy_violation',
				message: 'Content policy violation.\nYour request was blocked by safety filters...',
				retryable: false,
			},
		});
		expect(task).not.toHaveProperty('createdAt');
	});
});

describe('states', () => {
	it.each([
		['pending', 'pending', false],
		['processing', 'processing', false],
		['completed', 'completed', true],
		['failed', 'failed', true],
		['cancelled', 'cancelled', true],
		['canceled', 'cancelled', true],
		['CANCELED', 'cancelled', true],
		['Completed', 'completed', true],
		['queued', 'processing', false],
		['constructor', 'processing', false],
		['', 'processing', false],
		[undefined, 'processing', false],
		[null, 'processing', false],
		[7, 'processing', false],
		[['completed'], 'processing', false],
	])('%p counts as %s (ended: %s)', (status, expected, ended) => {
		const task = parseTask({ ...COMPLETED, status, progress: 99 });
		expect(task?.status).toBe(expected);
		expect(task && hasEnded(task)).toBe(ended);
	});

	it('takes failed with request_cancelled for cancelled, worth another try', () => {
		const error = { code: 'request_cancelled', message: 'Cancelled by the user' };
		expect(parseTask({ ...FAILED, error })).toMatchObject({
			status: 'cancelled',
			failure: { code: 'request_cancelled', message: 'Cancelled by the user', retryable: true },
		});
	});

	it.each([
		['failed', null, 'unknown_error', 'EvoLink gave no reason', false],
		['failed', undefined, 'unknown_error', 'EvoLink gave no reason', false],
		['failed', {}, 'unknown_error', 'EvoLink gave no reason', false],
		['failed', 'The model broke', 'unknown_error', 'The model broke', false],
		['failed', { code: 500, message: 'Oops' }, '500', 'Oops', false],
		['failed', { code: 'SERVICE_ERROR' }, 'service_error', 'EvoLink gave no reason', true],
		['FAILED', { code: 'Service_Error' }, 'service_error', 'EvoLink gave no reason', true],
		['failed', { code: 'brand_new', message: 'Oops' }, 'brand_new', 'Oops', false],
		['failed', { code: 'constructor' }, 'constructor', 'EvoLink gave no reason', false],
		['canceled', undefined, 'request_cancelled', 'EvoLink gave no reason', true],
	])('%s with error %p: code %s', (status, error, code, message, retryable) => {
		expect(parseTask({ ...FAILED, status, error })?.failure).toEqual({ code, message, retryable });
	});

	it.each(['pending', 'processing', 'completed'])('%s with error: null is no failure', (status) => {
		expect(parseTask({ ...COMPLETED, status, error: null })).not.toHaveProperty('failure');
	});
});

describe('what ends a task', () => {
	it.each([null, undefined, [], [null], {}])(
		'complete with results %j is not the end',
		(results) => {
			const task = parseTask({ ...COMPLETED, results });
			expect(task).toMatchObject({ status: 'completed', results: [] });
			expect(task && [hasEnded(task), lacksImages(task)]).toEqual([false, true]);
		},
	);

	it.each(['succeeded', 'SUCCESS', 'done', '', undefined, null, 7])(
		'images and progress 100 under the status %p are the end',
		(status) => {
			const task = parseTask({ ...COMPLETED, status });
			expect(task).toMatchObject({ status: 'completed', results: COMPLETED.results });
		},
	);

	it.each([
		['pending', 100],
		['processing', 100],
		['succeeded', 99],
		['succeeded', undefined],
	])('images under %s with progress %p are not', (status, progress) => {
		expect(parseTask({ ...COMPLETED, status, progress })).toMatchObject({ results: [] });
	});

	const error = { code: 'Content_Policy_Violation', message: 'Blocked' };
	it.each(['error', 'rejected', 'EXPIRED', 'completed', '', undefined])(
		'an error under the status %p is a failure',
		(status) => {
			const body = { id: TASK_ID, status, error };
			expect(parseTask(body, TASK_ID)).toMatchObject({
				status: 'failed',
				failure: { code: 'content_policy_violation', message: 'Blocked', retryable: false },
			});
		},
	);

	it('an error of cancelling is a cancelled task, in any case and under any closed status', () => {
		const cancelled = { code: 'REQUEST_CANCELLED' };
		for (const status of ['failed', 'aborted']) {
			const task = parseTask({ id: TASK_ID, status, error: cancelled });
			expect(task?.status).toBe('cancelled');
		}
	});

	it.each(['pending', 'Processing', 'queued'])('an error under %s is not', (status) => {
		expect(parseTask({ ...PROCESSING, status, error })).not.toHaveProperty('failure');
	});

	it.each([{}, { code: '' }, { code: 0, message: '' }, [], '', 0, false])(
		'an empty error, %j, is none',
		(empty) => {
			expect(parseTask({ ...PROCESSING, status: 'reticulating', error: empty })?.status).toBe(
				'processing',
			);
		},
	);

	it('images beside an error are images', () => {
		expect(parseTask({ ...COMPLETED, error })).toMatchObject({ status: 'completed' });
	});
});

describe('answers that wrap the task, or lack its ID', () => {
	it.each([
		['in data', { data: COMPLETED }],
		['in data, with a code', { code: 200, msg: 'ok', data: COMPLETED }],
		['in data of data', { code: 200, data: { data: COMPLETED } }],
		['with the ID of the request', { id: 'req-1', data: COMPLETED }],
		['with a status of the answer', { status: 'success', data: COMPLETED }],
		['with a status of the answer that is one of tasks', { status: 'completed', data: COMPLETED }],
		['in a list of one', { code: 200, data: [COMPLETED] }],
	])('%s', (_name, body) => {
		expect(parseTask(body)).toMatchObject({ id: TASK_ID, results: COMPLETED.results });
		expect(parseTask(body, TASK_ID)?.raw).toBe(COMPLETED);
	});

	it('under task_id', () => {
		const { id, ...rest } = COMPLETED;
		expect(parseTask({ ...rest, task_id: id })?.id).toBe(TASK_ID);
		expect(parseTask({ data: { ...rest, id: 17, task_id: id } })?.id).toBe(TASK_ID);
		expect(parseTask({ ...rest, id: 'req-1', task_id: id }, TASK_ID)?.id).toBe(TASK_ID);
	});

	it('its own data is not another task', () => {
		const body = { ...COMPLETED, data: { id: 'upstream-1', status: 'failed', error: 'Oops' } };
		expect(parseTask(body)).toMatchObject({ id: TASK_ID, status: 'completed' });
	});

	it.each(['pending', 'completed', 'FAILED', 'cancelled'])(
		'%s without an ID is the task that was asked for',
		(status) => {
			const body = { ...COMPLETED, id: undefined };
			expect(parseTask({ ...body, status }, TASK_ID)?.id).toBe(TASK_ID);
			expect(parseTask({ data: { ...body, status } }, TASK_ID)?.id).toBe(TASK_ID);
			expect(parseTask({ ...body, status })).toBeUndefined();
		},
	);

	it.each([
		['another task', { ...COMPLETED, id: 'task-unified-other' }],
		['another task in data', { data: { ...COMPLETED, id: 'task-unified-other' } }],
		['another task_id', { ...COMPLETED, id: undefined, task_id: 'task-unified-other' }],
		[
			'another in a list',
			{ data: [{ ...COMPLETED, id: undefined, taskId: 'task-unified-other' }] },
		],
		['another beside a state', { status: 'completed', data: { ...COMPLETED, id: 'other' } }],
		['a refusal in words that wraps', { success: 'False', data: COMPLETED }],
		['a refusal', { error: { code: 'rate_limited', message: 'Slow down' } }],
		['a refusal with a status', { status: 'error', error: { message: 'Slow down' } }],
		['a refusal that wraps', { success: false, data: COMPLETED }],
		['an ID that is none', { ...COMPLETED, id: {} }],
		['nothing', {}],
	])('%s is not', (_name, body) => {
		expect(parseTask(body, TASK_ID)).toBeUndefined();
	});

	it('a refused create with the ID of the request is no task', () => {
		expect(parseTask({ id: 'req-1', error: { message: 'No such model' } })).toBeUndefined();
	});
});

describe('what a task cost, and when it ended', () => {
	it('is read from a recorded answer', () => {
		const task = parseTask({ ...COMPLETED, duration: 4, usage: { credits_used: 1.783 } });
		expect(task).toMatchObject({
			creditsUsed: 1.783,
			endedAt: Date.UTC(2025, 8, 2, 12, 57, 1) + 4_000,
		});
		expect(task && isCharged(task)).toBe(false);
	});

	it.each([
		[{ usage: { cost: { credits: 2.3, usd: 0.03 } } }, 2.3],
		[{ usage: { credits_used: '2.3', cost: { credits: 9 } } }, 2.3],
		[{ usage: { credits_used: 0 } }, 0],
		[{ billing: { charge_status: 'charged', charged_credits: 2 } }, 2],
		[{ usage: { credits_used: {} } }, undefined],
	])('%j: %p credits', (fields, expected) => {
		expect(parseTask({ ...COMPLETED, ...fields })?.creditsUsed).toBe(expected);
	});

	const charged = { charge_status: 'charged', charged_credits: 2.3 };
	it.each([
		[{ ...charged, refund_status: 'not_required' }, true],
		[{ ...charged, refund_status: 'failed' }, true],
		[{ ...charged, refund_status: 'pending' }, true],
		[charged, true],
		[{ ...charged, charge_status: 'CHARGED' }, true],
		[{ charge_status: 'charged' }, true],
		[{ ...charged, refunded_credits: 1 }, true],
		[{ ...charged, refunded_credits: 2.3 }, false],
		[{ ...charged, refund_status: 'Completed' }, false],
		[{ ...charged, charged_credits: 0 }, false],
		[{ charge_status: 'released' }, false],
		[{ charge_status: 'reserved', reserved_credits: 2.3 }, false],
		[{ charge_status: 'unknown' }, false],
		[{}, false],
		[null, false],
		[undefined, false],
		['charged', false],
	])('billing %j: charged is %s', (billing, expected) => {
		const task = parseTask({ ...FAILED, billing });
		expect(task && isCharged(task)).toBe(expected);
	});

	it.each([
		[{ created: 'never' }, undefined],
		[{ duration: -1 }, undefined],
		[{ duration: 'long' }, undefined],
		[{ status: 'processing' }, undefined],
	])('the end is not known with %j', (fields, expected) => {
		expect(parseTask({ ...COMPLETED, duration: 4, ...fields })?.endedAt).toBe(expected);
	});
});

describe('links of the images', () => {
	const link = 'https://results.example.com/a.png';
	const other = 'https://results.example.com/b.png';

	it.each([
		['results', { results: [link, other] }, [link, other]],
		['results as one text', { results: link }, [link]],
		[
			'result_data as a list',
			{ result_data: [{ image_url: link }, { url: other }] },
			[link, other],
		],
		['result_data as an object', { result_data: { image_url: link, title: 'A' } }, [link]],
		['empty results, then result_data', { results: [], result_data: { image_url: link } }, [link]],
		['an empty image_url', { result_data: { image_url: '', url: link } }, [link]],
		['results first', { results: [link], result_data: { image_url: other } }, [link]],
		['a list within an object', { result_data: { image_url: [link, other] } }, [link, other]],
		['nothing usable', { results: [null, '', {}, true], result_data: null }, []],
		['neither', {}, []],
	])('come from %s', (_name, fields, expected) => {
		expect(parseTask({ id: TASK_ID, status: 'completed', ...fields })?.results).toEqual(expected);
	});

	it('are left out while the task is not complete', () => {
		expect(parseTask({ ...PROCESSING, results: [link] })?.results).toEqual([]);
	});

	it('are looked for in a list that is nested without end, and the search ends', () => {
		const depth = 100_000;
		const results: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
		expect(parseTask({ id: TASK_ID, status: 'completed', results })?.results).toEqual([]);
	});
});

describe('absurd values', () => {
	it.each([
		['a progress above 100', { progress: 900 }, { progress: 100 }],
		['a negative progress', { progress: -3 }, { progress: 0 }],
		['a progress that is text', { progress: '45' }, { progress: 45 }],
		['a progress that is nonsense', { progress: 'half' }, { progress: 0 }],
		['a complete task at 80 percent', { status: 'completed', progress: 80 }, { progress: 100 }],
		['a model that is none', { model: {} }, { model: '' }],
	])('%s', (_name, fields, expected) => {
		expect(parseTask({ ...PROCESSING, ...fields })).toMatchObject(expected);
	});

	it.each([
		['created', 'createdAt', 8.64e12],
		['created', 'createdAt', -1],
		['created', 'createdAt', '2025-09-02'],
		['created', 'createdAt', null],
		['usage', 'creditsReserved', { credits_reserved: 'much' }],
		['usage', 'creditsReserved', 'free'],
		['task_info', 'estimatedSeconds', { estimated_time: [] }],
		['task_info', 'estimatedSeconds', []],
	])('%s that makes no sense leaves %s out', (field, property, value) => {
		expect(parseTask({ ...PENDING, [field]: value })).not.toHaveProperty(property);
	});

	it.each([
		undefined,
		null,
		'task',
		7,
		[],
		[PENDING],
		{},
		{ ...PENDING, id: '' },
		{ ...PENDING, id: null },
		{ ...PENDING, id: 'x'.repeat(129) },
		{ ...PENDING, id: 'a/../../b' },
		{ ...PENDING, id: '\ud800' },
		{ error: { code: 500, message: 'Internal server error' } },
		{ success: false, data: PENDING },
	])('%j is no task', (body) => {
		expect(parseTask(body)).toBeUndefined();
	});

	it('takes no ID that would lead to another address of the API', () => {
		for (const id of ['.', '..', '../credits', 'a/b', 'a?b']) {
			expect(parseTask({ ...PENDING, id })).toBeUndefined();
		}
	});

	it('takes an ID of another form than today', () => {
		expect(parseTask({ ...PENDING, id: 4711 })?.id).toBe('4711');
		expect(parseTask({ ...PENDING, id: 'img:2.a_b-c' })?.id).toBe('img:2.a_b-c');
	});
});
