import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureHost } from '../../host/install';
import { format, median, rounded, table } from '../figures';
import type { Bench } from '../lab';
import type { Scenario } from '../scenario';

const starts = 15;
const maxMilliseconds = 20;
const maxKilobytes = 350;

export interface PackageResult {
	/** Milliseconds, one per fresh process. */
	loads: number[];
	files: number;
	packedBytes: number;
	unpackedBytes: number;
}

/** Runs in a fresh Node.js: n8n-workflow is there already when n8n loads a package. */
const loader = `
	require('n8n-workflow');
	const { join } = require('node:path');
	const { n8n } = require(join(process.argv[1], 'package.json'));
	const startedAt = performance.now();
	for (const file of [...n8n.nodes, ...n8n.credentials]) require(join(process.argv[1], file));
	console.log(performance.now() - startedAt);
`;

/** (5) What the package adds to n8n's start, and how large it is. */
export const packageSize: Scenario<PackageResult> = {
	name: 'package',
	title: 'Load time and size of the package',

	async measure({ version, packageTarball, log }: Bench) {
		const host = await ensureHost(version, log);
		const folder = mkdtempSync(join(tmpdir(), 'n8n-bench-load-'));
		try {
			execFileSync('tar', ['-xzf', packageTarball, '-C', folder]);
			const unpacked = join(folder, 'package');
			// From a folder without modules of its own, so that both find the n8n-workflow of this n8n.
			const options = {
				cwd: folder,
				env: { ...process.env, NODE_PATH: join(host.folder, 'node_modules') },
				encoding: 'utf8' as const,
			};
			const loads = Array.from({ length: starts }, () => {
				const args = ['-e', loader, unpacked];
				return rounded(Number(execFileSync(host.node, args, options)), 2);
			});
			const files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
				.filter((entry) => entry.isFile())
				.map((entry) => statSync(join(entry.parentPath, entry.name)).size);
			const result = {
				loads,
				files: files.length,
				packedBytes: statSync(packageTarball).size,
				unpackedBytes: files.reduce((sum, size) => sum + size, 0),
			};
			log(
				`${median(loads)} ms, ${result.packedBytes} bytes packed, ${result.unpackedBytes} unpacked`,
			);
			return result;
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	},

	report({ loads, files, packedBytes, unpackedBytes }) {
		const kilobytes = (bytes: number) => `${format(bytes / 1000)} kB`;
		return [
			`All nodes and credentials of the package, loaded by \`require\` in a fresh process that has n8n-workflow in memory already, as n8n has; median of ${loads.length} processes.`,
			'',
			table(
				['', 'measured', 'aim'],
				[
					[
						`Load time (fastest ${format(Math.min(...loads), 1)}, slowest ${format(Math.max(...loads), 1)} ms)`,
						`${format(median(loads), 1)} ms`,
						`≤ ${maxMilliseconds} ms`,
					],
					['Tarball', kilobytes(packedBytes), `≤ ${maxKilobytes} kB`],
					[`Unpacked, ${files} files`, kilobytes(unpackedBytes), `≤ ${maxKilobytes} kB`],
				],
			),
		].join('\n');
	},

	plots: () => ({}),
};
