/**
 * Parks executions where the e2e tests do not: n8n on PostgreSQL, killed while they are parked; and in queue mode,
 * with a main process, two workers and a webhook processor. `npm run test:queue -- [1.123 | 2.41]`.
 *
 * Needs PostgreSQL and Redis on this machine (Debian, Ubuntu: `apt-get install postgresql redis-server`; they need
 * not run). Without them it says so and does nothing.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../simulator';
import { run } from '../program';
import { until } from '../until';
import { Cluster, PUBLIC_HOST } from './cluster';
import { type HostVersion, hostVersions } from './install';
import { type N8n, startN8n } from './n8n';
import { packPackage } from './pack';
import { type Execution, outputItems, type Workflow } from './rest';
import { missingServices, type Services, startServices } from './services';
import { items, workflowOf } from './sketch';

const TASK_SECONDS = 3;

async function createWorkflow(n8n: N8n, simulator: Simulator, count: number): Promise<Workflow> {
	const { id, name } = await n8n.createCredential('EvoLink', 'evolinkApi', {
		apiKey: simulator.apiKey,
		baseUrl: simulator.apiUrl,
		filesBaseUrl: simulator.filesUrl,
	});
	const prompts = Array.from({ length: count }, (_, index) => ({ prompt: `Number ${index}` }));
	return await n8n.createWorkflow(
		workflowOf('Parked', [
			{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
			...items(...prompts),
			{
				name: 'EvoLink',
				type: 'n8n-nodes-evolink.evolink',
				credentials: { evolinkApi: { id, name } },
				parameters: {
					operation: 'editImage',
					prompt: '={{ $json.prompt }}',
					wait: 'callback',
					images: { image: [{ source: 'url', url: `${simulator.picturesUrl}/cat.png` }] },
				},
			},
			{
				name: 'Next',
				type: 'n8n-nodes-base.httpRequest',
				typeVersion: 4.2,
				parameters: {
					url: `=${simulator.picturesUrl}/cat.png?execution={{ $execution.id }}&item={{ $itemIndex }}`,
				},
			},
		]),
	);
}

/** How often what follows the node ran for each item of an execution. */
function visits({ requests }: Simulator, executionId: string): number[] {
	const counts: number[] = [];
	for (const { query } of requests) {
		if (query.execution !== executionId) continue;
		counts[Number(query.item)] = (counts[Number(query.item)] ?? 0) + 1;
	}
	return counts;
}

function assertWhole(simulator: Simulator, execution: Execution, count: number): void {
	assert.equal(execution.status, 'success');
	const output = outputItems(execution, 'EvoLink');
	assert.deepEqual(
		output.map(({ json }) => simulator.tasks.get(json.id as string)?.request.prompt),
		Array.from({ length: count }, (_, index) => `Number ${index}`),
	);
	for (const { json, binary } of output) {
		assert.equal(json.status, 'completed');
		assert.ok(binary?.data);
	}
}

/** Parks two executions, kills n8n, starts it again and lets the service call. */
async function killedWhileParked(options: Common): Promise<void> {
	const { version, services, packageTarball, folder, log } = options;
	const database = `regular_${version.replace('.', '_')}`;
	await services.createDatabase(database);
	const boot = {
		version,
		packageTarball,
		userFolder: join(folder, database),
		env: { ...services.env(database), WEBHOOK_URL: `https://${PUBLIC_HOST}/` },
		log,
	};
	const simulator = await startSimulator({ taskSeconds: 1 });
	let n8n = await startN8n(boot);
	try {
		await n8n.setUpOwner();
		const { id } = await createWorkflow(n8n, simulator, 3);
		const executionId = await n8n.runWorkflow(id);
		await n8n.waitForExecution(executionId, { until: ['waiting'] });
		await n8n.kill();
		n8n = await startN8n(boot);
		await n8n.setUpOwner();
		// For some milliseconds n8n takes any parked execution for crashed, then it parks it again.
		await until(async () => (await n8n.getExecution(executionId)).status === 'waiting');
		simulator.callbackHosts[PUBLIC_HOST] = n8n.baseUrl;
		const [lastTask] = [...simulator.tasks.keys()].slice(-1);
		assert.equal((await simulator.sendCallback(lastTask)).status, 200);
		assertWhole(simulator, await n8n.waitForExecution(executionId), 3);
		assert.deepEqual(visits(simulator, executionId), [1, 1, 1]);
		assert.equal(simulator.paidTasks(), 3);
		log('PostgreSQL: parked, kill -9, restart, call: went on once, with all pictures');
	} finally {
		await n8n.stop();
		await simulator.close();
	}
}

/** Parks many executions in queue mode; all their calls come at the same time, to two processes in turn. */
async function queueMode(options: Common): Promise<void> {
	const { version, log } = options;
	const simulator = await startSimulator({ taskSeconds: TASK_SECONDS });
	const cluster = await Cluster.start({
		...options,
		database: `queue_${version.replace('.', '_')}`,
	});
	try {
		const { main } = cluster;
		const webhook = cluster.process('webhook-1');
		const workflow = await createWorkflow(main, simulator, 15);
		simulator.callbackHosts[PUBLIC_HOST] = webhook.baseUrl;
		const runs = await Promise.all(
			Array.from({ length: 4 }, async () => await main.runWorkflow(workflow.id)),
		);
		for (const id of runs) assertWhole(simulator, await main.waitForExecution(id, LONG), 15);
		await sleep(2000);
		for (const id of runs) assert.deepEqual(visits(simulator, id), Array(15).fill(1));
		assert.equal(simulator.paidTasks(), 60);
		log('Queue mode: 4 executions of 15 items each went on once, called at the webhook processor');

		// Two processes at one moment.
		simulator.nextTask({ times: Infinity, seconds: TASK_SECONDS, callbackCopies: 0 });
		let twice = 0;
		let emptyRecords = 0;
		const tries = 10;
		for (let round = 0; round < tries; round++) {
			const before = simulator.tasks.size;
			const { id } = workflow;
			const executionId = await main.runWorkflow(id);
			await main.waitForExecution(executionId, { until: ['waiting'] });
			await sleep(TASK_SECONDS * 1000);
			const [taskId, other] = [...simulator.tasks.keys()].slice(before);
			simulator.callbackHosts[PUBLIC_HOST] = webhook.baseUrl;
			const calls = [simulator.sendCallback(taskId)];
			simulator.callbackHosts[PUBLIC_HOST] = main.baseUrl;
			calls.push(simulator.sendCallback(other));
			const statuses = (await Promise.all(calls)).map(({ status }) => status);
			assert.ok(statuses.includes(200), `answered with ${statuses.join(', ')}`);
			for (let waited = 0; visits(simulator, executionId).length < 15; waited += 100) {
				assert.ok(waited < 60_000, 'it did not go on');
				await sleep(100);
			}
			await sleep(3000); // For a second copy.
			const execution = await main.waitForExecution(executionId, LONG);
			if (outputItems(execution, 'EvoLink').length !== 15) emptyRecords++;
			if (visits(simulator, executionId).some((count) => count > 1)) twice++;
		}
		log(
			`Queue mode: of ${tries} executions called at two processes at one moment, ${twice} ran twice, ${emptyRecords} have the record of the copy`,
		);
		if (version === '2.41') assert.equal(twice + emptyRecords, 0);
	} finally {
		await cluster.stop();
		await simulator.close();
	}
}

const LONG = { timeoutMs: 90_000 };

interface Common {
	version: HostVersion;
	services: Services;
	packageTarball: string;
	folder: string;
	log: (line: string) => void;
}

async function main(): Promise<void> {
	const missing = missingServices();
	if (missing) {
		console.log(`Skipped. ${missing}`);
		return;
	}
	const folder = mkdtempSync(join(tmpdir(), 'n8n-queue-'));
	const services = await startServices(folder);
	try {
		const packageTarball = await packPackage(join(folder, 'package'));
		const [wanted] = process.argv.slice(2);
		for (const version of hostVersions) {
			if (wanted && wanted !== version) continue;
			const log = (line: string) => console.log(`${version}  ${line}`);
			const options = { version, services, packageTarball, folder, log };
			await killedWhileParked(options);
			await queueMode(options);
		}
	} finally {
		await services.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

run(main);
