/** `npm run docs:errors`: writes the messages of the code into docs/troubleshooting.md. */

import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

import { TROUBLESHOOTING, withErrorTexts } from './errors';

async function main(): Promise<void> {
	const page = withErrorTexts(readFileSync(TROUBLESHOOTING, 'utf8'));
	const options = await resolveConfig(TROUBLESHOOTING);
	writeFileSync(TROUBLESHOOTING, await format(page, { ...options, filepath: TROUBLESHOOTING }));
}

void main();
