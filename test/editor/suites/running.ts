import type { Locator } from 'playwright-core';

import { items } from '../../e2e/fixture';
import { until } from '../../../tools/until';
import { expectSoon } from '../editor';
import type { See } from '../fixture';

/** Pixels of an image that the browser has loaded; [0, 0] before. */
async function sizeOf(image: Locator): Promise<[number, number]> {
	return await image.evaluate<[number, number], { naturalWidth: number; naturalHeight: number }>(
		({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight],
	);
}

export function running(see: See): void {
	describe('a manual run', () => {
		see('shows the edited image', async ({ fixture, editor }) => {
			const id = await fixture.store([fixture.editImage()]);
			await editor.openNode(id, 'node-1');
			await editor.execute();
			await editor.output.getByText('Binary', { exact: true }).click();
			const details = editor.see('ndv-binary-data_0');
			await details.getByText('image/png').waitFor();
			await details.getByTestId('ndv-view-binary-data').click();
			const image = editor.output.locator('img, .binary-data').last();
			await expectSoon(async () => await sizeOf(image), [768, 768]);
			expect(fixture.simulator.paidTasks()).toBe(1);

			await editor.output.getByText('Back to list').click();
			await editor.jsonWith('"completed"');
		});

		see('says how many items are done', async ({ fixture, editor }) => {
			const prompts = items({ prompt: 'Red' }, { prompt: 'Blue' });
			const evolink = fixture.editImage({ prompt: '={{ $json.prompt }}' });
			await editor.openNode(await fixture.store([...prompts, evolink]), 'node-3');
			await editor.execute();
			await editor.output.getByText(/^2 items done in [\d.]+ s/).waitFor();
		});

		see('says which option was not sent', async ({ fixture, editor }) => {
			const model = { __rl: true, mode: 'id', value: "={{ 'qwen-image-edit' }}" };
			const evolink = fixture.editImage({ model, options: { quality: 'high' } });
			await editor.openNode(await fixture.store([evolink]), 'node-1');
			await editor.execute();
			await editor.output.getByText(/'Quality' isn't sent/).waitFor();
		});

		see('says what is wrong and what to do', async ({ fixture, editor }) => {
			const id = await fixture.store([fixture.editImage({ prompt: '' })]);
			await editor.openNode(id, 'node-1');
			await editor.execute();
			await editor.output.getByText("'Prompt' is empty", { exact: true }).waitFor();
			await editor.output.getByText(/^Describe the change, e\.g\./).waitFor();
			expect(fixture.simulator.requests).toEqual([]);
		});

		see('says why the service could not edit the image', async ({ fixture, editor }) => {
			fixture.simulator.nextTask({ end: 'failed', code: 'content_policy_violation' });
			await editor.openNode(await fixture.store([fixture.editImage()]), 'node-1');
			await editor.execute();
			await editor.output
				.getByText(/content/i)
				.first()
				.waitFor();
			await editor.output.getByText(/Task ID: task-unified-/).waitFor();
		});

		see('tells what a parked execution waits for', async ({ fixture, editor }) => {
			const { n8n, simulator } = fixture;
			simulator.taskSeconds = 3600;
			const id = await fixture.store([fixture.editImage({ wait: 'callback' })]);
			await editor.openNode(id, 'node-1');
			await editor.execute();
			await editor
				.text(
					'Execution will continue when EvoLink reports that the tasks are finished, or when the timeout is reached',
				)
				.waitFor();
			const [execution] = await n8n.listExecutions({ workflowId: id });
			await n8n.stopExecution(execution.id);
		});
	});

	describe('the canvas', () => {
		see('shows names, operations and the icon', async ({ fixture, editor }) => {
			const id = await fixture.store([
				fixture.editImage(),
				fixture.evolink({ operation: 'getCredits' }, { name: 'Credits' }),
			]);
			await editor.openWorkflow(id);
			const nodes = editor.see('canvas-default-node');
			await expectSoon(
				async () => (await nodes.allInnerTexts()).map((text) => text.trim().split(/\s*\n\s*/)),
				[
					['EvoLink', 'Edit Image'],
					['Credits', 'Get Credits'],
				],
			);
			const icon = nodes.first().locator('img');
			await until(async () => (await sizeOf(icon))[0] > 0);
			expect(await icon.getAttribute('src')).toMatch(/evolink\.svg$/);
		});
	});
}
