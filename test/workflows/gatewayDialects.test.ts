import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { type DialectOfHosts, GATEWAY_DIALECTS } from '../../tools/docs/gateways';
import { samplePicture, type Simulator, startSimulator } from '../simulator';
import {
	binaryField,
	bytesOf,
	editImage,
	runWorkflow,
	sent,
	type WorkflowOptions,
	type WorkflowResult,
} from './harness';

const TWICE = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 } as const;

async function edit(
	simulator: Simulator,
	parameters: INodeParameters,
	more: Partial<WorkflowOptions> = {},
): Promise<WorkflowResult> {
	return await runWorkflow({
		simulator,
		parameters: editImage(simulator, { service: 'imagesGateway', ...parameters }),
		credential: { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl },
		...more,
		node: { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } }, ...more.node },
	});
}

async function itemWithImages(): Promise<INodeExecutionData> {
	const png = binaryField(await samplePicture('png'), 'a.png', 'image/png');
	const jpeg = binaryField(await samplePicture('jpeg'), 'b.jpg', 'image/jpeg');
	return { json: {}, binary: { data: png, second: jpeg, mask: png } };
}

const fromFields = (binaryPropertyName: string): INodeParameters => ({
	images: { image: [{ source: 'binary', binaryPropertyName }] },
});
const asked = (simulator: Simulator) =>
	sent(simulator).all.filter(({ host }) => host === 'gateway');

function expectImage({ items, error }: WorkflowResult): void {
	expect(error).toBeUndefined();
	expect(items).toHaveLength(1);
	expect(bytesOf(items[0].binary?.data).length).toBeGreaterThan(1000);
}

describe.each(GATEWAY_DIALECTS.map((dialect) => [dialect.hosts.join(', '), dialect] as const))(
	'%s',
	(_, { options, several, binaryOnly, takesMask, spoken }: DialectOfHosts) => {
		let simulator: Simulator;
		beforeEach(async () => {
			simulator = await startSimulator({ gatewayDialect: spoken });
			if (several?.severalImages === 'numbered') simulator.gatewayImages = 'numbered';
		});
		afterEach(async () => await simulator.close());

		it('edits an image of a binary field', async () => {
			const items = [await itemWithImages()];
			expectImage(await edit(simulator, { ...fromFields('data'), options }, { items }));
			expect(simulator.paidTasks()).toBe(1);
		});

		it(binaryOnly ? 'refuses a link' : 'edits an image by link', async () => {
			const result = await edit(simulator, { options });
			if (!binaryOnly) return expectImage(result);
			expect(result.error?.message).toContain("didn't edit");
			expect(simulator.paidTasks()).toBe(0);
		});

		if (several) {
			it('edits several images at once', async () => {
				const items = [await itemWithImages()];
				const parameters = { ...fromFields('data, second'), options: { ...options, ...several } };
				expectImage(await edit(simulator, parameters, { items }));
				expect(asked(simulator)[0].path).toBe(
					options.gatewayPath ??
						(options.gatewayRequest ? '/v1/images/edits' : '/v1/images/generations'),
				);
			});
		}

		it(takesMask ? 'takes a mask' : 'refuses a mask', async () => {
			const items = [await itemWithImages()];
			const parameters = { ...fromFields('data'), options: { ...options, mask: 'mask' } };
			const result = await edit(simulator, parameters, { items });
			if (takesMask) return expectImage(result);
			expect(result.error?.message).toContain('mask is not supported');
			expect(simulator.paidTasks()).toBe(0);
		});
	},
);

describe('Beside how it is asked', () => {
	let simulator: Simulator;
	afterEach(async () => await simulator.close());

	it('a form has the mask as a file of its own, and the mask is not the same request', async () => {
		simulator = await startSimulator({ gatewayDialect: 'openAi' });
		const options = { gatewayRequest: 'editsMultipart', mask: `${simulator.picturesUrl}/cat.png` };
		expectImage(await edit(simulator, { options }));
		const [{ parts }] = asked(simulator);
		expect(parts?.at(-1)).toMatchObject({
			name: 'mask',
			contentType: 'image/png',
			fileName: 'mask.png',
		});
		expect(simulator.keyLeaks).toEqual([]);
	});

	it('a mask that cannot be read is refused before anything is paid', async () => {
		simulator = await startSimulator({ gatewayDialect: 'openAi' });
		const gatewayRequest = 'editsMultipart';
		const gone = await edit(simulator, { options: { gatewayRequest, mask: 'nowhere' } });
		expect(gone.error?.message).toContain('Mask');
		const link = `${simulator.resultsUrl}/gone.png`;
		const lost = await edit(simulator, { options: { gatewayRequest, mask: link } });
		expect(lost.error?.message).toMatch(/^Mask couldn't be downloaded/);
		const additionalFields = '{"mask": "x"}';
		const mask = `${simulator.picturesUrl}/cat.png`;
		const twice = await edit(simulator, { options: { gatewayRequest, mask, additionalFields } });
		expect(twice.error?.message).toContain("'Additional Fields' contains 'mask'");
		expect(asked(simulator)).toEqual([]);
	});

	it('images that failed are named, the others are there', async () => {
		simulator = await startSimulator({ gatewayDialect: 'ark' });
		const parameters = {
			options: { gatewayPath: '/api/v3/images/generations', additionalFields: '{"n": 3}' },
		};
		simulator.nextEdit({ failing: 2 });
		const some = await edit(simulator, parameters);
		expect(some.items[0].json.results).toHaveLength(1);
		expect(some.hints.map(({ message }) => message).join()).toMatch(
			/made 1 of 3 images; the others: The image was blocked/,
		);
		simulator.nextEdit({ failing: 3 });
		const none = await edit(simulator, parameters, { executionId: '8' });
		expect(none.error?.message).toContain('The image was blocked');
	});

	it.each([
		['ark', '/api/v3/images/generations'],
		['generations', '/v1/images/generations'],
		['openRouter', '/api/v1/images'],
	] as const)('generates images the way of %s', async (gatewayDialect, gatewayPath) => {
		simulator = await startSimulator({ gatewayDialect });
		const parameters = {
			operation: 'generateImage',
			service: 'imagesGateway',
			prompt: 'A lighthouse',
			// What is for images has no say here.
			options: { gatewayPath, gatewayRequest: 'editsMultipart', mask: 'nowhere' },
		};
		const result = await runWorkflow({
			simulator,
			parameters,
			credential: { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl },
			node: { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } },
		});
		expectImage(result);
		expect(asked(simulator)).toMatchObject([
			{ path: gatewayPath, json: { model: 'qwen-image', prompt: 'A lighthouse' } },
		]);
	});
});

describe('A gateway that accepts a request and answers later', () => {
	let simulator: Simulator;
	beforeEach(async () => {
		simulator = await startSimulator({ gatewayDialect: 'accepts' });
	});
	afterEach(async () => await simulator.close());

	it('is asked on by Retry On Fail, and paid once', async () => {
		const result = await edit(simulator, { options: { timeout: 3.9 } }, { node: TWICE });
		expectImage(result);
		expect(simulator.paidTasks()).toBe(1);
		expect(asked(simulator).filter(({ method }) => method === 'POST')).toHaveLength(1);
	});

	it('is asked on where another item failed, and when the user retries the execution', async () => {
		simulator.nextEdit({ polls: 4 });
		const parameters = { options: { timeout: 3.9 } };
		const failed = await edit(simulator, parameters);
		expect(failed.error?.message).toMatch(
			/accepted the request, .* didn't arrive at \S+\/v1\/images\/tasks\//,
		);
		expect(failed.error?.description).toContain('Retry On Fail checks that URL again');
		const retried = await edit(
			simulator,
			{ options: { timeout: 20 } },
			{ retryOf: failed, executionId: '8' },
		);
		expectImage(retried);
		expect(simulator.paidTasks()).toBe(1);
	});

	it('is not asked at an address of another host, however often it is tried', async () => {
		const headers = { location: `${simulator.picturesUrl}/v1/images/tasks/1` };
		simulator.inject({ host: 'gateway', fault: { status: 202, headers, body: {} } });
		const { error } = await edit(simulator, {}, { node: TWICE });
		expect(error?.message).toContain(`on another host: ${headers.location}`);
		expect(sent(simulator).all).toHaveLength(1);
	});

	it('keeps its whole answer where it gives none', async () => {
		const body = { id: 'x', status: 'failed', error: { message: 'Blocked', code: 'filter' } };
		simulator.inject({ host: 'gateway', path: /tasks/, fault: { status: 200, body } });
		const { error } = await edit(simulator, {}, { node: TWICE });
		expect(error?.message).toMatch(/Blocked \[filter\]/);
		expect(error?.context.answer).toBe(JSON.stringify(body));
		expect(simulator.paidTasks()).toBe(1);
	});
});

describe('What a gateway may have billed', () => {
	let simulator: Simulator;
	beforeEach(async () => {
		simulator = await startSimulator();
	});
	afterEach(async () => await simulator.close());

	it.each<[string, object | string, number]>([
		['an answer without an image', { created: 1, data: [], note: 'ä'.repeat(400_000) }, 200],
		['a task', { id: 'job-1', status: 'queued', secret_place: 'x' }, 200],
		['a failure of the gateway', { error: { message: 'Upstream failed' }, image: 'x.png' }, 502],
		['a text', 'all is well', 200],
	])('is kept: %s', async (_, body, status) => {
		simulator.inject({ host: 'gateway', fault: { status, body } });
		const { error } = await edit(simulator, {});
		expect(error?.context.answer).toBe(typeof body === 'string' ? body : JSON.stringify(body));
	});
});
