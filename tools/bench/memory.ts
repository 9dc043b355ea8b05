import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const SAMPLE_MS = 50;

export interface MemorySample {
	/** Unix milliseconds. */
	at: number;
	bytes: number;
}

/**
 * The resident memory of a process. Only Linux tells it without starting a program for each look.
 *
 * @throws Error on other systems, and when the process is gone.
 */
export function residentBytes(pid: number): number {
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
	if (!kilobytes) throw new Error(`Process ${pid} tells no resident memory`);
	return Number(kilobytes) * 1024;
}

/** What the process holds when nothing happens: the median of one second. */
export async function idleBytes(pid: number): Promise<number> {
	const samples: number[] = [];
	for (let taken = 0; taken < 20; taken++) {
		samples.push(residentBytes(pid));
		await sleep(SAMPLE_MS);
	}
	return samples.sort((a, b) => a - b)[samples.length / 2];
}

/** Looks at the memory of a process every 50 ms until it is told to stop, or the process has ended. */
export class MemoryMeter {
	readonly samples: MemorySample[] = [];
	private readonly timer: NodeJS.Timeout;

	constructor(pid: number) {
		const look = () => this.samples.push({ at: Date.now(), bytes: residentBytes(pid) });
		look();
		this.timer = setInterval(() => {
			try {
				look();
			} catch {
				// A process that ran out of memory; whoever waits for it learns that it is gone.
				this.stop();
			}
		}, SAMPLE_MS);
	}

	stop(): void {
		clearInterval(this.timer);
	}
}

/** The most that was seen. */
export function peakOf(samples: MemorySample[]): number {
	return Math.max(...samples.map(({ bytes }) => bytes));
}
