import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { WorkflowJson } from '../../tools/host/rest';
import { formDigest } from '../../tools/docs/formDigest';
import type { Fixture } from '../e2e/fixture';
import type { Editor } from '../editor/editor';
import { inEditor, type Seen } from '../editor/fixture';

const root = resolve(__dirname, '../..');
const images = join(root, 'docs', 'images');

/** Makes the images of the documentation: `npm run docs:screenshots`. */
inEditor('2.41', (see) => {
	const example = async (name: string, { n8n, credential }: Fixture) => {
		const workflow = JSON.parse(
			readFileSync(join(root, 'examples', `${name}.json`), 'utf8'),
		) as WorkflowJson;
		const openAi = await n8n.createCredential('OpenAI account', 'openAiApi', { apiKey: 'none' });
		for (const { credentials } of workflow.nodes) {
			if (credentials?.evolinkApi) credentials.evolinkApi = credential;
			if (credentials?.openAiApi) credentials.openAiApi = { id: openAi.id, name: openAi.name };
		}
		return {
			...workflow,
			nodes: workflow.nodes.filter(({ type }) => !type.endsWith('.stickyNote')),
		};
	};

	const onCanvas = async ({ fixture, editor }: Seen, name: string, file: string) => {
		const { id } = await fixture.n8n.createWorkflow(await example(name, fixture));
		await editor.page.setViewportSize({ width: 1200, height: 640 });
		await editor.openWorkflow(id);
		await calm(editor);
		const clip = await placeOfNodes(editor);
		await editor.page.screenshot({ path: join(images, file), clip });
	};

	const form = async (editor: Editor, workflowId: string, nodeId: string, file: string) => {
		await editor.page.setViewportSize({ width: 1600, height: 1200 });
		await editor.openNode(workflowId, nodeId);
		await calm(editor);
		await editor.panel.screenshot({ path: join(images, file) });
	};

	see('a workflow on the canvas', async (seen) => {
		await onCanvas(seen, 'edit-photo-from-form', 'workflow.png');
	});

	see('an AI agent with its tools on the canvas', async (seen) => {
		await onCanvas(seen, 'ai-agent-image-tool', 'agent.png');
	});

	see('the form of a tool that takes an image from the chat', async ({ fixture, editor }) => {
		const workflow = await example('ai-agent-image-tool', fixture);
		const tool = workflow.nodes.find(({ name }) => name === 'Edit Image')!;
		const data0 = "={{ $('When chat message received').first().binary.data0 }}";
		tool.parameters.images = { image: [{ source: 'binary', binaryPropertyName: data0 }] };
		const { id } = await fixture.n8n.createWorkflow(workflow);
		await form(editor, id, tool.id, 'agent-tool.png');
	});

	see('the form of Edit Image', async ({ fixture, editor }) => {
		const workflow = await example('edit-photo-from-form', fixture);
		const { id } = await fixture.n8n.createWorkflow(workflow);
		const node = workflow.nodes.find(({ type }) => type.endsWith('.evolink'))!;
		await form(editor, id, node.id, 'edit-image.png');
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
