import { setTimeout as sleep } from 'node:timers/promises';
import type { INode, INodeParameters } from 'n8n-workflow';

import { type Execution, outputItems } from '../../host/rest';
import { edited, errorText, type Fixture, items } from '../fixture';

const CALLBACK = { wait: 'callback' };

/** Runs Edit Image with prompts from its items until it parks; then nobody asks anything. */
async function parked(
	fixture: Fixture,
	prompts: string[],
	parameters: INodeParameters = {},
	settings: Partial<INode> = {},
): Promise<string> {
	const { n8n } = fixture;
	const workflowId = await fixture.store([
		...items(...prompts.map((prompt) => ({ prompt }))),
		fixture.editImage({ ...CALLBACK, prompt: '={{ $json.prompt }}', ...parameters }, settings),
		{ name: 'Next', type: 'n8n-nodes-base.noOp' },
	]);
	const executionId = await n8n.runWorkflow(workflowId);
	await n8n.waitForExecution(executionId, { until: ['waiting'] });
	return executionId;
}

/** The execution when it has ended, and what came out. */
async function ended({ n8n }: Fixture, executionId: string): Promise<Execution> {
	return await n8n.waitForExecution(executionId, { timeoutMs: 90_000 });
}

export function callback(given: () => Fixture): void {
	describe('Suspend Until Callback', () => {
		it('parks one execution for all items, and wakes it once when the last task has ended', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask({ prompt: /Slow/, seconds: 3 });
			simulator.nextTask({ prompt: /Quick/, seconds: 1 });
			simulator.nextTask({ prompt: /Middle/, seconds: 2 });
			const executionId = await parked(fixture, ['Slow', 'Quick', 'Middle']);
			const execution = await ended(fixture, executionId);
			expect(execution.status).toBe('success');
			const output = edited(execution);
			expect(output.map(({ json }) => json.status)).toEqual([
				'completed',
				'completed',
				'completed',
			]);
			expect(output.map(({ pairedItem }) => pairedItem)).toEqual([
				{ item: 0 },
				{ item: 1 },
				{ item: 2 },
			]);
			const prompts = output.map(
				({ json }) => simulator.tasks.get(String(json.id))?.request.prompt,
			);
			expect(prompts).toEqual(['Slow', 'Quick', 'Middle']);
			for (const item of output) expect((await fixture.picture(item)).length).toBeGreaterThan(1000);
			expect(outputItems(execution, 'Next')).toHaveLength(3);
			expect(execution.data.resultData.runData.Next).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(3);
			expect(simulator.callbacks.map(({ status }) => status)).toEqual([200, 200, 200]);
			await sleep(0);
		});

		it('fails the execution for a failed task', async () => {
			const fixture = given();
			fixture.simulator.nextTask({
				prompt: /Bad/,
				seconds: 1,
				end: 'failed',
				code: 'invalid_parameters',
			});
			fixture.simulator.nextTask({ seconds: 2 });
			const executionId = await parked(fixture, ['Bad', 'Good']);
			const execution = await ended(fixture, executionId);
			expect(execution.status).toBe('error');
			expect(errorText(execution)).toContain('invalid_parameters');
			expect(execution.data.resultData.runData.Next).toBeUndefined();
		});
	});
}
