import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureHost, hostVersions } from '../../tools/host/install';
import { packPackage } from '../../tools/host/pack';

/** Installs n8n and packs the package once, before the clocks of the tests run. */
export default async function globalSetup(): Promise<void> {
	for (const version of hostVersions) {
		await ensureHost(version, (line) => process.stderr.write(`${line}\n`));
	}
	process.env.PACKAGE_TARBALL = await packPackage(mkdtempSync(join(tmpdir(), 'n8n-package-')));
}
