import type { INode, INodeParameters } from 'n8n-workflow';

import { type Fault, type GatewayShape, samplePicture, type Simulator } from '../simulator';
import {
	binaryField,
	bytesOf,
	editImage,
	runWorkflow,
	sent,
	type WorkflowOptions,
	type WorkflowResult,
} from './harness';
import { scenarios, type Scenario } from './scenarios';
import { until } from '../../tools/until';
import { parseMultipart } from '../../tools/simulator/multipart';

const MODEL = 'qwen-image-edit-2509';
const GATEWAY_CREDENTIAL = { imagesGatewayApi: { id: '2', name: 'Gateway' } };
const twice: Partial<INode> = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
const goOn: Partial<INode> = { onError: 'continueRegularOutput' };

/** Runs Edit Image with service Images Gateway. */
async function edit(
	simulator: Simulator,
	parameters: INodeParameters = {},
	more: Partial<WorkflowOptions> = {},
): Promise<WorkflowResult> {
	return await runWorkflow({
		simulator,
		parameters: editImage(simulator, { service: 'imagesGateway', ...parameters }),
		credential: { apiKey: simulator.gatewayKey, baseUrl: `${simulator.gatewayUrl}//` },
		...more,
		node: { credentials: GATEWAY_CREDENTIAL, ...more.node },
	});
}

/** The requests to the gateway. */
function asked(simulator: Simulator) {
	return sent(simulator).all.filter(({ host }) => host === 'gateway');
}

const prompts = (...texts: string[]) => texts.map((prompt) => ({ json: { prompt } }));
const promptOfItem = { prompt: '={{ $json.prompt }}' };
const url = (...addresses: string[]): INodeParameters => ({
	images: { image: addresses.map((address) => ({ source: 'url', url: address })) },
});

const SHAPES: GatewayShape[] = ['data', 'images', 'wrapped', 'base64', 'dataUrl'];

function inShape(shape: GatewayShape): Scenario {
	return async (simulator) => {
		simulator.nextEdit({ shape });
		const { items, error } = await edit(simulator);
		expect(error).toBeUndefined();
		const isInline = shape === 'base64' || shape === 'dataUrl';
		expect(items).toEqual([
			{
				json: {
					id: '',
					status: 'completed',
					model: MODEL,
					progress: 100,
					results: isInline ? [] : [expect.stringContaining(simulator.resultsUrl)],
					created_at: expect.stringMatching(/^2.*Z$/) as string,
				},
				binary: { data: expect.objectContaining({ mimeType: 'image/png' }) as object },
				pairedItem: { item: 0 },
			},
		]);
		expect(items[0].binary?.data.fileName).toMatch(/^[\w-]+\.png$/);
		expect(bytesOf(items[0].binary?.data).length).toBeGreaterThan(1000);
		expect(asked(simulator)).toHaveLength(1);
		expect(simulator.paidTasks()).toBe(1);
	};
}

describe('An images gateway', () => {
	scenarios({
		...Object.fromEntries(SHAPES.map((shape) => [`gives pictures as ${shape}`, inShape(shape)])),

		'gets model, prompt and image, and nothing else': async (simulator) => {
			await edit(simulator);
			const [{ json, headers, path }] = asked(simulator);
			expect(path).toBe('/v1/images/generations');
			expect(headers.authorization).toBe(`Bearer ${simulator.gatewayKey}`);
			expect(json).toEqual({
				model: MODEL,
				prompt: 'Replace the background with a beach',
				image: `${simulator.picturesUrl}/cat.png`,
			});
		},

		'gets an image from a binary field as data URL': async (simulator) => {
			const jpeg = await samplePicture('jpeg');
			const { items } = await edit(
				simulator,
				{ images: { image: [{ source: 'binary', binaryPropertyName: 'photo' }] } },
				{
					items: [{ json: {}, binary: { photo: binaryField(jpeg, 'wrong.png', 'image/png') } }],
				},
			);
			expect(items[0].json.status).toBe('completed');
			const [{ json }] = asked(simulator);
			expect(json).toMatchObject({ image: `data:image/jpeg;base64,${jpeg.toString('base64')}` });
		},

		'works on several items at a time, in order, each paired with its item': async (simulator) => {
			simulator.nextEdit({ prompt: /a/, seconds: 1.2 });
			simulator.nextEdit({ prompt: /b/, seconds: 0.6, shape: 'base64' });
			simulator.nextEdit({ prompt: /c/, seconds: 0.1 });
			const { items } = await edit(
				simulator,
				{
					...promptOfItem,
					gatewayModel:
						'={{ $json.prompt === "b" ? "Qwen/Qwen-Image-Edit-2509" : "qwen-image-edit-2509" }}',
					options: { concurrency: 2 },
				},
				{ items: prompts('a', 'b', 'c') },
			);
			expect(items.map(({ json }) => json.model)).toEqual([
				MODEL,
				'Qwen/Qwen-Image-Edit-2509',
				MODEL,
			]);
			expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
				[0, 1, 2].map((item) => ({ item })),
			);
			const images = items.map(({ binary }) => binary?.data.data);
			expect(new Set(images).size).toBe(3);
			const [a, , c] = asked(simulator);
			expect(c.at - a.at).toBeGreaterThan(500); // not before one of the two was done
		},

		'leaves links alone with Download off': async (simulator) => {
			const { items } = await edit(simulator, { download: false });
			expect(items[0].json.results).toHaveLength(1);
			expect(items[0].binary).toBeUndefined();
			expect(sent(simulator).downloads).toEqual([]);
		},

		'puts images without a link into binary fields also with Download off': async (simulator) => {
			simulator.nextEdit({ shape: 'base64' });
			const { items } = await edit(simulator, { download: false });
			expect(items[0].json.results).toEqual([]);
			expect(bytesOf(items[0].binary?.data).length).toBeGreaterThan(1000);
		},

		"gives the gateway's own answer with Simplify off": async (simulator) => {
			simulator.nextEdit({ shape: 'wrapped' });
			simulator.nextEdit({ shape: 'base64' });
			const options = { simplify: false };
			const [link] = (await edit(simulator, options)).items;
			expect(link.json).toMatchObject({ code: 200, data: { data: [{ revised_prompt: '' }] } });
			const [inline] = (await edit(simulator, options, { executionId: '8' })).items;
			expect(inline.json).toEqual({ created: expect.any(Number) as number, data: [{}] });
			expect(inline.binary?.data).toBeDefined();
		},

		'merges additional fields, and gives several images': async (simulator) => {
			for (const [index, additionalFields] of [
				'{"n": 2, "seed": 7}',
				'={{ { n: 2, seed: 7 } }}',
			].entries()) {
				const { items } = await edit(
					simulator,
					{ options: { additionalFields }, binaryPropertyName: 'picture' },
					{ executionId: String(index) },
				);
				expect(asked(simulator)[index].json).toMatchObject({ n: 2, seed: 7, model: MODEL });
				expect(Object.keys(items[0].binary ?? {})).toEqual(['picture', 'picture_1']);
			}
		},

		'takes several images as an array': async (simulator) => {
			simulator.gatewayImages = 'array';
			const links = ['cat.png', 'room.jpg'].map((name) => `${simulator.picturesUrl}/${name}`);
			const options = { severalImages: 'array' };
			const { items } = await edit(simulator, { ...url(...links), options });
			expect(items[0].json.status).toBe('completed');
			expect(asked(simulator)[0].json).toMatchObject({ image: links });
			const one = await edit(simulator, { ...url(links[0]), options }, { executionId: '8' });
			expect(one.items[0].json.status).toBe('completed');
		},

		'takes several images as image, image2, image3': async (simulator) => {
			simulator.gatewayImages = 'numbered';
			const links = ['cat.png', 'room.jpg', 'shirt.webp'].map(
				(name) => `${simulator.picturesUrl}/${name}`,
			);
			const options = { severalImages: 'numbered' };
			const { items } = await edit(simulator, { ...url(...links), options });
			expect(items[0].json.status).toBe('completed');
			const [image, image2, image3] = links;
			expect(asked(simulator)[0].json).toMatchObject({ image, image2, image3 });
		},

		'waits while the gateway throttles, and pays once': async (simulator) => {
			simulator.inject({
				host: 'gateway',
				fault: { status: 429, headers: { 'retry-after': '2' } },
			});
			const body = { error: { message: 'No available channel' } };
			simulator.inject({ host: 'gateway', fault: { status: 503, body } });
			const { items } = await edit(simulator);
			expect(items[0].json.status).toBe('completed');
			const [first, second] = asked(simulator);
			expect(second.at - first.at).toBeGreaterThanOrEqual(2000);
			expect(simulator.paidTasks()).toBe(1);
		},
	});
});

const unknownOutcomes: Array<[string, Fault]> = [
	['the connection was lost', 'resetAfter'],
	['the answer broke off', 'answerThenBreak'],
	['the answer was half a JSON', 'brokenJson'],
	['a proxy gave up (502)', { status: 502, handled: true }],
	['the gateway failed (500)', { status: 500, handled: true }],
	['there was no response in time', 'hangAfter'],
];

function neverAskedAgain(fault: Fault): Scenario {
	return async (simulator) => {
		simulator.inject({ host: 'gateway', fault });
		const { error, items } = await edit(
			simulator,
			fault === 'hangAfter' ? { options: { timeout: 5 } } : {},
			{ node: { ...twice, maxTries: 3 } },
		);
		expect(items).toEqual([]);
		expect(error?.message).toMatch(/unknown whether the images gateway .*may have been billed/);
		expect(error?.description).toMatch(/isn't sent again.*run the workflow again/);
		expect(asked(simulator)).toHaveLength(1);
		expect(simulator.paidTasks()).toBe(1);
	};
}

describe('A gateway is never asked twice', () => {
	scenarios({
		...Object.fromEntries(
			unknownOutcomes.map(([what, fault]) => [`when ${what}`, neverAskedAgain(fault)]),
		),

		'when its answer is no image': async (simulator) => {
			simulator.nextEdit({ shape: 'garbage' });
			const { error } = await edit(simulator, {}, { node: twice });
			expect(error?.message).toMatch(/bills it, but: .* is not an image/);
			expect(simulator.paidTasks()).toBe(1);
		},

		'when it works with tasks': async (simulator) => {
			for (const [index, shape] of (['task', 'wrappedTask'] as const).entries()) {
				simulator.nextEdit({ shape });
				const { error } = await edit(simulator, {}, { node: twice, executionId: String(index) });
				expect(error?.message).toMatch(/responded with the task task[-_]\S+ instead of an image/);
				expect(error?.description).toContain("set 'Service' to 'EvoLink'");
				expect(simulator.paidTasks()).toBe(index + 1);
			}
		},

		'when its image could not be fetched: it is fetched again': async (simulator) => {
			simulator.inject({ host: 'results', fault: { status: 403 } });
			const { items } = await edit(simulator, {}, { node: twice });
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(simulator.paidTasks()).toBe(1);
		},

		'for items that were done when another failed': async (simulator) => {
			simulator.nextEdit({ prompt: /link/, shape: 'data' });
			simulator.nextEdit({ prompt: /inline/, shape: 'base64' });
			simulator.nextEdit({ prompt: /refused/, shape: 'error', seconds: 0.5 });
			const { items, error } = await edit(simulator, promptOfItem, {
				items: prompts('link', 'inline', 'refused'),
				node: twice,
			});
			expect(error).toBeUndefined();
			expect(items.map(({ binary }) => bytesOf(binary?.data).length > 1000)).toEqual([
				true,
				true,
				true,
			]);
			expect(asked(simulator)).toHaveLength(4);
			expect(simulator.paidTasks()).toBe(3);
		},

		'when another item fails while it works': async (simulator) => {
			simulator.nextEdit({ prompt: /slow/, seconds: 1, shape: 'base64' });
			simulator.nextEdit({ prompt: /refused/, shape: 'wrappedError' });
			const { items } = await edit(simulator, promptOfItem, {
				items: prompts('slow', 'refused', 'third'),
				node: twice,
			});
			expect(items.map(({ json }) => json.status)).toEqual(Array(3).fill('completed'));
			expect(simulator.paidTasks()).toBe(3);
		},

		'when the user retries the failed execution': async (simulator) => {
			simulator.nextEdit({ prompt: /inline/, shape: 'base64' });
			simulator.inject({
				host: 'gateway',
				match: ({ json }) => (json as { prompt: string }).prompt === 'lost',
				fault: 'resetAfter',
			});
			const items = prompts('inline', 'lost');
			const failed = await edit(simulator, promptOfItem, { items });
			expect(failed.error?.description).toContain('item 0: arrived');
			const retried = await edit(simulator, promptOfItem, {
				items,
				retryOf: failed,
				executionId: '8',
				node: goOn,
			});
			expect(retried.items[0].json.status).toBe('completed');
			expect(bytesOf(retried.items[0].binary?.data).length).toBeGreaterThan(1000);
			expect(retried.items[1].json.error).toContain('may have been billed');
			expect(asked(simulator)).toHaveLength(2);
		},

		'but is in a new execution': async (simulator) => {
			simulator.inject({ host: 'gateway', fault: 'resetAfter' });
			await edit(simulator);
			const { items } = await edit(simulator, {}, { executionId: '8' });
			expect(items[0].json.status).toBe('completed');
			expect(asked(simulator)).toHaveLength(2);
		},
	});
});

describe('A gateway that does not edit', () => {
	scenarios({
		'is an error, also under HTTP 200, and nothing is paid': async (simulator) => {
			for (const [index, shape] of (['error', 'wrappedError'] as const).entries()) {
				simulator.nextEdit({ shape, message: 'Blocked by the filter' });
				const { error } = await edit(simulator, {}, { executionId: String(index) });
				expect(error?.message).toContain("didn't edit the image: Blocked by the filter");
				expect(asked(simulator)).toHaveLength(index + 1);
			}
			expect(simulator.paidTasks()).toBe(0);
		},

		'gives an error item, and its neighbours go on, with Continue': async (simulator) => {
			simulator.nextEdit({ prompt: /task/, shape: 'task' });
			simulator.nextEdit({ prompt: /gone/, shape: 'data' });
			simulator.inject({
				host: 'results',
				path: /edit-1\//,
				fault: { status: 403 },
			});
			const { items } = await edit(
				simulator,
				{ ...promptOfItem, options: { concurrency: 1 } },
				{ items: prompts('gone', 'task', 'good'), node: goOn },
			);
			expect(items[0].json).toEqual({
				error: expect.stringContaining('bills it, but') as string,
				results: [expect.stringContaining('/gateway/edit-1/1.png') as string],
			});
			expect(items[1].json).toEqual({
				error: expect.stringContaining('instead of an image') as string,
				id: 'task-unified-edit-2',
			});
			expect(items[2].json.status).toBe('completed');
		},

		'names what is billed of the other items': async (simulator) => {
			simulator.nextEdit({ prompt: /good/ });
			simulator.nextEdit({ prompt: /bad/, shape: 'error' });
			const { error } = await edit(
				simulator,
				{ ...promptOfItem, options: { concurrency: 1 } },
				{ items: prompts('good', 'bad') },
			);
			expect(error?.description).toMatch(
				/of other items that the gateway bills: item 0: http\S+\/gateway\/edit-1\/1.png/,
			);
		},

		'is a stopped execution when the user stops it, and may be billed': async (simulator) => {
			simulator.nextEdit({ seconds: 60 });
			const { run, error } = await edit(
				simulator,
				{},
				{
					onStarted: (stop) => {
						void until(() => simulator.paidTasks() > 0).then(stop);
					},
				},
			);
			expect(run.status).toBe('canceled');
			expect(error?.message).toMatch(/execution was canceled. It may have been billed/);
		},

		'says what to check when the key is wrong': async (simulator) => {
			const { error } = await edit(
				simulator,
				{},
				{ credential: { apiKey: 'sk-wrong', baseUrl: simulator.gatewayUrl } },
			);
			expect(error?.message).toContain('Invalid token');
			expect(error?.description).toContain("'Images Gateway API' credential");
			expect(error?.httpCode).toBe('401');
		},
	});
});

const refused: Array<[string, (simulator: Simulator) => Promise<WorkflowResult>, RegExp]> = [
	[
		'more pictures than one',
		async (simulator) => await edit(simulator, url('https://a.test/1, https://a.test/2')),
		/2 images provided.*accepts one, unless.*'Several Images'/,
	],
	[
		'an empty model',
		async (simulator) => await edit(simulator, { gatewayModel: '={{ "" }}' }),
		/'Model' is empty.*qwen-image-edit-2509/,
	],
	[
		'an empty prompt',
		async (simulator) => await edit(simulator, { prompt: '={{ "" }}' }),
		/'Prompt' is empty/,
	],
	[
		'additional fields that are no object',
		async (simulator) => await edit(simulator, { options: { additionalFields: '[1]' } }),
		/'Additional Fields' is not a JSON object/,
	],
	[
		'additional fields that a parameter already sets',
		async (simulator) =>
			await edit(simulator, { options: { additionalFields: '{"prompt": "Other"}' } }),
		/'Additional Fields' contains 'prompt', which is set by 'Prompt'/,
	],
	[
		'a base URL that is none',
		async (simulator) =>
			await edit(simulator, {}, { credential: { apiKey: 'k', baseUrl: 'gateway.example.com' } }),
		/'Base URL' in the 'Images Gateway API' credential.*without \/v1/,
	],
	...['getTask', 'waitForCompletion', 'getManyTasks', 'getCredits'].map(
		(operation): [string, (simulator: Simulator) => Promise<WorkflowResult>, RegExp] => [
			`${operation}, because it has no tasks,`,
			async (simulator) => await edit(simulator, { operation, taskId: 'task-unified-1' }),
			/only available for EvoLink: an images gateway has no tasks.*'EvoLink API' credential/,
		],
	),
];

describe('Before a gateway is asked, the node refuses', () => {
	scenarios(
		Object.fromEntries(
			refused.map(([what, run, message]) => [
				what,
				async (simulator: Simulator) => {
					const { error } = await run(simulator);
					expect(`${error?.message} ${error?.description}`).toMatch(message);
					expect(simulator.requests).toEqual([]);
				},
			]),
		),
	);
});

describe('How a gateway wants to be asked', () => {
	/** A gateway that takes anything and answers with an image. */
	const takesAll = async (simulator: Simulator) => {
		const base64 = (await samplePicture('png')).toString('base64');
		const fault: Fault = { status: 200, body: { data: [{ b64_json: base64 }] } };
		simulator.inject({ host: 'gateway', times: Infinity, fault });
	};
	const links = (simulator: Simulator, count: number) =>
		url(
			...['cat', 'dog', 'fox']
				.slice(0, count)
				.map((name) => `${simulator.picturesUrl}/${name}.png`),
		);
	const body = (simulator: Simulator) => asked(simulator)[0].json as Record<string, unknown>;

	scenarios({
		'JSON at the edits': async (simulator) => {
			await takesAll(simulator);
			const { items } = await edit(simulator, { options: { gatewayRequest: 'editsJson' } });
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(asked(simulator)).toMatchObject([{ method: 'POST', path: '/v1/images/edits' }]);
			expect(body(simulator).image).toBe(`${simulator.picturesUrl}/cat.png`);
		},
		'objects in a field of its own, at a path of its own': async (simulator) => {
			await takesAll(simulator);
			const options = {
				gatewayPath: '/api/v3/images/generations',
				gatewayImageField: 'images',
				severalImages: 'objects',
			};
			const { items } = await edit(simulator, { ...links(simulator, 2), options });
			expect(items).toHaveLength(1);
			expect(asked(simulator)).toMatchObject([{ path: '/api/v3/images/generations' }]);
			expect(body(simulator).images).toEqual([
				{ image_url: `${simulator.picturesUrl}/cat.png` },
				{ image_url: `${simulator.picturesUrl}/dog.png` },
			]);
			expect(body(simulator)).not.toHaveProperty('image');
		},
		'a base URL that ends with /v1': async (simulator) => {
			await takesAll(simulator);
			const credential = { apiKey: simulator.gatewayKey, baseUrl: `${simulator.gatewayUrl}/v1` };
			await edit(simulator, {}, { credential });
			expect(asked(simulator)).toMatchObject([{ path: '/v1/images/generations' }]);
		},
		'a form with one image': async (simulator) => {
			await takesAll(simulator);
			const options = { gatewayRequest: 'editsMultipart', additionalFields: '{"n":2}' };
			const { items } = await edit(simulator, { options });
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			const [request] = asked(simulator);
			expect(request.path).toBe('/v1/images/edits');
			const parts = await parseMultipart(request.headers, request.body);
			expect(parts.map(({ name, data }) => [name, data.subarray(0, 40).toString()])).toEqual([
				['n', '2'],
				['model', MODEL],
				['prompt', 'Replace the background with a beach'],
				['image', expect.stringContaining('PNG')],
			]);
			expect(parts[3]).toMatchObject({ contentType: 'image/png', fileName: 'image-1.png' });
			// The link is fetched first, without the key.
			const [first] = sent(simulator).all;
			expect(first.host).toBe('pictures');
			expect(simulator.keyLeaks).toEqual([]);
		},
		'a form with several images': async (simulator) => {
			await takesAll(simulator);
			const options = { gatewayRequest: 'editsMultipart' };
			const addresses = [1, 2, 3].map((number) => `${simulator.picturesUrl}/cat.png?${number}`);
			await edit(simulator, { ...url(...addresses), options });
			const [request] = asked(simulator);
			const files = (await parseMultipart(request.headers, request.body)).slice(2);
			expect(files.map(({ name }) => name)).toEqual(['image[]', 'image[]', 'image[]']);
			expect(new Set(files.map(({ fileName }) => fileName)).size).toBe(3);
		},
		'a form whose image cannot be fetched is not sent': async (simulator) => {
			await takesAll(simulator);
			const options = { gatewayRequest: 'editsMultipart' };
			const images = url(`${simulator.resultsUrl}/gone.png`);
			const { error } = await edit(simulator, { ...images, options });
			expect(error?.message).toMatch(/Image 1 couldn't be downloaded: /);
			expect(asked(simulator)).toEqual([]);
		},
		...Object.fromEntries(
			['v1/images', '//evil.example/v1', '/\\evil.example/v1', 'https://evil.example/v1'].map(
				(gatewayPath): [string, Scenario] => [
					`the path ${gatewayPath} is refused before the key is sent`,
					async (simulator) => {
						const { error } = await edit(simulator, { options: { gatewayPath } });
						expect(error?.message).toContain("'Gateway Path'");
						expect(sent(simulator).all).toEqual([]);
					},
				],
			),
		),
	});
});
