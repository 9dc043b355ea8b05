import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { samplePicture, type Simulator, startSimulator } from '../simulator';
import { binaryField, editImage, runWorkflow, sent } from './harness';

/** Input that the service would refuse is refused before anything is sent, in words that help. */
describe('Before anything is sent', () => {
	let simulator: Simulator;
	beforeAll(async () => {
		simulator = await startSimulator({ taskSeconds: 0.2 });
	});
	afterAll(async () => await simulator.close());
	beforeEach(() => simulator.requests.splice(0));

	async function refusalOf(
		parameters: INodeParameters,
		item: INodeExecutionData = { json: {} },
	): Promise<string> {
		const { error, items } = await runWorkflow({ simulator, parameters, items: [item] });
		expect(simulator.requests).toEqual([]);
		expect(items).toEqual([]);
		expect(error?.context.itemIndex).toBe(0);
		return `${error?.message} – ${error?.description}`;
	}

	const link = 'https://example.com/cat.png';
	const links = (...urls: unknown[]) =>
		({ image: urls.map((url) => ({ source: 'url', url })) }) as INodeParameters;
	const callback = (callbackUrl: string) => ({ wait: 'none', callbackUrl });

	/** What is wrong, the parameters, and what the message has to say. */
	const cases: Array<[string, INodeParameters, RegExp]> = [
		['no picture', { images: {} }, /No image provided – Add at least one entry/],
		['an empty link', { images: links('') }, /Image 1: 'URL' is empty – Enter a public URL/],
		[
			'an expression that gives nothing',
			{ images: links(link, '={{ $json.missing }}') },
			/Image 2: 'URL' is empty – .*Check the expression/,
		],
		[
			'a link that is not http(s)',
			{ images: links('ftp://example.com/cat.png') },
			/Image 1: 'ftp:\/\/example.com\/cat.png' is not a valid URL – .*Binary Field/,
		],
		[
			'a data URL',
			{ images: links('data:image/png;base64,AAAA') },
			/Image 1: 'data:.*' is not a valid URL – .*Binary Field/,
		],
		['no address at all', { images: links('cat.png') }, /Image 1: 'cat.png' is not a valid URL/],
		[
			'something else than text in an array',
			{ images: links('={{ [{ link: 1 }] }}') },
			/Image 1: '{"link":1}' is not a valid URL/,
		],
		[
			'too many pictures',
			{ images: links(`${link}, ${link}`, link, link) },
			/4 images provided, but Qwen Image Edit accepts at most 3 – Remove images/,
		],
		[
			'too many pictures for Wan',
			{
				model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' },
				images: links(link, link, link),
			},
			/3 images provided, but Wan 2.5 Image to Image accepts at most 2/,
		],
		[
			'more results than the model makes',
			{ model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' }, numberOfImages: 5 },
			/'Number of Images' is 5, but .* accepts 1 to 4 – Set it to a whole number: 1 to 4/,
		],
		[
			'an empty prompt',
			{ prompt: '={{ $json.missing }}' },
			/'Prompt' is empty – Describe the change/,
		],
		['a prompt of blanks', { prompt: ' \n ' }, /'Prompt' is empty/],
		[
			'a prompt that is too long',
			{
				model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' },
				prompt: '𝒳'.repeat(2001),
			},
			/'Prompt' has 2001 characters, but Wan .* accepts at most 2000 – Shorten the prompt/,
		],
		[
			'no model',
			{ model: { __rl: true, mode: 'id', value: '={{ "" }}' } },
			/'Model' is empty – Select/,
		],
		[
			'a missing binary field',
			{ images: { image: [{ source: 'binary', binaryPropertyName: 'photo' }] } },
			/Image 1: the input has no binary field 'photo' – This item has no binary data/,
		],
		[
			'an empty field name',
			{ images: { image: [{ source: 'binary', binaryPropertyName: ' , ' }] } },
			/Image 1: 'Input Data Field Name' is empty – Enter the name/,
		],
		[
			'an empty name for the output',
			{ binaryPropertyName: ' ' },
			/'Output Data Field Name' is empty – Enter a name/,
		],
		['a timeout of 0', { options: { timeout: 0 } }, /'Timeout \(Seconds\)' is 0; .* from 1 to/],
		[
			'a timeout that is no number',
			{ options: { timeout: '={{ "soon" }}' } },
			/'Timeout \(Seconds\)' is "soon"; it must be a number .* the default is 600/,
		],
		['a concurrency of -1', { options: { concurrency: -1 } }, /'Concurrency' is -1; .* 0 to 1000/],
		[
			'a download limit of 0',
			{ options: { maxDownloadSize: 0 } },
			/'Max Download Size \(MB\)' is 0; it must be a number from 1/,
		],
		[
			'a callback address without encryption',
			callback('http://n8n.example.com/webhook/x'),
			/'Callback URL' is not an HTTPS URL: http:.* – EvoLink calls HTTPS URLs only/,
		],
		['a callback address that is none', callback('webhook/x'), /'Callback URL' is not an HTTPS/],
		[
			'a callback address that is too long',
			callback(`https://n8n.example.com/${'x'.repeat(2048)}`),
			/'Callback URL' has 2072 characters, but EvoLink accepts at most 2048 – Use a shorter/,
		],
		...[
			'https://localhost:5678/webhook/x',
			'https://127.0.0.1/x',
			'https://2130706433/x',
			'https://0.0.0.0/x',
			'https://10.1.2.3/x',
			'https://172.31.0.1/x',
			'https://192.168.1.5/x',
			'https://169.254.169.254/x',
			'https://100.64.0.1/x',
			'https://[::1]/x',
			'https://[::]/x',
			'https://[fd12::1]/x',
			'https://[fe80::1]/x',
			'https://[::ffff:192.168.1.5]/x',
			'https://n8n.local/x',
			'https://N8N.LOCAL./x',
			'https://n8n/x',
		].map((address): [string, INodeParameters, RegExp] => [
			`the private callback address ${address}`,
			callback(address),
			/'Callback URL' points to the private host .* – Enter a URL that the internet can reach/,
		]),
		[
			'an empty task ID',
			{ operation: 'getTask', taskId: '={{ "" }}' },
			/'Task ID' is empty – Enter the ID/,
		],
		[
			'a task ID that is none',
			{ operation: 'waitForCompletion', taskId: '../credits' },
			/'Task ID' is not a valid task ID: ..\/credits – .*'task-unified-'/,
		],
	];
	it.each(cases)('%s is refused', async (_what, parameters, message) => {
		expect(await refusalOf(editImage(simulator, parameters))).toMatch(message);
	});

	const long = 'x'.repeat(120);
	it.each<[string, INodeParameters]>([
		['a callback address that is none', callback(`ftp://a/${long}`)],
		['a private callback address', callback(`https://${long}.local/x`)],
		['a link that is none', { images: links(long) }],
		[
			'a binary field that is not there',
			{ images: { image: [{ source: 'binary', binaryPropertyName: long }] } },
		],
		['a task ID', { operation: 'getTask', taskId: `../${long}` }],
		['an unknown size', { model: 'qwen-image-edit-plus', options: { size: long } }],
		[
			'a job key of two requests',
			{ prompt: '={{ String(Math.random()) }}', options: { jobKey: long } },
		],
	])('no message repeats more than 100 characters of a value: %s', async (_what, parameters) => {
		const { error } = await runWorkflow({
			simulator,
			parameters: editImage(simulator, parameters),
			items: [{ json: {} }, { json: {} }],
		});
		expect(simulator.requests).toEqual([]);
		const text = `${error?.message} ${error?.description}`;
		expect(text).toMatch(/x{80}/);
		expect(text).not.toMatch(/x{101}/);
	});

	/** Files that the model or the upload does not take. */
	const files: Array<[string, () => Promise<Buffer>, INodeParameters, RegExp]> = [
		[
			'a file that is not a picture',
			async () => Buffer.from('<!doctype html><title>Sign in, please</title>'),
			{},
			/Image 1 \(field 'data'\) is not an image of a known format, but a web page – .*URL of the image/,
		],
		[
			'an empty file',
			async () => Buffer.alloc(0),
			{},
			/Image 1 .* is empty – Check the previous node/,
		],
		[
			'a picture that is too small',
			async () => await samplePicture('png', { width: 300, height: 400 }),
			{},
			/Image 1 \(field 'data'\) is 300 × 400 pixels, .* 384 to 4096 pixels .* – Add n8n's Edit Image node/,
		],
		[
			'a picture that has too many pixels',
			async () => await samplePicture('jpeg', { width: 4100, height: 400 }),
			{},
			/Image 1 .* is 4100 × 400 pixels, .* 384 to 4096 pixels/,
		],
		[
			'a file that is too large',
			async () => Buffer.concat([await samplePicture('png'), Buffer.alloc(11 * 1024 * 1024)]),
			{},
			/Image 1 .* is 11.\d MB, but Qwen Image Edit accepts at most 10 MB – .*Edit Image node/,
		],
		[
			'a GIF for a model that takes none',
			async () => await samplePicture('gif'),
			{},
			/Image 1 .* is a GIF image, but Qwen Image Edit accepts JPG, PNG, .* – .*Format PNG/,
		],
		[
			'a TIFF, which cannot be uploaded',
			async () => await samplePicture('tiff'),
			{},
			/Image 1 .* is a TIFF image, which EvoLink's file upload doesn't accept – .*Only if Larger; Format JPEG\)\. .*public URL.* Qwen Image Edit accepts/,
		],
		[
			'a BMP, which cannot be uploaded',
			async () => await samplePicture('bmp'),
			{},
			/Image 1 .* is a BMP image, which EvoLink's file upload doesn't accept – .*Format JPEG/,
		],
		[
			'transparency for a model that takes none',
			async () => await samplePicture('png', { alpha: true }),
			{ model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' } },
			/Image 1 .* is a PNG image with transparent areas, which Wan .* doesn't accept – .*Composite.*Or select a model/,
		],
	];
	it.each(files)('%s is refused', async (_what, content, parameters, message) => {
		const refusal = await refusalOf(
			editImage(simulator, {
				images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
				...parameters,
			}),
			{ json: {}, binary: { data: binaryField(await content(), 'picture.png', 'image/png') } },
		);
		expect(refusal).toMatch(message);
	});

	it('a binary field under another name is refused with the names that there are', async () => {
		const image = binaryField(await samplePicture('png'), 'a.png', 'image/png');
		const refusal = await refusalOf(
			editImage(simulator, {
				images: { image: [{ source: 'binary', binaryPropertyName: 'photo' }] },
			}),
			{ json: {}, binary: { data: image, mask: image } },
		);
		expect(refusal).toMatch(/no binary field 'photo' – Binary fields of this item: 'data', 'mask'/);
	});

	it.each(['baseUrl', 'filesBaseUrl'])('a %s that is no address is refused', async (field) => {
		const { error } = await runWorkflow({
			simulator,
			parameters: editImage(simulator),
			credential: { [field]: 'api.evolink.ai' },
		});
		expect(simulator.requests).toEqual([]);
		expect(error?.message).toMatch(/Base URL' in the 'EvoLink API' credential is not a valid URL/);
	});

	it('one bad item among good ones keeps all of them from being sent', async () => {
		const { error, items } = await runWorkflow({
			simulator,
			parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
			items: [{ json: { prompt: 'a' } }, { json: { prompt: '' } }, { json: { prompt: 'c' } }],
		});
		expect(simulator.requests).toEqual([]);
		expect(items).toEqual([]);
		expect(error?.message).toBe("'Prompt' is empty");
		expect(error?.context.itemIndex).toBe(1);
	});

	it('with Continue, a bad item is an item with its error and the others get their images', async () => {
		const { error, items } = await runWorkflow({
			simulator,
			parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
			items: [{ json: { prompt: 'a' } }, { json: { prompt: '' } }, { json: { prompt: 'c' } }],
			node: { onError: 'continueRegularOutput' },
		});
		expect(error).toBeUndefined();
		expect(items.map(({ json }) => json.status)).toEqual(['completed', undefined, 'completed']);
		expect(items[1].json).toEqual({ error: "'Prompt' is empty" });
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2].map((item) => ({ item })));
		expect(sent(simulator).creates).toHaveLength(2);
	});
});
