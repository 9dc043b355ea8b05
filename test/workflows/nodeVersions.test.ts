import type { INodeParameters } from 'n8n-workflow';

import { samplePicture, type Simulator, startSimulator } from '../simulator';
import { binaryField, runWorkflow, sent } from './harness';

let simulator: Simulator;
let executions = 0;
let photo: ReturnType<typeof binaryField>;

beforeAll(async () => {
	simulator = await startSimulator({ taskSeconds: 0.1 });
	photo = binaryField(
		await samplePicture('png', { width: 1200, height: 800 }),
		'photo.png',
		'image/png',
	);
});
beforeEach(() => simulator.requests.splice(0));
afterAll(async () => await simulator.close());

const model = (id: string) => ({ __rl: true, mode: 'id', value: id });
const link = () => `${simulator.picturesUrl}/cat.png`;

async function run(typeVersion: number, parameters: INodeParameters) {
	const result = await runWorkflow({
		simulator,
		node: { typeVersion },
		executionId: String(++executions), // Each asks for a task of its own.
		parameters: { prompt: 'Make it blue', ...parameters },
		items: [{ json: { size: '3:2' }, binary: { data: photo } }],
	});
	const [create] = sent(simulator).creates;
	return {
		...result,
		body: create && (JSON.parse(String(create.body)) as Record<string, unknown>),
	};
}

describe('A node that 0.1.0 saved', () => {
	it('takes images without a source for links, and its options from Options', async () => {
		const { body, error } = await run(1, {
			model: model('gpt-image-2'),
			images: { image: [{ url: link() }] },
			options: { size: '1536x1024', quality: 'low', concurrency: 2 },
		});
		expect(error).toBeUndefined();
		expect(body).toMatchObject({ image_urls: [link()], size: '1536x1024', quality: 'low' });
	});

	it('takes the new value of a size, too', async () => {
		const { body } = await run(1, {
			model: model('gpt-image-2'),
			images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
			options: { size: 'sameAsFirstImage' },
		});
		expect(body).toMatchObject({ size: '1200x800' });
	});

	it('knows no Image Options', async () => {
		const { body } = await run(1, {
			model: model('gpt-image-2'),
			images: { image: [{ url: link() }] },
			imageOptions: { quality: 'low' },
		});
		expect(body).not.toHaveProperty('quality');
	});
});

describe('A new node', () => {
	it('takes images without a source for binary fields, and its options from Image Options', async () => {
		const { body, error } = await run(1.1, {
			model: model('gpt-image-2'),
			images: { image: [{ binaryPropertyName: 'data' }] },
			imageOptions: { size: '16:9', quality: 'low' },
			options: { timeout: 60 },
		});
		expect(error).toBeUndefined();
		expect(sent(simulator).uploads).toHaveLength(1);
		expect(body).toMatchObject({ size: '16:9', quality: 'low' });
	});

	it.each<[string, INodeParameters, string | undefined]>([
		['from the list', { size: '3:4' }, '3:4'],
		['of its own', { size: 'custom', customSize: '1536 × 1024' }, '1536x1024'],
		['as the first image', { size: 'sameAsFirstImage' }, '1200x800'],
		['by expression, outside the list', { size: '={{ "1536x864" }}' }, '1536x864'],
		['by expression, from the list', { size: '={{ $json.size }}' }, '3:2'],
		['by an expression that gives nothing', { size: '={{ $json.none }}' }, undefined],
	])('takes a size %s', async (_name, imageOptions, size) => {
		const { body, error } = await run(1.1, { model: model('gpt-image-2'), imageOptions });
		expect(error).toBeUndefined();
		expect(body?.size).toBe(size);
	});

	it('takes a mask from Image Options', async () => {
		const { body } = await run(1.1, {
			model: model('gpt-image-2'),
			imageOptions: { mask: 'https://example.com/mask.png' },
		});
		expect(body).toMatchObject({ mask_url: 'https://example.com/mask.png' });
	});

	it.each<[string, INodeParameters, RegExp]>([
		[
			'the size of a link',
			{
				images: { image: [{ source: 'url', url: 'https://example.com/cat.png' }] },
				imageOptions: { size: 'sameAsFirstImage' },
			},
			/the first image is a URL, so its size isn't known/,
		],
		['an empty size of its own', { imageOptions: { size: 'custom' } }, /'Custom Size' is empty/],
	])('refuses %s', async (_name, parameters, message) => {
		const { error } = await run(1.1, { model: model('gpt-image-2'), ...parameters });
		expect(error?.message).toMatch(message);
		expect(sent(simulator).all).toEqual([]);
	});
});
