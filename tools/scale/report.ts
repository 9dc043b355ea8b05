/** Keeps what was measured in `docs/scaling.json` and writes the figures of `docs/scaling.md` from it. */

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Machine, provenance, writeNeatly } from '../bench/report';
import { type HostVersion, hostVersions } from '../host/install';
import type { Scenario, Sizes } from './scenario';

interface Entry {
	/** Day, as ISO 8601. */
	measuredOn: string;
	machine: Machine;
	sizes: Sizes;
	result: unknown;
}

/** By scenario and version of n8n. */
type Kept = Record<string, Partial<Record<HostVersion, Entry>>>;

const docs = resolve(__dirname, '..', '..', 'docs');
const keptFile = join(docs, 'scaling.json');
const page = join(docs, 'scaling.md');
const [begin, end] = ['<!-- figures: npm run bench:scale -->', '<!-- end of figures -->'];

/** Puts the result in the place of an earlier one; those of other scenarios and versions stay. */
export async function keep(
	{ name }: Scenario<unknown>,
	version: HostVersion,
	machine: Machine,
	sizes: Sizes,
	result: unknown,
): Promise<void> {
	const measuredOn = new Date().toISOString().slice(0, 10);
	const kept = readKept();
	kept[name] = { ...kept[name], [version]: { measuredOn, machine, sizes, result } };
	await writeNeatly(keptFile, JSON.stringify(kept));
}

/** Writes the figures into the page, between two marks. What people have written around them stays. */
export async function writeReport(scenarios: Array<Scenario<unknown>>): Promise<string> {
	const kept = readKept();
	const parts = scenarios.flatMap((scenario) => {
		const byVersion = kept[scenario.name] ?? {};
		const results = hostVersions.flatMap((version) => {
			const entry = byVersion[version];
			return entry ? [{ version, ...entry }] : [];
		});
		if (results.length === 0) return [];
		return [
			`### ${scenario.title}`,
			...bySizes(results).flatMap((same) => [scenario.report(same), ...same.map(provenance)]),
		];
	});
	const text = readFileSync(page, 'utf8');
	const [from, to] = [text.indexOf(begin), text.indexOf(end)];
	if (from < 0 || to < from) throw new Error(`${page} has no place for the figures`);
	const figures = [begin, ...parts, end].join('\n\n');
	await writeNeatly(page, text.slice(0, from) + figures + text.slice(to + end.length));
	return page;
}

/** Only what was measured in the same sizes belongs into one table. */
function bySizes<T extends { sizes: Sizes }>(results: T[]): T[][] {
	const sizesOf = ({ sizes }: T) => JSON.stringify(sizes);
	const sizes = [...new Set(results.map(sizesOf))];
	return sizes.map((given) => results.filter((result) => sizesOf(result) === given));
}

function readKept(): Kept {
	return existsSync(keptFile) ? (JSON.parse(readFileSync(keptFile, 'utf8')) as Kept) : {};
}
