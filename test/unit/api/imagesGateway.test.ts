import fc from 'fast-check';

import {
	ApiError,
	ImageLateError,
	ImageLostError,
	StoppedError,
} from '../../../nodes/Evolink/api/errors/errors';
import {
	type GatewayReply,
	ImagesGatewayClient,
	readGatewayReply,
} from '../../../nodes/Evolink/api/imagesGateway';
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
import { VirtualClock } from '../virtualClock';

const LINK = 'https://cdn.example.com/output/1758636609.png?key=eyJhbGci';
const BASE64 = Buffer.from('\x89PNG\r\n\x1a\n and more', 'latin1').toString('base64');
const BODY = {
	model: 'qwen-image-edit-2509',
	prompt: 'Put it on',
	image: 'https://a.example/x.png',
};

const read = (body: unknown): GatewayReply => readGatewayReply(JSON.stringify(body));
const link = (address: string) => ({ kind: 'link', link: address });
const content = (base64: string) => ({ kind: 'content', base64: Buffer.from(base64) });

describe('what a gateway answers', () => {
	const shapes: Array<[string, unknown, object[]]> = [
		[
			'links in data',
			{ data: [{ url: LINK }, { url: `${LINK}&2` }] },
			[link(LINK), link(`${LINK}&2`)],
		],
		['base64 in data', { data: [{ b64_json: BASE64 }] }, [content(BASE64)]],
		[
			'base64 as data URL',
			{ data: [{ b64_json: `data:image/png;base64,${BASE64}` }] },
			[content(BASE64)],
		],
		[
			'a data URL as link',
			{ data: [{ url: `data:image/png;base64,${BASE64}` }] },
			[content(BASE64)],
		],
		['a link beside an empty b64_json', { data: [{ url: LINK, b64_json: '' }] }, [link(LINK)]],
		['base64 beside an empty link', { data: [{ url: '', b64_json: BASE64 }] }, [content(BASE64)]],
		['links in images', { images: [{ url: LINK }], timings: { inference: 1 } }, [link(LINK)]],
		['plain links', { images: [LINK] }, [link(LINK)]],
		['several links in one entry', { data: [{ url: [LINK, LINK] }] }, [link(LINK), link(LINK)]],
		[
			'links in wrapped data',
			{ code: 200, msg: 'ok', data: { data: [{ url: LINK, b64_json: '' }], created: 1758636610 } },
			[link(LINK)],
		],
		['a single entry', { data: { url: LINK } }, [link(LINK)]],
		['links in output', { output: [LINK] }, [link(LINK)]],
		['links in output_images', { output_images: [LINK] }, [link(LINK)]],
		['links in result.data', { result: { data: [{ url: LINK }] } }, [link(LINK)]],
		['links in data.image_urls', { code: 0, data: { image_urls: [LINK] } }, [link(LINK)]],
		[
			'images of a chat',
			{ choices: [{ message: { content: '', images: [{ image_url: { url: LINK } }] } }] },
			[link(LINK)],
		],
		['a link that stands twice', { data: [{ url: LINK, image_url: LINK }] }, [link(LINK)]],
		[
			'an image beside an error',
			{ data: [{ url: LINK }], error: '1 of 2 images was filtered' },
			[link(LINK)],
		],
		['image_url as text', { data: [{ image_url: LINK }] }, [link(LINK)]],
		...[{ code: '', message: '' }, 0, null, 'none', '', {}, [], false, { code: 0 }].map(
			(error): [string, unknown, object[]] => [
				`an image beside the empty error ${JSON.stringify(error)}`,
				{ error, data: [{ url: LINK, error }] },
				[link(LINK)],
			],
		),
		[
			'an image beside errors of others',
			{ errors: [{ message: 'x' }], data: [{ url: LINK }] },
			[link(LINK)],
		],
		['no error, spelled out', { error: null, success: true, data: [{ url: LINK }] }, [link(LINK)]],
	];

	it.each(shapes)('takes %s', (_, body, images) => {
		expect(read(body)).toMatchObject({ kind: 'edited', edit: { images } });
	});

	it('tells the error beside an image, and takes no image where all has failed', () => {
		const error = { message: '1 of 2 images was filtered' };
		expect(read({ data: [{ url: LINK }], error })).toMatchObject({
			edit: { failures: ['1 of 2 images was filtered'] },
		});
		expect(read({ success: false, data: [{ url: LINK }], error }).kind).toBe('error');
	});

	it('takes as many images as anybody can ask for', () => {
		const reply = read({ data: Array.from({ length: 50_000 }, () => ({ url: LINK })) });
		expect(reply.kind === 'edited' && reply.edit.images).toHaveLength(100);
	});

	it('an error that is nested without end is one', () => {
		const depth = 100_000;
		const text = `{"error":${'['.repeat(depth)}${']'.repeat(depth)}}`;
		expect(readGatewayReply(text).kind).toBe('error');
	});

	it('takes the documented example', () => {
		const example =
			'{\r\n "data": [\r\n {\r\n "url": "' + LINK + '"\r\n }\r\n ],\r\n "created": 1758636610\r\n}';
		expect(readGatewayReply(example)).toEqual({
			kind: 'edited',
			edit: {
				images: [link(LINK)],
				createdAt: 1758636610000,
				raw: { data: [{ url: LINK }], created: 1758636610 },
			},
		});
	});

	it('finds the date in wrapped answers, and leaves out one that is none', () => {
		const data = [{ url: LINK }];
		expect(read({ data: { data, created: 1758636610 } })).toMatchObject({
			edit: { createdAt: 1758636610000 },
		});
		const reply = read({ data, created: 'yesterday' });
		expect(reply).toMatchObject({ kind: 'edited' });
		expect(reply).not.toHaveProperty('edit.createdAt');
	});

	it('takes base64 out of the raw answer and leaves the rest', () => {
		const reply = read({
			created: 5,
			data: [
				{ b64_json: BASE64, revised_prompt: 'x' },
				{ url: LINK, b64_json: BASE64 },
				{ url: `data:image/png;base64,${BASE64}` },
			],
		});
		expect(reply).toMatchObject({
			edit: {
				images: [content(BASE64), link(LINK), content(BASE64)],
				raw: { created: 5, data: [{ revised_prompt: 'x' }, { url: LINK }, {}] },
			},
		});
	});

	it('gives the images that came, and says why the others did not', () => {
		const data = [{ url: LINK }, { error: { code: 'moderation', message: 'Blocked' } }];
		expect(read({ data })).toMatchObject({
			kind: 'edited',
			edit: { images: [link(LINK)], failures: ['Blocked [moderation]'] },
		});
	});

	const errors: Array<[string, unknown, object]> = [
		[
			'errors in the place of all images',
			{ data: [{ error: { code: 'moderation', message: 'Blocked' } }] },
			{ error: { code: 'moderation', message: 'Blocked' } },
		],
		[
			'base_resp',
			{ base_resp: { status_code: 1008, status_msg: 'insufficient balance' } },
			{ error: { message: 'insufficient balance' } },
		],
		['status_code', { status_code: 429, message: 'Slow' }, { status: 429 }],
		['errors', { errors: [{ message: 'No such model' }] }, { error: { message: 'No such model' } }],
		['detail', { detail: [{ msg: 'Field required' }] }, { error: { message: 'Field required' } }],
		[
			'an OpenAI error',
			{
				error: { message: 'No such model', type: 'invalid_request_error', code: 'model_not_found' },
			},
			{ error: { message: 'No such model', code: 'model_not_found' } },
		],
		[
			'a wrapped error',
			{ code: 400, msg: 'Bad image', data: null },
			{ status: 400, error: { message: 'Bad image' } },
		],
		['success: false', { success: false, message: 'Blocked' }, { error: { message: 'Blocked' } }],
		['an error in words', { error: 'Busy' }, { error: { message: 'Busy' } }],
		['a code of load', { error: { code: 429, message: 'Slow down' } }, { status: 429 }],
		[
			'a code in words',
			{ code: 'InvalidImage', message: 'Bad' },
			{ error: { code: 'invalidimage' } },
		],
	];

	it.each(errors)('takes %s for an error', (_, body, expected) => {
		expect(read(body)).toMatchObject({ kind: 'error', ...expected });
	});

	const tasks: Array<[string, unknown, object]> = [
		[
			'EvoLink',
			{ id: 'task-unified-1', status: 'pending', progress: 0 },
			{ taskId: 'task-unified-1' },
		],
		[
			'a wrapped task',
			{ code: 200, data: [{ status: 'submitted', task_id: 'task_7' }] },
			{ taskId: 'task_7' },
		],
		['a task in data', { data: { task_id: 'task_8' } }, { taskId: 'task_8' }],
	];

	it.each(tasks)('recognises a host that works with tasks (%s)', (_, body, expected) => {
		expect(read(body)).toEqual({ kind: 'task', ...expected });
	});

	it.each([
		['{"data":[{"url":"https://cd'],
		[HTML],
		[''],
		['null'],
		['[]'],
		['{"data":[]}'],
		['{"data":"ok"}'],
	])('finds nothing in %s', (text) => {
		expect(readGatewayReply(text)).toEqual({ kind: 'unreadable' });
	});

	it('gives images in order, whatever stands around them', () => {
		const entry = fc.oneof(
			fc.webUrl().map((url) => ({ entry: { url }, image: link(url) })),
			fc
				.base64String({ minLength: 4 })
				.map((b64) => ({ entry: { b64_json: b64 }, image: content(b64) })),
			fc.base64String({ minLength: 4 }).map((b64) => ({
				entry: { url: '', b64_json: `data:image/webp;base64,${b64}` },
				image: content(b64),
			})),
		);
		const wrap = fc.constantFrom<(list: unknown) => object>(
			(data) => ({ data }),
			(images) => ({ images }),
			(data) => ({ code: 200, data: { data } }),
			(images) => ({ success: true, error: null, data: { images } }),
		);
		fc.assert(
			fc.property(
				fc.array(entry, { minLength: 1 }),
				wrap,
				fc.jsonValue(),
				(entries, shape, usage) => {
					const body = { ...shape(entries.map((given) => given.entry)), usage };
					const reply = read(body);
					expect(reply).toMatchObject({
						kind: 'edited',
						edit: { images: entries.map(({ image }) => image) },
					});
					expect(JSON.stringify(reply.kind === 'edited' && reply.edit.raw)).not.toContain(
						'b64_json',
					);
				},
			),
		);
	});

	it('takes anything', () => {
		const key = fc.constantFrom(
			'data',
			'images',
			'error',
			'code',
			'success',
			'id',
			'url',
			'status',
		);
		const body = fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue()));
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string(),
					body.map((value) => JSON.stringify(value)),
				),
				(text) => {
					expect(['edited', 'error', 'task', 'unreadable']).toContain(readGatewayReply(text).kind);
				},
			),
		);
	});
});

describe('editing', () => {
	beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0));
	afterEach(() => jest.restoreAllMocks());

	const EDITED = answer(200, { data: [{ url: LINK }] });

	function setUp(...steps: Step[]) {
		const clock = new VirtualClock();
		const service = new ScriptedSend(clock, steps);
		const client = new ImagesGatewayClient(service.send, clock, 'https://gateway.example.com');
		return {
			clock,
			service,
			edit: async () => await client.edit({ path: '/v1/images/generations', body: BODY }, 600_000),
		};
	}

	it('sends one request and gives its images', async () => {
		const { edit, service } = setUp({ ...EDITED, takesMs: 300_000 });
		await expect(edit()).resolves.toMatchObject({ images: [link(LINK)] });
		expect(service.requests).toMatchObject([
			{
				method: 'POST',
				url: 'https://gateway.example.com/v1/images/generations',
				body: BODY,
				timeoutMs: 600_000,
			},
		]);
		expect(service.requests[0].maxBytes).toBeGreaterThan((50 * 1024 * 1024 * 4) / 3);
	});

	describe('an answer of many megabytes', () => {
		const large = Buffer.alloc(300_000, 'image').toString('base64');

		it.each<[string, object]>([
			['base64', { data: [{ b64_json: large }] }],
			['data URLs', { data: [{ b64_json: `data:image/png;base64,${large}` }] }],
			['data URLs as links', { data: [{ url: `data:image/png;base64,${large}` }] }],
			['a list', { images: [`data:image/png;base64,${large}`] }],
		])('gives its images, and the rest as it is (%s)', async (_name, body) => {
			const { edit } = setUp(answer(200, { ...body, usage: { images: 1 }, note: `"${large}` }));
			const { images, raw } = await edit();
			expect(images).toEqual([content(large)]);
			expect(raw).toMatchObject({ usage: { images: 1 }, note: `"${large}` });
			expect(JSON.stringify(raw).length).toBeLessThan(large.length * 1.5);
		});

		it('tells an error by the beginning of its words', async () => {
			const message = `Not an image: data:image/png;base64,${large}`;
			const { edit } = setUp(answer(200, { error: { code: 'invalid_image', message } }));
			const error = (await edit().catch((caught: Error) => caught)) as Error;
			expect(error.message).toMatch(/didn't edit the image: Not an image: data:image/);
			expect(error.message.length).toBeLessThan(1_000);
		});

		it('leaves its IDs and links as a trace where it has no image', async () => {
			const log = large.repeat(Math.ceil((1024 * 1024) / large.length));
			const body = { request_id: 'req-7', see: 'https://gateway.example.com/jobs/7', log };
			const { edit } = setUp(answer(200, body));
			const error = (await edit().catch((caught: Error) => caught)) as ImageLostError;
			expect(error.message).toMatch(/req-7.*https:\/\/gateway\.example\.com\/jobs\/7/);
			expect(error.trace.answer?.length).toBeLessThan(1_000);
		});
	});

	const notBilled: Array<[string, Step]> = [
		['429', answer(429, { error: { message: 'Slow down' } })],
		['503 with a reason', answer(503, { error: { code: 'no_available_channel' } })],
		['429 as success', answer(200, { error: { code: 429, message: 'Slow down' } })],
		['a refused connection', notSent],
	];

	it.each(notBilled)('asks again after %s', async (_, step) => {
		const { edit, service } = setUp(step, step, EDITED);
		await expect(edit()).resolves.toBeDefined();
		expect(service.gaps).toEqual([1_000, 2_000]);
	});

	it('waits as the gateway says', async () => {
		const { edit, service } = setUp(answer(429, '', { 'retry-after': '20' }), EDITED);
		await edit();
		expect(service.gaps).toEqual([20_000]);
	});

	it.each(notBilled)('gives up at last after %s, and nothing is billed', async (_, step) => {
		const { edit, service } = setUp(step);
		await expect(edit()).rejects.toBeInstanceOf(ApiError);
		expect(service.requests).toHaveLength(6);
	});

	const unknown: Array<[string, Step]> = [
		['a lost connection', noAnswer],
		['no answer in time', { ...EDITED, takesMs: 600_001 }],
		['an answer without end', tooLarge],
		['a stop meanwhile', stopped],
		['408', answer(408)],
		['500', answer(500, { error: { message: 'Internal' } })],
		['502', answer(502, HTML)],
		['503 without a reason', answer(503, HTML)],
		['504', answer(504, HTML)],
		['524', answer(524, HTML)],
		['500 as success', answer(200, { code: 500, msg: 'Upstream failed' })],
		['half an answer', answer(200, '{"data":[{"url":"https://cd')],
		['a web page', answer(200, HTML)],
		['no picture', answer(200, { data: [] })],
	];

	it.each(unknown)('never asks again after %s, and says that it may be billed', async (_, step) => {
		const { edit, service } = setUp(step);
		const error: unknown = await edit().catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ImageLostError);
		expect(error).toMatchObject({
			message: expect.stringMatching(/It's unknown whether .*may have been billed/) as string,
			advice: expect.stringContaining("isn't sent again") as string,
		});
		expect(service.requests).toHaveLength(1);
	});

	it('never asks again when the outcome is unknown after it was throttled', async () => {
		const { edit, service } = setUp(answer(429), noAnswer, EDITED);
		await expect(edit()).rejects.toBeInstanceOf(ImageLostError);
		expect(service.requests).toHaveLength(2);
	});

	it('never sends again what n8n did not send, and tells its words', async () => {
		const { edit, service } = setUp(blocked, EDITED);
		await expect(edit()).rejects.toMatchObject({
			message: expect.stringContaining(
				"n8n didn't send the request: The request was blocked",
			) as string,
			advice: 'Ask your n8n administrator.',
		});
		expect(service.requests).toHaveLength(1);
	});

	it.each<[string, Step]>([
		['403 of Cloudflare', answer(403, 'error code: 1010')],
		['407', answer(407, HTML)],
	])('%s is not blamed on the key, and nothing is billed', async (_name, step) => {
		const { edit } = setUp(step);
		const error: unknown = await edit().catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ApiError);
		expect(error).toMatchObject({
			message: expect.stringMatching(
				/didn't reach the images gateway: a proxy or firewall/,
			) as string,
			advice: expect.not.stringMatching(/permissions/) as string,
		});
	});

	it('keeps an answer without an image, which is billed, and what can be found in it', async () => {
		const odd = { request_id: 'r-9', strange: { preview: 'https://cdn.example.com/p.png' } };
		const { edit } = setUp(answer(200, odd, { 'x-request-id': 'req-3' }));
		await expect(edit()).rejects.toMatchObject({
			message: expect.stringMatching(/r-9.*https:\/\/cdn\.example\.com\/p\.png/) as string,
			trace: { answer: JSON.stringify(odd), requestId: 'req-3' },
		});
	});

	describe('accepted, to be asked for later', () => {
		const DONE = answer(200, { status: 'completed', result: { data: [{ url: LINK }] } });
		const WORKING = answer(200, { id: 'task-1', status: 'processing' });

		it.each<[string, Step]>([
			['Location', answer(202, '', { location: '/v1/images/tasks/1' })],
			[
				'Location, beside a task',
				answer(202, { id: 't', status: 'queued' }, { location: '/v1/images/tasks/1' }),
			],
			['poll_url', answer(202, { poll_url: 'https://gateway.example.com/v1/images/tasks/1' })],
			[
				'poll_url, with status 200',
				answer(200, { id: 't', status: 'queued', poll_url: '/v1/images/tasks/1' }),
			],
		])('is asked for at its %s until the image is there', async (_name, accepted) => {
			const { edit, service } = setUp(accepted, answer(502, HTML), noAnswer, WORKING, DONE);
			await expect(edit()).resolves.toMatchObject({ images: [link(LINK)] });
			const [create, ...polls] = service.requests;
			expect(create.method).toBe('POST');
			expect(polls.map(({ method, url }) => `${method} ${url}`)).toEqual(
				Array(4).fill('GET https://gateway.example.com/v1/images/tasks/1'),
			);
		});

		it('waits as the gateway says', async () => {
			const accepted = answer(202, '', { location: '/v1/t/1', 'retry-after': '20' });
			const { edit, service } = setUp(accepted, DONE);
			await edit();
			expect(service.gaps).toEqual([20_000]);
		});

		it.each([
			'https://other.example.com/t/1',
			'//other.example.com/t/1',
			'http://gateway.example.com/t/1',
		])('is not asked for at %s, which would get the key', async (location) => {
			const { edit, service } = setUp(answer(202, '', { location }), DONE);
			await expect(edit()).rejects.toBeInstanceOf(ImageLostError);
			expect(service.requests).toHaveLength(1);
		});

		it.each<[string, Step, typeof ApiError | typeof ImageLateError]>([
			['is never done', WORKING, ImageLateError],
			['is not known there', answer(404, { error: { message: 'No such task' } }), ImageLateError],
			['failed', answer(200, { status: 'failed', error: { message: 'Blocked' } }), ImageLostError],
		])('may be billed when it %s, and is not sent again', async (_name, step, kind) => {
			const { edit, service } = setUp(answer(202, '', { location: '/v1/t/1' }), step);
			await expect(edit()).rejects.toBeInstanceOf(kind);
			expect(service.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
		});
	});

	const refusals: Array<[number, RegExp]> = [
		[302, /base URL in the 'Images Gateway API' credential/],
		[400, /Check the prompt, the images/],
		[401, /API key and the base URL in the 'Images Gateway API' credential/],
		[402, /Top up the account at the gateway/],
		[403, /doesn't have permission/],
		[404, /'Model'.*base URL/],
		[413, /fewer or smaller images/],
		[422, /Check the prompt, the images/],
	];

	it.each(refusals)('says what to do about %i and asks once', async (status, advice) => {
		const { edit, service } = setUp(answer(status, { error: { message: 'No', code: 'why' } }));
		await expect(edit()).rejects.toMatchObject({
			message: "The images gateway didn't edit the image: No",
			advice: expect.stringMatching(advice) as string,
			status,
		});
		expect(service.requests).toHaveLength(1);
	});

	it('treats an error under HTTP 200 as a refusal', async () => {
		const { edit, service } = setUp(answer(200, { success: false, msg: 'Blocked' }));
		const error: unknown = await edit().catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ApiError);
		expect(error).toMatchObject({ message: expect.stringContaining('Blocked') as string });
		expect(service.requests).toHaveLength(1);
	});

	it('says which service a host with tasks is for, and keeps the task', async () => {
		const { edit, service } = setUp(answer(200, { id: 'task-unified-1', status: 'pending' }));
		await expect(edit()).rejects.toMatchObject({
			message: expect.stringContaining('the task task-unified-1 instead of an image') as string,
			advice: expect.stringContaining("set 'Service' to 'EvoLink'") as string,
			trace: { taskId: 'task-unified-1' },
		});
		expect(service.requests).toHaveLength(1);
	});

	it('asks again only after what is certainly not billed, whatever happens', async () => {
		const others: Array<[string, Step]> = refusals.map(([status]) => [
			String(status),
			answer(status, { error: { message: 'No' } }),
		]);
		const known = [
			...notBilled.map(([, step]) => ({ step, mayRepeat: true })),
			...[...unknown, ...others].map(([, step]) => ({ step, mayRepeat: false })),
			{ step: EDITED, mayRepeat: false },
		];
		const story = fc.array(fc.constantFrom(...known), { minLength: 1, maxLength: 8 });
		await fc.assert(
			fc.asyncProperty(story, async (steps) => {
				const { edit, service } = setUp(...steps.map(({ step }) => step));
				await edit().catch(() => undefined);
				const happened = steps.slice(0, service.requests.length);
				expect(happened.slice(0, -1).every(({ mayRepeat }) => mayRepeat)).toBe(true);
			}),
		);
	});

	it('sends nothing after a stop, also between two tries', async () => {
		const before = setUp(EDITED);
		before.clock.stopAt = before.clock.startedAt;
		await expect(before.edit()).rejects.toBeInstanceOf(StoppedError);
		expect(before.service.requests).toHaveLength(0);

		const between = setUp(answer(429), EDITED);
		between.clock.stopAt = between.clock.startedAt + 500;
		await expect(between.edit()).rejects.toBeInstanceOf(StoppedError);
		expect(between.service.requests).toHaveLength(1);
	});
});
