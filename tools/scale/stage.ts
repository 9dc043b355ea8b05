/** Everything that runs while a scenario is measured: PostgreSQL, Redis, n8n's processes, and the service. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Surroundings } from '../bench/workflows';
import { Cluster, type ClusterOptions, PUBLIC_HOST } from '../host/cluster';
import type { WorkflowJson } from '../host/rest';
import { startServices } from '../host/services';
import { type Simulator, startSimulator } from '../simulator';
import type { Bench } from './scenario';
import { probeEnv } from './probe';
import { type Kind, workflowsOf, type WorkflowOptions } from './workflows';

const DATABASE = 'n8n';

/** As n8n has it in its table of executions. */
export interface ExecutionRow {
	id: string;
	workflowId: string;
	status: string;
	/** Unix milliseconds; NaN for one that has not stopped. */
	stoppedAt: number;
}

/** The statuses of executions that have not ended. */
const OPEN = ['new', 'running', 'waiting', 'unknown'];

export const hasEnded = ({ status }: ExecutionRow) => !OPEN.includes(status);

export class Stage {
	/** Workflow IDs by the name of the workflow. */
	readonly workflowIds: Record<string, string> = {};

	constructor(
		readonly cluster: Cluster,
		readonly simulator: Simulator,
		readonly surroundings: Surroundings,
		readonly services: Awaited<ReturnType<typeof startServices>>,
		/** Where the processes write what they are asked for by `probe`. */
		readonly probeFolder: string,
	) {}

	/** Stores the workflows of these kinds and turns them on. */
	async install(kinds: readonly Kind[], options?: WorkflowOptions): Promise<void> {
		for (const kind of kinds) {
			for (const workflow of workflowsOf(kind, this.surroundings, options)) {
				await this.store(workflow, true);
			}
		}
	}

	/** @returns the workflow's ID */
	async store(workflow: WorkflowJson, isActive: boolean): Promise<string> {
		const stored = await this.cluster.main.createWorkflow(workflow);
		if (isActive) await this.cluster.main.activate(stored);
		this.workflowIds[workflow.name] = stored.id;
		return stored.id;
	}

	async query(sql: string): Promise<string[][]> {
		return await this.services.query(DATABASE, sql);
	}

	/** All executions, also those that are no longer known to any process. */
	async executions(): Promise<ExecutionRow[]> {
		const rows = await this.query(
			`select id, "workflowId", status, extract(epoch from "stoppedAt") * 1000 from execution_entity order by id`,
		);
		return rows.map(([id, workflowId, status, stoppedAt]) => {
			return { id, workflowId, status, stoppedAt: stoppedAt ? Number(stoppedAt) : NaN };
		});
	}

	/** Those of the workflow of this name. */
	async executionsOf(name: string): Promise<ExecutionRow[]> {
		const rows = await this.executions();
		return rows.filter(({ workflowId }) => workflowId === this.workflowIds[name]);
	}

	/** How many executions have not ended. */
	async open(): Promise<number> {
		const open = OPEN.map((status) => `'${status}'`).join();
		const [[count]] = await this.query(
			`select count(*) from execution_entity where status in (${open})`,
		);
		return Number(count);
	}
}

export type StageOptions = Partial<
	Pick<ClusterOptions, 'workers' | 'workerConcurrency' | 'binaryMode' | 'env'>
>;

/** Sets all of it up, lends it, and removes it again, whatever happens. */
export async function onStage<T>(
	{ version, packageTarball, log }: Bench,
	options: StageOptions,
	work: (stage: Stage) => Promise<T>,
): Promise<T> {
	const undo: Array<() => Promise<void> | void> = [];
	try {
		const folder = mkdtempSync(join(tmpdir(), 'n8n-scale-'));
		undo.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
		const probeFolder = join(folder, 'probe');
		mkdirSync(probeFolder);
		const services = await startServices(folder);
		undo.push(async () => await services.stop());
		const cluster = await Cluster.start({
			...options,
			version,
			packageTarball,
			services,
			folder,
			database: DATABASE,
			env: { ...probeEnv(probeFolder), ...options.env },
			log,
		});
		undo.push(async () => await cluster.stop());
		const simulator = await startSimulator({ credits: 10_000_000 });
		undo.push(async () => await simulator.close());
		simulator.callbackHosts[PUBLIC_HOST] = cluster.process('webhook-1').baseUrl;
		const surroundings = await surround(cluster, simulator);
		return await work(new Stage(cluster, simulator, surroundings, services, probeFolder));
	} finally {
		for (const step of undo.reverse()) await step();
	}
}

async function surround({ main }: Cluster, simulator: Simulator): Promise<Surroundings> {
	const { apiKey, apiUrl, filesUrl } = simulator;
	const header = { name: 'Authorization', value: `Bearer ${apiKey}` };
	return {
		simulator,
		credentials: {
			evolinkApi: await main.createCredential('EvoLink', 'evolinkApi', {
				apiKey,
				baseUrl: apiUrl,
				filesBaseUrl: filesUrl,
			}),
			httpHeaderAuth: await main.createCredential('Header', 'httpHeaderAuth', header),
		},
	};
}
