import type { INodeParameters } from 'n8n-workflow';

import { type Editor, expectSoon } from '../editor';
import type { Seen, See } from '../fixture';

const IMAGE = ['Images', 'Source', 'Input Data Field Name'];
const OUTPUT = ['Download', 'Output Data Field Name', 'Simplify', 'Options'];
const DEFAULT_LABELS = ['Operation', 'Model', 'Prompt', ...IMAGE, 'Wait', ...OUTPUT, 'Service'];
const OWN_OPTIONS_LABELS = insert(DEFAULT_LABELS, 'Wait', 'Image Options');
const SEVERAL_LABELS = insert(OWN_OPTIONS_LABELS, 'Image Options', 'Number of Images');

/** Options of the operations that wait for a task. */
const RESULT_OPTIONS = [
	'Concurrency',
	'File Name',
	'Include Input Fields',
	'Item per Image',
	'Max Download Size (MB)',
];
const SHARED_OPTIONS = [
	...RESULT_OPTIONS,
	'Additional Fields',
	'Delete Uploads',
	'Job Key',
	'Keep Credits',
	'Max Credits',
	'On Task Failure',
	'Retry Charged Tasks',
	'Timeout (Seconds)',
	'Validation',
].sort();

/** The labels with more of them before one. */
function insert(labels: string[], before: string, ...more: string[]): string[] {
	return labels.flatMap((label) => (label === before ? [...more, label] : [label]));
}

/** Opens the panel of a new EvoLink node; without parameters it is as from the node creator. */
async function openPanel(
	{ fixture, editor }: Seen,
	parameters: INodeParameters = {},
): Promise<void> {
	const node = fixture.evolink(parameters, { typeVersion: 1.1 });
	await editor.openNode(await fixture.store([node]), 'node-1');
}

async function expectLabels(editor: Editor, labels: string[]): Promise<void> {
	await expectSoon(async () => await editor.labels(), labels);
}

export function panels(see: See): void {
	describe('Edit Image', () => {
		see(
			'has the credential first, the fields of the default model, and of no other',
			async (seen) => {
				const { editor } = seen;
				await openPanel(seen);
				await expectLabels(editor, DEFAULT_LABELS);
				expect(await editor.panel.innerText()).toMatch(
					/^\s*Credential to connect with|^\s*Credential/,
				);
				await expectSoon(async () => await editor.modelName(), 'Qwen Image Edit');
				await expectSoon(async () => await editor.field('service').inputValue(), 'EvoLink');
				await expectSoon(
					async () => await editor.field('wait').inputValue(),
					'Poll Until Complete',
				);
				expect(await editor.field('prompt').getAttribute('placeholder')).toBe(
					'e.g. Replace the background with a beach',
				);
				expect(await editor.offered('Add option')).toEqual(SHARED_OPTIONS);
			},
		);

		see('follows the model that is picked by searching the list', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.searchModels('seedream 5');
			await expectSoon(
				async () => (await editor.see('rlc-item').allInnerTexts()).sort(),
				[
					'Qwen Image Edit', // The one that is set; n8n always shows it.
					'Seedream 5.0 Flash Layerize · 1 image · layers · fast',
					'Seedream 5.0 Flash · 1–10 images · fast',
					'Seedream 5.0 Lite · 1–14 images · 4K',
					'Seedream 5.0 Pro Layerize · 1 image · layers',
					'Seedream 5.0 Pro · 1–10 images',
				],
			);
			await editor.see('rlc-item').getByText('Seedream 5.0 Lite').click();
			await expectLabels(editor, SEVERAL_LABELS);
			expect(await editor.offered('Add image option')).toEqual([
				'Output Format',
				'Prompt Priority',
				'Quality',
				'Size',
				'Web Search',
			]);

			await editor.chooseModel('GPT Image 1.5 · 1–16 images');
			await expectLabels(editor, OWN_OPTIONS_LABELS);
			expect(await editor.offered('Add image option')).toEqual(['Quality', 'Size']);
		});

		see('offers the values that the model takes', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.chooseModel('GPT Image 1.5 · 1–16 images');
			await editor.add('Add image option', 'Quality');
			await expectLabels(editor, insert(OWN_OPTIONS_LABELS, 'Wait', 'Quality'));
			expect(await editor.choices('quality')).toEqual(['Low', 'Medium', 'High']);

			// An option that the next model has not got is out of sight.
			await editor.chooseModel('Qwen Image Edit Plus · 1–3 images');
			await expectLabels(editor, SEVERAL_LABELS);

			await editor.add('Add image option', 'Size');
			await expectLabels(editor, insert(SEVERAL_LABELS, 'Wait', 'Size'));
			await editor.choose('size', 'Custom');
			await editor.add('Add image option', 'Custom Size');
			await editor.text(/^WIDTHxHEIGHT, e\.g\. 1536x1024 \(512–2048 px per side\)$/).waitFor();
		});

		see('takes a model by its ID', async (seen) => {
			const { editor } = seen;
			await openPanel(seen, { model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' } });
			await expectLabels(
				editor,
				SEVERAL_LABELS.filter((label) => label !== 'Image Options'),
			);
			await editor.text(/^For models that are not in the list/).waitFor();
			expect(await editor.offered('Add option')).toEqual(SHARED_OPTIONS);
		});

		see('shows what belongs to the way of waiting', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.choose('wait', 'Suspend Until Callback');
			await expectLabels(editor, DEFAULT_LABELS);

			await editor.choose('wait', 'Do Not Wait');
			await expectLabels(editor, [
				...DEFAULT_LABELS.slice(0, -5),
				'Callback URL',
				'Simplify',
				'Options',
				'Service',
			]);
			expect(await editor.offered('Add option')).toEqual(
				SHARED_OPTIONS.filter(
					(option) =>
						![
							'Delete Uploads',
							'Max Download Size (MB)',
							'On Task Failure',
							'Retry Charged Tasks',
						].includes(option),
				),
			);
		});

		see('asks for a link or for a field, as the source of each image says', async (seen) => {
			const { editor } = seen;
			await openPanel(seen);
			await editor.choose('source', 'URL');
			const linked = DEFAULT_LABELS.map((label) =>
				label === 'Input Data Field Name' ? 'URL' : label,
			);
			await expectLabels(editor, linked);
			await editor.text(/^Separate multiple URLs with commas/).waitFor();

			await editor.see('fixed-collection-add').click();
			await expectLabels(editor, insert(linked, 'Wait', 'Source', 'Input Data Field Name'));
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
			expect(await editor.offered('Add option')).toEqual(
				[
					...RESULT_OPTIONS,
					'Additional Fields',
					'Gateway Image Field',
					'Gateway Path',
					'Gateway Request',
					'Mask',
					'Several Images',
					'Timeout (Seconds)',
					'Validation',
				].sort(),
			);

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
			expect(await editor.offered('Add option')).toEqual(RESULT_OPTIONS);

			await editor.choose('operation', 'Wait for Completion');
			await expectLabels(editor, ['Operation', 'Task ID', ...OUTPUT]);
			await expectSoon(
				async () => await editor.offered('Add option'),
				[...RESULT_OPTIONS, 'On Task Failure', 'Timeout (Seconds)'],
			);

			await editor.choose('operation', 'Get Credits');
			await expectLabels(editor, ['Operation', 'Options']);

			await editor.choose('operation', 'Upload Image');
			await expectLabels(editor, ['Operation', 'Input Data Field Name', 'Options']);
		});
	});
}
