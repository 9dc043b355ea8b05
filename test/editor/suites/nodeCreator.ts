import { expectSoon } from '../editor';
import type { See } from '../fixture';

const ACTIONS = [
	'Edit an image',
	'Estimate the cost of an image',
	'Generate an image',
	'Get credits',
	'Get many tasks',
	'Get a task',
	'Upload an image',
	'Wait for a task to complete',
];

const SEARCHES = [
	'evolink',
	'qwen',
	'qwen image edit',
	'wan',
	'image edit',
	'edit image',
	'ai image edit',
	'image editing',
	'generate image',
	'image to image',
	'nano banana',
	'gemini image',
	'seedream',
	'gpt image',
	'gpt-image-2',
	'grok imagine',
	'remove background',
	'inpaint',
	'mask',
	'product photo',
	'virtual try-on',
	'photo edit',
	'text to image',
	'background removal',
	'picture',
];

export function nodeCreator(see: See): void {
	describe('node creator', () => {
		// n8n lists an app once, with the trigger's events beside the actions.
		see('finds EvoLink and lists its actions and triggers', async ({ fixture, editor }) => {
			await editor.openWorkflow(await fixture.store([]));
			await editor.see('node-creator-plus-button').click();
			await editor.see('node-creator-search-bar').fill('evolink');
			const items = editor.see('node-creator-item-name');
			await expectSoon(async () => await items.allInnerTexts(), ['EvoLink']);
			await items.click();
			await expectSoon(async () => await items.allInnerTexts(), ACTIONS);
			await editor.text(/^Triggers \(3\)/).click();
			await expectSoon(
				async () => await items.allInnerTexts(),
				[...ACTIONS, 'On task cancelled', 'On task completed', 'On task failed'],
			);
		});

		see(
			'finds it among the first three by whatever a person would type',
			async ({ fixture, editor }) => {
				await editor.openWorkflow(await fixture.store([]));
				await editor.see('node-creator-plus-button').click();
				const items = editor.see('node-creator-item-name');
				for (const search of SEARCHES) {
					await editor.see('node-creator-search-bar').fill(search);
					await expectSoon(
						async () => [search, (await items.allInnerTexts()).slice(0, 3).includes('EvoLink')],
						[search, true],
					);
				}
			},
		);

		see('puts the action that was picked on the canvas', async ({ fixture, editor }) => {
			await editor.openWorkflow(await fixture.store([]));
			await editor.see('node-creator-plus-button').click();
			await editor.see('node-creator-search-bar').fill('evolink');
			await editor.see('node-creator-item-name').getByText('EvoLink', { exact: true }).click();
			await editor.see('node-creator-item-name').getByText('Get many tasks').click();
			await editor.field('returnAll').waitFor({ state: 'attached' });
			await expectSoon(async () => await editor.field('operation').inputValue(), 'Get Many Tasks');
		});

		see('puts the trigger on the canvas for an event', async ({ fixture, editor }) => {
			await editor.openWorkflow(await fixture.store([]));
			await editor.see('node-creator-plus-button').click();
			await editor.see('node-creator-search-bar').fill('evolink');
			await editor.see('node-creator-item-name').getByText('EvoLink', { exact: true }).click();
			await editor.text(/^Triggers \(3\)/).click();
			await editor.see('node-creator-item-name').getByText('On task failed').click();
			const chosen = editor.see('parameter-input-events').locator('.el-tag');
			await expectSoon(async () => await chosen.allInnerTexts(), ['Task Failed']);
		});
	});
}
