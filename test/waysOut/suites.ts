import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { EDITING_MODELS } from '../../nodes/Evolink/models/catalogue';
import { download, edited, errorText, type Fixture, lastRun } from '../e2e/fixture';
import { followAdvice, offeredModel } from './editImageNode';
import { animation, avif, cutOut, heavy, heic, odd, photo, type TestImage, turned } from './images';

const QWEN = 'qwen-image-edit';
const WAN = 'wan2.5-image-to-image';
const SEEDREAM_4 = 'doubao-seedream-4.0';
const SEEDREAM_5 = 'doubao-seedream-5.0-pro';
const LAYERIZE = 'doubao-seedream-5.0-pro-layerize';
const GPT_2 = 'gpt-image-2';
const NANO = 'nano-banana-beta';
const REMOVE_BACKGROUND = 'mj-v8.2-remove-bg';

type Case = [model: string, image: TestImage];

const named = (cases: Case[]) =>
	cases.map(([model, image]): [string, string, TestImage] => [model, image.name, image]);

/** What the node sends as it is. */
const FINE: Case[] = [
	[QWEN, photo(4000, 3000)],
	[QWEN, odd('4000x3000', 'jpeg', '-interlace', 'Line')],
	[QWEN, photo(2480, 3508)],
	[QWEN, turned(4032, 3024)],
	[QWEN, photo(400, 400)],
	[WAN, photo(370, 370)],
];

/** What it refuses: every kind of problem, for every kind of model that has it. */
const REFUSED: Case[] = [
	[QWEN, photo(6000, 4000)],
	[QWEN, photo(3000, 4200, 'png')],
	[QWEN, odd('4200x2800', 'jpeg', '-colorspace', 'CMYK')],
	[QWEN, odd('4200x600', 'png', '-depth', '16')],
	[QWEN, photo(4500, 3000, 'webp')],
	[QWEN, turned(5712, 4284)],
	[QWEN, turned(4200, 1000, 'png')],
	[QWEN, turned(4200, 1000, 'webp')],
	[QWEN, cutOut(4200, 1000)],
	[QWEN, photo(200, 150)],
	[QWEN, photo(383, 383, 'png')],
	[QWEN, turned(300, 200)],
	[QWEN, cutOut(200, 300)],
	[QWEN, photo(3000, 300)],
	[QWEN, photo(9000, 500)],
	[QWEN, photo(500, 9000, 'png')],
	[QWEN, photo(4097, 30)],
	[QWEN, heavy('3000x3000')],
	[QWEN, heavy('2000x2000', 'png')],
	[QWEN, photo(800, 600, 'gif')],
	[QWEN, animation('800x600')],
	[QWEN, cutOut(800, 600, 'gif')],
	[QWEN, photo(2480, 3508, 'tiff')],
	[QWEN, photo(4200, 1000, 'tiff')],
	[QWEN, odd('300x200', 'bmp')],
	[QWEN, heic],
	[QWEN, avif],
	[WAN, cutOut(600, 600)],
	[WAN, cutOut(5100, 400)],
	[WAN, photo(300, 300)],
	[WAN, photo(5100, 1000)],
	[WAN, turned(300, 6000)],
	[SEEDREAM_4, photo(6100, 6000)],
	[SEEDREAM_4, photo(2000, 100)],
	[SEEDREAM_4, turned(2000, 100)],
	[SEEDREAM_4, heavy('2000x2000', 'png')],
	[SEEDREAM_4, photo(40, 10)],
	[SEEDREAM_5, heic],
	[LAYERIZE, photo(400, 400)],
	[LAYERIZE, cutOut(600, 600, 'webp')],
	[LAYERIZE, photo(2000, 100)],
	[GPT_2, animation('800x600')],
	[NANO, heavy('2000x2000', 'png')],
	[NANO, photo(800, 600, 'tiff')],
	[REMOVE_BACKGROUND, cutOut(600, 600, 'webp')],
];

/**
 * Whoever does what an error says gets an edited image: the error's text is taken as a person reads it, and its Edit
 * Image node is put before this one.
 */
export function waysOut(given: () => Fixture): void {
	/** Which model offers which: once is enough. */
	const tried = new Set<string>();
	const files = new Map<string, TestImage>();
	let server: Server;
	beforeAll(async () => {
		server = createServer((request, response) => {
			const image = files.get(decodeURIComponent(request.url ?? ''));
			void image?.make().then((bytes) => response.end(bytes));
		});
		await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	});
	afterAll(() => server.close());

	const get = (image: TestImage) => {
		const path = `/${image.name}`;
		files.set(path, image);
		const { port } = server.address() as AddressInfo;
		return download(`http://127.0.0.1:${port}${encodeURI(path)}`);
	};
	const edit = (model: string) =>
		given().editImage({
			model: { __rl: true, mode: 'list', value: model },
			images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
		});

	it.each(named(FINE))('%s edits %s straight away', async (model, _name, image) => {
		const execution = await given().run([get(image), edit(model)]);
		expect(lastRun(execution).error).toBeUndefined();
		expect(edited(execution)).toHaveLength(1);
	});

	it.each(named(REFUSED))('%s: the advice on %s works', async (model, _name, image) => {
		const { simulator } = given();
		const advice = errorText(await given().run([get(image), edit(model)]));
		expect(simulator.paidTasks()).toBe(0);

		const followed = await given().run([get(image), followAdvice(advice), edit(model)]);
		const failure = followed.data.resultData.error;
		expect({ advice, failure: failure?.message }).toEqual({ advice, failure: undefined });
		expect(edited(followed).length).toBeGreaterThan(0);

		const name = offeredModel(advice);
		if (name === undefined || tried.has(`${model} ${name}`)) return;
		tried.add(`${model} ${name}`);
		const other = EDITING_MODELS.find((candidate) => candidate.name === name);
		const asItIs = await given().run([get(image), edit(other?.id ?? name)]);
		expect({ name, failure: asItIs.data.resultData.error?.message }).toEqual({
			name,
			failure: undefined,
		});
	});
}
