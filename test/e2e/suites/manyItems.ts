import { setTimeout as sleep } from 'node:timers/promises';

import { tasksAskedFor } from '../../simulator';
import { edited, type Fixture, items, lastRun } from '../fixture';

/** Workflows with many rows in one node. */
export function manyItems(given: () => Fixture): void {
	describe('many items', () => {
		it('run together, are asked for together, and come out in order', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const rows = Array.from({ length: 40 }, (_, index) => ({ prompt: `Row ${index + 1}` }));
			for (const [index, { prompt }] of rows.entries()) {
				simulator.nextTask({ prompt: new RegExp(`^${prompt}$`), seconds: 2 + ((index * 7) % 3) });
			}
			const execution = await fixture.run([
				...items(...rows),
				fixture.editImage({ prompt: '={{ $json.prompt }}', options: { concurrency: 40 } }),
			]);
			const output = edited(execution);
			expect(
				output.map(({ json }) => simulator.tasks.get(json.id as string)?.request.prompt),
			).toEqual(rows.map(({ prompt }) => prompt));
			expect(output.map(({ pairedItem }) => pairedItem)).toEqual(rows.map((_, item) => ({ item })));
			for (const item of output) expect((await fixture.picture(item)).length).toBeGreaterThan(1000);
			expect(simulator.paidTasks()).toBe(40);
			const questions = simulator.requests.filter((request) => tasksAskedFor(request));
			expect(questions.length).toBeLessThan(40);
			const hints = lastRun(execution).hints?.map(({ message }) => message);
			expect(hints).toEqual([expect.stringMatching(/^40 items done in [\d.]+ s$/)]);
		});

		it('stop at once when the user stops them, and start nothing more', async () => {
			const fixture = given();
			const { n8n, simulator } = fixture;
			simulator.nextTask({ end: 'never', times: Infinity });
			const rows = Array.from({ length: 30 }, (_, index) => ({ prompt: `Row ${index + 1}` }));
			const options = { concurrency: 5 };
			const workflowId = await fixture.store([
				...items(...rows),
				fixture.editImage({ prompt: '={{ $json.prompt }}', options }),
			]);
			const executionId = await n8n.runWorkflow(workflowId);
			while (simulator.tasks.size < 5) await sleep(50);
			await n8n.stopExecution(executionId);
			await n8n.waitForExecution(executionId, { until: ['canceled'] });
			await sleep(1500);
			const sentBefore = simulator.requests.length;
			await sleep(3000);
			expect(simulator.requests).toHaveLength(sentBefore);
			expect(simulator.tasks.size).toBe(5);
		});
	});
}
