import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macApps = ['Google Chrome', 'Chromium'];

/**
 * The Chromium of this machine.
 *
 * @throws Error that says how to get one.
 */
export function findChromium(): string {
	const given = process.env.CHROMIUM_PATH;
	if (given) {
		if (existsSync(given)) return given;
		throw new Error(`CHROMIUM_PATH is ${given}, where there is no file.`);
	}
	const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
	const found = [
		...folders.flatMap((folder) => names.map((name) => join(folder, name))),
		...macApps.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
	].find((path) => existsSync(path));
	if (found) return found;
	throw new Error(
		'The editor tests need Chromium or Chrome, and there is none. On Debian and Ubuntu: ' +
			'apt-get install chromium. Anywhere else: set CHROMIUM_PATH to its executable.',
	);
}

/** Starts it without a window, with a fresh profile, and with no way to other machines. */
export async function launchChromium(): Promise<Browser> {
	return await chromium.launch({
		executablePath: findChromium(),
		timeout: 120_000,
		args: [
			'--no-sandbox', // Root has none, and containers often cannot have one.
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
			'--no-proxy-server',
			'--disable-popup-blocking', // On a busy machine n8n opens a form too long after the click for Chromium.
			// What the editor loads from elsewhere must not decide how a test ends.
			'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
		],
	});
}
