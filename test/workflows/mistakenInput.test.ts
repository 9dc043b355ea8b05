import type { IDataObject, INode, INodeParameters } from 'n8n-workflow';

import { samplePicture, type Simulator, startSimulator } from '../simulator';
import { binaryField, editImage, runWorkflow, sent, type WorkflowResult } from './harness';

/** What hardly says what the person meant, or cannot work, is refused before anything is sent, or hinted at. */

const GATEWAY: Partial<INode> = { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } };
const byId = (value: string) => ({ __rl: true, mode: 'id', value });
const warn = { validation: 'warn' };
const url = (given: unknown): INodeParameters =>
	({ images: { image: [{ source: 'url', url: given }] } }) as INodeParameters;

describe('Mistaken input', () => {
	let simulator: Simulator;
	beforeAll(async () => {
		simulator = await startSimulator({ taskSeconds: 0.1 });
	});
	afterAll(async () => await simulator.close());
	beforeEach(() => simulator.requests.splice(0));

	let executions = 0;

	interface Surroundings {
		onGateway?: boolean;
		json?: IDataObject;
		/** Of the service. */
		baseUrl?: string;
		node?: Partial<INode>;
	}

	async function run(
		parameters: INodeParameters,
		{ onGateway = false, json = {}, baseUrl, node }: Surroundings = {},
	): Promise<WorkflowResult> {
		const image = binaryField(await samplePicture('png'), 'a.png', 'image/png');
		const gateway = { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl };
		return await runWorkflow({
			simulator,
			executionId: String(++executions),
			parameters: {
				...editImage(simulator, onGateway ? { service: 'imagesGateway' } : { wait: 'none' }),
				...parameters,
			},
			items: [{ json, binary: { data: image } }],
			credential: {
				...(onGateway ? gateway : {}),
				...(baseUrl === undefined ? {} : { baseUrl }),
			},
			node: { ...(onGateway ? GATEWAY : {}), ...node },
		});
	}

	async function refusalOf(
		parameters: INodeParameters,
		surroundings?: Surroundings,
	): Promise<string> {
		const { error, items } = await run(parameters, surroundings);
		expect(simulator.requests).toEqual([]);
		expect(items).toEqual([]);
		return `${error?.message} – ${error?.description}`;
	}

	const hintsOf = ({ hints }: WorkflowResult) => hints.map(({ message }) => message).join('\n');

	/** Where an expression may have been left in 'Fixed', and what the field is called. */
	const places: Array<[string, INodeParameters, Surroundings?]> = [
		['Prompt', { prompt: 'Put {{ $json.product }} on a beach' }],
		[
			'Prompt',
			{ prompt: '={{ $json.text }}' },
			{ json: { text: 'Put {{ $json.product }} there' } },
		],
		['Prompt', { operation: 'generateImage', prompt: '{{ $json.prompt }}' }],
		['Prompt', { prompt: '{{ $json.prompt }}', model: byId('a-model-of-tomorrow') }],
		['Prompt', { prompt: '{{ $json.prompt }}' }, { onGateway: true }],
		['Prompt', { operation: 'generateImage', prompt: '{ $json.p }' }, { onGateway: true }],
		[
			'Negative Prompt',
			{ model: byId('qwen-image-edit-plus'), options: { negativePrompt: '{{ $json.no }}' } },
		],
		['URL', url('{{ $json.url }}')],
		['URL', url('https://example.com/{{ $json.file }}')],
		['URL', url('https://example.com/{{ $json.file }}'), { onGateway: true }],
		[
			'Input Data Field Name',
			{ images: { image: [{ source: 'binary', binaryPropertyName: '{{ $json.field }}' }] } },
		],
		['Mask', { model: byId('gpt-image-2'), options: { mask: '{{ $binary.mask }}' } }],
		['Mask', { model: byId('gpt-image-2'), options: { mask: 'https://x.example/{{ $json.m }}' } }],
		['Callback URL', { wait: 'none', callbackUrl: '{{ $json.callback }}' }],
		['Callback URL', { wait: 'none', callbackUrl: 'https://n8n.example.com/{{ $json.id }}' }],
		['Task ID', { operation: 'getTask', taskId: '{{ $json.id }}' }],
		['Task ID', { operation: 'waitForCompletion', taskId: '$json.id' }],
		['File Name', { options: { fileName: '{{ $json.sku }}-edited' } }],
		['File Name', { options: { fileName: '{{ $json.sku }}' } }, { onGateway: true }],
		['Job Key', { options: { jobKey: '{{ $json.order }}' } }],
		['Model', { model: byId('{{ $json.model }}') }],
		['Model', { gatewayModel: '{{ $json.model }}' }, { onGateway: true }],
		['Additional Fields', { options: { additionalFields: '{ "style": "{{ $json.style }}" }' } }],
		['Output Data Field Name', { wait: 'poll', binaryPropertyName: '{{ $json.field }}' }],
		[
			'Input Data Field Name',
			{ operation: 'uploadImage', inputBinaryPropertyName: '{{ $binary.x }}' },
		],
	];
	it.each(places)("an expression in '%s' that is set to Fixed: %j", async (...place) => {
		const [displayName, parameters, surroundings] = place;
		const refusal = await refusalOf(parameters, surroundings);
		expect(refusal).toMatch(new RegExp(`[Ss]witch the field '${displayName}' .*'Expression'`));
	});

	it.each(['[object Object]', 'undefined', 'null', '{}'])(
		'%s is no prompt, whoever makes the image',
		async (prompt) => {
			for (const onGateway of [false, true]) {
				expect(await refusalOf({ prompt }, { onGateway })).toMatch(/^'Prompt' .* 'Warn'\.$/);
			}
		},
	);

	it('is sent with a hint where Validation is Warn', async () => {
		const texts = {
			prompt: 'A screenshot of {{ $json.product }}',
			options: { ...warn, fileName: '{{ $json.sku }}' },
		};
		for (const onGateway of [false, true]) {
			const result = await run(texts, { onGateway });
			expect(result.error).toBeUndefined();
			expect(hintsOf(result)).toMatch(/'Prompt' contains the expression '{{ \$json.product }}'/);
			expect(hintsOf(result)).toMatch(/'File Name' contains the expression/);
		}
		expect(sent(simulator).creates[0].json).toMatchObject({ prompt: texts.prompt });
	});

	it.each([
		'Write {hello} on the sign',
		'{"scene": {"subject": "cat", "props": [{"a": 1}]}}',
		'A price tag of $5 in {gold}',
	])('%s is a prompt like any other', async (prompt) => {
		const result = await run({ prompt });
		expect(result.error).toBeUndefined();
		expect(hintsOf(result)).not.toContain('Prompt');
	});

	it('a sign that says {{name}} is sent, with a hint', async () => {
		const result = await run({ prompt: 'A sign that says {{name}}' });
		expect(result.error).toBeUndefined();
		expect(hintsOf(result)).toMatch(/'Prompt' contains '{{name}}', which is sent as it is/);
	});

	it('names of result files are hinted at where nothing is paid', async () => {
		const edited = await run({ wait: 'none' });
		const taskId = edited.items[0].json.id as string;
		const options = { fileName: '{{ $json.sku }}' };
		for (const operation of ['getTask', 'waitForCompletion']) {
			const result = await run({ operation, taskId, options });
			expect(result.error).toBeUndefined();
			expect(hintsOf(result)).toMatch(/'File Name' contains the expression/);
		}
	});

	/** Links that no service gets an image by. */
	const links: Array<[string, RegExp]> = [
		[
			'https://drive.google.com/file/d/1A2b/view',
			/a page of Google Drive.*uc\?export=download&id=1A2b/,
		],
		[
			'https://drive.google.com/open?id=1A2b',
			/a page of Google Drive.*uc\?export=download&id=1A2b/,
		],
		['https://www.dropbox.com/s/a/cat.png?dl=0', /a page of Dropbox.*cat\.png\?dl=1/],
		['https://photos.app.goo.gl/AbC', /Google Photos/],
		['https://we.tl/t-AbC', /WeTransfer/],
		['https://a.example.com/a.png https://b.example.com/b.png', /more than one URL.*commas/],
		['https://a.example.com/a.png; https://b.example.com/b.png', /more than one URL.*commas/],
		['https://a.example.com/a.png|https://b.example.com/b.png', /more than one URL.*commas/],
		['data:image/png;base64,iVBORw0KGgo=', /data URL.*Convert to File/],
		['file:///home/node/a.png', /Read\/Write Files from Disk/],
		['/home/node/a.png', /Read\/Write Files from Disk/],
		['C:\\photos\\a.png', /Read\/Write Files from Disk/],
		['blob:https://example.com/1-2', /browser tab/],
		['//example.com/a.png', /https:\/\/ at the beginning/],
		['www.example.com/a.png', /https:\/\/ at the beginning/],
	];
	it.each(links)(
		'%s is refused, as an image, for a gateway and as a mask',
		async (link, message) => {
			expect(await refusalOf(url(link))).toMatch(message);
			expect(await refusalOf(url(link), { onGateway: true })).toMatch(message);
			if (link.startsWith('/home')) return; // A mask could be a field of that name.
			const mask = { model: byId('gpt-image-2'), options: { mask: link } };
			expect(await refusalOf(mask)).toMatch(message);
		},
	);

	it.each(['http://localhost:8080/a.png', 'https://10.1.2.3/a.png', 'http://minio:9000/a.png'])(
		'%s is refused where the service is elsewhere, and not where n8n fetches it',
		async (link) => {
			const away = { baseUrl: 'https://evolink.example.com' };
			const told =
				/private host (localhost|10\.1\.2\.3|minio), which (EvoLink|the images gateway) can't/;
			expect(await refusalOf(url(link), away)).toMatch(told);
			expect(await refusalOf(url(link), { ...away, onGateway: true })).toMatch(told);
			const images = url('https://example.com/cat.png');
			const mask = { ...images, model: byId('gpt-image-2'), options: { mask: link } };
			expect(await refusalOf(mask, away)).toMatch(told);
			// Here the service is in the private network, too.
			await run(url(link));
			expect(sent(simulator).creates).toHaveLength(1);
		},
	);

	it('a private link is fetched by n8n for a form with files', async () => {
		const options = { gatewayRequest: 'editsMultipart' };
		const link = `${simulator.picturesUrl}/cat.png`;
		const baseUrl = 'https://gateway.invalid';
		const { error } = await run({ ...url(link), options }, { onGateway: true, baseUrl });
		expect(simulator.requests.map(({ host }) => host)).toEqual(['pictures']);
		expect(error?.message).not.toMatch(/private/);
	}, 180_000); // Some machines take half a minute to find that there is no such host.

	const attachment = { id: 'att1', filename: 'a.png', size: 7, type: 'image/png' };
	/** Lists of attachments as n8n's nodes for tables give them. */
	const lists: Array<[string, (link: string) => unknown]> = [
		['Airtable', (link) => [{ ...attachment, url: link, thumbnails: { small: { url: 'x' } } }]],
		['Baserow', (link) => [{ url: link, name: 'x', visible_name: 'a.png', is_image: true }]],
		['Notion', (link) => [{ name: 'a.png', type: 'file', file: { url: link, expiry_time: 'x' } }]],
		['Notion, external', (link) => [{ type: 'external', external: { url: link } }]],
		['NocoDB', (link) => [{ path: 'a', title: 'a.png', signedUrl: link }]],
		['one object', (link) => ({ url: link })],
		['a list as text', (link) => JSON.stringify([link])],
		['attachments as text', (link) => JSON.stringify([{ url: link }])],
		['nested lists', (link) => [[link]]],
	];
	it.each(lists)('attachments are taken by their links: %s', async (_name, listOf) => {
		const link = `${simulator.picturesUrl}/cat.png`;
		const result = await run(url('={{ $json.photos }}'), {
			json: { photos: listOf(link) } as IDataObject,
		});
		expect(result.error).toBeUndefined();
		expect(sent(simulator).creates[0].json).toMatchObject({ image_urls: [link] });
	});

	it('an attachment is taken as a mask', async () => {
		const link = `${simulator.picturesUrl}/mask.png`;
		const result = await run(
			{ model: byId('gpt-image-2'), options: { mask: '={{ $json.mask }}' } },
			{ json: { mask: [{ ...attachment, url: link }] } },
		);
		expect(result.error).toBeUndefined();
		expect(sent(simulator).creates[0].json).toMatchObject({ mask_url: link });
	});

	it('a list of objects whose link is not clear is refused with the expression to write', async () => {
		const photos = [{ image_link: 'https://example.com/a.png', page: 1 }];
		expect(await refusalOf(url('={{ $json.photos }}'), { json: { photos } })).toMatch(
			/Image 1: .*\.map\(a => a\.image_link\)/,
		);
	});

	it.each(['a, b', ' c', 'x,y'])(
		"'%s' can be chosen as a field's name everywhere",
		async (name) => {
			const size = { width: 400, height: 400, alpha: true };
			const image = binaryField(await samplePicture('png', size), 'a.png', 'image/png');
			const items = [{ json: {}, binary: { [name]: image } }];
			const uploaded = await runWorkflow({
				simulator,
				parameters: { operation: 'uploadImage', inputBinaryPropertyName: name },
				items,
			});
			expect(uploaded.error).toBeUndefined();
			const masked = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					wait: 'none',
					model: byId('gpt-image-2'),
					images: { image: [{ source: 'binary', binaryPropertyName: name }] },
					options: { mask: name },
				}),
				items,
			});
			expect(masked.error).toBeUndefined();
			// Image and mask are the same file here, which a run uploads once.
			expect(sent(simulator).uploads).toHaveLength(2);
			expect(sent(simulator).creates[0].json).toHaveProperty('mask_url');
		},
	);
});
