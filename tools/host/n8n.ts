/**
 * Starts a real n8n, on this computer only, and ends it again.
 */

import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { end, freeze, hasExited, kill, start, thaw } from './children';
import { type Host, type HostVersion, ensureHost } from './install';
import { type Log, tail } from './logs';
import { npm } from './npm';
import { RestClient } from './rest';

const readyTimeoutSeconds = 300;

export interface StartOptions {
	version: HostVersion;
	/** Where n8n keeps its data, in `.n8n`; made when it is not there. The caller's to remove. */
	userFolder: string;
	/** A free one when left out. */
	port?: number;
	/** Which of n8n's processes; in queue mode there are workers and webhook processors beside the main one. */
	command?: 'start' | 'worker' | 'webhook';
	/** For the command, such as `--concurrency=10` of a worker. */
	arguments?: string[];
	/** More environment variables for n8n. Of this process's own it gets only {@link inherited}. */
	env?: Record<string, string>;
	/** A packed package to install first, see {@link installPackage}. */
	packageTarball?: string;
	/** Where n8n prints to. `n8n.log` in the user folder when left out. */
	logFile?: string;
	/** Where a debugger can attach, on this computer. Off when left out. */
	inspectorPort?: number;
	log?: Log;
}

/** A running n8n: its REST interface, and how to end it. */
export class N8n extends RestClient {
	constructor(
		baseUrl: string,
		/** The exact version, such as `1.123.81`. */
		readonly version: string,
		/** All that n8n printed since it was started. */
		readonly logFile: string,
		private readonly child: ChildProcess,
	) {
		super(baseUrl);
	}

	/** Of n8n's main process. */
	get pid(): number {
		if (this.child.pid === undefined) throw new Error('n8n did not start');
		return this.child.pid;
	}

	/** Whether it has ended, by itself or because it was killed. */
	get hasEnded(): boolean {
		return hasExited(this.child);
	}

	/** Ends n8n and everything it started. Takes a second or two; running executions are cut off. */
	async stop(): Promise<void> {
		this.thaw();
		await end(this.child);
	}

	/** Ends it as a power cut would: `kill -9`. */
	async kill(): Promise<void> {
		await kill(this.child);
	}

	/** Nothing of it runs any more, as on a computer that hangs; its connections stay open. */
	freeze(): void {
		freeze(this.child);
	}

	/** It goes on where it was frozen. */
	thaw(): void {
		thaw(this.child);
	}
}

/**
 * Starts n8n, installing it first where needed, and resolves when it answers.
 *
 * @throws Error with the last lines of n8n's log when it ends, or does not answer within 120 s.
 */
export async function startN8n(options: StartOptions): Promise<N8n> {
	const {
		version,
		command = 'start',
		arguments: commandArguments = [],
		env,
		packageTarball,
		inspectorPort,
		log = () => {},
	} = options;
	const userFolder = resolve(options.userFolder);
	const host = await ensureHost(version, log);
	mkdirSync(userFolder, { recursive: true });
	if (packageTarball) await installPackage(userFolder, packageTarball);

	const port = await freePort(options.port);
	const brokerPort = await freePort();
	const { logFile = join(userFolder, 'n8n.log') } = options;
	const output = openSync(logFile, 'w');
	const started = Date.now();
	log(`Starting n8n ${host.n8nVersion} (${command}) on port ${port}`);
	const inspector = inspectorPort ? [`--inspect=127.0.0.1:${inspectorPort}`] : [];
	const child = start(host.node, [...inspector, host.n8n, command, ...commandArguments], {
		cwd: userFolder,
		env: { ...inherited(), ...settings(userFolder, port, brokerPort), ...env },
		stdio: ['ignore', output, output],
	});
	closeSync(output);
	const n8n = new N8n(`http://127.0.0.1:${port}`, host.n8nVersion, logFile, child);
	try {
		await untilReady(n8n, child, host, command === 'start' ? '/rest/settings' : '/healthz');
	} catch (error) {
		await n8n.stop();
		throw error;
	}
	log(`n8n ${host.n8nVersion} is ready after ${Math.round((Date.now() - started) / 1000)} s`);
	return n8n;
}

/**
 * Installs a packed package the way n8n has its users' packages. An older one makes way.
 *
 * @param tarball what `npm pack` made.
 */
export async function installPackage(userFolder: string, tarball: string): Promise<void> {
	const folder = resolve(userFolder, '.n8n', 'nodes');
	// A tarball of the same version may have other contents; npm would keep what it has.
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, 'package.json'), '{ "name": "installed-nodes", "private": true }\n');
	// As n8n does: no peers, for n8n-workflow is n8n's own.
	const settings = ['--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'];
	await npm(['install', resolve(tarball), ...settings], folder, join(folder, 'npm.log'));
}

/** What any program needs, and nothing that would change n8n: no N8N_*, no keys, no NODE_ENV. */
function inherited(): NodeJS.ProcessEnv {
	const wanted =
		/^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SystemRoot|ComSpec|USERPROFILE|(APP|LOCALAPP)DATA|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|https?_proxy|no_proxy)$/i;
	const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => wanted.test(name)));
	// What runs on this computer (the simulator) is never behind the proxy.
	const direct = [env.NO_PROXY ?? env.no_proxy, '127.0.0.1', 'localhost'].filter(Boolean).join(',');
	return { ...env, NO_PROXY: direct, no_proxy: direct };
}

function settings(userFolder: string, port: number, brokerPort: number): NodeJS.ProcessEnv {
	return {
		N8N_USER_FOLDER: userFolder,
		N8N_HOST: '127.0.0.1',
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		N8N_PORT: String(port),
		QUEUE_HEALTH_CHECK_ACTIVE: 'true',
		QUEUE_HEALTH_CHECK_PORT: String(port),
		// As n8n's images run it.
		NODE_ENV: 'production',
		// The session cookie must work without HTTPS.
		N8N_SECURE_COOKIE: 'false',
		// 1.123 runs Code nodes itself; 2.41 always has task runners, on a port of their own.
		N8N_RUNNERS_ENABLED: 'false',
		N8N_RUNNERS_BROKER_PORT: String(brokerPort),
		N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'true',
		// Nothing that asks the network or the person.
		N8N_DIAGNOSTICS_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		N8N_TEMPLATES_ENABLED: 'false',
		N8N_PERSONALIZATION_ENABLED: 'false',
		N8N_HIRING_BANNER_ENABLED: 'false',
	};
}

/** While it starts, n8n 2 answers with the text "n8n is starting up", so only JSON counts. */
async function untilReady(n8n: N8n, child: ChildProcess, host: Host, path: string): Promise<void> {
	const deadline = Date.now() + readyTimeoutSeconds * 1000;
	for (;;) {
		const failure = hasExited(child)
			? `ended with ${child.exitCode ?? child.signalCode}`
			: Date.now() > deadline && `did not answer within ${readyTimeoutSeconds} s`;
		if (failure) {
			const lines = tail(n8n.logFile);
			throw new Error(`n8n ${host.n8nVersion} ${failure}. Its last words:\n${lines}`);
		}
		if (await answers(n8n, path)) return;
		await sleep(200);
	}
}

async function answers(n8n: N8n, path: string): Promise<boolean> {
	try {
		return (await n8n.answers(path)) !== undefined;
	} catch {
		return false;
	}
}

/** @throws Error when the port that was asked for is taken. */
export async function freePort(port = 0): Promise<number> {
	const server = createServer();
	return await new Promise((done, fail) => {
		server.once('error', (error: NodeJS.ErrnoException) =>
			fail(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is already in use.`) : error),
		);
		server.listen(port, '127.0.0.1', () => {
			const free = (server.address() as AddressInfo).port;
			server.close(() => done(free));
		});
	});
}
