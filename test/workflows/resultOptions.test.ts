import type { INodeParameters } from 'n8n-workflow';

import { until } from '../../tools/until';
import type { Simulator } from '../simulator';
import { editImage, runWorkflow, type WorkflowOptions } from './harness';
import { ParkedWorkflow } from './parkedWorkflow';
import { scenarios } from './scenarios';

const SEVERAL: INodeParameters = {
	model: { __rl: true, mode: 'id', value: 'qwen-image-edit-plus' },
	numberOfImages: 2,
};

const items = ['a', 'b'].map((sku) => ({ json: { sku, status: 'in stock', error: 'old' } }));

async function edit(
	simulator: Simulator,
	options: INodeParameters,
	more: Partial<WorkflowOptions> = {},
) {
	const parameters = editImage(simulator, { ...SEVERAL, options });
	return await runWorkflow({ simulator, parameters, items, ...more });
}

const namesOf = ({ items: output }: Awaited<ReturnType<typeof edit>>) =>
	output.map(({ binary }) => Object.values(binary ?? {}).map(({ fileName }) => fileName));

describe('Results', () => {
	scenarios({
		'have names that tell all tasks of an execution apart': async (simulator) => {
			const names = namesOf(await edit(simulator, {})).flat();
			expect(new Set(names).size).toBe(4);
			for (const name of names) expect(name).toMatch(/^[12]-\S+\.png$/);
		},

		'are named as the option says, further ones with a number': async (simulator) => {
			const names = namesOf(await edit(simulator, { fileName: '={{ $json.sku }}/neu' }));
			expect(names).toEqual([
				['a_neu.png', 'a_neu_1.png'],
				['b_neu.png', 'b_neu_1.png'],
			]);
		},

		'are items of their own with Item per Image, paired with the same input': async (simulator) => {
			const { items: output } = await edit(simulator, { itemPerImage: true });
			expect(output.map(({ json }) => json.image_index)).toEqual([0, 1, 0, 1]);
			expect(output.map(({ pairedItem }) => pairedItem)).toEqual(
				[0, 0, 1, 1].map((item) => ({ item })),
			);
			for (const { json, binary } of output) {
				expect(json.results).toEqual([expect.stringMatching(/^http/)]);
				expect(Object.keys(binary ?? {})).toEqual(['data']);
			}
			expect(new Set(output.map(({ json }) => (json.results as string[])[0])).size).toBe(4);
		},

		'keep the fields of the input where wanted, but for error': async (simulator) => {
			const { items: output } = await edit(simulator, { includeInputFields: true });
			expect(output.map(({ json }) => [json.sku, json.status])).toEqual([
				['a', 'completed'],
				['b', 'completed'],
			]);
			for (const { json } of output) expect(json).not.toHaveProperty('error');
		},

		'of Get Task and Wait for Completion take the same options': async (simulator) => {
			const { items: created } = await edit(simulator, {});
			for (const operation of ['getTask', 'waitForCompletion']) {
				const { items: output } = await runWorkflow({
					simulator,
					parameters: {
						operation,
						taskId: created[0].json.id as string,
						options: { fileName: 'x', itemPerImage: true, includeInputFields: true },
					},
					items,
					executionId: operation,
				});
				expect(output.map(({ json }) => [json.sku, json.image_index])).toEqual([
					['a', 0],
					['a', 1],
					['b', 0],
					['b', 1],
				]);
				expect(output.map(({ binary }) => binary?.data.fileName)).toEqual([
					'x.png',
					'x_1.png',
					'x.png',
					'x_1.png',
				]);
			}
		},

		'of Generate Image take the same options': async (simulator) => {
			const { items: output } = await runWorkflow({
				simulator,
				parameters: {
					operation: 'generateImage',
					prompt: 'A beach',
					model: { __rl: true, mode: 'id', value: 'qwen-image-3.0' },
					numberOfImages: 2,
					options: { fileName: '={{ $json.sku }}', itemPerImage: true, includeInputFields: true },
				},
				items,
			});
			expect(output.map(({ json }) => [json.sku, json.status, json.image_index])).toEqual([
				['a', 'completed', 0],
				['a', 'completed', 1],
				['b', 'completed', 0],
				['b', 'completed', 1],
			]);
			expect(output.map(({ binary }) => binary?.data.fileName)).toEqual([
				'a.png',
				'a_1.png',
				'b.png',
				'b_1.png',
			]);
		},

		'of a run that was parked take the same options': async (simulator) => {
			const options = {
				fileName: '={{ $json.sku }}',
				itemPerImage: true,
				includeInputFields: true,
			};
			const parameters = editImage(simulator, { ...SEVERAL, wait: 'callback', options });
			const workflow = new ParkedWorkflow({ simulator, parameters, items });
			expect((await workflow.start()).status).toBe('waiting');
			await until(() => [...simulator.tasks.values()].every(({ ended }) => ended));
			const [task] = simulator.tasks.values();
			const callbackUrl = String(task.request.callback_url);
			const { workflowData } = await workflow.call(callbackUrl, { id: task.id });
			const run = await workflow.wake(workflowData);
			const output = run.data.resultData.runData.EvoLink.at(-1)?.data?.main[0] ?? [];
			expect(
				output.map(({ json, binary, pairedItem }) => [
					...[json.sku, json.status, json.image_index, binary?.data.fileName, pairedItem],
				]),
			).toEqual([
				['a', 'completed', 0, 'a.png', { item: 0 }],
				['a', 'completed', 1, 'a_1.png', { item: 0 }],
				['b', 'completed', 0, 'b.png', { item: 1 }],
				['b', 'completed', 1, 'b_1.png', { item: 1 }],
			]);
		},

		'stay with their own item where a parked run reaches its limit': async (simulator) => {
			simulator.nextTask({ prompt: /a$/, results: 2 });
			simulator.nextTask({ prompt: /b$/, seconds: 1000, estimatedTime: null });
			const workflow = new ParkedWorkflow({
				simulator,
				items,
				parameters: editImage(simulator, {
					prompt: '=Row {{ $json.sku }}',
					model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' },
					numberOfImages: 2,
					wait: "={{ $json.sku === 'a' ? 'poll' : 'callback' }}",
					options: { itemPerImage: true },
				}),
			});
			await workflow.start();
			const run = await workflow.timeIsUp();
			const [a, b] = run.data.resultData.runData.EvoLink.at(-1)?.data?.main[0] ?? [];
			const idOf = (row: string) =>
				[...simulator.tasks.values()].find(({ request }) => request.prompt === `Row ${row}`)?.id;
			expect(a.json).toMatchObject({ id: idOf('a'), status: 'completed' });
			expect(a.json.results).toHaveLength(2);
			expect(Object.keys(a.binary ?? {})).toEqual(['data', 'data_1']);
			expect(a.json).not.toHaveProperty('timed_out');
			expect(b.json).toMatchObject({ id: idOf('b'), status: 'pending', timed_out: true });
		},

		'of an earlier result tell nothing of the next': async (simulator) => {
			const failed = { id: 'task-1', status: 'failed', results: [], failure: { code: 'x' } };
			const { items: output } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { options: { includeInputFields: true } }),
				items: [
					{ json: { ...failed, sku: 'a', billing: { state: 'charged' }, timed_out: true } },
					{ json: { sku: 'b', billing: 'by invoice' } },
				],
			});
			expect(output.map(({ json: { sku, billing, status } }) => [sku, billing, status])).toEqual([
				['a', undefined, 'completed'],
				['b', 'by invoice', 'completed'],
			]);
			expect(output[0].json).not.toHaveProperty('failure');
			expect(output[0].json).not.toHaveProperty('timed_out');
		},

		'of a gateway take them, whether they come as links or as base64': async (simulator) => {
			for (const shape of ['data', 'base64'] as const) {
				simulator.nextEdit({ shape, times: 4 });
				const options = { includeInputFields: true, additionalFields: '{ "n": 2 }' };
				const onGateway = async (more: INodeParameters, executionId: string) =>
					await runWorkflow({
						simulator,
						parameters: editImage(simulator, {
							service: 'imagesGateway',
							options: { ...options, ...more },
						}),
						credential: { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl },
						node: { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } },
						items,
						executionId,
					});
				const each = await onGateway({ itemPerImage: true, fileName: 'g' }, `${shape} 1`);
				expect(each.items.map(({ json }) => [json.sku, json.image_index])).toEqual([
					['a', 0],
					['a', 1],
					['b', 0],
					['b', 1],
				]);
				expect(namesOf(each).flat()).toEqual(['g.png', 'g_1.png', 'g.png', 'g_1.png']);
				const unnamed = namesOf(await onGateway({}, `${shape} 2`)).flat();
				expect(new Set(unnamed).size).toBe(4);
			}
		},
	});
});
