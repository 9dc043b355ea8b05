/** Builds and packs this package, as it would be published. */

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { npm } from './npm';

const root = resolve(__dirname, '..', '..');

/**
 * @param folder where the tarball goes; tarballs of earlier calls there make way.
 * @returns the tarball's path.
 * @throws Error with npm's last lines when the build fails.
 */
export async function packPackage(folder: string): Promise<string> {
	mkdirSync(folder, { recursive: true });
	const tarballs = () => readdirSync(folder).filter((name) => name.endsWith('.tgz'));
	for (const name of tarballs()) rmSync(join(folder, name));
	const logFile = join(folder, 'build.log');
	rmSync(logFile, { force: true });
	await npm(['run', 'build'], root, logFile);
	await npm(['pack', '--pack-destination', resolve(folder)], root, logFile);
	return join(folder, tarballs()[0]);
}
