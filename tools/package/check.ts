/**
 * `npm run check:package`: packs the package and looks at it as n8n's reviewers and an installation would.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { packPackage } from '../host/pack';

interface Scan {
	passed: boolean;
	message?: string;
	details?: string;
}

interface Scanner {
	SOURCE_FILE_PATTERNS: string[];
	analyzePackage(folder: string, patterns: string[]): Promise<Scan>;
}

interface Manifest {
	dependencies?: object;
	peerDependencies: Record<string, string>;
	scripts?: Record<string, string>;
	n8n: { strict: boolean; nodes: string[]; credentials: string[] };
}

const root = resolve(__dirname, '..', '..');
const maxUnpackedBytes = 350_000;
/** What is published, and nothing else: compiled code, icons, codex files and the papers. */
const expectedFiles =
	/^(package\.json|README\.md|LICENSE\.md|dist\/.+\.js|dist\/icons\/.+\.svg|dist\/nodes\/.+\.node\.json)$/;
/** Resolve in every n8n installation; see the rules of n8n's community node linter. */
const allowedImports = /^(\.{1,2}\/.*|n8n-workflow|crypto)$/;

async function main(): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'n8n-package-check-'));
	try {
		execFileSync('tar', ['-xzf', await packPackage(folder), '-C', folder]);
		const problems = [...look(join(folder, 'package')), ...(await scan(join(folder, 'package')))];
		for (const problem of problems) console.error(`✕ ${problem}`);
		if (problems.length > 0) process.exitCode = 1;
		else console.log('The package is as n8n wants it.');
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function look(folder: string): string[] {
	const problems: string[] = [];
	const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) =>
		statSync(join(folder, file)).isFile(),
	);
	for (const file of files) {
		if (!expectedFiles.test(file)) problems.push(`${file} should not be published`);
		if (file.endsWith('.js')) problems.push(...lookAtCode(folder, file));
	}
	for (const file of ['README.md', 'LICENSE.md']) {
		if (!files.includes(file)) problems.push(`${file} is not in the package`);
	}
	const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
	if (bytes > maxUnpackedBytes) problems.push(`${bytes} bytes are more than ${maxUnpackedBytes}`);

	const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
	const { n8n, dependencies, peerDependencies } = manifest;
	if (dependencies) problems.push('package.json has dependencies');
	if (JSON.stringify(peerDependencies) !== '{"n8n-workflow":"*"}') problems.push('wrong peers');
	if (!n8n.strict) problems.push('n8n.strict is not set');
	for (const file of [...n8n.nodes, ...n8n.credentials]) {
		if (!files.includes(file)) problems.push(`${file} is registered but not in the package`);
	}
	return problems;
}

function lookAtCode(folder: string, file: string): string[] {
	const code = readFileSync(join(folder, file), 'utf8');
	const imports = [...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name);
	const icons = [...code.matchAll(/["']file:([^"']+)["']/g)].map(([, path]) => path);
	return [
		...imports
			.filter((name) => !allowedImports.test(name))
			.map((name) => `${file} imports ${name}`),
		...icons
			.filter((path) => !existsSync(resolve(folder, file, '..', path)))
			.map((path) => `${file} refers to an icon that is not there: ${path}`),
	];
}

/** n8n's own scanner, offline: over our sources and over what is published. */
async function scan(folder: string): Promise<string[]> {
	const scanner = (await import(
		require.resolve('@n8n/scan-community-package/scanner/scanner.mjs')
	)) as Scanner;
	const scans = [
		await scanner.analyzePackage(root, scanner.SOURCE_FILE_PATTERNS),
		await scanner.analyzePackage(folder, ['dist/**/*.js', 'package.json']),
	];
	return scans
		.filter(({ passed }) => !passed)
		.map(({ message, details }) => `n8n's scanner: ${message ?? ''}\n${details ?? ''}`);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
