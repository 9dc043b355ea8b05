import type { Locator } from 'playwright-core';

import type { TestNode } from '../../e2e/fixture';
import type { HostVersion } from '../../../tools/host/install';
import { expectSoon } from '../editor';
import type { Seen, See } from '../fixture';

/** The form of the node's credential, which n8n tests at once. */
async function openCredential(
	{ fixture, editor }: Seen,
	node: TestNode = fixture.editImage(),
): Promise<Locator> {
	await editor.openNode(await fixture.store([node]), 'node-1');
	await editor.see('credential-edit-button').click();
	return editor.see('credential-edit-dialog');
}

async function openGatewayCredential(
	seen: Seen,
	data: { apiKey: string; baseUrl: string },
): Promise<Locator> {
	const { fixture } = seen;
	const { id, name } = await fixture.n8n.createCredential('Gateway', 'imagesGatewayApi', data);
	return await openCredential(seen, {
		...fixture.editImage({ service: 'imagesGateway' }),
		credentials: { imagesGatewayApi: { id, name } },
	});
}

/** 1.123 has its own words, and takes none from the credential type. */
const REFUSED = 'Authorization failed - please check your credentials';
const NOT_FOUND = 'The resource you are requesting could not be found';

export function credentials(see: See, version: HostVersion): void {
	const says = (text: string, on1123: string) => (version === '1.123' ? on1123 : text);

	describe('credential', () => {
		see('shows its fields and that the key works', async (seen) => {
			const { editor, fixture } = seen;
			const dialog = await openCredential(seen);
			await dialog.getByText('Connection tested successfully').waitFor();
			const labels = dialog
				.getByTestId('credential-connection-parameter')
				.locator('.n8n-input-label');
			await expectSoon(
				async () => (await labels.allInnerTexts()).slice(0, 3).map((text) => text.split('\n')[0]),
				['API Key *', 'Base URL', 'Files Base URL'],
			);
			const link = dialog.getByRole('link', { name: 'EvoLink dashboard' });
			expect(await link.getAttribute('href')).toBe('https://evolink.ai/dashboard');
			await expectSoon(
				async () => await editor.field('baseUrl').inputValue(),
				fixture.simulator.apiUrl,
			);
			// The key itself never comes back to the browser.
			const key = editor.field('apiKey');
			expect(await key.inputValue()).not.toContain(fixture.simulator.apiKey);
			expect(await key.getAttribute('type')).toBe('password');
		});

		see('says so when the key is wrong, and works again with the right one', async (seen) => {
			const { editor, fixture } = seen;
			const dialog = await openCredential(seen);
			await editor.field('apiKey').fill('sk-wrong');
			await editor.see('credential-save-button').click();
			await dialog.getByText('More details').click();
			const text = says(
				'Invalid API key. Check that you copied the whole key from the EvoLink dashboard.',
				REFUSED,
			);
			await dialog.getByText(text).waitFor();
			await editor.field('apiKey').fill(fixture.simulator.apiKey);
			await editor.see('credential-save-button').click();
			await dialog.getByText('Connection tested successfully').waitFor();
		});

		see('of an images gateway says when the key is wrong', async (seen) => {
			const { gatewayUrl } = seen.fixture.simulator;
			const dialog = await openGatewayCredential(seen, { apiKey: 'sk-wrong', baseUrl: gatewayUrl });
			await dialog.getByText('More details').click();
			const text = says(
				"Invalid API key. Check that you copied the whole key from the gateway's dashboard.",
				REFUSED,
			);
			await dialog.getByText(text).waitFor();
		});

		see('of an images gateway says when it has no models to test with', async (seen) => {
			const { gatewayUrl, gatewayKey } = seen.fixture.simulator;
			const dialog = await openGatewayCredential(seen, {
				apiKey: gatewayKey,
				baseUrl: `${gatewayUrl}/other`,
			});
			await dialog.getByText('More details').click();
			const text = says('The gateway has no list of models (GET /v1/models)', NOT_FOUND);
			await dialog.getByText(text).waitFor();
		});
	});
}
