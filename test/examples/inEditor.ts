import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { WorkflowJson } from '../../tools/host/rest';
import { expectSoon } from '../editor/editor';
import type { See } from '../editor/fixture';

const folder = resolve(__dirname, '../../examples');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

/** Each example as a person imports it, with a credential for EvoLink. */
export function opensInEditor(see: See): void {
	for (const file of files) {
		see(`${file} opens without a warning`, async ({ fixture, editor }) => {
			const { credential, n8n } = fixture;
			const example = JSON.parse(readFileSync(join(folder, file), 'utf8')) as WorkflowJson;
			for (const node of example.nodes) {
				if (node.credentials?.evolinkApi) node.credentials.evolinkApi = credential;
			}
			const { id } = await n8n.createWorkflow(example);
			await editor.openWorkflow(id);
			const nodes = example.nodes.filter(({ type }) => !type.endsWith('.stickyNote'));
			await expectSoon(
				async () => (await editor.see('canvas-node').allInnerTexts()).length,
				nodes.length, // Sticky notes are none.
			);
			for (const { name, type } of nodes) {
				if (!type.startsWith('n8n-nodes-evolink.')) continue;
				const node = editor.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
				await expectSoon(async () => await node.getByTestId('node-issues').count(), 0);
			}
			expect(await editor.page.locator('.el-notification').allInnerTexts()).toEqual([]);
		});
	}
}
