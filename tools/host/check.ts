/**
 * Tries the host by itself, without this package: `npx tsx test/host/check.ts [1.123 | 2.41]`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../program';
import { type HostVersion, hostVersions } from './install';
import { startN8n } from './n8n';
import { type WorkflowJson, outputItems } from './rest';

const greeting: WorkflowJson = {
	name: 'Host check',
	nodes: [
		{
			id: '1',
			name: 'Start',
			type: 'n8n-nodes-base.manualTrigger',
			typeVersion: 1,
			position: [0, 0],
			parameters: {},
		},
		{
			id: '2',
			name: 'Greet',
			type: 'n8n-nodes-base.code',
			typeVersion: 2,
			position: [200, 0],
			parameters: {
				jsCode: [
					"const file = await this.helpers.prepareBinaryData(Buffer.from('hello'), 'hello.txt');",
					"return [{ json: { greeting: 'hello' }, binary: { file } }];",
				].join('\n'),
			},
		},
	],
	connections: { Start: { main: [[{ node: 'Greet', type: 'main', index: 0 }]] } },
};

async function check(version: HostVersion): Promise<void> {
	const userFolder = mkdtempSync(join(tmpdir(), 'n8n-host-check-'));
	const n8n = await startN8n({ version, userFolder, log: console.log });
	try {
		await n8n.setUpOwner();
		const { id } = await n8n.createWorkflow(greeting);
		const execution = await n8n.waitForExecution(await n8n.runWorkflow(id), { until: ['success'] });
		const [item] = outputItems(execution, 'Greet');
		const file = item.binary && (await n8n.binaryData(item.binary.file)).toString();
		console.log(`n8n ${n8n.version} put out ${JSON.stringify(item.json)} and the file "${file}"`);
	} finally {
		await n8n.stop();
		rmSync(userFolder, { recursive: true, force: true });
	}
}

async function main(): Promise<void> {
	const [wanted] = process.argv.slice(2);
	for (const version of hostVersions) {
		if (!wanted || wanted === version) await check(version);
	}
}

run(main, ({ message }) => message);
