/**
 * `npm run bench:scale`: n8n in queue mode under load and hard faults, measured beside what people build without this
 * node; writes the figures of `docs/scaling.md`. `npm run bench:scale -- faults parked` measures only those,
 * `-- --n8n 1.123` on one version, `-- --faults-executions 100` in another size, `-- report` writes the page again.
 *
 * `--short` is the form for tests: some minutes, figures are printed and not kept. With it, what needs PostgreSQL and
 * Redis is skipped where they are not installed.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../bench/report';
import { ensureHost, type HostVersion, hostVersions } from '../host/install';
import { packPackage } from '../host/pack';
import { missingServices } from '../host/services';
import { log, run } from '../program';
import { keep, writeReport } from './report';
import type { Scenario, Sizes } from './scenario';
import { faults } from './scenarios/faults';
import { items } from './scenarios/items';
import { load } from './scenarios/load';
import { parked } from './scenarios/parked';
import { soak } from './scenarios/soak';
import { upgrade } from './scenarios/upgrade';

const scenarios = [load, faults, parked, items, soak, upgrade] as unknown as Array<
	Scenario<unknown>
>;

const sizeFlags = scenarios.flatMap(({ name, sizes }) =>
	Object.keys(sizes).map((size) => ({ flag: flagOf(name, size), name, size })),
);

function flagOf(scenario: string, size: string): string {
	return `${scenario}-${size.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			n8n: { type: 'string' },
			short: { type: 'boolean', default: false },
			...Object.fromEntries(sizeFlags.map(({ flag }) => [flag, { type: 'string' as const }])),
		},
	});
	const flags = values as Record<string, string | boolean | undefined>;
	const asked = hostVersions.find((known) => known === flags.n8n);
	if (flags.n8n && !asked) throw new Error(`--n8n is one of: ${hostVersions.join(', ')}`);
	const known = ['report', ...scenarios.map(({ name }) => name)];
	const stranger = positionals.find((name) => !known.includes(name));
	if (stranger) throw new Error(`${stranger} is not one of: ${known.join(', ')}`);
	const missing = missingServices();
	if (missing) {
		if (!flags.short) throw new Error(missing);
		console.log(`Skipped. ${missing}`);
		return;
	}
	const chosen = scenarios.filter(
		({ name }) => positionals.length === 0 || positionals.includes(name),
	);
	const folder = mkdtempSync(join(tmpdir(), 'n8n-scale-package-'));
	const failings: string[] = [];
	try {
		if (chosen.length > 0) log('Building and packing the package');
		const packageTarball = chosen.length > 0 ? await packPackage(folder) : '';
		for (const scenario of chosen) {
			const sizes = sizesOf(scenario, flags);
			for (const version of asked ? [asked] : scenario.versions) {
				log(`n8n ${version}: ${scenario.title}`);
				const bench = { version, packageTarball, log };
				const result = await scenario.measure(bench, sizes);
				console.log(scenario.report([{ version, result, sizes }]));
				for (const failing of scenario.failings(result, version)) {
					failings.push(`${scenario.name}, n8n ${version}: ${failing}`);
				}
				if (!flags.short) await keep(scenario, version, await machineOf(version), sizes, result);
			}
		}
		if (!flags.short) {
			console.log(`\nPage: ${relative(process.cwd(), await writeReport(scenarios))}`);
		}
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	if (failings.length > 0) throw new Error(`Not as it should be:\n${failings.join('\n')}`);
}

function sizesOf(
	{ name, sizes, short }: Scenario<unknown>,
	flags: Record<string, string | boolean | undefined>,
): Sizes {
	const given = sizeFlags
		.filter(({ name: scenario, flag }) => scenario === name && flags[flag] !== undefined)
		.map(({ size, flag }) => [size, Number(flags[flag])] as const);
	const wrong = given.find(([, value]) => !(value >= 0));
	if (wrong) throw new Error(`--${flagOf(name, wrong[0])} is not a number`);
	return { ...(flags.short ? short : sizes), ...Object.fromEntries(given) };
}

async function machineOf(version: HostVersion) {
	const host = await ensureHost(version, log);
	const node = execFileSync(host.node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
	return describeMachine(node, host.n8nVersion);
}

run(main, ({ message }) => message);
