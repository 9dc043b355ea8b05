import type { INode, INodeExecutionData } from 'n8n-workflow';

import type { KeptInput } from '../../nodes/Evolink/waiting/parking/parkedRun';
import { samplePicture, type Simulator, startSimulator } from '../simulator';
import { binaryField, editImage, runWorkflow, sent } from './harness';
import { ParkedWorkflow } from './parkedWorkflow';

/** What is paid is not forgotten when the checks of a later try, or after waking, fail. */

let simulator: Simulator;
beforeEach(async () => {
	simulator = await startSimulator({ taskSeconds: 600 });
});
afterEach(async () => await simulator.close());

const ids = () => [...simulator.tasks.keys()];
const hasCreated = () => sent(simulator).creates.length > 0;

/** Its prompt is gone as soon as its task is created, as that of an expression can be. */
function itemThatChanges(): INodeExecutionData {
	return {
		json: {
			get prompt() {
				return hasCreated() ? '' : 'Beach';
			},
		},
	};
}

/** Its image is gone as soon as its task is created, as n8n's clearing of old data can do it. */
function itemThatIsPruned(image: Buffer): INodeExecutionData {
	const data = binaryField(image, 'a.png', 'image/png');
	return {
		json: { prompt: 'Beach' },
		binary: {
			get data() {
				return hasCreated() ? { ...data, data: '' } : data;
			},
		},
	};
}

const twice: Partial<INode> = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
const goOn: Partial<INode> = { onError: 'continueRegularOutput' };
const errorOutput: Partial<INode> = { onError: 'continueErrorOutput' };

const WAYS: Array<[string, () => Promise<INodeExecutionData>, RegExp]> = [
	['the prompt is empty', async () => itemThatChanges(), /prompt/i],
	['the image is gone', async () => itemThatIsPruned(await samplePicture('png')), /image|data/i],
];

describe.each(WAYS)('In a second try %s', (_, makeItem, message) => {
	async function run(node: Partial<INode>) {
		simulator.nextTask({ end: 'never', estimatedTime: 0 });
		simulator.inject({
			host: 'api',
			method: 'GET',
			path: /tasks/,
			fault: simulator.refusal('unauthorized'),
		});
		const item = await makeItem();
		return await runWorkflow({
			simulator,
			items: [item],
			parameters: editImage(simulator, {
				prompt: '={{ $json.prompt }}',
				...(item.binary
					? { images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } }
					: {}),
			}),
			node: { ...twice, ...node },
		});
	}

	it('the error names the task', async () => {
		const { error } = await run({});
		expect(error?.message).toMatch(message);
		expect(error?.description).toContain(ids()[0]);
	});

	it('with Continue, the item has its ID', async () => {
		const { items } = await run(goOn);
		expect(items).toHaveLength(1);
		expect(items[0].json).toMatchObject({
			error: expect.stringMatching(message) as string,
			id: ids()[0],
		});
	});

	it('on the error output, the ID is in the text', async () => {
		const { items, errorItems } = await run(errorOutput);
		expect(items).toEqual([]);
		expect(errorItems[0].json.error).toContain(ids()[0]);
	});
});

it('In a second try with Continue, the item names what a gateway has billed', async () => {
	const item: INodeExecutionData = {
		json: {
			get prompt() {
				return sent(simulator).all.length > 0 ? '' : 'Beach';
			},
		},
	};
	simulator.nextEdit({});
	simulator.inject({ host: 'results', times: Infinity, fault: { status: 500 } });
	const { items } = await runWorkflow({
		simulator,
		items: [item],
		parameters: editImage(simulator, {
			service: 'imagesGateway',
			prompt: '={{ $json.prompt }}',
		}),
		credential: { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl },
		node: {
			...twice,
			...goOn,
			credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } },
		},
	});
	expect(items[0].json.error).toMatch(
		/'Prompt' is empty\. Edits that the gateway bills: item 0: http/,
	);
});

it.each([
	['ends with an error that names both tasks', {}],
	['gives an item with the ID', goOn],
] as const)('A run that was woken and whose prompt is empty now %s', async (_, node) => {
	const workflow = new ParkedWorkflow({
		simulator,
		items: ['One', 'Two'].map((prompt) => ({ json: { prompt } })),
		parameters: editImage(simulator, { wait: 'callback', prompt: '={{ $json.prompt }}' }),
		node,
	});
	expect((await workflow.start()).status).toBe('waiting');
	simulator.clockOffsetSeconds += 1_000;
	const [task] = simulator.tasks.values();
	const call = await workflow.call(String(task.request.callback_url), { id: task.id });
	(workflow.context.evolinkInput as KeptInput).items[0].json.prompt = '';
	const run = await workflow.wake(call.workflowData);
	const [result] = run.data.resultData.runData.EvoLink.slice(-1);
	const output = result.data?.main[0] ?? [];
	if (node === goOn) {
		expect(output.map(({ json }) => json.id)).toEqual(ids());
		expect(output.map(({ json }) => json.error !== undefined)).toEqual([true, false]);
	} else {
		const { description } = result.error as { description?: string };
		for (const id of ids()) expect(description).toContain(id);
	}
	expect(simulator.paidTasks()).toBe(2);
});
