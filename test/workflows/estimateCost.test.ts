import { type Simulator } from '../simulator';
import { runWorkflow, sent } from './harness';
import { scenarios } from './scenarios';

const estimate = (simulator: Simulator, more: object = {}) => ({
	simulator,
	parameters: {
		operation: 'estimateCost',
		model: { __rl: true, mode: 'list', value: 'qwen-image-edit-plus' },
		...more,
	},
});

describe('Estimate Cost', () => {
	scenarios(
		{
			'gives the price of the request, and pays nothing': async (simulator) => {
				const { items, error } = await runWorkflow(estimate(simulator, { numberOfImages: 3 }));
				expect(error).toBeUndefined();
				const { body } = sent(simulator).all.find(({ path }) => path === '/v1/agent-estimates')!;
				expect(JSON.parse(body.toString())).toMatchObject({
					model_id: 'qwen-image-edit-plus',
					operation: 'image_edit',
					parameters: { image_count: 3 },
				});
				const [{ json }] = items;
				expect(Object.keys(json)).toEqual(['model', 'credits', 'usd', 'basis', 'expires_at']);
				expect(json.credits).toBeGreaterThan(0);
				expect(json.basis).toBe('exact');
				expect(simulator.paidTasks()).toBe(0);
			},
			'asks for no input image where the model takes none': async (simulator) => {
				const model = { __rl: true, mode: 'id', value: 'z-image-turbo' };
				await runWorkflow(estimate(simulator, { model }));
				const { body } = sent(simulator).all.find(({ path }) => path === '/v1/agent-estimates')!;
				expect(JSON.parse(body.toString())).toMatchObject({ operation: 'image_generation' });
			},
			'gives three times the price for three images': async (simulator) => {
				const [one, three] = await Promise.all(
					[1, 3].map(
						async (numberOfImages) => await runWorkflow(estimate(simulator, { numberOfImages })),
					),
				);
				expect(three.items[0].json.credits).toBeCloseTo(3 * Number(one.items[0].json.credits));
			},
		},
		{ quotes: true },
	);

	scenarios({
		'says so where a host has no quotes': async (simulator) => {
			const { error } = await runWorkflow(estimate(simulator));
			expect(error?.message).toContain('Could not get a price estimate');
			expect(error?.description).toContain("doesn't quote prices");
		},
	});
});
