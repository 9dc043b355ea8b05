import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostVersion } from '../host/install';
import type { Log } from '../host/logs';
import { type N8n, type StartOptions, startN8n } from '../host/n8n';
import type { Credential, Execution } from '../host/rest';
import { workflowOf } from '../host/sketch';
import {
	type RecordedRequest,
	type Simulator,
	type SimulatorOptions,
	startSimulator,
} from '../simulator';
import { idleBytes, MemoryMeter, type MemorySample } from './memory';
import type { Design, Surroundings } from './workflows';

/** What every scenario is given. */
export interface Bench {
	version: HostVersion;
	packageTarball: string;
	log: Log;
}

/** One execution, as seen from n8n, from the service and from the system. */
export interface Measured {
	execution: Execution;
	simulator: Simulator;
	/** Unix milliseconds, as n8n recorded them. */
	startedAt: number;
	stoppedAt: number;
	/** From start to stop of the execution. */
	seconds: number;
	/** Resident memory of n8n while it ran. */
	memory: MemorySample[];
}

const executionTimeoutMs = 300_000;
const settleMs = 5_000;
const SETTLED_SHARE = 0.99;

/**
 * Boots an n8n with nothing in it but the package, lends it, and removes it.
 *
 * @param more environment variables for n8n
 */
export async function withFreshN8n<T>(
	bench: Bench,
	work: (lab: Lab) => Promise<T>,
	more: Record<string, string> = {},
): Promise<T> {
	const { version, packageTarball } = bench;
	const userFolder = mkdtempSync(join(tmpdir(), 'n8n-bench-'));
	const env = {
		...more,
		N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem',
		// n8n 2 reads files only below such folders.
		N8N_RESTRICT_FILE_ACCESS_TO: tmpdir(),
	};
	try {
		const n8n = await boot({ version, userFolder, packageTarball, env });
		try {
			await n8n.setUpOwner();
			return await work(await Lab.over(n8n));
		} finally {
			await n8n.stop();
		}
	} finally {
		rmSync(userFolder, { recursive: true, force: true });
	}
}

/** Another connection may take n8n's port before n8n listens on it; a whole scenario should not be lost to that. */
async function boot(options: StartOptions): Promise<N8n> {
	try {
		return await startN8n(options);
	} catch (error) {
		if (!(error instanceof Error && /already in use/.test(error.message))) throw error;
		return await startN8n(options);
	}
}

/** A running n8n in which workflows are measured one after another, each against a fresh simulator. */
export class Lab {
	private constructor(
		readonly n8n: N8n,
		private readonly evolinkApi: Credential,
		private readonly httpHeaderAuth: Credential,
	) {}

	static async over(n8n: N8n): Promise<Lab> {
		return new Lab(
			n8n,
			await n8n.createCredential('EvoLink', 'evolinkApi', { apiKey: 'not set yet' }),
			await n8n.createCredential('Header', 'httpHeaderAuth', { name: 'Authorization', value: '-' }),
		);
	}

	/** For a service of the scenario's own. */
	async createCredential(
		name: string,
		type: string,
		data: Record<string, string>,
	): Promise<Credential> {
		return await this.n8n.createCredential(name, type, data);
	}

	/** The memory of n8n at rest, after what has been run before has settled: when it no longer becomes less. */
	async idle(): Promise<number> {
		for (let before = Number.POSITIVE_INFINITY; ; ) {
			await sleep(settleMs);
			const bytes = await idleBytes(this.n8n.pid);
			if (bytes > before * SETTLED_SHARE) return bytes;
			before = bytes;
		}
	}

	/**
	 * Runs a workflow once.
	 *
	 * @param script tells the simulator what becomes of the tasks.
	 * @param options of the simulator, where it should not be as usual.
	 * @param timeoutMs after which it has failed.
	 * @throws Error when the execution fails, or a task that was paid gave no image.
	 */
	async measure(
		design: (surroundings: Surroundings) => Design,
		script: (simulator: Simulator) => void,
		options: SimulatorOptions = {},
		timeoutMs = executionTimeoutMs,
	): Promise<Measured> {
		const credits = 1_000_000;
		const simulator = await startSimulator({ credits, keepBodies: false, ...options });
		try {
			script(simulator);
			const { nodes, connections } = design(await this.surroundings(simulator));
			const workflowId = await this.store(nodes, connections);
			const { execution, memory } = await this.run(workflowId, timeoutMs);
			checkOutcome(simulator);
			const startedAt = Date.parse(execution.startedAt ?? '');
			const stoppedAt = Date.parse(execution.stoppedAt ?? '');
			const seconds = (stoppedAt - startedAt) / 1000;
			return { execution, simulator, startedAt, stoppedAt, seconds, memory };
		} finally {
			await simulator.close();
		}
	}

	private async run(
		workflowId: string,
		timeoutMs: number,
	): Promise<{ execution: Execution; memory: MemorySample[] }> {
		const meter = new MemoryMeter(this.n8n.pid);
		try {
			const execution = await this.n8n.waitForExecution(await this.n8n.runWorkflow(workflowId), {
				timeoutMs,
				until: ['success'],
			});
			return { execution, memory: meter.samples };
		} finally {
			meter.stop();
		}
	}

	private async surroundings(simulator: Simulator): Promise<Surroundings> {
		const { apiKey, apiUrl, filesUrl } = simulator;
		await this.n8n.updateCredential(this.evolinkApi, {
			apiKey,
			baseUrl: apiUrl,
			filesBaseUrl: filesUrl,
		});
		await this.n8n.updateCredential(this.httpHeaderAuth, {
			name: 'Authorization',
			value: `Bearer ${apiKey}`,
		});
		const { evolinkApi, httpHeaderAuth } = this;
		return { simulator, credentials: { evolinkApi, httpHeaderAuth } };
	}

	private async store(nodes: Design['nodes'], connections: Design['connections']): Promise<string> {
		const trigger = { name: 'Start', type: 'n8n-nodes-base.manualTrigger' };
		const workflow = workflowOf('Benchmark', [trigger, ...nodes], connections);
		const { id } = await this.n8n.createWorkflow(workflow);
		return id;
	}
}

/** A figure counts only if every task was paid once, ended well and was fetched once. */
function checkOutcome({ tasks, ledger, requests }: Simulator): void {
	const fetched = requests.filter(
		({ host, status }) => host === 'results' && status === 200,
	).length;
	const completed = [...tasks.values()].filter(({ state }) => state === 'completed').length;
	if (completed !== ledger.length || fetched !== ledger.length) {
		throw new Error(`${ledger.length} paid, ${completed} completed, ${fetched} fetched`);
	}
}

/** The requests of the client that ask how tasks are: one by one, or many at once. */
export function statusRequests({ requests }: Simulator): RecordedRequest[] {
	return requests.filter(
		({ host, method, path }) =>
			host === 'api' &&
			((method === 'GET' && /^\/v1\/tasks\/[^/]+$/.test(path)) ||
				(method === 'POST' && path === '/v1/tasks/batch')),
	);
}

/** All requests of the client, to whichever host. */
export function clientRequests({ requests }: Simulator): RecordedRequest[] {
	return requests.filter(({ fromService }) => !fromService);
}

/**
 * Seconds from the end of each task to the request that found it ended: the last that asked for it.
 */
export function secondsToNotice(simulator: Simulator): number[] {
	const lastAsked = new Map<string, number>();
	for (const { path, json, at } of statusRequests(simulator)) {
		const ids = (json as { task_ids?: string[] } | undefined)?.task_ids ?? [
			path.slice('/v1/tasks/'.length),
		];
		for (const id of ids) lastAsked.set(id, at);
	}
	return [...simulator.tasks.values()].map(({ id, endsAt }) => {
		return Math.max(0, (lastAsked.get(id) ?? NaN) - endsAt) / 1000;
	});
}
