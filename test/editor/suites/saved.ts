import type { INodeParameters } from 'n8n-workflow';

import { expectSoon } from '../editor';
import type { See } from '../fixture';

/** As 0.1.0 saved a node: what has its default is left out, also in collections. */
const SAVED_BY_0_1_0 = (link: string): INodeParameters => ({
	model: {
		__rl: true,
		value: 'wan2.5-image-to-image',
		mode: 'list',
		cachedResultName: 'Wan 2.5 Image to Image',
	},
	prompt: 'Make it blue',
	images: { image: [{ url: link }] },
	numberOfImages: 2,
	options: { timeout: 300, concurrency: 3 },
});

export function saved(see: See): void {
	describe('a workflow that 0.1.0 saved', () => {
		see('opens with its fields and values, and runs', async ({ fixture, editor }) => {
			const { n8n, simulator } = fixture;
			const parameters = SAVED_BY_0_1_0(`${simulator.picturesUrl}/cat.png`);
			const id = await fixture.store([fixture.evolink(parameters, { typeVersion: 1 })]);
			await editor.openNode(id, 'node-1');
			await expectSoon(
				async () => await editor.labels(),
				[
					...[
						'Operation',
						'Model',
						'Prompt',
						'Images',
						'Source',
						'URL',
						'Number of Images',
						'Wait',
					],
					...['Download', 'Output Data Field Name', 'Simplify', 'Options'],
					...['Concurrency', 'Timeout (Seconds)', 'Service'],
				],
			);
			await expectSoon(async () => await editor.modelName(), 'Wan 2.5 Image to Image');
			await expectSoon(async () => await editor.field('source').inputValue(), 'URL');
			await expectSoon(async () => await editor.field('numberOfImages').inputValue(), '2');

			await editor.execute();
			await editor.jsonWith('"completed"');
			const [task] = simulator.tasks.values();
			expect(task.request).toMatchObject({
				model: 'wan2.5-image-to-image',
				prompt: 'Make it blue',
				image_urls: [`${simulator.picturesUrl}/cat.png`],
				n: 2,
			});
			const { nodes } = await n8n.getWorkflow(id);
			expect(nodes.find(({ name }) => name === 'EvoLink')).toMatchObject({
				typeVersion: 1,
				parameters,
			});
		});
	});
}
