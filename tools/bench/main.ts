/**
 * `npm run bench`: measures this node on a real n8n beside what people build without it, and writes
 * `docs/benchmark.md`. `npm run bench -- waiting growth` measures only those, `-- --n8n 1.123` on an older n8n,
 * `-- report` writes the report again from what is kept.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { hostVersions, ensureHost } from '../host/install';
import { packPackage } from '../host/pack';
import { log, run } from '../program';
import { describeMachine, keep, writeReport } from './report';
import type { Scenario } from './scenario';
import { automatic } from './scenarios/automatic';
import { fullAccount } from './scenarios/fullAccount';
import { gatewayImages } from './scenarios/gatewayImages';
import { growth } from './scenarios/growth';
import { instant } from './scenarios/instant';
import { packageSize } from './scenarios/package';
import { images } from './scenarios/images';
import { scanning } from './scenarios/scanning';
import { waiting } from './scenarios/waiting';

const scenarios = [
	waiting,
	instant,
	images,
	growth,
	scanning,
	packageSize,
	automatic,
	fullAccount,
	gatewayImages,
] as Array<Scenario<unknown>>;

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { n8n: { type: 'string', default: '2.41' } },
	});
	const version = hostVersions.find((known) => known === values.n8n);
	if (!version) throw new Error(`n8n ${values.n8n} is not one of: ${hostVersions.join(', ')}`);
	const known = ['report', ...scenarios.map(({ name }) => name)];
	const stranger = positionals.find((name) => !known.includes(name));
	if (stranger) throw new Error(`${stranger} is not one of: ${known.join(', ')}`);
	const chosen = scenarios.filter(
		({ name }) => positionals.length === 0 || positionals.includes(name),
	);

	const folder = mkdtempSync(join(tmpdir(), 'n8n-bench-package-'));
	try {
		if (chosen.length > 0) {
			const host = await ensureHost(version, log);
			const node = execFileSync(host.node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
			const machine = describeMachine(node, host.n8nVersion);
			log('Building and packing the package');
			const bench = { version, packageTarball: await packPackage(folder), log };
			for (const scenario of chosen) {
				log(`Measuring: ${scenario.title}`);
				await keep(scenario, machine, await scenario.measure(bench));
			}
		}
		console.log(`\nReport: ${relative(process.cwd(), await writeReport(scenarios))}`);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

run(main);
