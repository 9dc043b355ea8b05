import type { INode } from 'n8n-workflow';

import { type Fault, samplePicture, type Simulator } from '../simulator';
import { binaryField, editImage, keysOf, runWorkflow, sent } from './harness';
import { type Scenario, scenarios } from './scenarios';

/** n8n repeats nodes and executions; what was paid is continued, not paid again. */

const poll = { host: 'api', method: 'GET', path: /^\/v1\/tasks\// } as const;
const twice: Partial<INode> = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
const goOn: Partial<INode> = { onError: 'continueRegularOutput' };

function failOnePoll(simulator: Simulator, fault?: Fault): void {
	simulator.inject({ ...poll, fault: fault ?? simulator.refusal('unauthorized') });
}

/** Prompts of the paid tasks, in order. */
function paidPrompts(simulator: Simulator): string[] {
	return simulator.ledger.map(
		({ taskId }) => simulator.tasks.get(taskId)?.request.prompt ?? 'unknown',
	);
}

const prompts = (...texts: string[]) => texts.map((prompt) => ({ json: { prompt } }));

describe('With Retry On Fail', () => {
	scenarios({
		'a task whose query failed is continued': async (simulator) => {
			failOnePoll(simulator);
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: twice,
			});
			expect(error).toBeUndefined();
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(sent(simulator).creates).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		},
		'a task whose image could not be fetched is continued': async (simulator) => {
			simulator.nextTask({ delivery: { status: 403, statusTimes: 1 } });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: twice,
			});
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(sent(simulator).creates).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		},
		'a task that took too long is continued, with a time limit of its own': async (simulator) => {
			simulator.nextTask({ seconds: 1.8, estimatedTime: 0 });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { options: { timeout: 1 } }),
				node: { ...twice, maxTries: 4 },
			});
			expect(items[0].json.status).toBe('completed');
			expect(sent(simulator).creates).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		},
		'tasks whose neighbour failed are continued': async (simulator) => {
			simulator.nextTask({ prompt: /bad/, end: 'failed', code: 'service_error' });
			simulator.nextTask({ prompt: /slow/, seconds: 2, estimatedTime: 0 });
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
				items: prompts('slow', 'bad', 'good'),
				node: twice,
			});
			expect(error).toBeUndefined();
			expect(items.map(({ json }) => json.status)).toEqual(Array(3).fill('completed'));
			expect(paidPrompts(simulator)).toEqual(['slow', 'bad', 'good', 'bad']);
			expect(simulator.ledger.map(({ refunded }) => refunded)).toEqual([false, true, false, false]);
		},
		'an item that was done already is not paid again because of another': async (simulator) => {
			simulator.nextTask({ prompt: /late/, delivery: { status: 403, statusTimes: 1 } });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					prompt: '={{ $json.prompt }}',
					options: { concurrency: 1 },
				}),
				items: prompts('done', 'late'),
				node: twice,
			});
			expect(items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
			expect(paidPrompts(simulator)).toEqual(['done', 'late']);
		},
		'a prompt that is different each time it is evaluated is paid once': async (simulator) => {
			failOnePoll(simulator);
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ "Edit " + Math.random() }}' }),
				node: twice,
			});
			expect(items[0].json.status).toBe('completed');
			expect(sent(simulator).creates).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		},
		'a task that failed for a passing reason is asked anew, under a new key': async (simulator) => {
			simulator.nextTask({ end: 'failed', code: 'resource_exhausted' });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: twice,
			});
			expect(items[0].json.status).toBe('completed');
			expect(keysOf(simulator)).toHaveLength(2);
			expect(simulator.ledger.map(({ refunded }) => refunded)).toEqual([true, false]);
		},
		'a task that failed for good gives the same error and is not paid again': async (simulator) => {
			simulator.nextTask({ end: 'failed', code: 'content_policy_violation' });
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: { ...twice, maxTries: 3 },
			});
			expect(error?.description).toContain('content_policy_violation');
			expect(error?.description).toContain('Change them before you retry');
			expect(simulator.paidTasks()).toBe(1);
			expect(sent(simulator).creates).toHaveLength(1);
		},
		'each run of a loop continues its own task': async (simulator) => {
			simulator.inject({ ...poll, after: 1, fault: simulator.refusal('unauthorized') });
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				loops: 2,
				node: twice,
			});
			expect(error).toBeUndefined();
			expect(items).toHaveLength(2);
			expect(sent(simulator).creates).toHaveLength(2);
			expect(simulator.paidTasks()).toBe(2);
		},
		'and Continue, a first item that failed is asked anew and the others are kept': async (
			simulator,
		) => {
			simulator.nextTask({ prompt: /bad/, end: 'failed', code: 'service_error' });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
				items: prompts('bad', 'good'),
				node: { ...twice, ...goOn },
			});
			expect(items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
			expect(paidPrompts(simulator)).toEqual(['bad', 'good', 'bad']);
		},
		'and Continue, what still fails is an item with its error': async (simulator) => {
			simulator.nextTask({ prompt: /bad/, end: 'failed', code: 'invalid_parameters' });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
				items: prompts('bad', 'good'),
				node: { ...twice, ...goOn },
			});
			expect(items[0].json).toMatchObject({
				error: expect.stringContaining('invalid_parameters') as string,
				id: expect.stringMatching(/^task-unified-/) as string,
			});
			expect(items[1].json.status).toBe('completed');
			expect(paidPrompts(simulator)).toEqual(['bad', 'good']);
		},
		'and Continue, what the neighbours have stored is not fetched again': async (simulator) => {
			simulator.nextTask({ prompt: /bad/, end: 'failed', code: 'invalid_parameters' });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
				items: prompts('bad', ...Array.from({ length: 29 }, (_, index) => `good ${index}`)),
				node: { retryOnFail: true, maxTries: 4, waitBetweenTries: 1, ...goOn },
			});
			const images = items.slice(1).map(({ binary }) => binary?.data.mimeType);
			expect(images).toEqual(Array(29).fill('image/png'));
			expect(items.map(({ pairedItem }) => pairedItem)).toEqual(items.map((_, item) => ({ item })));
			expect(sent(simulator).downloads).toHaveLength(29);
			expect(paidPrompts(simulator)).toHaveLength(30);
		},
		'and an error output, nothing is paid again either': async (simulator) => {
			failOnePoll(simulator);
			const { items, errorItems } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: { ...twice, onError: 'continueErrorOutput' },
			});
			expect(items.map(({ json }) => json.status)).toEqual(['completed']);
			expect(errorItems).toEqual([]);
			expect(simulator.paidTasks()).toBe(1);
		},
	});
});

describe('What is asked twice on purpose', () => {
	scenarios({
		'two equal items are two tasks': async (simulator) => {
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				items: [{ json: {} }, { json: {} }],
			});
			expect(new Set(items.map(({ json }) => json.id)).size).toBe(2);
			expect(keysOf(simulator)).toHaveLength(2);
			expect(simulator.paidTasks()).toBe(2);
		},
		'two runs in a loop are two tasks': async (simulator) => {
			const { items, arrived } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				loops: 2,
			});
			expect(arrived).toBe(1);
			expect(new Set(items.map(({ json }) => json.id)).size).toBe(2);
			expect(simulator.paidTasks()).toBe(2);
		},
		'two executions are two tasks': async (simulator) => {
			const parameters = editImage(simulator, { wait: 'none' });
			const first = await runWorkflow({ simulator, parameters, executionId: '7' });
			const second = await runWorkflow({ simulator, parameters, executionId: '8' });
			expect(first.items[0].json.id).not.toBe(second.items[0].json.id);
			expect(simulator.paidTasks()).toBe(2);
		},
	});
});

describe('A failed execution that the user retries', () => {
	const continues = (breakIt: (simulator: Simulator) => void) =>
		(async (simulator) => {
			breakIt(simulator);
			const parameters = editImage(simulator);
			const failed = await runWorkflow({ simulator, parameters, executionId: '7' });
			expect(failed.error).toBeDefined();
			const { items, error, arrived } = await runWorkflow({
				simulator,
				parameters,
				executionId: '8',
				retryOf: failed,
			});
			expect(error).toBeUndefined();
			expect(arrived).toBe(1);
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(sent(simulator).creates).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		}) satisfies Scenario;

	scenarios({
		'continues a task whose query failed': continues((simulator) => failOnePoll(simulator)),
		'continues a task whose image could not be fetched': continues((simulator) =>
			simulator.nextTask({ delivery: { status: 403, statusTimes: 1 } }),
		),
		'sends a create of unknown outcome under its old key': async (simulator) => {
			const soon = { 'retry-after': '0' };
			const fault = { status: 504, headers: soon, handled: true };
			simulator.inject({ host: 'api', method: 'POST', times: 4, fault });
			const parameters = editImage(simulator);
			const failed = await runWorkflow({ simulator, parameters, executionId: '7' });
			const { items } = await runWorkflow({
				simulator,
				parameters,
				executionId: '8',
				retryOf: failed,
			});
			expect(items[0].json.status).toBe('completed');
			expect(keysOf(simulator)).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		},
		'asks anew when the user has changed the prompt': async (simulator) => {
			failOnePoll(simulator);
			const failed = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: 'old' }),
				executionId: '7',
			});
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: 'new' }),
				executionId: '8',
				retryOf: failed,
			});
			expect(items[0].json.status).toBe('completed');
			expect(paidPrompts(simulator)).toEqual(['old', 'new']);
			expect(keysOf(simulator)).toHaveLength(2);
		},
		'continues the good items and asks the bad one anew': async (simulator) => {
			simulator.nextTask({ prompt: /bad/, end: 'failed', code: 'service_error' });
			const parameters = editImage(simulator, { prompt: '={{ $json.prompt }}' });
			const failed = await runWorkflow({
				simulator,
				parameters,
				items: prompts('good', 'bad'),
				executionId: '7',
			});
			const { items } = await runWorkflow({
				simulator,
				parameters,
				executionId: '8',
				retryOf: failed,
			});
			expect(items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
			expect(paidPrompts(simulator)).toEqual(['good', 'bad', 'bad']);
		},
	});
});

describe('An execution that n8n runs again from the start, without what it remembered', () => {
	scenarios({
		'sends the same key and body, and is charged once': async (simulator) => {
			const options = { simulator, parameters: editImage(simulator), executionId: '7' };
			const first = await runWorkflow(options);
			const second = await runWorkflow(options);
			expect(second.items[0].json.id).toBe(first.items[0].json.id);
			const [before, after] = sent(simulator).creates;
			expect(after.headers['idempotency-key']).toBe(before.headers['idempotency-key']);
			expect(after.body.equals(before.body)).toBe(true);
			expect(simulator.paidTasks()).toBe(1);
		},
		'is charged once with a binary image too': async (simulator) => {
			const image = binaryField(await samplePicture('png'), 'a.png', 'image/png');
			const options = {
				simulator,
				parameters: editImage(simulator, {
					images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
				}),
				items: [{ json: {}, binary: { data: image } }],
				executionId: '7',
			};
			const first = await runWorkflow(options);
			const second = await runWorkflow(options);
			expect(second.error).toBeUndefined();
			expect(second.items[0].json.id).toBe(first.items[0].json.id);
			expect(simulator.paidTasks()).toBe(1);
		},
		'is charged once in each run of a loop': async (simulator) => {
			const parameters = editImage(simulator, { wait: 'none' });
			const options = { simulator, parameters, loops: 2, executionId: '7' };
			await runWorkflow(options);
			await runWorkflow(options);
			expect(sent(simulator).creates).toHaveLength(4);
			expect(simulator.paidTasks()).toBe(2);
		},
		'is a conflict, not a second payment, when the prompt came out differently': async (
			simulator,
		) => {
			const options = {
				simulator,
				parameters: editImage(simulator, { prompt: '={{ "Edit " + Math.random() }}' }),
				executionId: '7',
			};
			await runWorkflow(options);
			const { error } = await runWorkflow(options);
			expect(error?.message).toContain('Idempotency-Key was used with a different request body');
			expect(error?.message).toContain('task history of your EvoLink dashboard');
			expect(simulator.paidTasks()).toBe(1);
		},
	});
});
