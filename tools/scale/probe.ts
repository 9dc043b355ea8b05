import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { residentBytes } from '../bench/memory';
import type { Cluster, ProcessName } from '../host/cluster';
import { until } from '../until';

/** What a process of n8n holds after a garbage collection. */
export interface Probe {
	/** Bytes. */
	heapUsed: number;
	/** Bytes. */
	rss: number;
	/** What keeps the process busy, by Node.js's own names: `Timeout`, `TCPSocketWrap` … */
	resources: Record<string, number>;
}

/** For n8n's processes, so that {@link probe} can ask them. */
export function probeEnv(folder: string): Record<string, string> {
	return {
		NODE_OPTIONS: `--require=${join(__dirname, 'probe.cjs')}`,
		N8N_SCALE_PROBE: folder,
	};
}

/**
 * Has a process collect its garbage, and asks what is left.
 *
 * @param folder of `probeEnv`
 */
export async function probe(pid: number, folder: string): Promise<Probe> {
	const file = join(folder, `${pid}.json`);
	rmSync(file, { force: true });
	process.kill(pid, 'SIGUSR2');
	await until(() => existsSync(file));
	return JSON.parse(readFileSync(file, 'utf8')) as Probe;
}

/** Looks at the resident memory of all processes every half second until it is told to stop. */
export class ClusterMeter {
	/** Bytes. */
	readonly samples = new Map<ProcessName, number[]>();
	private readonly timer: NodeJS.Timeout;

	constructor(private readonly cluster: Cluster) {
		this.look();
		this.timer = setInterval(() => this.look(), 500);
	}

	stop(): void {
		clearInterval(this.timer);
	}

	private look(): void {
		for (const name of this.cluster.names) {
			const samples = this.samples.get(name) ?? [];
			this.samples.set(name, samples);
			try {
				samples.push(residentBytes(this.cluster.process(name).pid));
			} catch {
				// It was killed, and is not back yet.
			}
		}
	}
}
