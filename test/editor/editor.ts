import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Locator, type Page, selectors } from 'playwright-core';

import { owner } from '../../tools/host/rest';

selectors.setTestIdAttribute('data-test-id');

/** For a machine that is busy with other work. */
const patienceMs = 120_000;

/** For a page that loads all of the editor. */
const loadPatienceMs = 180_000;

/** n8n's editor in a browser tab, by the words and places that a person sees. */
export class Editor {
	/** What the browser complained about that has to do with this package. */
	complaints: string[] = [];

	constructor(
		readonly page: Page,
		private readonly baseUrl: string,
	) {
		page.setDefaultTimeout(patienceMs);
		page.setDefaultNavigationTimeout(loadPatienceMs);
		page.on('pageerror', (error) => this.note(`exception: ${error.stack ?? error.message}`));
		page.on('console', (message) => {
			if (message.type() !== 'error' || /^Failed to load resource/.test(message.text())) return;
			this.note(`console: ${message.text()} at ${message.location().url}`);
		});
		page.on('response', (response) => {
			if (response.status() < 400 || !response.url().startsWith(baseUrl)) return;
			this.note(`${response.status()}: ${response.url()}`);
		});
	}

	/** Most of what a browser complains about is n8n's own. */
	private note(complaint: string): void {
		if (/evolink|\/icons\//i.test(complaint)) this.complaints.push(complaint);
	}

	/** Through the form, as {@link owner}. */
	async signIn(): Promise<void> {
		await this.page.goto(`${this.baseUrl}/signin`);
		await this.page.locator('input[type=email]').fill(owner.email);
		await this.page.locator('input[type=password]').fill(owner.password);
		await this.page.locator('input[type=password]').press('Enter');
		await this.page.waitForURL(/\/home\/workflows/);
	}

	/** Opens a workflow's canvas. */
	async openWorkflow(workflowId: string): Promise<void> {
		await this.page.goto(`${this.baseUrl}/workflow/${workflowId}`);
		await this.see('canvas-node').first().waitFor({ timeout: loadPatienceMs });
	}

	/** Opens a node's panel, with its parameters between input and output. */
	async openNode(workflowId: string, nodeId: string): Promise<void> {
		await this.page.goto(`${this.baseUrl}/workflow/${workflowId}/${nodeId}`);
		await this.panel.waitFor({ timeout: loadPatienceMs });
	}

	/** What is visible of the elements with a `data-test-id`, which both versions of n8n mostly share. */
	see(testId: string): Locator {
		return this.page.getByTestId(testId).filter({ visible: true });
	}

	/** A text that is visible somewhere; a string is the whole of it. */
	text(text: string | RegExp): Locator {
		return this.page.getByText(text, { exact: true }).filter({ visible: true }).first();
	}

	get panel(): Locator {
		return this.see('node-parameters');
	}

	get output(): Locator {
		return this.see('output-panel');
	}

	/** The labels of a node's parameters, from top to bottom. */
	async labels(): Promise<string[]> {
		const labels = await this.panel.getByTestId('input-label').filter({ visible: true }).all();
		const texts = await Promise.all(labels.map(async (label) => await label.innerText()));
		// Below it are the switch between Fixed and Expression, and the hint.
		return texts.map((text) => text.split('\n')[0].trim());
	}

	/** The input of a parameter, by its name. */
	field(name: string): Locator {
		return this.see(`parameter-input-${name}`).locator('input, textarea').first();
	}

	/** Picks an entry of a list. */
	async choose(name: string, option: string): Promise<void> {
		await this.field(name).click();
		await this.see('parameter-input-item')
			.filter({ hasText: new RegExp(`^\\s*${option}`) })
			.click();
	}

	/** The entries that a list offers, each with its description. */
	async choices(name: string): Promise<string[]> {
		await this.field(name).click();
		const items = this.see('parameter-input-item');
		await items.first().waitFor();
		const texts = await items.allInnerTexts();
		await this.field(name).click();
		await items.first().waitFor({ state: 'hidden' });
		return texts;
	}

	/** What 'Add option' and the like offer. */
	async offered(placeholder: string): Promise<string[]> {
		const add = this.panel.getByPlaceholder(placeholder);
		await add.click();
		const items = this.see('collection-parameter-option');
		await items.first().waitFor();
		const texts = await items.allInnerTexts();
		await add.click();
		await items.first().waitFor({ state: 'hidden' });
		return texts;
	}

	/** Takes one of what 'Add option' and the like offer. */
	async add(placeholder: string, option: string): Promise<void> {
		await this.panel.getByPlaceholder(placeholder).click();
		await this.see('collection-parameter-option').getByText(option, { exact: true }).click();
	}

	/** Opens the list of models, and searches it. */
	async searchModels(text: string): Promise<void> {
		await this.see('rlc-input').click();
		// The first entry may be there before the list has come, and 1.123 forgets what is typed in between.
		await this.see('rlc-item').nth(1).waitFor();
		await this.see('rlc-search').fill(text);
	}

	/** The model that is shown as chosen. */
	async modelName(): Promise<string> {
		return await this.see('rlc-input').inputValue();
	}

	/** Picks a model by way of the search. */
	async chooseModel(name: string): Promise<void> {
		await this.searchModels(name);
		await this.see('rlc-item').getByText(name, { exact: true }).click();
		await expectSoon(async () => await this.modelName(), name);
	}

	/** Waits until the output has a text as JSON; n8n turns to the images by itself when they come. */
	async jsonWith(text: string): Promise<void> {
		await expectSoon(async () => {
			await this.output.getByText('JSON', { exact: true }).click();
			return await this.output.getByText(text).isVisible();
		}, true);
	}

	/** 'Execute step' of the node whose panel is open. */
	async execute(): Promise<void> {
		await this.see('node-execute-button').click();
	}
}

/** Waits until the editor shows what is expected; if it does not, says what it shows. */
export async function expectSoon<T>(read: () => Promise<T>, expected: T): Promise<void> {
	const deadline = Date.now() + patienceMs;
	let seen = await read();
	while (!isDeepStrictEqual(seen, expected) && Date.now() < deadline) {
		await sleep(100);
		seen = await read();
	}
	expect(seen).toEqual(expected);
}
