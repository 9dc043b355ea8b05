import { setTimeout as sleep } from 'node:timers/promises';

import type { INode, INodeExecutionData, INodeParameters, IRun } from 'n8n-workflow';

import { samplePicture, type Simulator, startSimulator } from '../simulator';
import { binaryField, editImage, runWorkflow, type WorkflowOptions } from './harness';
import { ParkedWorkflow } from './parkedWorkflow';

/**
 * What fails for the whole run, before the first item. Of an error that is thrown n8n makes, with "Continue", the
 * input itself: the unedited images would go on as if they were edited.
 */

const DELETED = 'Credential with ID "1" does not exist for type "evolinkApi".';

type Broken = [what: string, message: RegExp, options: Partial<WorkflowOptions>];

const option = (name: string, value: string | number): Partial<WorkflowOptions> => ({
	parameters: { options: { [name]: value } },
});

const ANY_SERVICE: Broken[] = [
	['no credential', /credentials/, { node: { credentials: {} } }],
	[
		'a credential that was deleted',
		/does not exist/,
		{ credentialFault: () => new Error(DELETED) },
	],
	['a base URL that is none', /Base URL/, { credential: { baseUrl: 'mock-evolink.com' } }],
	[
		'Concurrency that refers to a missing node',
		/node/i,
		option('concurrency', "={{ $('Nope').item.json.x }}"),
	],
	['Concurrency that is no number', /'Concurrency'/, option('concurrency', '={{ "many" }}')],
	[
		'an operation that there is not',
		/'Operation' is "editPicture"/,
		{ parameters: { operation: 'editPicture' } },
	],
	[
		'an operation by an expression that fails',
		/'Operation' is/,
		{ parameters: { operation: "={{ $('Nope').item.json.x }}" } },
	],
	['a service that there is not', /'Service' is "EvoLink"/, { parameters: { service: 'EvoLink' } }],
];

const EVOLINK: Broken[] = [
	...ANY_SERVICE,
	['a files base URL that is none', /Files Base URL/, { credential: { filesBaseUrl: '://files' } }],
	['Max Credits that gives nothing', /'Max Credits'/, option('maxCredits', '={{ $json.budget }}')],
	['Max Credits below 0', /'Max Credits'/, option('maxCredits', -1)],
];

const MODES = ['continueRegularOutput', 'continueErrorOutput'] as const;

describe('An error before the first item', () => {
	let simulator: Simulator;
	let items: INodeExecutionData[];
	beforeAll(async () => {
		simulator = await startSimulator({ taskSeconds: 0.2 });
		const original = await samplePicture('png');
		items = [1, 2].map((n) => ({
			json: { n },
			binary: { data: binaryField(original, 'original.png', 'image/png') },
		}));
	});
	afterAll(async () => await simulator.close());
	beforeEach(() => simulator.requests.splice(0));

	const BINARY: INodeParameters = {
		images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
	};

	const gateway = (): Partial<WorkflowOptions> => ({
		parameters: { service: 'imagesGateway' },
		credential: { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl },
		node: { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } },
	});

	async function run(service: Partial<WorkflowOptions>, broken: Partial<WorkflowOptions>) {
		return await runWorkflow({
			simulator,
			items,
			...service,
			...broken,
			parameters: editImage(simulator, { ...BINARY, ...service.parameters, ...broken.parameters }),
			credential: { ...service.credential, ...broken.credential },
			node: { ...service.node, ...broken.node },
		});
	}

	/** Nothing was sent, and each item has an error and no image. (On the error output n8n adds the input's JSON.) */
	function expectErrors(errors: INodeExecutionData[], message: RegExp): void {
		expect(simulator.requests).toEqual([]);
		expect(errors).toHaveLength(2);
		for (const [item, { json, binary, pairedItem }] of errors.entries()) {
			expect(json.error).toMatch(message);
			expect(binary).toBeUndefined();
			expect(pairedItem).toEqual({ item });
		}
	}

	const services: Array<[string, () => Partial<WorkflowOptions>, Broken[]]> = [
		['EvoLink', () => ({}), EVOLINK],
		['an images gateway', gateway, ANY_SERVICE],
	];

	describe.each(services)('with %s', (_service, service, all) => {
		it.each(all)('is one of each item with Continue: %s', async (_what, message, broken) => {
			const node: Partial<INode> = { onError: 'continueRegularOutput', ...broken.node };
			const result = await run(service(), { ...broken, node });
			expectErrors(result.items, message);
		});

		it.each(all)(
			'goes to the error output where there is one: %s',
			async (_what, message, broken) => {
				const node: Partial<INode> = { onError: 'continueErrorOutput', ...broken.node };
				const result = await run(service(), { ...broken, node });
				expect(result.items).toEqual([]);
				expectErrors(result.errorItems, message);
			},
		);

		it.each(all)('ends the node otherwise: %s', async (_what, message, broken) => {
			const result = await run(service(), broken);
			expect(result.error?.message).toMatch(message);
			expect(result.arrived).toBe(0);
			expect(simulator.requests).toEqual([]);
		});
	});
});

/** Also what n8n adds on the error output is the input, not what stood for it while it was parked. */
describe('An error before the first item of a run that was woken', () => {
	let simulator: Simulator;
	beforeEach(async () => {
		simulator = await startSimulator({ taskSeconds: 0.2 });
	});
	afterEach(async () => await simulator.close());

	const itemsOf = (run: IRun, output: number) =>
		run.data.resultData.runData.EvoLink?.at(-1)?.data?.main[output] ?? [];

	const faults: Array<[string, (options: { baseUrl?: string; fault?: Error }) => void]> = [
		[
			'the credential was deleted',
			(options) => {
				options.fault = new Error(DELETED);
			},
		],
		[
			'the base URL is none any more',
			(options) => {
				options.baseUrl = 'mock-evolink.com';
			},
		],
	];

	it.each(
		MODES.flatMap((onError) => faults.map(([what, breakIt]) => ({ onError, what, breakIt }))),
	)('names the paid tasks, item by item: $what, $onError', async ({ onError, breakIt }) => {
		const credential: { baseUrl?: string } = {};
		const broken: { baseUrl?: string; fault?: Error } = {};
		const workflow = new ParkedWorkflow({
			simulator,
			credential: credential as never,
			credentialFault: () => broken.fault,
			items: ['One', 'Two'].map((prompt) => ({ json: { prompt } })),
			parameters: editImage(simulator, { wait: 'callback', prompt: '={{ $json.prompt }}' }),
			node: { onError },
		});
		await workflow.start();
		await sleep(300);
		const [task] = simulator.tasks.values();
		const { workflowData } = await workflow.call(String(task.request.callback_url), {
			id: task.id,
		});
		breakIt(broken);
		if (broken.baseUrl) credential.baseUrl = broken.baseUrl;
		const run = await workflow.wake(workflowData);
		const isErrorOutput = onError === 'continueErrorOutput';
		const errors = itemsOf(run, isErrorOutput ? 1 : 0);
		if (isErrorOutput) expect(itemsOf(run, 0)).toEqual([]);
		const ids = [...simulator.tasks.values()].map(({ id }) => id);
		expect(errors.map(({ json }) => (json.id ?? json.error) as string)).toEqual(
			ids.map((id) => expect.stringContaining(id) as string),
		);
		for (const { json } of errors) {
			expect(json.error).toEqual(expect.any(String));
			expect(Object.keys(json).filter((key) => !/^(error|id|prompt)$/.test(key))).toEqual([]);
		}
		expect(errors.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
	});
});
