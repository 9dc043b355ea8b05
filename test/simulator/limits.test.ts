import { startSimulator, type Simulator } from '.';
import { callApi, create } from '../../tools/simulator/serviceCalls';

describe('what the simulator refuses', () => {
	let simulator: Simulator;

	beforeAll(async () => {
		simulator = await startSimulator({ taskSeconds: 0 });
	});

	afterAll(async () => await simulator.close());

	const link = 'https://example.invalid/a.png';
	const wan = 'wan2.5-image-to-image';
	const plus = 'qwen-image-edit-plus';

	it.each<[string, Record<string, unknown>, string]>([
		['no model', { model: undefined }, 'model'],
		['no prompt', { prompt: undefined }, 'prompt'],
		['a blank prompt', { prompt: '  \n' }, 'prompt'],
		['a prompt of 2001 characters', { prompt: 'é'.repeat(2001) }, 'prompt'],
		['no pictures', { image_urls: undefined }, 'image_urls'],
		['an empty list of pictures', { image_urls: [] }, 'image_urls'],
		['a single link that is no list', { image_urls: link }, 'image_urls'],
		['four pictures for qwen', { image_urls: [link, link, link, link] }, 'image_urls'],
		['three pictures for wan', { model: wan, image_urls: [link, link, link] }, 'image_urls'],
		['a data URL', { image_urls: ['data:image/png;base64,AAAA'] }, 'image_urls'],
		['an ftp link', { image_urls: ['ftp://example.com/a.png'] }, 'image_urls'],
		['n for qwen-image-edit', { n: 1 }, 'n'],
		['size for qwen-image-edit', { size: '1024x1024' }, 'size'],
		['n = 5 for wan', { model: wan, n: 5 }, 'n'],
		['n = 0 for wan', { model: wan, n: 0 }, 'n'],
		['n as a string', { model: wan, n: '2' }, 'n'],
		['size with n = 2 for plus', { model: plus, n: 2, size: '1024x1024' }, 'size'],
		['a size over 2048 for plus', { model: plus, size: '1024x4096' }, 'size'],
		['a negative seed for plus', { model: plus, seed: -1 }, 'seed'],
		['a callback over http', { callback_url: 'http://hooks.example.com/' }, 'callback_url'],
		['a callback that is no URL', { callback_url: 'hooks.example.com' }, 'callback_url'],
		[
			'a callback URL of 2049 characters',
			{ callback_url: `https://hooks.example.com/${'x'.repeat(2023)}` },
			'callback_url',
		],
	])('%s', async (_name, changes, param) => {
		const { status, body } = await create(simulator, changes);
		expect(status).toBe(400);
		expect(body.error).toMatchObject({ code: 'invalid_request', param });
		expect(simulator.paidTasks()).toBe(0);
	});

	it.each([
		'localhost',
		'n8n.localhost',
		'printer.local',
		'127.0.0.1',
		'127.1',
		'2130706433',
		'10.1.2.3',
		'172.31.0.1',
		'192.168.1.1',
		'169.254.169.254',
		'0.0.0.0',
		'[::1]',
		'[::]',
		'[fd00::1]',
		'[fe80::1]',
		'[::ffff:127.0.0.1]',
		'[::ffff:10.0.0.1]',
	])('a callback to %s', async (host) => {
		const { status, body } = await create(simulator, { callback_url: `https://${host}/x` });
		expect(status).toBe(400);
		expect(body.error.param).toBe('callback_url');
	});

	it('unknown models', async () => {
		const { status, body } = await create(simulator, { model: 'qwen-image-make-coffee' });
		expect(status).toBe(403);
		expect(body.error.code).toBe('model_access_denied');
	});

	it('bodies that are not declared as JSON, or are none', async () => {
		const headers = { authorization: `Bearer ${simulator.apiKey}` };
		const url = `${simulator.apiUrl}/v1/images/generations`;
		const undeclared = { method: 'POST', headers, body: '{}' };
		expect((await fetch(url, undeclared)).status).toBe(400);
		const broken = {
			method: 'POST',
			headers: { ...headers, 'content-type': 'application/json' },
			body: '{"model":',
		};
		expect((await fetch(url, broken)).status).toBe(400);
	});

	it('malformed and unknown task ids', async () => {
		const malformed = await callApi(simulator, 'GET', '/v1/tasks/whatever');
		expect([malformed.status, malformed.body.error.code]).toEqual([400, 'invalid_task_id']);
		const unknown = await callApi(simulator, 'GET', '/v1/tasks/task-unified-1-unknown');
		expect([unknown.status, unknown.body.error.code]).toEqual([404, 'task_not_found']);
	});

	describe('but it takes', () => {
		it.each<[string, Record<string, unknown>]>([
			['a prompt of 2000 characters', { prompt: '😀'.repeat(2000) }],
			['a public callback', { callback_url: 'https://hooks.example.com/a?b=c' }],
			['n = 4 for wan', { model: wan, n: 4 }],
			['all fields of plus', { model: plus, size: '512x2048', seed: 0, watermark: false, n: 1 }],
		])('%s', async (_name, changes) => {
			expect((await create(simulator, changes)).status).toBe(200);
		});
	});
});
