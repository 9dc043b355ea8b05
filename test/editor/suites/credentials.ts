import type { TestNode } from '../../e2e/fixture';
import { expectSoon } from '../editor';
import type { Seen, See } from '../fixture';

/** Opens the form of the node's credential, which n8n tests at once. */
async function openCredential(
	{ fixture, editor }: Seen,
	node: TestNode = fixture.editImage(),
): Promise<void> {
	await editor.openNode(await fixture.store([node]), 'node-1');
	await editor.see('credential-edit-button').click();
	await editor.see('credential-edit-dialog').waitFor();
}

export function credentials(see: See): void {
	describe('credential', () => {
		see('shows its fields and that the key works', async (seen) => {
			const { editor, fixture } = seen;
			await openCredential(seen);
			const dialog = editor.see('credential-edit-dialog');
			await dialog.getByText('Connection tested successfully').waitFor();
			const labels = dialog
				.getByTestId('credential-connection-parameter')
				.locator('.n8n-input-label');
			await expectSoon(
				async () => (await labels.allInnerTexts()).slice(0, 3).map((text) => text.split('\n')[0]),
				['API Key *', 'Base URL', 'Files Base URL'],
			);
			await expectSoon(
				async () => await editor.field('baseUrl').inputValue(),
				fixture.simulator.apiUrl,
			);
			// The key itself never comes back to the browser.
			expect(await editor.page.content()).not.toContain(fixture.simulator.apiKey);
			expect(await editor.field('apiKey').getAttribute('type')).toBe('password');
		});

		see('says so when the key is wrong, and works again with the right one', async (seen) => {
			const { editor, fixture } = seen;
			await openCredential(seen);
			const dialog = editor.see('credential-edit-dialog');
			await editor.field('apiKey').fill('sk-wrong');
			await editor.see('credential-save-button').click();
			await dialog.getByText('More details').click();
			await dialog.getByText('EvoLink does not accept this API key').waitFor();
			await editor.field('apiKey').fill(fixture.simulator.apiKey);
			await editor.see('credential-save-button').click();
			await dialog.getByText('Connection tested successfully').waitFor();
		});

		const refusals = {
			'a wrong key': ['', 'The gateway does not accept this API key'],
			'an address without models': ['/other', 'The gateway has no list of models (GET /v1/models)'],
		};
		for (const [what, [path, text]] of Object.entries(refusals)) {
			see(`of an images gateway says what is wrong: ${what}`, async (seen) => {
				const { editor, fixture } = seen;
				const { id, name } = await fixture.n8n.createCredential('Gateway', 'imagesGatewayApi', {
					apiKey: 'sk-wrong',
					baseUrl: fixture.simulator.gatewayUrl + path,
				});
				await openCredential(seen, {
					...fixture.editImage({ service: 'imagesGateway' }),
					credentials: { imagesGatewayApi: { id, name } },
				});
				const dialog = editor.see('credential-edit-dialog');
				await dialog.getByText('More details').click();
				await dialog.getByText(text).waitFor();
			});
		}
	});
}
