import { buffer } from 'node:stream/consumers';

import type { Editor } from '../editor';
import type { See } from '../fixture';

const CHANGE = 'Replace the background with a beach';

/** An element of the form, whose fields have the same names in each. */
async function addElement(editor: Editor, label: string, type: string): Promise<void> {
	await editor.see('fixed-collection-add').click();
	await editor.see('parameter-input-fieldLabel').last().locator('input').fill(label);
	await editor.see('parameter-input-fieldType').last().locator('input').click();
	await editor.see('parameter-input-item').getByText(type, { exact: true }).click();
}

export function quickStart(see: See): void {
	describe('the quick start of README.md', () => {
		// Whoever changes the README follows it here, too: the names are those that it gives.
		see('leads from a form to the edited photo', async ({ fixture, editor }) => {
			const { simulator } = fixture;
			const cat = await fetch(`${simulator.picturesUrl}/cat.png`);
			const photo = {
				name: 'photo.png',
				mimeType: 'image/png',
				buffer: Buffer.from(await cat.arrayBuffer()),
			};

			await editor.openNewWorkflow();
			await editor.text(/^Add first step/).waitFor();
			await editor.see('canvas-plus-button').click();
			await editor.pick('On form submission');
			await editor.field('formTitle').fill('Edit a photo');
			await addElement(editor, 'Photo', 'File');
			await addElement(editor, 'Change', 'Textarea');
			await editor.closeNode();

			await editor.addNode('EvoLink', 'Edit an image');
			await editor.field('prompt').click();
			await editor.page.keyboard.type('{{ $json.Change }}');
			await editor.closeNode();

			await editor.addNode('n8n Form', 'Form Ending');
			await editor.choose('respondWith', 'Return Binary File');
			await editor.field('completionTitle').fill('Done');
			await editor.closeNode();

			// n8n opens the form at its public address, which leads nowhere here.
			const context = editor.page.context();
			const asked = context.waitForEvent('request', (request) =>
				request.url().includes('/form-test/'),
			);
			await editor.see('execute-workflow-button').first().click();
			const { pathname } = new URL((await asked).url());
			const form = await context.newPage();
			await form.goto(fixture.n8n.baseUrl + pathname);
			await form.locator('input[type=file]').setInputFiles(photo);
			await form.locator('textarea').fill(CHANGE);
			const downloaded = form.waitForEvent('download');
			await form.getByText('Submit', { exact: true }).click();
			const edited = await buffer(await (await downloaded).createReadStream());
			expect(edited.subarray(1, 4).toString()).toBe('PNG');
			await form.close();

			const tasks = [...simulator.tasks.values()];
			expect(tasks.map(({ request }) => request.prompt)).toEqual([CHANGE]);
		});
	});
}
