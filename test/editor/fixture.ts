import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';

import { type Fixture, onRealN8n } from '../e2e/fixture';
import type { HostVersion } from '../../tools/host/install';
import { launchChromium } from './browser';
import { Editor } from './editor';

/** What a test gets: n8n and simulator as in the e2e tests, and a tab in which the owner is signed in. */
export interface Seen {
	fixture: Fixture;
	editor: Editor;
}

/** Like `it`, with an editor. */
export type See = (name: string, test: (seen: Seen) => Promise<void>) => void;

/** One n8n and one tab for all tests of a file, and a fresh simulator for each; after a failure a fresh tab, too. */
export function inEditor(version: HostVersion, tests: (see: See) => void): void {
	onRealN8n(version, (fixture) => {
		let browser: Browser;
		let editor: Editor | undefined;

		beforeAll(async () => {
			browser = await launchChromium();
		});

		afterAll(async () => await browser.close());

		const signedIn = async () => {
			const fresh = new Editor(await browser.newPage(), fixture().n8n.baseUrl);
			await fresh.signIn();
			return fresh;
		};

		tests((name, test) => {
			it(name, async () => {
				editor ??= await signedIn();
				editor.complaints = [];
				await editor.page.setViewportSize({ width: 1600, height: 1200 });
				try {
					await test({ fixture: fixture(), editor });
					expect(editor.complaints).toEqual([]);
				} catch (error) {
					const screenshot = await keepScreenshot(editor);
					process.stderr.write(`n8n ${version}, "${name}" failed; screenshot: ${screenshot}\n`);
					await editor.page.context().close();
					editor = undefined;
					throw error;
				}
			});
		});
	});
}

/** @returns the file, or why there is none; never fails, so that the test's own error is the one that is seen */
async function keepScreenshot({ page }: Editor): Promise<string> {
	const path = join(mkdtempSync(join(tmpdir(), 'n8n-editor-')), 'screenshot.png');
	try {
		await page.screenshot({ path });
		return path;
	} catch (error) {
		return `none (${(error as Error).message})`;
	}
}
