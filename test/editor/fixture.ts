import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';

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

/** One n8n and one browser for all tests of a file; a fresh simulator and tab for each test. */
export function inEditor(version: HostVersion, tests: (see: See) => void): void {
	onRealN8n(version, (fixture) => {
		let browser: Browser;
		let context: BrowserContext;

		const newEditor = async () => new Editor(await context.newPage(), fixture().n8n.baseUrl);

		beforeAll(async () => {
			browser = await launchChromium();
			context = await browser.newContext({ viewport: { width: 1600, height: 1200 } });
			const editor = await newEditor();
			await editor.signIn();
			await editor.page.close();
		}, 120_000);

		afterAll(async () => await browser.close());

		tests((name, test) => {
			it(name, async () => {
				const editor = await newEditor();
				try {
					await test({ fixture: fixture(), editor });
					expect(editor.complaints).toEqual([]);
				} catch (error) {
					const screenshot = await keepScreenshot(editor);
					process.stderr.write(`n8n ${version}, "${name}" failed; screenshot: ${screenshot}\n`);
					throw error;
				} finally {
					await editor.page.close();
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
