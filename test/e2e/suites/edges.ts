import { setTimeout as sleep } from 'node:timers/promises';

import { edited, type Fixture, items } from '../fixture';

const IMAGE_TEXTS = ['Beach', 'Forest'];

/** Errors before the first item, and runs that are woken in an unusual way. */
export function edges(given: () => Fixture): void {
	it.each([
		['continueRegularOutput', 0],
		['continueErrorOutput', 1],
	] as const)('an error before the first item is one of each item: %s', async (onError, output) => {
		const fixture = given();
		await fixture.n8n.updateCredential(fixture.credential, {
			apiKey: 'k'.repeat(20),
			baseUrl: 'mock-evolink.com',
			filesBaseUrl: fixture.simulator.filesUrl,
		});
		const nodes = [
			...items(...IMAGE_TEXTS.map((prompt) => ({ prompt }))),
			fixture.editImage({ prompt: '={{ $json.prompt }}' }, { onError }),
		];
		const execution = await fixture.run(nodes);
		const errors = edited(execution, output);
		expect(errors.map(({ json }) => json.error)).toEqual(
			IMAGE_TEXTS.map(() => expect.stringContaining("'Base URL'") as string),
		);
		expect(errors.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		if (output === 1) expect(edited(execution, 0)).toEqual([]);
		expect(fixture.simulator.requests).toEqual([]);
	});

	it('a run is woken by a call of any content type; an error of its checks names the task', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		simulator.nextTask({ seconds: 1, callbackCopies: 0, times: 3 });
		// As soon as it is parked, its prompt is gone.
		const parkedUntil = Date.now() + 20_000;
		const nodes = [
			...items({}),
			fixture.editImage(
				{ wait: 'callback', prompt: `={{ Date.now() < ${parkedUntil} ? "Beach" : "" }}` },
				{ onError: 'continueRegularOutput' },
			),
		];
		const id = await fixture.store(nodes);
		const contentTypes = [
			'text/plain',
			'application/x-www-form-urlencoded',
			'application/octet-stream',
		];
		const executionIds = await Promise.all(contentTypes.map(async () => await n8n.runWorkflow(id)));
		for (const executionId of executionIds) {
			await n8n.waitForExecution(executionId, { until: ['waiting'] });
		}
		const tasks = [...simulator.tasks.values()];
		expect(tasks).toHaveLength(3);
		await sleep(Math.max(0, parkedUntil - Date.now()));
		const answers = await Promise.all(
			contentTypes.map(async (contentType, index) => {
				const url = new URL(String(tasks[index].request.callback_url));
				const { status } = await fetch(n8n.baseUrl + url.pathname + url.search, {
					method: 'POST',
					headers: { 'content-type': contentType, connection: 'close' },
					body: JSON.stringify({ id: tasks[index].id }),
				});
				return status;
			}),
		);
		expect(answers).toEqual([200, 200, 200]);
		const told = await Promise.all(
			executionIds.map(async (executionId) => {
				const execution = await n8n.waitForExecution(executionId, { timeoutMs: 90_000 });
				return edited(execution).map(({ json }) => json);
			}),
		);
		const ids = tasks.map((task) => task.id);
		expect(told.flat().map((json) => [json.error, json.id])).toEqual(
			told.map(() => [expect.stringMatching(/Prompt/i), expect.any(String)] as string[]),
		);
		expect(told.flat().map((json) => json.id)).toEqual(expect.arrayContaining(ids));
		expect(simulator.paidTasks()).toBe(3);
		for (const taskId of ids) expect(fixture.log).toContain(taskId);
	}, 150_000);
}
