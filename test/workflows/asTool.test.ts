import { editImage, runWorkflow, sent } from './harness';
import { scenarios } from './scenarios';

/** What an AI agent gets of the node. */

const tool = { type: 'n8n-nodes-evolink.evolinkTool' };

describe('As the tool of an agent', () => {
	scenarios({
		'links come back, and nothing is downloaded': async (simulator) => {
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: tool,
			});
			expect(items[0].json.results).toEqual([expect.stringContaining(simulator.resultsUrl)]);
			expect(items[0].binary).toBeUndefined();
			expect(sent(simulator).all.filter(({ host }) => host === 'results')).toEqual([]);
		},
		'an error is data that says what to do': async (simulator) => {
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '' }),
				node: tool,
			});
			expect(error).toBeUndefined();
			expect(items[0].json.error).toMatch(/^'Prompt' is empty\. Say what to change/);
			expect(simulator.paidTasks()).toBe(0);
		},
		'a failed task is data with its ID': async (simulator) => {
			simulator.nextTask({ end: 'failed', code: 'content_policy_violation' });
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: tool,
			});
			expect(error).toBeUndefined();
			const [id] = simulator.tasks.keys();
			expect(items[0].json).toMatchObject({ id, error: expect.stringContaining(id) as string });
		},
		'an error is thrown where Retry On Fail calls the tool again, which is not paid again': async (
			simulator,
		) => {
			simulator.inject({ host: 'api', path: /tasks/, fault: { status: 403 } });
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: { ...tool, retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			});
			expect(error).toBeUndefined();
			expect(items[0].json.status).toBe('completed');
			expect(simulator.paidTasks()).toBe(1);
		},
	});
});
