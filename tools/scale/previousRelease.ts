import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { npm } from '../host/npm';

/** The last commit of 0.1.0, before the work on 0.2.0 began. */
const COMMIT = 'b9cf147d522350761053f4bde006e05787937c7f';

const root = resolve(__dirname, '..', '..');

/**
 * Builds and packs the release before this one from the history of this repository.
 *
 * @returns the tarball's path; undefined in a clone without that history
 */
export async function packPreviousRelease(folder: string): Promise<string | undefined> {
	const git = (args: string[]) =>
		execFileSync('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1e9 });
	try {
		git(['cat-file', '-e', `${COMMIT}^{commit}`]);
	} catch {
		return undefined;
	}
	const source = join(folder, 'previous');
	mkdirSync(source, { recursive: true });
	execFileSync('tar', ['-x', '-C', source], { input: git(['archive', COMMIT]) });
	// The tools that build it have not changed in what matters.
	symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
	const logFile = join(folder, 'previous.log');
	await npm(['run', 'build'], source, logFile);
	await npm(['pack', '--pack-destination', folder], source, logFile);
	const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
	return join(folder, tarball);
}
