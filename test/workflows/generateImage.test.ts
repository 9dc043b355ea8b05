import type { INodeParameters } from 'n8n-workflow';

import { GENERATING_MODELS } from '../../nodes/Evolink/models/catalogue';
import { MODELS, samplePicture, type Simulator } from '../simulator';
import { binaryField, runWorkflow, sent } from './harness';
import { scenarios } from './scenarios';

/** Images from a prompt alone, and files that become URLs. */

const byId = (value: string) => ({ __rl: true, mode: 'id', value });
const PROMPT = 'A lighthouse at dusk';
const generate = (simulator: Simulator, parameters: object = {}) => ({
	simulator,
	parameters: { operation: 'generateImage', prompt: PROMPT, ...parameters },
});

describe('Generate Image', () => {
	scenarios(
		{
			'makes an image from a prompt, with nothing else set': async (simulator) => {
				const { items, error } = await runWorkflow(generate(simulator));
				expect(error).toBeUndefined();
				expect(sent(simulator).creates.map(({ json }) => json)).toEqual([
					{ model: 'qwen-image-3.0', prompt: PROMPT, n: 1 },
				]);
				expect(items[0].json).toMatchObject({ status: 'completed', progress: 100 });
				expect(items[0].binary?.data.mimeType).toBe('image/png');
				expect(items[0].pairedItem).toEqual({ item: 0 });
				expect(simulator.paidTasks()).toBe(1);
			},

			'makes several, of the size and seed that are asked for': async (simulator) => {
				const { items, error } = await runWorkflow(
					generate(simulator, {
						model: byId('wan2.5-text-to-image'),
						numberOfImages: 3,
						options: { size: '1024x768', promptExtend: false },
					}),
				);
				expect(error).toBeUndefined();
				expect(sent(simulator).creates[0].json).toEqual({
					model: 'wan2.5-text-to-image',
					prompt: PROMPT,
					n: 3,
					size: '1024x768',
					prompt_extend: false,
				});
				expect(Object.keys(items[0].binary ?? {})).toEqual(['data', 'data_1', 'data_2']);
			},

			'takes no images and no mask, also where a saved workflow has them': async (simulator) => {
				const images = { image: [{ source: 'url', url: `${simulator.picturesUrl}/cat.png` }] };
				const { error } = await runWorkflow(
					generate(simulator, { model: byId('gpt-image-2'), images, options: { mask: 'data' } }),
				);
				expect(error).toBeUndefined();
				expect(sent(simulator).creates[0].json).toEqual({
					model: 'gpt-image-2',
					prompt: PROMPT,
					n: 1,
				});
			},

			'refuses a model that needs an image, and Edit Image one that takes none': async (
				simulator,
			) => {
				for (const model of ['qwen-image-edit', 'doubao-seedream-5.0-pro-layerize']) {
					const options = { validation: 'warn' };
					const { error } = await runWorkflow(generate(simulator, { model: byId(model), options }));
					expect(`${error?.message} – ${error?.description}`).toMatch(
						/needs an image to edit – Use the operation 'Edit Image'/,
					);
				}
				const { error } = await runWorkflow({
					simulator,
					parameters: {
						operation: 'editImage',
						prompt: PROMPT,
						model: byId('z-image-turbo'),
						images: { image: [{ source: 'url', url: `${simulator.picturesUrl}/cat.png` }] },
					},
				});
				expect(error?.description).toMatch(/Use the operation 'Generate Image'/);
				expect(simulator.requests).toEqual([]);
			},

			'leaves a model that is not in the catalogue to the service': async (simulator) => {
				const { items } = await runWorkflow(generate(simulator, { model: byId('new-image') }));
				expect(items[0].json).toMatchObject({ status: 'completed', model: 'new-image' });
			},

			'needs a prompt': async (simulator) => {
				const { error } = await runWorkflow(generate(simulator, { prompt: ' ' }));
				expect(error?.message).toBe("'Prompt' is empty");
				expect(simulator.requests).toEqual([]);
			},

			'is paid once, however often it is tried': async (simulator) => {
				simulator.inject({ host: 'api', path: /generations/, fault: 'resetAfter', times: 1 });
				simulator.nextTask({ delivery: { status: 403, statusTimes: 1 } });
				const { items, error } = await runWorkflow({
					...generate(simulator),
					node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 },
				});
				expect(error).toBeUndefined();
				expect(items[0].binary?.data).toBeDefined();
				expect(simulator.paidTasks()).toBe(1);
			},

			'goes on into Edit Image, by link and by binary field': async (simulator) => {
				const [made] = (await runWorkflow(generate(simulator))).items;
				const edit = async (images: INodeParameters, executionId: string) =>
					await runWorkflow({
						simulator,
						parameters: { operation: 'editImage', prompt: 'At night', images: { image: [images] } },
						items: [made],
						executionId,
					});
				const byLink = await edit({ source: 'url', url: '={{ $json.results }}' }, '11');
				const byBinary = await edit({ source: 'binary', binaryPropertyName: 'data' }, '12');
				for (const { items, error } of [byLink, byBinary]) {
					expect(error).toBeUndefined();
					expect(items[0].binary?.data.mimeType).toBe('image/png');
				}
			},
		},
		{ taskSeconds: 0, models: { 'new-image': { ...MODELS['z-image-turbo'] } } },
	);

	it('has as many models as the documents say', () => {
		expect(GENERATING_MODELS).toHaveLength(23);
		for (const { id } of GENERATING_MODELS) expect(MODELS[id].imagesAreOptional).toBe(true);
	});
});

describe('Generate Image on a gateway', () => {
	scenarios({
		'sends the prompt alone, and gives what comes': async (simulator) => {
			const { items, error } = await runWorkflow({
				simulator,
				parameters: { operation: 'generateImage', service: 'imagesGateway', prompt: PROMPT },
				credential: { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl },
				node: { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } },
			});
			expect(error).toBeUndefined();
			const [request] = simulator.requests.filter(({ host }) => host === 'gateway');
			expect(request.json).toEqual({ model: 'qwen-image', prompt: PROMPT });
			expect(items[0].json).toMatchObject({ id: '', status: 'completed', model: 'qwen-image' });
			expect(items[0].binary?.data.mimeType).toBe('image/png');
		},
	});
});

describe('Upload Image', () => {
	const upload = async (simulator: Simulator, binary: object, parameters: object = {}) =>
		await runWorkflow({
			simulator,
			parameters: { operation: 'uploadImage', ...parameters },
			items: [{ json: {}, binary: binary as Record<string, ReturnType<typeof binaryField>> }],
		});

	scenarios({
		'gives the public URL of the image in a binary field, for free': async (simulator) => {
			const content = await samplePicture('jpeg');
			const data = binaryField(content, 'My photo (1).JPG', 'application/octet-stream');
			const { items, error } = await upload(simulator, { data });
			expect(error).toBeUndefined();
			const [{ json, pairedItem }] = items;
			expect(pairedItem).toEqual({ item: 0 });
			expect(json).toEqual({
				url: expect.stringMatching(/^http.*My-photo-1-[0-9a-f]{16}\.jpg$/) as string,
				file_name: expect.stringMatching(/^My-photo-1-[0-9a-f]{16}\.jpg$/) as string,
				mime_type: 'image/jpeg',
				bytes: content.length,
				expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
			});
			const hours = (Date.parse(json.expires_at as string) - Date.now()) / 3_600_000;
			expect(hours).toBeGreaterThan(71.9);
			expect(hours).toBeLessThan(72.1);
			const fetched = await fetch(json.url as string);
			expect(Buffer.from(await fetched.arrayBuffer()).equals(content)).toBe(true);
			expect(simulator.paidTasks()).toBe(0);
		},

		'takes another field, and different images under one name apart': async (simulator) => {
			const parameters = { inputBinaryPropertyName: 'photo' };
			const urls = [];
			for (const format of ['png', 'webp'] as const) {
				const photo = binaryField(await samplePicture(format), 'photo', `image/${format}`);
				const { items } = await upload(simulator, { photo }, parameters);
				urls.push(items[0].json.url);
			}
			expect(new Set(urls).size).toBe(2);
		},

		'refuses what the files host does not take, and what is not there': async (simulator) => {
			const tiff = binaryField(await samplePicture('tiff'), 'scan.tiff', 'image/tiff');
			expect((await upload(simulator, { data: tiff })).error?.message).toMatch(/TIFF/);
			expect((await upload(simulator, { other: tiff })).error?.message).toMatch(
				/no binary field 'data'/,
			);
			expect(simulator.requests).toEqual([]);
		},
	});
});
