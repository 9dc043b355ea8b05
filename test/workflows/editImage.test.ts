import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import sharp from 'sharp';

import { samplePicture, type Simulator } from '../simulator';
import { binaryField, bytesOf, editImage, keysOf, runWorkflow, sent } from './harness';
import { scenarios } from './scenarios';
import { until } from '../../tools/until';

const wan = { __rl: true, mode: 'list', value: 'wan2.5-image-to-image' };

/** The bodies of the creates on the wire, in order. */
function bodies(simulator: Simulator) {
	return sent(simulator).creates.map(({ json }) => json as Record<string, unknown>);
}

async function formatOf(content: Buffer): Promise<string | undefined> {
	return (await sharp(content).metadata()).format;
}

describe('Edit Image', () => {
	scenarios({
		'turns a link into an edited image in the binary field': async (simulator) => {
			const { items, error, arrived } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
			});
			expect(error).toBeUndefined();
			expect(arrived).toBe(1);
			expect(Object.keys(items[0].binary ?? {})).toEqual(['data']);
			const image = items[0].binary?.data;
			expect(image).toMatchObject({
				mimeType: 'image/png',
				fileName: expect.stringMatching(/^1-\S+\.png$/) as string,
			});
			expect(await formatOf(bytesOf(image))).toBe('png');
			expect(bodies(simulator)).toEqual([
				{
					model: 'qwen-image-edit',
					prompt: 'Replace the background with a beach',
					image_urls: [`${simulator.picturesUrl}/cat.png`],
				},
			]);
			expect(simulator.paidTasks()).toBe(1);
		},

		'says what the service said: state, links, times, price': async (simulator) => {
			const before = Date.now();
			const { items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			const [task] = simulator.tasks.values();
			expect(items[0].json).toEqual({
				id: task.id,
				status: 'completed',
				model: 'qwen-image-edit',
				progress: 100,
				results: [`${simulator.resultsUrl}/${task.id}/1.png`],
				expires_at: expect.any(String) as string,
				created_at: new Date(Math.floor(task.createdAt / 1000) * 1000).toISOString(),
				credits_reserved: 1,
			});
			// Never later than the links really work, and not much earlier.
			const expires = Date.parse(items[0].json.expires_at as string);
			expect(expires).toBeLessThanOrEqual(task.expiresAt);
			expect(expires).toBeGreaterThanOrEqual(before - 1000 + 24 * 3600 * 1000);
			expect(items[0].pairedItem).toEqual({ item: 0 });
		},

		'uploads a binary field and edits it': async (simulator) => {
			const image = await samplePicture('jpeg');
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
				}),
				items: [{ json: {}, binary: { data: binaryField(image, 'me.jpg', 'image/jpeg') } }],
			});
			const [file] = simulator.files.values();
			expect(file.data.equals(image)).toBe(true);
			expect(file.contentType).toBe('image/jpeg');
			const { uploads } = sent(simulator);
			expect(uploads).toHaveLength(1);
			expect(uploads[0].parts?.map(({ name }) => name)).toEqual(['file', 'file_name']);
			expect(bodies(simulator)[0].image_urls).toEqual([`${simulator.filesUrl}${file.path}`]);
			expect(items[0].binary?.data).toMatchObject({
				mimeType: 'image/jpeg',
				fileName: expect.stringMatching(/^1-\S+\.jpg$/) as string,
			});
			expect(await formatOf(bytesOf(items[0].binary?.data))).toBe('jpeg');
		},

		'uploads an image by its bytes, whatever its field says': async (simulator) => {
			const image = await samplePicture('webp');
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
				}),
				items: [{ json: {}, binary: { data: binaryField(image, 'a/b.txt', 'application/pdf') } }],
			});
			expect(error).toBeUndefined();
			expect([...simulator.files.values()][0]).toMatchObject({
				contentType: 'image/webp',
				fileName: expect.stringMatching(/^[\w-]+\.webp$/) as string,
			});
		},

		'keeps the order of mixed links and binary fields': async (simulator) => {
			const first = await samplePicture('png');
			const second = await samplePicture('webp');
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: {
						image: [
							{ source: 'binary', binaryPropertyName: 'front, back' },
							{ source: 'url', url: `${simulator.picturesUrl}/cat.png` },
						],
					},
				}),
				items: [
					{
						json: {},
						binary: {
							front: binaryField(first, 'same.png', 'image/png'),
							back: binaryField(second, 'same.png', 'image/png'),
						},
					},
				],
			});
			expect(error).toBeUndefined();
			const files = [...simulator.files.values()];
			expect(files.map(({ data }) => data.equals(first))).toEqual([true, false]);
			expect(files[1].data.equals(second)).toBe(true);
			expect(bodies(simulator)[0].image_urls).toEqual([
				...files.map(({ path }) => `${simulator.filesUrl}${path}`),
				`${simulator.picturesUrl}/cat.png`,
			]);
		},

		'takes several links from one entry and arrays from expressions': async (simulator) => {
			const [cat, room, shirt] = ['cat.png', 'room.jpg', 'shirt.webp'].map(
				(name) => `${simulator.picturesUrl}/${name}`,
			);
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: {
						image: [
							{ source: 'url', url: '={{ $json.one }}' },
							{ source: 'url', url: '={{ $json.two }}' },
						],
					},
				}),
				items: [
					{ json: { one: [cat, room], two: shirt } },
					{ json: { one: `${room}, ${cat}`, two: [shirt] } },
					{ json: { one: `${shirt}\n${room}`, two: `${cat},` } },
				],
			});
			expect(error).toBeUndefined();
			expect(bodies(simulator).map(({ image_urls }) => image_urls)).toEqual([
				[cat, room, shirt],
				[room, cat, shirt],
				[shirt, room, cat],
			]);
		},

		'gives every item its own image, in input order, although the last ends first': async (
			simulator,
		) => {
			simulator.nextTask({ prompt: /item 0/, seconds: 1000, estimatedTime: null });
			simulator.nextTask({ prompt: /item 1/, seconds: 0.7, estimatedTime: 1 });
			simulator.nextTask({ prompt: /item 2/, seconds: 0 });
			const running = runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '=Edit {{ $json.name }}' }),
				items: [0, 1, 2].map((index) => ({ json: { name: `item ${index}` } })),
			});
			await until(() => sent(simulator).downloads.length === 2);
			simulator.clockOffsetSeconds += 1000;
			const { items } = await running;
			const tasks = [...simulator.tasks.values()];
			for (const [index, { json, pairedItem }] of items.entries()) {
				expect(pairedItem).toEqual({ item: index });
				const task = tasks.find(({ id }) => id === json.id);
				expect(task?.request.prompt).toBe(`Edit item ${index}`);
			}
			expect(items).toHaveLength(3);
			expect(sent(simulator).downloads[2].path).toContain(items[0].json.id);
		},

		'uploads the same image of several items once': async (simulator) => {
			const binary = { data: binaryField(await samplePicture('png'), 'same.png', 'image/png') };
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
				}),
				items: Array.from({ length: 4 }, () => ({ json: {}, binary })),
			});
			expect(items).toHaveLength(4);
			expect(sent(simulator).uploads).toHaveLength(1);
			expect(keysOf(simulator)).toHaveLength(4);
		},

		'puts several images of one task into data, data_1, data_2': async (simulator) => {
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { model: wan, numberOfImages: 3 }),
			});
			expect(error).toBeUndefined();
			expect(bodies(simulator)[0]).toMatchObject({ model: wan.value, n: 3 });
			expect(Object.keys(items[0].binary ?? {})).toEqual(['data', 'data_1', 'data_2']);
			const images = Object.values(items[0].binary ?? {}).map(({ data }) => data);
			expect(new Set(images).size).toBe(3);
			expect(items[0].json.results).toHaveLength(3);
			expect(items[0].json.credits_reserved).toBe(3.6);
		},

		'names the images as the user wants': async (simulator) => {
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					model: wan,
					numberOfImages: 2,
					binaryPropertyName: 'edited',
				}),
			});
			expect(Object.keys(items[0].binary ?? {})).toEqual(['edited', 'edited_1']);
		},

		'gives the true type and file name, whatever the result host says': async (simulator) => {
			const cases = [
				{
					format: 'png',
					delivery: {},
					mimeType: 'image/png',
					fileName: '1.png',
				},
				{
					format: 'jpeg',
					delivery: {},
					mimeType: 'image/jpeg',
					fileName: '1.jpg',
				},
				{ format: 'webp', delivery: {}, mimeType: 'image/webp', fileName: '1.webp' },
				{
					format: 'webp',
					delivery: { extension: false, contentType: null },
					mimeType: 'image/webp',
					fileName: '1.webp',
				},
				{
					format: 'jpeg',
					delivery: { contentType: 'text/html' },
					mimeType: 'image/jpeg',
					fileName: '1.jpg',
				},
				{
					format: 'png',
					delivery: { extension: false, contentType: 'application/octet-stream' },
					mimeType: 'image/png',
					fileName: '1.png',
				},
			] as const;
			for (const [index, { format, delivery }] of cases.entries()) {
				simulator.nextTask({ prompt: new RegExp(`case ${index}$`), format, delivery });
			}
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '=case {{ $itemIndex }}' }),
				items: cases.map(() => ({ json: {} })),
			});
			for (const [index, { mimeType, fileName, format }] of cases.entries()) {
				const image = items[index].binary?.data;
				const task = (items[index].json.id as string).replace('task-unified-', '');
				const [stem, ending] = fileName.split(/\.(?=[^.]+$)/);
				expect(image).toMatchObject({ mimeType, fileName: `${stem}-${task}.${ending}` });
				expect(await formatOf(bytesOf(image))).toBe(format);
			}
		},

		'fetches no image with Download off': async (simulator) => {
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { download: false }),
			});
			expect(items[0].binary).toBeUndefined();
			expect(items[0].json.results).toHaveLength(1);
			expect(sent(simulator).downloads).toEqual([]);
		},

		"gives the service's own answer with Simplify off, and never an 'error'": async (simulator) => {
			simulator.nextTask({ errorNull: true });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { simplify: false }),
			});
			expect(items[0].json).toMatchObject({
				object: 'image.generation.task',
				status: 'completed',
				task_info: { can_cancel: false },
			});
			expect(items[0].json).not.toHaveProperty('error');
			expect(items[0].binary?.data.mimeType).toBe('image/png');
		},

		'finds the links wherever the service puts them': async (simulator) => {
			simulator.nextTask({ resultsIn: 'result_data' });
			simulator.nextTask({ resultsIn: 'result_data_object' });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				items: [{ json: {} }, { json: {} }],
			});
			expect(items.map(({ binary }) => binary?.data.mimeType)).toEqual(['image/png', 'image/png']);
		},

		'sends what breaks a limit with Validation on Warn, and shows a hint': async (simulator) => {
			const { items, hints, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					prompt: 'x'.repeat(2001),
					options: { validation: 'warn' },
				}),
			});
			// The service refuses it, which is what the user wanted to find out.
			expect(items).toEqual([]);
			expect(error?.message).toContain('prompt is longer than 2000 characters');
			expect(sent(simulator).creates).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(0);

			const tall = await samplePicture('png', { width: 400, height: 4100 });
			const accepted = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
					options: { validation: 'warn', onTaskFailure: 'output' },
				}),
				items: [{ json: {}, binary: { data: binaryField(tall, 'tall.png', 'image/png') } }],
				executionId: '8',
			});
			expect(accepted.items[0].json).toMatchObject({ status: 'failed' });
			expect([...hints, ...accepted.hints].map(({ message }) => message)).toContainEqual(
				expect.stringMatching(/^Item 0: .*400 × 4100 pixels.* 384 to 4096/),
			);
		},

		'leaves models that are not in the catalogue to the service': async (simulator) => {
			const refused = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					model: { __rl: true, mode: 'id', value: 'no-such-model' },
				}),
			});
			expect(refused.error).toMatchObject({
				message: expect.stringContaining('Access denied for this model') as string,
				description: expect.stringContaining('select another model') as string,
				httpCode: '403',
			});
		},

		'never has more tasks under way than Concurrency says': async (simulator) => {
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { options: { concurrency: 2 } }),
				items: Array.from({ length: 6 }, () => ({ json: {} })),
			});
			expect(items).toHaveLength(6);
			const tasks = [...simulator.tasks.values()];
			const underWay = tasks.map(
				({ createdAt }) =>
					tasks.filter((other) => other.createdAt <= createdAt && createdAt < other.endsAt).length,
			);
			expect(Math.max(...underWay)).toBe(2);
		},

		'works with base URLs that end in slashes': async (simulator) => {
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
				}),
				items: [
					{
						json: {},
						binary: { data: binaryField(await samplePicture('png'), 'a.png', 'image/png') },
					},
				],
				credential: {
					baseUrl: `${simulator.apiUrl}//`,
					filesBaseUrl: `${simulator.filesUrl}/`,
				},
			});
			expect(error).toBeUndefined();
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(sent(simulator).all.filter(({ path }) => path.includes('//'))).toEqual([]);
		},

		'sends the key to the API and the files host alone': async (simulator) => {
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: {
						image: [
							{ source: 'binary', binaryPropertyName: 'data' },
							{ source: 'url', url: `${simulator.picturesUrl}/cat.png` },
						],
					},
				}),
				items: [
					{
						json: {},
						binary: { data: binaryField(await samplePicture('png'), 'a.png', 'image/png') },
					},
				],
			});
			expect(error).toBeUndefined();
			const withKey = simulator.requests.filter(({ headers }) => headers.authorization);
			expect([...new Set(withKey.map(({ host }) => host))].sort()).toEqual(['api', 'files']);
			expect(sent(simulator).downloads).toHaveLength(1);
			expect(simulator.keyLeaks).toEqual([]);
		},
	});
});

describe('Edit Image with Wait set to Do Not Wait', () => {
	scenarios({
		'gives the task at once, although it never ends': async (simulator) => {
			simulator.nextTask({ end: 'never' });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { wait: 'none' }),
			});
			expect(items[0].json).toMatchObject({
				id: expect.stringMatching(/^task-unified-/) as string,
				status: 'pending',
				results: [],
				credits_reserved: 1,
			});
			expect(items[0].json).not.toHaveProperty('expires_at');
			expect(items[0].binary).toBeUndefined();
			expect(sent(simulator).polls).toEqual([]);
		},

		'asks the service to call back, which it does': async (simulator) => {
			const calls: string[] = [];
			const receiver = createServer((request, response) => {
				calls.push(`${request.method} ${request.headers.host}${request.url}`);
				request.resume();
				response.end();
			});
			await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
			try {
				const { port } = receiver.address() as AddressInfo;
				simulator.callbackHosts['n8n.example.com'] = `http://127.0.0.1:${port}`;
				const { items } = await runWorkflow({
					simulator,
					parameters: editImage(simulator, {
						wait: 'none',
						callbackUrl: 'https://n8n.example.com/webhook/done?item=1',
					}),
				});
				expect(bodies(simulator)[0].callback_url).toBe(
					'https://n8n.example.com/webhook/done?item=1',
				);
				await until(() => simulator.callbacks.length > 0);
				expect(calls).toEqual(['POST n8n.example.com/webhook/done?item=1']);
				expect(simulator.callbacks[0]).toMatchObject({
					accepted: true,
					body: { id: items[0].json.id, status: 'completed' },
				});
			} finally {
				receiver.closeAllConnections();
				receiver.close();
			}
		},

		"gives the service's own answer with Simplify off": async (simulator) => {
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { wait: 'none', simplify: false }),
			});
			expect(items[0].json).toMatchObject({
				status: 'pending',
				usage: { billing_rule: 'per_call', credits_reserved: 1 },
			});
		},
	});
});
