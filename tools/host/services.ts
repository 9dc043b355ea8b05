/** PostgreSQL and Redis as n8n's queue mode needs them, with ports and a folder of their own. */

import { execFile, execFileSync, type SpawnOptions } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../until';
import { end, start } from './children';
import { freePort } from './n8n';

const run = promisify(execFile);

/** Both are running; end them with `stop()`. */
export interface Services {
	/** What n8n has to be told to use them. */
	env(database: string): Record<string, string>;
	createDatabase(name: string): Promise<void>;
	/** @returns the rows of a query, each with its columns as text */
	query(database: string, sql: string): Promise<string[][]>;
	/** Redis ends as on a restart of its container: what it holds is on disk. */
	stopRedis(): Promise<void>;
	/** Redis comes back on the same port, with what it held. */
	startRedis(): Promise<void>;
	stop(): Promise<void>;
}

/** @returns what is not installed here and how to get it; undefined where nothing is missing */
export function missingServices(): string | undefined {
	if (findPostgres() && isOnPath('redis-server')) return undefined;
	return 'This needs PostgreSQL and Redis; they need not run (Debian, Ubuntu: apt-get install postgresql redis-server).';
}

/**
 * @param folder for their data; where this process is root, it is handed over to the user `postgres`
 * @throws Error where one of them is missing or does not start
 */
export async function startServices(folder: string): Promise<Services> {
	const bin = findPostgres();
	if (!bin) throw new Error(missingServices());
	const isRoot = process.getuid?.() === 0;
	// PostgreSQL refuses to run as root.
	const as = (command: string, args: string[]): [string, string[]] =>
		isRoot ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, args];
	const data = join(folder, 'postgres');
	mkdirSync(data);
	if (isRoot) execFileSync('chown', ['-R', 'postgres', folder]);
	const quiet: SpawnOptions = { stdio: 'ignore', cwd: folder };
	execFileSync(...as(join(bin, 'initdb'), ['-D', data, '-U', 'n8n', '-A', 'trust']), quiet);
	const [port, redisPort] = [await freePort(), await freePort()];
	const settings = ['-c', 'listen_addresses=127.0.0.1'];
	const postgres = start(
		...as(join(bin, 'postgres'), ['-D', data, '-p', String(port), '-k', folder, ...settings]),
		quiet,
	);
	const bootRedis = () =>
		start(
			'redis-server',
			['--port', String(redisPort), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes'],
			quiet,
		);
	let redis = bootRedis();
	const client = ['-h', '127.0.0.1', '-p', String(port), '-U', 'n8n'];
	await until(async () => (await listens(port)) && (await listens(redisPort)));
	await until(async () => await succeeds(run(join(bin, 'pg_isready'), client)));
	return {
		env: (database) => ({
			DB_TYPE: 'postgresdb',
			DB_POSTGRESDB_HOST: '127.0.0.1',
			DB_POSTGRESDB_PORT: String(port),
			DB_POSTGRESDB_USER: 'n8n',
			DB_POSTGRESDB_PASSWORD: 'none',
			DB_POSTGRESDB_DATABASE: database,
			QUEUE_BULL_REDIS_HOST: '127.0.0.1',
			QUEUE_BULL_REDIS_PORT: String(redisPort),
		}),
		createDatabase: async (name) => {
			await run(join(bin, 'createdb'), [...client, name]);
		},
		query: async (database, sql) => {
			const { stdout } = await run(
				join(bin, 'psql'),
				[...client, '-d', database, '-AtF', '\t', '-c', sql],
				{ maxBuffer: 1024 ** 3 },
			);
			const lines = stdout.split('\n').filter((line) => line !== '');
			return lines.map((line) => line.split('\t'));
		},
		stopRedis: async () => await end(redis),
		startRedis: async () => {
			redis = bootRedis();
			await until(async () => await listens(redisPort));
		},
		stop: async () => {
			// At once, without waiting for n8n's connections to be closed.
			await end(postgres, 10_000, 'SIGINT');
			await end(redis);
		},
	};
}

/** @returns the folder with its programs, which Debian keeps off the path */
function findPostgres(): string | undefined {
	const root = '/usr/lib/postgresql';
	const folders = existsSync(root) ? readdirSync(root).map((name) => join(root, name, 'bin')) : [];
	return [...folders, ...pathFolders()].find((folder) => existsSync(join(folder, 'initdb')));
}

const isOnPath = (program: string) =>
	pathFolders().some((folder) => existsSync(join(folder, program)));

const pathFolders = () => (process.env.PATH ?? '').split(':');

async function listens(port: number): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1');
		socket.once('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.once('error', () => resolve(false));
	});
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
	return await work.then(
		() => true,
		() => false,
	);
}
