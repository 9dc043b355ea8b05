import fc from 'fast-check';

import { EvolinkClient } from '../../../nodes/Evolink/api/client';
import type { HttpRequest } from '../../../nodes/Evolink/api/http/http';
import { parseTaskPage } from '../../../nodes/Evolink/api/taskHistory';
import { answer, HTML, ScriptedSend, type Step } from '../scriptedSend';
import { VirtualClock } from '../virtualClock';

/** As the vendor's own mock service words it. */
const line = (id: string, more: object = {}) => ({
	id,
	status: 'completed',
	model: 'qwen-image-edit',
	type: 'image',
	progress: 100,
	created_at: 1756817821,
	has_results: true,
	has_error: false,
	credits_used: 1.2,
	...more,
});

function page(lines: object[], more: object = {}): Step {
	return answer(200, { data: lines, ...more });
}

function setUp(...steps: Step[]) {
	const clock = new VirtualClock();
	const service = new ScriptedSend(clock, steps);
	const client = new EvolinkClient(service.send, clock, {
		baseUrl: 'https://api.example.com',
		filesBaseUrl: 'https://files.example.com',
	});
	const pagesAskedFor = () =>
		service.requests.map(({ url }: HttpRequest) => new URL(url).searchParams.get('page'));
	return { client, service, pagesAskedFor };
}

const fifty = (start: number) =>
	Array.from({ length: 50 }, (_, index) => line(`task-unified-${start + index}`));

describe('a page of the history', () => {
	it('gives each task in the words of the node', () => {
		const raw = line('task-unified-1');
		expect(parseTaskPage({ data: [raw], total: 1, page: 1, page_size: 20 }, 1, 20)).toEqual({
			tasks: [
				{
					id: 'task-unified-1',
					status: 'completed',
					model: 'qwen-image-edit',
					type: 'image',
					progress: 100,
					createdAt: 1756817821000,
					creditsUsed: 1.2,
					raw,
				},
			],
			isLast: true,
		});
	});

	it.each([
		['canceled', 'cancelled'],
		['queued', 'processing'],
	])('gives a task that is %s as %s', (status, expected) => {
		const parsed = parseTaskPage({ data: [line('task-1', { status })] }, 1, 20);
		expect(parsed?.tasks[0].status).toBe(expected);
	});

	it('leaves out lines that are no task', () => {
		const parsed = parseTaskPage({ data: [null, 'x', {}, line('task-1')] }, 1, 20);
		expect(parsed?.tasks.map(({ id }) => id)).toEqual(['task-1']);
	});

	it('takes any JSON, and finds a list only where there is one', () => {
		fc.assert(
			fc.property(fc.oneof(fc.jsonValue(), fc.record({ data: fc.jsonValue() })), (body) => {
				const isList = Array.isArray((body as { data?: unknown } | null)?.data);
				expect(parseTaskPage(body, 1, 20) !== undefined).toBe(isList);
			}),
		);
	});
});

describe('the list of tasks', () => {
	it('asks for no more than wanted', async () => {
		const { client, service } = setUp(page([line('task-1'), line('task-2')], { total: 9 }));
		const tasks = await client.listTasks({ status: 'failed', model: 'a b' }, 2);
		expect(tasks.map(({ id }) => id)).toEqual(['task-1', 'task-2']);
		expect(service.requests.map(({ url }) => url)).toEqual([
			'https://api.example.com/v1/tasks?status=failed&model=a+b&page=1&page_size=2',
		]);
	});

	it('reads page after page and stops at a short one', async () => {
		const { client, pagesAskedFor } = setUp(page(fifty(0)), page(fifty(50)), page([line('last')]));
		await expect(client.listTasks({})).resolves.toHaveLength(101);
		expect(pagesAskedFor()).toEqual(['1', '2', '3']);
	});

	it('stops at an empty page, and when the total is reached', async () => {
		const empty = setUp(page(fifty(0)), page([]));
		await expect(empty.client.listTasks({})).resolves.toHaveLength(50);
		const full = setUp(page(fifty(0), { total: 50 }));
		await expect(full.client.listTasks({})).resolves.toHaveLength(50);
		expect(full.pagesAskedFor()).toEqual(['1']);
	});

	it('gives a task once that new tasks have pushed to the next page', async () => {
		const { client } = setUp(page(fifty(0)), page(fifty(48).slice(0, 20)));
		const tasks = await client.listTasks({});
		expect(tasks.map(({ id }) => id)).toEqual(fifty(0).concat(fifty(50).slice(0, 18)).map(idOf));
	});

	it('goes on where the service gives fewer lines per page than asked for', async () => {
		const lines = fifty(0);
		const small = { page_size: 20, total: 50 };
		const { client, pagesAskedFor } = setUp(
			page(lines.slice(0, 20), small),
			page(lines.slice(20, 40), small),
			page(lines.slice(40), small),
		);
		const tasks = await client.listTasks({});
		expect(tasks.map(({ id }) => id)).toEqual(lines.map(idOf));
		expect(pagesAskedFor()).toEqual(['1', '2', '3']);
	});

	it('does not ask for ever where every page is the same', async () => {
		const { client, service } = setUp(page(fifty(0), { total: 1000 }));
		await expect(client.listTasks({})).resolves.toHaveLength(50);
		expect(service.requests).toHaveLength(2);
	});

	it('comes through passing faults', async () => {
		const { client } = setUp(answer(502, HTML), answer(200, HTML), page([line('task-1')]));
		await expect(client.listTasks({})).resolves.toHaveLength(1);
	});

	it.each([403, 404, 405, 501])('says that there is no history (%i)', async (status) => {
		const said = { error: { message: 'Invalid URL' } };
		const { client, service } = setUp(answer(status, said, { 'x-request-id': 'req-5' }));
		await expect(client.listTasks({})).rejects.toMatchObject({
			message: expect.stringContaining('Invalid URL') as string,
			advice: expect.stringMatching(/doesn't offer its task history.*dashboard/) as string,
			status,
			trace: { requestId: 'req-5' },
		});
		expect(service.requests).toHaveLength(1);
	});

	it('keeps the usual advice for other refusals', async () => {
		const { client } = setUp(answer(401, { error: { message: 'Invalid token' } }));
		await expect(client.listTasks({})).rejects.toMatchObject({
			advice: expect.stringContaining('Check the API key') as string,
		});
	});
});

function idOf({ id }: { id: string }): string {
	return id;
}
