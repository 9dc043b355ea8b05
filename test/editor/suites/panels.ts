import type { INodeParameters } from 'n8n-workflow';

import { type Editor, expectSoon } from '../editor';
import type { Seen, See } from '../fixture';

const IMAGE = ['Images', 'Source', 'Input Data Field Name'];
const OUTPUT = ['Download', 'Output Data Field Name', 'Simplify', 'Options'];
const DEFAULT_LABELS = ['Operation', 'Service', 'Model', 'Prompt', ...IMAGE, 'Wait', ...OUTPUT];
const SEVERAL_LABELS = insert(DEFAULT_LABELS, 'Wait', 'Number of Images');

const SHARED_OPTIONS = [
	'Additional Fields',
	'Concurrency',
	'Max Credits',
	'Max Download Size (MB)',
	'On Task Failure',
	'Timeout (Seconds)',
	'Validation',
];

/** The labels with more of them before one. */
function insert(labels: string[], before: string, ...more: string[]): string[] {
	return labels.flatMap((label) => (label === before ? [...more, label] : [label]));
}

/** Opens the panel of an EvoLink node; without parameters it is as from the node creator. */
async function openPanel(
	{ fixture, editor }: Seen,
	parameters: INodeParameters = {},
): Promise<void> {
	await editor.openNode(await fixture.store([fixture.evolink(parameters)]), 'node-1');
}

async function expectLabels(editor: Editor, labels: string[]): Promise<void> {
	await expectSoon(async () => await editor.labels(), labels);
}

export function panels(see: See): void {
	describe('Edit Image', () => {
		see('has the fields of the default model, and of no other', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await expectLabels(editor, DEFAULT_LABELS);
			await expectSoon(async () => await editor.modelName(), 'Qwen Image Edit');
			expect(await editor.field('service').inputValue()).toBe('EvoLink');
			expect(await editor.field('wait').inputValue()).toBe('Poll Until Complete');
			expect(await editor.field('prompt').getAttribute('placeholder')).toBe(
				'e.g. Replace the background with a beach',
			);
			expect(await editor.offered('Add option')).toEqual(SHARED_OPTIONS);
		});

		see('follows the model that is picked by searching the list', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.searchModels('seedream 5');
			await expectSoon(
				async () => (await editor.see('rlc-item').allInnerTexts()).sort(),
				[
					'Qwen Image Edit', // The one that is set; n8n always shows it.
					'Seedream 5.0 Flash',
					'Seedream 5.0 Flash Layerize',
					'Seedream 5.0 Lite',
					'Seedream 5.0 Pro',
					'Seedream 5.0 Pro Layerize',
				],
			);
			await editor.see('rlc-item').getByText('Seedream 5.0 Lite', { exact: true }).click();
			await expectLabels(editor, SEVERAL_LABELS);
			const own = ['Output Format', 'Prompt Priority', 'Quality', 'Size', 'Web Search'];
			expect(await editor.offered('Add option')).toEqual([...SHARED_OPTIONS, ...own].sort());

			await editor.chooseModel('GPT Image 1.5');
			await expectLabels(editor, DEFAULT_LABELS);
			expect(await editor.offered('Add option')).toEqual(
				[...SHARED_OPTIONS, 'Quality', 'Size'].sort(),
			);
		});

		see('offers the values that the model takes', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.chooseModel('GPT Image 1.5');
			await editor.add('Add option', 'Quality');
			await expectLabels(editor, [...DEFAULT_LABELS, 'Quality']);
			expect(await editor.choices('quality')).toEqual(['Low', 'Medium', 'High']);

			// An option that the next model has not got is out of sight.
			await editor.chooseModel('Qwen Image Edit Plus');
			await expectLabels(editor, SEVERAL_LABELS);
		});

		see('takes a model by its ID', async (seen) => {
			const { editor } = seen;
			await openPanel(seen, { model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' } });
			await expectLabels(editor, SEVERAL_LABELS);
			await editor.text(/^For a model that is not in the list/).waitFor();
			expect(await editor.offered('Add option')).toEqual(SHARED_OPTIONS);
		});

		see('shows what belongs to the way of waiting', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.choose('wait', 'Suspend Until Callback');
			await expectLabels(editor, DEFAULT_LABELS);

			await editor.choose('wait', 'Do Not Wait');
			await expectLabels(editor, [
				...DEFAULT_LABELS.slice(0, -4),
				'Callback URL',
				'Simplify',
				'Options',
			]);
			expect(await editor.offered('Add option')).toEqual([
				'Additional Fields',
				'Concurrency',
				'Max Credits',
				'Validation',
			]);
		});

		see('asks for a link or for a field, as the source of each image says', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.choose('source', 'URL');
			const linked = DEFAULT_LABELS.map((label) =>
				label === 'Input Data Field Name' ? 'URL' : label,
			);
			await expectLabels(editor, linked);
			await editor.text(/^Several links: separate them/).waitFor();

			await editor.see('fixed-collection-add').click();
			await expectLabels(editor, insert(linked, 'Wait', 'Source', 'URL'));
		});

		see('swaps model and credential for an images gateway', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.choose('service', 'Images Gateway');
			await expectLabels(
				editor,
				DEFAULT_LABELS.filter((label) => label !== 'Wait'),
			);
			await expectSoon(
				async () => await editor.field('gatewayModel').inputValue(),
				'qwen-image-edit-2509',
			);
			await editor
				.see('credentials-label')
				.getByText('Credential for Images Gateway API')
				.waitFor();
			expect(await editor.offered('Add option')).toEqual([
				'Additional Fields',
				'Concurrency',
				'Max Download Size (MB)',
				'Several Images',
				'Timeout (Seconds)',
			]);

			await editor.choose('service', 'EvoLink');
			await expectLabels(editor, DEFAULT_LABELS);
		});
	});

	describe('other operations', () => {
		see('Get Many Tasks has limit and filters', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.choose('operation', 'Get Many Tasks');
			const limited = ['Operation', 'Return All', 'Limit', 'Filters', 'Simplify', 'Options'];
			await expectLabels(editor, limited);
			await expectSoon(async () => await editor.field('limit').inputValue(), '50');
			expect(await editor.offered('Add filter')).toEqual(['Model', 'Status']);
			await editor.add('Add filter', 'Status');
			await expectLabels(editor, insert(limited, 'Simplify', 'Status'));
			expect(await editor.choices('status')).toEqual([
				'Cancelled',
				'Completed',
				'Failed',
				'Running\nPending and processing',
			]);

			await editor.see('parameter-input-returnAll').locator('.el-switch').click();
			await expectLabels(
				editor,
				insert(limited, 'Simplify', 'Status').filter((label) => label !== 'Limit'),
			);
		});

		see('Get Task, Wait for Completion and Get Credits have theirs', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.choose('operation', 'Get Task');
			await expectLabels(editor, ['Operation', 'Task ID', ...OUTPUT]);
			expect(await editor.offered('Add option')).toEqual(['Concurrency', 'Max Download Size (MB)']);

			await editor.choose('operation', 'Wait for Completion');
			await expectLabels(editor, ['Operation', 'Task ID', ...OUTPUT]);
			await expectSoon(
				async () => await editor.offered('Add option'),
				['Concurrency', 'Max Download Size (MB)', 'On Task Failure', 'Timeout (Seconds)'],
			);

			await editor.choose('operation', 'Get Credits');
			await expectLabels(editor, ['Operation', 'Options']);
		});
	});
}
