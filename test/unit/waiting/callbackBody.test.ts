import { readCallback } from '../../../nodes/Evolink/waiting/callbackBody';
import { TASK_ID } from '../taskAnswers';

const read = (body: unknown) =>
	readCallback({
		getBodyData: () => body as never,
		getRequestObject: () => ({}) as never,
	});

describe('the task that a call is about', () => {
	it.each([
		['as a read gives it', { id: TASK_ID, status: 'completed' }],
		['wrapped', { id: 'event-1', data: { id: TASK_ID, status: 'failed' } }],
		['wrapped in a list of one', { code: 200, data: [{ id: TASK_ID, status: 'completed' }] }],
		['under task_id', { event: 'task.completed', task_id: TASK_ID }],
		['beside a number of a database', { id: 17, task_id: TASK_ID, status: 'completed' }],
	])('%s', (_name, body) => {
		expect(read(body)).toEqual({ ok: true, taskId: TASK_ID });
	});

	it.each([{}, { id: {} }, { id: '..' }, { data: [] }, [], null, 'task'])('%j has none', (body) => {
		expect(read(body)).toMatchObject({ ok: false, status: 400 });
	});
});
