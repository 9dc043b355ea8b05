/**
 * n8n in queue mode on this computer: a main process, workers and webhook processors over PostgreSQL and Redis, each with
 * the packed package. Each process can be killed, frozen and started again by its name.
 */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostVersion } from './install';
import type { Log } from './logs';
import { type N8n, startN8n } from './n8n';
import type { Services } from './services';

/** The name under which the outside knows this n8n. Nothing is ever sent there: the simulator maps it to a process. */
export const PUBLIC_HOST = 'n8n.example.com';

export interface ClusterOptions {
	version: HostVersion;
	services: Services;
	/** A name for a database of its own. */
	database: string;
	packageTarball: string;
	/** For user folders, logs and binary data; the caller's to remove. */
	folder: string;
	/** Default 2. */
	workers?: number;
	/** Default 1. */
	webhooks?: number;
	/** Jobs that a worker has at a time. Default 10, as n8n's. */
	workerConcurrency?: number;
	/**
	 * Where binary data goes. Default: as n8n does it in queue mode (2.41 in the database, 1.123 in the execution's own
	 * data); `filesystem`: one folder for all processes.
	 */
	binaryMode?: 'filesystem';
	/** For all processes. */
	env?: Record<string, string>;
	log?: Log;
}

/** `main`, `worker-1`, `worker-2` …, `webhook-1` … */
export type ProcessName = 'main' | `worker-${number}` | `webhook-${number}`;

interface Place {
	/** How often it has been started: each life has a log of its own. */
	lives: number;
	n8n: N8n;
}

export class Cluster {
	private readonly places = new Map<ProcessName, Place>();

	private constructor(private readonly options: ClusterOptions) {}

	/** Resolves when all processes answer, and the owner is set up. @throws Error, with nothing left running */
	static async start(options: ClusterOptions): Promise<Cluster> {
		const { services, database, workers = 2, webhooks = 1 } = options;
		const cluster = new Cluster(options);
		try {
			await services.createDatabase(database);
			// Alone at first: the processes would race each other in setting up the database.
			await cluster.boot('main');
			await cluster.main.setUpOwner();
			const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
			const others = [
				...numbers(workers).map((number) => `worker-${number}` as const),
				...numbers(webhooks).map((number) => `webhook-${number}` as const),
			];
			for (const name of others) await cluster.boot(name);
			return cluster;
		} catch (error) {
			await cluster.stop();
			throw error;
		}
	}

	get main(): N8n {
		return this.process('main');
	}

	get names(): ProcessName[] {
		return [...this.places.keys()];
	}

	/** The process of this name, as it was started last. */
	process(name: ProcessName): N8n {
		return this.place(name).n8n;
	}

	/** As a power cut: `kill -9`, of the process and all it started. */
	async kill(name: ProcessName): Promise<void> {
		await this.process(name).kill();
	}

	/** Starts a process that has ended, on the port that it had. Resolves when it answers. */
	private async restart(name: ProcessName): Promise<void> {
		await this.boot(name);
		if (name === 'main') await this.main.setUpOwner();
	}

	/** Starts again what has ended, as Docker does with `restart: unless-stopped`; main first. */
	async restartEnded(): Promise<void> {
		for (const name of this.names) {
			if (this.process(name).hasEnded) await this.restart(name);
		}
	}

	/** Stops all processes politely and starts them again with another package. */
	async upgrade(packageTarball: string): Promise<void> {
		await this.stop();
		for (const name of this.names) await this.boot(name, packageTarball);
		await this.main.setUpOwner();
	}

	/** Whatever the processes have printed, in all of their lives. */
	logs(): string {
		return this.names
			.flatMap((name) => {
				const folder = this.folderOf(name);
				const files = readdirSync(folder).filter((file) => file.endsWith('.log'));
				return files.map((file) => readFileSync(join(folder, file), 'utf8'));
			})
			.join('\n');
	}

	/** Ends all processes, also frozen ones. */
	async stop(): Promise<void> {
		await Promise.all([...this.places.values()].map(async ({ n8n }) => await n8n.stop()));
	}

	private async boot(name: ProcessName, newPackage?: string): Promise<void> {
		const { version, services, database, binaryMode, workerConcurrency, log } = this.options;
		const before = this.places.get(name);
		const lives = (before?.lives ?? 0) + 1;
		const userFolder = this.folderOf(name);
		const isWorker = name.startsWith('worker');
		const stored = join(this.options.folder, `${database}-binaries`);
		mkdirSync(userFolder, { recursive: true });
		const n8n = await startN8n({
			version,
			command: name === 'main' ? 'start' : isWorker ? 'worker' : 'webhook',
			arguments: isWorker && workerConcurrency ? [`--concurrency=${workerConcurrency}`] : [],
			userFolder,
			port: before && Number(new URL(before.n8n.baseUrl).port),
			packageTarball: newPackage ?? (before ? undefined : this.options.packageTarball),
			logFile: join(userFolder, `life-${lives}.log`),
			env: {
				...services.env(database),
				// n8n's default is 2, which a webhook processor with many calls runs out of.
				DB_POSTGRESDB_POOL_SIZE: '10',
				EXECUTIONS_MODE: 'queue',
				N8N_ENCRYPTION_KEY: 'the same for all processes',
				WEBHOOK_URL: `https://${PUBLIC_HOST}/`,
				...(binaryMode && {
					N8N_DEFAULT_BINARY_DATA_MODE: binaryMode,
					N8N_BINARY_DATA_STORAGE_PATH: stored,
				}),
				...this.options.env,
			},
			log,
		});
		this.places.set(name, { lives, n8n });
	}

	private place(name: ProcessName): Place {
		const place = this.places.get(name);
		if (!place) throw new Error(`${name} is not one of: ${this.names.join(', ')}`);
		return place;
	}

	private folderOf(name: ProcessName): string {
		return join(this.options.folder, `${this.options.database}-${name}`);
	}
}
