import { hasEnded, parseTask } from '../../../nodes/Evolink/api/task';
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
		const task = parseTask({ ...COMPLETED, status });
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
		['failed', null, 'unknown_error', 'The service gave no reason', false],
		['failed', undefined, 'unknown_error', 'The service gave no reason', false],
		['failed', {}, 'unknown_error', 'The service gave no reason', false],
		['failed', 'The model broke', 'unknown_error', 'The model broke', false],
		['failed', { code: 500, message: 'Oops' }, '500', 'Oops', false],
		['failed', { code: 'brand_new', message: 'Oops' }, 'brand_new', 'Oops', false],
		['failed', { code: 'constructor' }, 'constructor', 'The service gave no reason', false],
		['canceled', undefined, 'request_cancelled', 'The service gave no reason', true],
	])('%s with error %p: code %s', (status, error, code, message, retryable) => {
		expect(parseTask({ ...FAILED, status, error })?.failure).toEqual({ code, message, retryable });
	});

	it.each(['pending', 'processing', 'completed'])('%s with error: null is no failure', (status) => {
		expect(parseTask({ ...COMPLETED, status, error: null })).not.toHaveProperty('failure');
	});
});

describe('links of the pictures', () => {
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
		{ success: true, data: PENDING },
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
