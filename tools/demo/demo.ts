/**
 * `npm run demo`: a real n8n with this package, an example workflow that has run, and the edited image.
 * Without a key it works against the simulator; with EVOLINK_API_KEY set, against EvoLink itself.
 */

import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type HostVersion, hostVersions } from '../host/install';
import { type N8n, startN8n } from '../host/n8n';
import { packPackage } from '../host/pack';
import { outputItems, owner } from '../host/rest';
import { log, run } from '../program';
import { startSimulator } from '../simulator';
import { importExample } from './example';

const root = resolve(__dirname, '..', '..');
const folder = resolve(root, '.demo');
const runTimeoutMs = 11 * 60_000;

async function main(): Promise<void> {
	const version = readVersion(process.argv[2] ?? '2.41');
	const liveKey = process.env.EVOLINK_API_KEY;
	const staysOpen = Boolean(process.stdin.isTTY && process.stdout.isTTY && !process.env.CI);

	log('Building and packing the package');
	const packageTarball = await packPackage(folder);
	const simulator = await startSimulator({ taskSeconds: 5 });
	const userFolder = resolve(folder, `n8n-${version}`);
	const n8n = await startN8n({ version, userFolder, packageTarball, log });
	try {
		await n8n.setUpOwner();
		const { id } = await importExample(n8n, simulator, liveKey);
		log(
			liveKey
				? 'Running the example workflow on EvoLink itself; the edit is charged to your account'
				: 'Running the example workflow on the simulator (set EVOLINK_API_KEY to use EvoLink itself)',
		);
		await runExample(n8n, id);

		console.log(`\nEditor:   ${n8n.baseUrl}/workflow/${id}`);
		console.log(`Sign in:  ${owner.email} / ${owner.password}`);
		if (staysOpen) {
			console.log('\nPress Ctrl-C to end n8n.');
			await interrupted();
		}
	} finally {
		await n8n.stop();
		await simulator.close();
	}
}

function readVersion(wanted: string): HostVersion {
	const version = hostVersions.find((known) => known === wanted);
	if (!version) throw new Error(`n8n ${wanted} is not one of: ${hostVersions.join(', ')}`);
	return version;
}

async function runExample(n8n: N8n, workflowId: string): Promise<void> {
	const executionId = await n8n.runWorkflow(workflowId);
	const execution = await n8n.waitForExecution(executionId, {
		timeoutMs: runTimeoutMs,
		until: ['success'],
	});
	const [before] = outputItems(execution, 'Get Image');
	const [after] = outputItems(execution, 'EvoLink');
	if (!before.binary?.data || !after.binary?.data) {
		throw new Error(`The output has no image: ${JSON.stringify(after.json)}`);
	}
	log(`EvoLink gave ${JSON.stringify(after.json)}`);
	const extension = after.binary.data.fileExtension ?? 'png';
	const original = resolve(folder, `original.${before.binary.data.fileExtension ?? 'png'}`);
	const edited = resolve(folder, `edited.${extension}`);
	writeFileSync(original, await n8n.binaryData(before.binary.data));
	writeFileSync(edited, await n8n.binaryData(after.binary.data));

	console.log(`\nImage:    ${relative(process.cwd(), original)}`);
	console.log(`Edited:   ${relative(process.cwd(), edited)}`);
}

async function interrupted(): Promise<void> {
	await new Promise<void>((done) => {
		for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, done);
	});
}

run(main, ({ message }) => `\nThe demo did not succeed: ${message}`);
