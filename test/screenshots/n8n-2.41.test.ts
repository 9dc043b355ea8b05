import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { WorkflowJson } from '../../tools/host/rest';
import { formDigest } from '../../tools/docs/formDigest';
import type { Editor } from '../editor/editor';
import { inEditor } from '../editor/fixture';

const root = resolve(__dirname, '../..');
const images = join(root, 'docs', 'images');

/** Makes the images of the documentation: `npm run docs:screenshots`. */
inEditor('2.41', (see) => {
	const example = async (name: string, credential: { id: string; name: string }) => {
		const workflow = JSON.parse(
			readFileSync(join(root, 'examples', `${name}.json`), 'utf8'),
		) as WorkflowJson;
		for (const node of workflow.nodes) {
			if (node.credentials?.evolinkApi) node.credentials.evolinkApi = credential;
		}
		return {
			...workflow,
			nodes: workflow.nodes.filter(({ type }) => !type.endsWith('.stickyNote')),
		};
	};

	see('a workflow on the canvas', async ({ fixture, editor }) => {
		const workflow = await example('edit-photo-from-form', fixture.credential);
		const { id } = await fixture.n8n.createWorkflow(workflow);
		await editor.page.setViewportSize({ width: 1200, height: 640 });
		await editor.openWorkflow(id);
		await calm(editor);
		const clip = await placeOfNodes(editor);
		await editor.page.screenshot({ path: join(images, 'workflow.png'), clip });
	});

	see('the form of Edit Image', async ({ fixture, editor }) => {
		const workflow = await example('edit-photo-from-form', fixture.credential);
		const { id } = await fixture.n8n.createWorkflow(workflow);
		const node = workflow.nodes.find(({ type }) => type.endsWith('.evolink'));
		await editor.openNode(id, node?.id ?? '');
		await calm(editor);
		await editor.panel.screenshot({ path: join(images, 'edit-image.png') });
		writeFileSync(join(images, 'form.sha256'), `${formDigest()}\n`);
	});
});

/** Where the nodes are in the window, with some canvas around them. */
async function placeOfNodes(editor: Editor) {
	const margin = 88;
	const nodes = await editor.see('canvas-node').all();
	const boxes = (await Promise.all(nodes.map(async (node) => await node.boundingBox()))).filter(
		(box) => box !== null,
	);
	const x = Math.min(...boxes.map((box) => box.x)) - margin;
	const y = Math.min(...boxes.map((box) => box.y)) - margin;
	const right = Math.max(...boxes.map((box) => box.x + box.width)) + margin;
	const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + margin;
	return { x, y, width: right - x, height: bottom - y };
}

/** Waits until what is drawn no longer changes. */
async function calm({ page }: Editor): Promise<void> {
	let before = '';
	for (;;) {
		const now = createHash('sha256')
			.update(await page.screenshot())
			.digest('hex');
		if (now === before) return;
		before = now;
	}
}
