/** Keeps what was measured in `docs/benchmark.json` and writes `docs/benchmark.md` and its plots from it. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import * as prettier from 'prettier';
import { format } from './figures';
import type { Scenario } from './scenario';

/** What the figures depend on beside the code. */
export interface Machine {
	cores: number;
	memoryGigabytes: number;
	platform: string;
	/** The Node.js that n8n runs on. */
	node: string;
	n8n: string;
}

interface Entry {
	/** Day, as ISO 8601. */
	measuredOn: string;
	machine: Machine;
	result: unknown;
}

type Kept = Record<string, Entry>;

const docs = resolve(__dirname, '..', '..', 'docs');
const keptFile = join(docs, 'benchmark.json');

export function describeMachine(node: string, n8n: string): Machine {
	return {
		cores: cpus().length,
		memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
		platform: `${process.platform} ${process.arch}`,
		node,
		n8n,
	};
}

/** Puts the result in the place of an earlier one; those of other scenarios stay. */
export async function keep(
	{ name }: Scenario<unknown>,
	machine: Machine,
	result: unknown,
): Promise<void> {
	const measuredOn = new Date().toISOString().slice(0, 10);
	mkdirSync(docs, { recursive: true });
	const kept = { ...readKept(), [name]: { measuredOn, machine, result } };
	await writeNeatly(keptFile, JSON.stringify(kept));
}

/** Writes the report and its plots from what is kept. @returns the path of the report. */
export async function writeReport(scenarios: Array<Scenario<unknown>>): Promise<string> {
	const kept = readKept();
	const parts = scenarios.flatMap((scenario, index) => {
		const entry = kept[scenario.name];
		if (!entry) return [];
		for (const [file, svg] of Object.entries(scenario.plots(entry.result))) {
			writeFileSync(join(docs, file), svg);
		}
		const heading = `## (${index + 1}) ${scenario.title}`;
		return [heading, scenario.report(entry.result), provenance(entry)];
	});
	const file = join(docs, 'benchmark.md');
	await writeNeatly(file, [introduction, ...parts].join('\n\n'));
	return file;
}

const introduction = `# Benchmark

Written by \`npm run bench\`; \`npm run bench -- <scenario>\` measures one part anew and leaves the others as they are.

Each workflow runs on a real n8n, started for the purpose with the packed package installed, against the simulator of EvoLink's API in another process on the same machine. What is compared ran in the same session, one workflow after another. "The loop" is what people build by hand: HTTP Request creates all tasks, then Wait → HTTP Request (ask) → If go round with those that are not complete, and HTTP Request downloads the others; batching is off, so each node sends the requests of all its items at once.

Absolute times belong to the machine; the ratios are what to look at.`;

/** When and where figures were taken, as a line below them. */
export function provenance({ measuredOn, machine }: Entry): string {
	const { cores, memoryGigabytes, platform, node, n8n } = machine;
	return `_Measured on ${measuredOn}: n8n ${n8n}, Node.js ${node}, ${platform}, ${cores} cores, ${format(memoryGigabytes)} GB._`;
}

/** As `npm run lint` wants every file. */
export async function writeNeatly(file: string, content: string): Promise<void> {
	const settings = await prettier.resolveConfig(file);
	writeFileSync(file, await prettier.format(content, { ...settings, filepath: file }));
}

function readKept(): Kept {
	return existsSync(keptFile) ? (JSON.parse(readFileSync(keptFile, 'utf8')) as Kept) : {};
}
