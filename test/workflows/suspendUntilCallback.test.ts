import { setTimeout as sleep } from 'node:timers/promises';

import type { INodeExecutionData, INodeParameters, IRun } from 'n8n-workflow';

import { samplePicture, type Simulator } from '../simulator';
import { binaryField, bytesOf, editImage, runWorkflow, sent } from './harness';
import { type ParkedOptions, ParkedWorkflow } from './parkedWorkflow';
import { scenarios } from './scenarios';

/** How long the service waits for an answer to a callback (docs/facts/evolink.md). */
const CALL_LIMIT_MS = 10_000;

const PROMPT = { prompt: '={{ $json.prompt }}' };

function parked(
	simulator: Simulator,
	prompts: string[],
	{ parameters, ...options }: Partial<ParkedOptions> = {},
): ParkedWorkflow {
	return new ParkedWorkflow({
		simulator,
		items: prompts.map((prompt) => ({ json: { prompt } })),
		parameters: editImage(simulator, { wait: 'callback', ...PROMPT, ...parameters }),
		...options,
	});
}

/** Address of a task's callback, and its body. */
function callOf(simulator: Simulator, index: number): [string, { id: string }] {
	const task = [...simulator.tasks.values()][index];
	return [String(task.request.callback_url), { id: task.id }];
}

function itemsOf(run: IRun, node = 'EvoLink', output = 0): INodeExecutionData[] {
	return run.data.resultData.runData[node]?.at(-1)?.data?.main[output] ?? [];
}

function failureOf(run: IRun): string {
	const error = run.data.resultData.runData.EvoLink?.at(-1)?.error as
		| { message: string; description?: string }
		| undefined;
	return `${error?.message} ${error?.description}`;
}

const BINARY: INodeParameters = {
	prompt: 'Blue',
	images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
};

scenarios({
	'keeps what came in out of the way while it is parked, and gives it back': async (simulator) => {
		const content = await samplePicture('png', { width: 400, height: 400 });
		const items = [
			{ json: { row: 1 }, binary: { data: binaryField(content, 'a.png', 'image/png') } },
			{ json: { row: 2 }, binary: { data: binaryField(content, 'b.png', 'image/png') } },
		];
		const workflow = parked(simulator, [], { items, parameters: BINARY });
		const run = await workflow.start();
		expect(run.status).toBe('waiting');
		for (const { json, binary } of workflow.parkedItems) {
			expect(json).toMatchObject({ status: 'pending', timed_out: true });
			expect(binary).toBeUndefined();
		}
		// The images are there once, although three places of the execution speak of them.
		expect(workflow.bytesInDatabase).toBeLessThan(2 * content.length * 1.5 + 20_000);
		const started = itemsOf(run, 'Start');
		expect(started.map(({ json }) => json)).toEqual([{ row: 1 }, { row: 2 }]);

		await sleep(400);
		const { workflowData } = await workflow.call(...callOf(simulator, 0));
		const output = itemsOf(await workflow.wake(workflowData));
		expect(output.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
		for (const { binary } of output) {
			const image = bytesOf(binary?.data);
			expect(image.length).toBeGreaterThan(1000);
			expect(image.equals(content)).toBe(false);
		}
		expect(sent(simulator).uploads).toHaveLength(1);
	},

	'wakes once, with the images, in order and paired': async (simulator) => {
		const workflow = parked(simulator, ['One', 'Two']);
		await workflow.start();
		await sleep(400);
		const answers = await Promise.all(
			[0, 1, 0, 1, 1].map(async (index) => await workflow.call(...callOf(simulator, index))),
		);
		expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
		const [waking, ...others] = answers.flatMap(({ workflowData }) => workflowData ?? []);
		expect(others).toEqual([]);
		const run = await workflow.wake([waking]);
		expect(run.status).toBe('success');
		const output = itemsOf(run);
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		expect(
			output.map(({ json }) => simulator.tasks.get(json.id as string)?.request.prompt),
		).toEqual(['One', 'Two']);
		for (const { binary } of output) expect(bytesOf(binary?.data).length).toBeGreaterThan(1000);
		const known = /^(id|status|model|progress|results|expires_at|created_at|credits_reserved)$/;
		expect(
			output.flatMap(({ json }) => Object.keys(json)).filter((key) => !known.test(key)),
		).toEqual([]);
		expect(itemsOf(run, 'After')).toHaveLength(2);
	},

	'wakes for a task that is complete without images, and then polls for them': async (
		simulator,
	) => {
		simulator.nextTask({ seconds: 0.2, imagesAfter: 5 });
		const workflow = parked(simulator, ['One']);
		expect((await workflow.start()).status).toBe('waiting');
		await sleep(400);
		const { status, workflowData } = await workflow.call(...callOf(simulator, 0));
		expect(status).toBe(200);
		const output = itemsOf(await workflow.wake(workflowData));
		expect(output[0].json).toMatchObject({ status: 'completed', results: [expect.any(String)] });
		expect(bytesOf(output[0].binary?.data).length).toBeGreaterThan(1000);
	},

	...Object.fromEntries(
		(['continueRegularOutput', 'continueErrorOutput'] as const).flatMap((onError) => [
			[
				`hands on what succeeded beside a first item that failed for good, with Retry On Fail and ${onError}`,
				async (simulator: Simulator) => {
					simulator.nextTask({ prompt: /Bad/, end: 'failed', code: 'invalid_parameters' });
					const node = { onError, retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
					const workflow = parked(simulator, ['Bad', 'Good'], { node });
					await workflow.start();
					await sleep(400);
					const { workflowData } = await workflow.call(...callOf(simulator, 0));
					const run = await workflow.wake(workflowData);
					const good = itemsOf(run).filter(({ json }) => json.status === 'completed');
					expect(good).toHaveLength(1);
					expect(bytesOf(good[0].binary?.data).length).toBeGreaterThan(1000);
					const failed = [...itemsOf(run), ...itemsOf(run, 'EvoLink', 1)].filter(
						({ json }) => json.error !== undefined,
					);
					expect(failed).toHaveLength(1);
					expect(simulator.paidTasks()).toBe(2);
				},
			],
			[
				`asks anew, by polling, where that makes sense, with Retry On Fail and ${onError}`,
				async (simulator: Simulator) => {
					simulator.nextTask({ prompt: /Bad/, end: 'failed', code: 'service_error' });
					const node = { onError, retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
					const workflow = parked(simulator, ['Bad', 'Good'], { node });
					await workflow.start();
					await sleep(400);
					const { workflowData } = await workflow.call(...callOf(simulator, 0));
					const run = await workflow.wake(workflowData);
					expect(run.status).toBe('success');
					expect(itemsOf(run).map(({ json }) => json.status)).toEqual(['completed', 'completed']);
					expect(simulator.paidTasks()).toBe(3);
				},
			],
			[
				`hands on what succeeded beside a first item that could not be sent, with Retry On Fail and ${onError}`,
				async (simulator: Simulator) => {
					const node = { onError, retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
					const workflow = parked(simulator, ['', 'Good'], { node });
					await workflow.start();
					await sleep(400);
					const { workflowData } = await workflow.call(...callOf(simulator, 0));
					const run = await workflow.wake(workflowData);
					const good = itemsOf(run).filter(({ json }) => json.status === 'completed');
					expect(good).toHaveLength(1);
					expect(simulator.paidTasks()).toBe(1);
				},
			],
		]),
	),

	'does nothing in a second copy of a run that was woken': async (simulator) => {
		const workflow = parked(simulator, ['One']);
		await workflow.start();
		await sleep(400);
		const { workflowData } = await workflow.call(...callOf(simulator, 0));
		const first = await workflow.wake(workflowData);
		const second = await workflow.wake(workflowData);
		expect(itemsOf(first, 'After')).toHaveLength(1);
		expect(second.status).toBe('success');
		expect(itemsOf(second, 'After')).toHaveLength(0);
		expect(sent(simulator).downloads).toHaveLength(1);
	},

	'hands on IDs and the last known status when the time is up': async (simulator) => {
		simulator.nextTask({ end: 'never', times: 2 });
		const workflow = parked(simulator, ['', 'Two', 'Three'], {
			node: { onError: 'continueRegularOutput', retryOnFail: true, waitBetweenTries: 1 },
			parameters: { options: { timeout: 600 } },
		});
		const startedAt = Date.now();
		const run = await workflow.start();
		// Seen while it waits, by the caller of a webhook that answers with the last node for instance.
		expect(itemsOf(run).map(({ json }) => [json.status, json.timed_out])).toEqual([
			['pending', undefined],
			['pending', undefined],
		]);
		const waitMs = Number(run.data.waitTill) - startedAt;
		expect(waitMs).toBeGreaterThan(590_000);
		expect(waitMs).toBeLessThan(610_000);
		const before = sent(simulator).all.length;
		const output = itemsOf(await workflow.timeIsUp());
		const ids = [...simulator.tasks.keys()];
		expect(output.map(({ json }) => json)).toEqual([
			{ error: expect.stringContaining("'Prompt' is empty") as string },
			expect.objectContaining({ id: ids[0], status: 'pending', timed_out: true }),
			expect.objectContaining({ id: ids[1], status: 'pending', timed_out: true }),
		]);
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
		expect(sent(simulator).all).toHaveLength(before);
	},

	'never waits for less than a minute': async (simulator) => {
		const workflow = parked(simulator, ['One'], { parameters: { options: { timeout: 5 } } });
		const run = await workflow.start();
		expect(Number(run.data.waitTill) - Date.now()).toBeGreaterThan(55_000);
	},

	'does not park for a task that ended, and called, while the answer to its create got lost':
		async (simulator) => {
			simulator.nextTask({ seconds: 0, callbackCopies: 0 });
			simulator.inject({ host: 'api', path: /generations/, times: 3, fault: 'resetAfter' });
			const run = await parked(simulator, ['One']).start();
			expect(run.status).toBe('success');
			expect(itemsOf(run)[0].json.status).toBe('completed');
			expect(bytesOf(itemsOf(run)[0].binary?.data).length).toBeGreaterThan(1000);
			expect(simulator.paidTasks()).toBe(1);
		},

	'hands on one item with Execute Once': async (simulator) => {
		const workflow = parked(simulator, ['One', 'Two', 'Three'], { node: { executeOnce: true } });
		const run = await workflow.start();
		expect(simulator.paidTasks()).toBe(1);
		expect(itemsOf(run, 'Start')).toHaveLength(3);
		const late = itemsOf(await workflow.timeIsUp());
		expect(late.map(({ json }) => json.timed_out)).toEqual([true]);
	},

	'answers soon, and heals, when the API does not tell other tasks': async (simulator) => {
		simulator.inject({ host: 'api', path: /batch/, times: 1, fault: 'hang' });
		const workflow = parked(simulator, ['One', 'Two', 'Three']);
		await workflow.start();
		await sleep(400);
		const answer = await workflow.call(...callOf(simulator, 0));
		expect(answer.status).toBe(200);
		expect(answer.after).toBeLessThan(CALL_LIMIT_MS);
		expect(answer.workflowData?.[0]).toHaveLength(3);
	},

	'asks the service to call again when the API does not tell the task': async (simulator) => {
		const workflow = parked(simulator, ['One']);
		await workflow.start();
		await sleep(400);
		const down = simulator.inject({ host: 'api', path: /tasks/, times: 2, fault: 'hang' });
		const [first, second] = await Promise.all([
			workflow.call(...callOf(simulator, 0)),
			workflow.call(...callOf(simulator, 0)),
		]);
		expect([first.status, second.status]).toEqual([503, 503]);
		expect(first.after).toBeLessThan(CALL_LIMIT_MS);
		expect(down.hits).toBe(2);
		expect((await workflow.call(...callOf(simulator, 0))).workflowData).toBeDefined();
	},

	'leaves a run to n8n whose time is up at this moment': async (simulator) => {
		const workflow = parked(simulator, ['One']);
		await workflow.start();
		await sleep(400);
		(workflow.context.evolinkParked as { until: number }).until = Date.now() + 1900;
		const answer = await workflow.call(...callOf(simulator, 0));
		expect(answer).toMatchObject({ status: 200 });
		expect(answer.workflowData).toBeUndefined();
	},

	'parks again in the next round of a loop, but polls while the clock of the first may strike':
		async (simulator) => {
			const statusOfSecondRound = async (timeout: number) => {
				const before = simulator.tasks.size;
				const parameters = { prompt: 'Blue', options: { timeout } };
				const workflow = parked(simulator, ['One'], { parameters, loops: 2 });
				await workflow.start();
				await sleep(400);
				const { workflowData } = await workflow.call(...callOf(simulator, before));
				return (await workflow.wake(workflowData)).status;
			};
			expect(await statusOfSecondRound(600)).toBe('waiting');
			expect(await statusOfSecondRound(60)).toBe('success');
			expect(simulator.paidTasks()).toBe(4);
		},

	'shows nobody how to wake the run, when the service quotes the address': async (simulator) => {
		const fault = { status: 400, body: {} };
		simulator.inject({
			host: 'api',
			path: /generations/,
			match: ({ json }) => {
				const { callback_url: address } = json as { callback_url: string };
				fault.body = { error: { code: 'invalid_request', message: `Cannot reach ${address}!` } };
				return true;
			},
			fault,
		});
		const { error } = await runWorkflow({
			simulator,
			parameters: editImage(simulator, { wait: 'callback' }),
		});
		expect(error?.message).toMatch(/Cannot reach https:.*evolink=\[redacted\]/);
		const [{ json }] = sent(simulator).creates;
		const secret = new URL((json as { callback_url: string }).callback_url).searchParams;
		expect(error?.message).not.toContain(secret.get('evolink'));
	},

	'polls when the user retries a failed execution, whose tasks call the old one': async (
		simulator,
	) => {
		simulator.inject({
			host: 'api',
			path: /generations/,
			match: ({ json }) => (json as { prompt: string }).prompt === 'Two',
			fault: { status: 402 },
		});
		const options = {
			simulator,
			items: ['One', 'Two'].map((prompt) => ({ json: { prompt } })),
			parameters: editImage(simulator, { wait: 'callback', ...PROMPT }),
		};
		const failed = await runWorkflow({ ...options, executionId: '1001' });
		expect(failed.error?.httpCode).toBe('402');
		const retried = await runWorkflow({ ...options, executionId: '1002', retryOf: failed });
		expect(retried.run.status).toBe('success');
		expect(retried.items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
		expect(simulator.paidTasks()).toBe(2);
	},

	'limits how many tasks are created at a time': async (simulator) => {
		simulator.inject({ host: 'api', path: /generations/, times: 4, fault: { slow: 500 } });
		const parameters = { options: { concurrency: 2 } };
		const workflow = parked(simulator, ['1', '2', '3', '4'], { parameters });
		await workflow.start();
		const [first, , third] = sent(simulator).creates.map(({ at }) => at);
		expect(third - first).toBeGreaterThanOrEqual(490);
	},

	'tells the same failure again when n8n retries the woken node, and pays nothing': async (
		simulator,
	) => {
		simulator.nextTask({ prompt: /Bad/, end: 'failed', code: 'invalid_parameters' });
		const workflow = parked(simulator, ['Good', 'Bad'], {
			node: { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 },
		});
		await workflow.start();
		await sleep(400);
		const { workflowData } = await workflow.call(...callOf(simulator, 0));
		const run = await workflow.wake(workflowData);
		expect(run.status).not.toBe('waiting');
		expect(failureOf(run)).toContain('invalid_parameters');
		expect(itemsOf(run, 'After')).toEqual([]);
		expect(simulator.paidTasks()).toBe(2);
	},
});

scenarios(
	{
		'has no need of the question for several tasks': async (simulator) => {
			const prompts = Array.from({ length: 15 }, (_, index) => `Number ${index}`);
			const workflow = parked(simulator, prompts, { parameters: { options: { concurrency: 15 } } });
			await workflow.start();
			await sleep(400);
			const answer = await workflow.call(...callOf(simulator, 7));
			expect(answer.status).toBe(200);
			expect(answer.workflowData?.[0]).toHaveLength(15);
		},
	},
	{ batchQuery: false, taskSeconds: 0.3 },
);

describe('an n8n that EvoLink cannot call', () => {
	scenarios({
		...Object.fromEntries(
			[
				'http://localhost:5678/webhook-waiting',
				'http://n8n.example.com/webhook-waiting',
				'https://10.0.0.5/webhook-waiting',
				'https://n8n/webhook-waiting',
			].map((webhookWaitingBaseUrl) => [
				`is told so before anything is paid: ${webhookWaitingBaseUrl}`,
				async (simulator: Simulator) => {
					const workflow = parked(simulator, ['One', 'Two'], { webhookWaitingBaseUrl });
					const run = await workflow.start();
					expect(failureOf(run)).toContain('WEBHOOK_URL');
					expect(failureOf(run)).toContain('Poll Until Complete');
					expect(sent(simulator).all).toEqual([]);
				},
			]),
		),
	});
});

describe('a run that n8n cannot park', () => {
	scenarios(
		Object.fromEntries(
			(['integrated', 'cli', 'evaluation'] as const).map((mode) => [
				`polls: ${mode}`,
				async (simulator: Simulator) => {
					const run = await parked(simulator, ['One'], { mode }).start();
					expect(run.status).toBe('success');
					expect(itemsOf(run)[0].json.status).toBe('completed');
					const [task] = simulator.tasks.values();
					expect(task.request.callback_url).toBeUndefined();
				},
			]),
		),
	);
});
