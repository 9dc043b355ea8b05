/**
 * `npm run dev`: a real n8n with the simulator and the example workflow, which runs the sources as they are:
 * a file that is saved is in n8n a few seconds later, without a restart. A debugger can attach.
 */

import { copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync, watch } from 'node:fs';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { end, start } from '../host/children';
import { ensureHost } from '../host/install';
import { startN8n } from '../host/n8n';
import { owner } from '../host/rest';
import { run } from '../program';
import { startSimulator } from '../simulator';
import { importExample } from '../demo/example';

/** n8n 1.123 reloads nodes only where all of n8n runs for development. */
const version = '2.41';
const inspectorPort = 9229;
const root = resolve(__dirname, '..', '..');
const folder = join(root, '.dev');
const modules = join(folder, '.n8n', 'nodes', 'node_modules');
const installed = join(modules, 'n8n-nodes-evolink');

async function main(): Promise<void> {
	const host = await ensureHost(version, log);
	rmSync(modules, { recursive: true, force: true });
	mkdirSync(installed, { recursive: true });
	copyFileSync(join(root, 'package.json'), join(installed, 'package.json'));
	// The peer as n8n gives it to its packages; libraries that a release bundles are found in the root's node_modules.
	symlinkSync(
		join(host.folder, 'node_modules', 'n8n-workflow'),
		join(modules, 'n8n-workflow'),
		'junction',
	);
	copyAssets();
	const compiler = await compileWhatIsSaved();

	const simulator = await startSimulator({ taskSeconds: 5, keepBodies: false });
	const n8n = await startN8n({
		version,
		userFolder: folder,
		port: Number(process.env.PORT ?? 0),
		inspectorPort,
		env: { N8N_DEV_RELOAD: 'true', N8N_LOG_LEVEL: 'debug' },
		log,
	});
	try {
		await n8n.setUpOwner();
		const { id } = await importExample(n8n, simulator);
		console.log(`\nEditor:     ${n8n.baseUrl}/workflow/${id}`);
		console.log(`Sign in:    ${owner.email} / ${owner.password}`);
		console.log(
			`Debugger:   127.0.0.1:${inspectorPort} (chrome://inspect, or "attach" in an editor)`,
		);
		console.log(`n8n's log:  ${n8n.logFile}`);
		console.log(
			'\nSave a file of nodes/ or credentials/, then run the workflow again. Ctrl-C ends all.\n',
		);
		await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
	} finally {
		await n8n.stop();
		await simulator.close();
		await end(compiler);
	}
}

/** Icons and what n8n's panels search for; the build does this with gulp. */
function copyAssets(): void {
	const dist = join(installed, 'dist');
	cpSync(join(root, 'icons'), join(dist, 'icons'), { recursive: true });
	const nodes = join(root, 'nodes');
	const copyCodex = () =>
		cpSync(nodes, join(dist, 'nodes'), {
			recursive: true,
			filter: (from) => !from.endsWith('.ts'),
		});
	copyCodex();
	watch(nodes, { recursive: true }, (_event, name) => {
		if (name?.endsWith('.json')) copyCodex();
	}).unref();
}

/** Starts the compiler, and resolves when it has compiled everything once. */
async function compileWhatIsSaved() {
	const compiler = start(
		process.execPath,
		[
			join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
			...['--watch', '--preserveWatchOutput', '--sourceMap', '--inlineSources'],
			...['--outDir', join(installed, 'dist')],
		],
		{ cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
	);
	log('Compiling');
	await new Promise<void>((compiled, failed) => {
		compiler.once('exit', () => failed(new Error('The compiler ended')));
		createInterface({ input: compiler.stdout! }).on('line', (line) => {
			if (line.trim()) log(line);
			if (/Watching for file changes/.test(line)) compiled();
		});
	});
	return compiler;
}

function log(line: string): void {
	console.log(`[${new Date().toTimeString().slice(0, 8)}] ${line}`);
}

run(main, ({ message }) => message);
