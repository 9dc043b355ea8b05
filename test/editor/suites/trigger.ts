import type { INodeParameters } from 'n8n-workflow';

import { PUBLIC_HOST } from '../../e2e/fixture';
import { create } from '../../../tools/simulator/serviceCalls';
import { expectSoon } from '../editor';
import type { Seen, See } from '../fixture';

const WEBHOOK_ID = '0e0e0e0e-1111-4222-8333-444444444444';
const TEST_URL = `https://${PUBLIC_HOST}/webhook-test/${WEBHOOK_ID}/webhook`;
const PRODUCTION_URL = `https://${PUBLIC_HOST}/webhook/${WEBHOOK_ID}/webhook`;

async function openTrigger(
	{ fixture, editor }: Seen,
	parameters: INodeParameters = {},
): Promise<void> {
	const { id, name } = fixture.credential;
	const trigger = {
		name: 'EvoLink Trigger',
		type: 'n8n-nodes-evolink.evolinkTrigger',
		parameters,
		webhookId: WEBHOOK_ID,
		credentials: { evolinkApi: { id, name } },
	};
	await editor.openNode(await fixture.store([trigger], {}), 'node-1');
}

export function trigger(see: See): void {
	describe('EvoLink Trigger', () => {
		see('shows its addresses and what to do with them', async (seen) => {
			const { editor } = seen;
			await openTrigger(seen);
			await expectSoon(
				async () => await editor.labels(),
				['Trigger On', 'Download', 'Simplify', 'Options'],
			);
			await editor.panel
				.getByText(/^To set up:\s*1\. Copy the production URL.*2\. Publish/)
				.waitFor();

			await editor.text('Webhook URLs').click();
			await editor.text(TEST_URL).waitFor();
			await editor.text('Production URL').click();
			await editor.text(PRODUCTION_URL).waitFor();

			await editor.text('When will this node trigger my flow?').click();
			await editor.text(/^Use the test URL while you build your workflow/).waitFor();
			await editor.text(/^Use the production URL to run your workflow automatically/).waitFor();
		});

		see('listens at the test URL and shows the task that ended', async (seen) => {
			const { editor, fixture } = seen;
			await openTrigger(seen);
			await editor.see('trigger-execute-button').click();
			await editor.text('Listening for test event').waitFor();
			await create(fixture.simulator, { callback_url: TEST_URL });
			await editor.jsonWith('"completed"');
		});
	});
}
