import type { INodeParameters } from 'n8n-workflow';

import type { Fault, Simulator, TaskScript } from '../simulator';
import { createAndWait } from '../../tools/simulator/serviceCalls';
import { editImage, runWorkflow, sent } from './harness';
import { type Scenario, scenarios } from './scenarios';

const prompts = (...texts: string[]) => texts.map((prompt) => ({ json: { prompt } }));

function taskOf(simulator: Simulator, prompt: string): string {
	const task = [...simulator.tasks.values()].find(({ request }) => request.prompt === prompt);
	return task?.id ?? `no task for '${prompt}'`;
}

/** As an error by default, and as data where the user wants that. */
function isTold(script: TaskScript, message: RegExp, advice: RegExp, failure: object): Scenario {
	return async (simulator) => {
		simulator.nextTask({ ...script, times: 2 });
		const { items, error } = await runWorkflow({
			simulator,
			parameters: editImage(simulator, { prompt: 'first' }),
		});
		expect(items).toEqual([]);
		expect(error?.message).toMatch(message);
		expect(error?.description).toMatch(advice);
		const id = taskOf(simulator, 'first');
		expect(`${error?.message} ${error?.description}`.split(id)).toHaveLength(2);

		const data = await runWorkflow({
			simulator,
			parameters: editImage(simulator, {
				prompt: 'second',
				options: { onTaskFailure: 'output' },
			}),
			executionId: '8',
		});
		expect(data.error).toBeUndefined();
		expect(data.items[0].json).toMatchObject({ id: taskOf(simulator, 'second'), ...failure });
		expect(data.items[0].json).not.toHaveProperty('error');
		expect(simulator.ledger.map(({ refunded }) => refunded)).toEqual([true, true]);
	};
}

const cancelled = {
	status: 'cancelled',
	failure: { code: 'request_cancelled', retryable: true },
};

// n8n replaces what contains such words by texts of its own.
const WORDS = 'getaddrinfo ENOTFOUND nowhere.example, preexisting {{ $json.a }} <b>ECONNRESET</b>';

describe('The words of the service arrive, whatever they are', () => {
	const failed: TaskScript = { end: 'failed', code: 'image_processing_error', message: WORDS };
	scenarios({
		'in the error': async (simulator) => {
			simulator.nextTask(failed);
			const { run, error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error?.message).toContain(WORDS);
			const [id] = simulator.tasks.keys();
			expect(run.data.resultData.error).toMatchObject({ context: { taskId: id } });
		},
		'in the item': async (simulator) => {
			simulator.nextTask(failed);
			const node = { onError: 'continueRegularOutput' } as const;
			const { items } = await runWorkflow({ simulator, parameters: editImage(simulator), node });
			expect(items[0].json.error).toContain(WORDS);
		},
		'on the error output': async (simulator) => {
			simulator.nextTask(failed);
			const node = { onError: 'continueErrorOutput' } as const;
			const run = await runWorkflow({ simulator, parameters: editImage(simulator), node });
			expect(run.errorItems[0].json.error).toContain(WORDS);
		},
		'but no secrets': async (simulator) => {
			const message = `No such key: ${simulator.apiKey}. Bearer abcdefgh12345678 is not valid.`;
			simulator.nextTask({ ...failed, message });
			const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error?.message).toContain('No such key: [API key]. Bearer [redacted] is not valid.');
		},
	});
});

describe('A task that failed or was cancelled', () => {
	scenarios({
		'says why, in the words of the service, and that trying again is no use': isTold(
			{ end: 'failed', code: 'content_policy_violation', message: 'Blocked by the filter.' },
			/failed: Blocked by the filter.$/,
			/Change them before you retry\. Task ID: \S+ \(content_policy_violation\)/,
			{ status: 'failed', failure: { message: 'Blocked by the filter.', retryable: false } },
		),
		'says when trying again makes sense': isTold(
			{ end: 'failed', code: 'resource_exhausted' },
			/^The task failed: /,
			/Retry in 30 to 60 seconds.*\(resource_exhausted\)/,
			{ failure: { code: 'resource_exhausted', retryable: true } },
		),
		'is understood in the short form of the documentation': isTold(
			{ end: 'failed', code: 'image_dimension_mismatch', bareFailure: true },
			/^The task failed: /,
			/Resize the images.*\(image_dimension_mismatch\)/,
			{ status: 'failed' },
		),
		"tells the image's size, the limit and the way out where the size was wrong": isTold(
			{ end: 'failed', code: 'image_dimension_mismatch', message: 'Image is 300x200 pixels' },
			/^The task failed: Image is 300x200 pixels$/,
			/accepts 512 to 3072 pixels per side\. Image 1 is 300 × 200 pixels\. .*768 × 512, Minimum Area/,
			{
				failure: {
					code: 'image_dimension_mismatch',
					message: 'Image is 300x200 pixels',
					retryable: false,
					advice: expect.stringMatching(
						/512 to 3072 pixels per side\. Image 1 is 300 × 200 pixels\. .*Minimum Area/,
					) as string,
				},
			},
		),
		'is understood when the code is new': isTold(
			{ end: 'failed', code: 'brand_new_code', message: 'Something new.' },
			/Something new.$/,
			/Contact EvoLink support.*\(brand_new_code\)/,
			{ failure: { code: 'brand_new_code', retryable: false } },
		),
		'is cancelled in one spelling': isTold(
			{ end: 'cancelled' },
			/was cancelled/,
			/Retry if you still need/,
			cancelled,
		),
		'is cancelled in the other spelling': isTold(
			{ end: 'canceled' },
			/was cancelled/,
			/Retry if you still need/,
			cancelled,
		),
		'is cancelled when it failed with request_cancelled': isTold(
			{ end: 'failed', code: 'request_cancelled', message: 'By the user.' },
			/was cancelled: By the user.$/,
			/Retry if you still need/,
			cancelled,
		),

		'does not look as if the user had stopped the execution': async (simulator) => {
			simulator.nextTask({ end: 'canceled' });
			simulator.nextTask({ end: 'failed', code: 'request_cancelled', message: 'It was canceled.' });
			for (const executionId of ['7', '8']) {
				const { run } = await runWorkflow({
					simulator,
					parameters: editImage(simulator),
					executionId,
				});
				expect(run.status).toBe('error');
			}
		},
		'is an error when it is complete and its images do not come': async (simulator) => {
			simulator.nextTask({ imagesAfter: Infinity });
			const { error, items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { options: { timeout: 4 } }),
			});
			expect(items).toEqual([]);
			expect(error?.message).toMatch(/complete and may have been charged/);
			expect(error?.description).toMatch(/'Wait for Completion'.*Task ID: task-unified-/);
		},
		'is data when its images do not come, and that is wanted': async (simulator) => {
			simulator.nextTask({ results: 0, times: 2 });
			for (const [simplify, executionId] of [
				[true, '7'],
				[false, '8'],
			] as const) {
				const { error, items } = await runWorkflow({
					simulator,
					parameters: editImage(simulator, {
						simplify,
						options: { timeout: 4, onTaskFailure: 'output' },
					}),
					executionId,
				});
				expect(error).toBeUndefined();
				expect(items[0].json).toMatchObject({
					status: 'completed',
					failure: { code: 'no_images', retryable: false },
				});
				expect(items[0].binary).toBeUndefined();
			}
		},
		'is waited for when it is complete and its images come later': async (simulator) => {
			simulator.nextTask({ imagesAfter: 2, times: 2 });
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				items: prompts('one', 'two'),
			});
			expect(error).toBeUndefined();
			expect(items.map(({ binary }) => binary?.data.mimeType)).toEqual(['image/png', 'image/png']);
			expect(simulator.paidTasks()).toBe(2);
		},
		'is given as it is by Get Task, with a hint, and awaited by Wait for Completion': async (
			simulator,
		) => {
			const script = { seconds: 0, imagesAfter: Infinity };
			simulator.nextTask(script);
			const { id: taskId } = await createAndWait(simulator);
			const parameters = { operation: 'getTask', taskId };
			const { items, hints } = await runWorkflow({ simulator, parameters });
			expect(items[0].json).toMatchObject({ id: taskId, status: 'completed', results: [] });
			expect(items[0].json).not.toHaveProperty('failure');
			expect(hints).toEqual([
				expect.objectContaining({
					message: expect.stringContaining("hasn't delivered its images yet") as string,
				}),
			]);
			script.imagesAfter = 0;
			const waited = await runWorkflow({
				simulator,
				parameters: { ...parameters, operation: 'waitForCompletion' },
			});
			expect(waited.items[0].binary?.data.mimeType).toBe('image/png');
		},
		'has ended under a word that is not documented, where it has images and progress 100': async (
			simulator,
		) => {
			simulator.nextTask({ endStatus: 'succeeded' });
			const { items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(items[0].json).toMatchObject({ status: 'completed', progress: 100 });
			expect(items[0].binary?.data.mimeType).toBe('image/png');
		},
		'is an error when the service could not read the image': async (simulator) => {
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: { image: [{ source: 'url', url: `${simulator.picturesUrl}/tiny.png` }] },
				}),
			});
			expect(error?.description).toContain('(image_dimension_mismatch)');
			expect(error?.description).toMatch(
				/accepts 512 to 3072 pixels per side\. Image 1 is 64 × 64 pixels\. .*Resize, 512 × 512, Minimum/,
			);
		},

		'ends the run, and the error names the paid tasks of the others': async (simulator) => {
			simulator.nextTask({ prompt: /bad/, end: 'failed', estimatedTime: 0 });
			simulator.nextTask({ prompt: /slow/, seconds: 60 });
			const { items, error, arrived } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					prompt: '={{ $json.prompt }}',
					options: { concurrency: 2 },
				}),
				items: prompts('slow', 'bad', 'never started'),
			});
			expect(items).toEqual([]);
			expect(arrived).toBe(0);
			expect(error?.context.itemIndex).toBe(1);
			expect(error?.description).toContain(taskOf(simulator, 'bad'));
			expect(error?.description).toContain(
				`Already charged tasks of other items: item 0: ${taskOf(simulator, 'slow')}.`,
			);
			expect(sent(simulator).creates).toHaveLength(2);
		},
		'ends the run, and the error tells apart what others have paid': async (simulator) => {
			const inject = (prompt: string, fault: Fault) =>
				simulator.inject({
					host: 'api',
					method: 'POST',
					times: Infinity,
					match: ({ body }) => body.includes(prompt),
					fault,
				});
			inject('throttled', simulator.refusal('rateLimited', { headers: { 'retry-after': '5' } }));
			inject('in doubt', { status: 504, headers: { 'retry-after': '5' }, handled: true });
			inject('answered late', { slow: 1500 });
			simulator.nextTask({ prompt: /bad/, end: 'failed', estimatedTime: 0 });
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
				items: prompts('bad', 'throttled', 'in doubt', 'answered late'),
			});
			expect(error?.description).toContain(taskOf(simulator, 'bad'));
			const doubtful = sent(simulator).creates.find(({ body }) => body.includes('in doubt'));
			expect(error?.description).toContain(
				'Already charged tasks of other items: ' +
					`item 2: outcome unknown, idempotency key ${String(doubtful?.headers['idempotency-key'])}; ` +
					`item 3: ${taskOf(simulator, 'answered late')}.`,
			);
			expect(simulator.paidTasks()).toBe(3);
		},
		'does not harm its neighbours with Continue': async (simulator) => {
			simulator.nextTask({ prompt: /bad/, end: 'failed', code: 'service_error', seconds: 0 });
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
				items: prompts('one', 'bad', 'three'),
				node: { onError: 'continueRegularOutput' },
			});
			expect(error).toBeUndefined();
			expect(items.map(({ json }) => json.status)).toEqual(['completed', undefined, 'completed']);
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(items[1].json).toEqual({
				error: expect.stringMatching(/^The task failed: .* \(service_error\)$/) as string,
				id: taskOf(simulator, 'bad'),
			});
			expect(items.map(({ pairedItem }) => pairedItem)).toEqual(
				[0, 1, 2].map((item) => ({ item })),
			);
		},
		'goes to the error output with message and task ID, and nothing else of ours': async (
			simulator,
		) => {
			simulator.nextTask({ prompt: /bad/, end: 'failed', code: 'service_error' });
			simulator.nextTask({ prompt: /gone/, delivery: { status: 403 } });
			const { items, errorItems } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
				items: prompts('bad', 'good', 'gone', ''),
				node: { onError: 'continueErrorOutput' },
			});
			expect(items.map(({ json, pairedItem }) => [json.status, pairedItem])).toEqual([
				['completed', { item: 1 }],
			]);
			// n8n itself adds what the input item had.
			expect(errorItems.map(({ json }) => Object.keys(json).sort())).toEqual(
				Array(3).fill(['error', 'prompt']),
			);
			const [bad, gone, empty] = errorItems.map(({ json }) => json.error);
			expect(bad).toContain('(service_error)');
			expect(bad).toContain(`Task ID: ${taskOf(simulator, 'bad')}`);
			expect(gone).toContain(`Task ID: ${taskOf(simulator, 'gone')}`);
			expect(gone).toContain(`${simulator.resultsUrl}/${taskOf(simulator, 'gone')}/1.png`);
			expect(gone).toMatch(/They expire at \d{4}-/);
			expect(empty).toBe("'Prompt' is empty");
			expect(simulator.paidTasks()).toBe(3);
		},
	});
});

describe('A service that wraps its tasks in data', () => {
	scenarios(
		{
			'is understood when they are created and read': async (simulator) => {
				const { items, error } = await runWorkflow({
					simulator,
					parameters: editImage(simulator),
					items: prompts('one', 'two'),
				});
				expect(error).toBeUndefined();
				expect(items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
			},
		},
		{ taskSeconds: 0.3, wrapAnswers: true },
	);
});

describe('A service that tells its billing', () => {
	const run = async (simulator: Simulator, options: INodeParameters = {}, times = 1) =>
		await runWorkflow({
			simulator,
			parameters: editImage(simulator, { options }),
			items: prompts(...Array.from({ length: times }, (_, index) => `Edit ${index}`)),
			node: { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 },
		});

	scenarios(
		{
			'has it on the item, with the exact expiry of the links and a sum in the hint': async (
				simulator,
			) => {
				const { items, hints } = await run(simulator, {}, 3);
				const [{ json }] = items;
				expect(json).toMatchObject({
					credits_used: 1,
					billing: { charge_status: 'charged', refund_status: 'not_required', charged_credits: 1 },
				});
				const task = simulator.tasks.get(json.id as string);
				const created = Math.floor((task?.createdAt ?? 0) / 1_000) * 1_000;
				const seconds = Math.round(((task?.endsAt ?? 0) - (task?.createdAt ?? 0)) / 1_000);
				expect(Date.parse(json.expires_at as string)).toBe(created + (seconds + 24 * 3600) * 1_000);
				expect(hints.at(-1)?.message).toMatch(/^3 items done in [\d.]+ s: 3 images, 3 credits$/);
			},
			'and refunded a failed task: it is created again, and the error tells both': async (
				simulator,
			) => {
				simulator.nextTask({ end: 'failed', code: 'service_error', times: 2 });
				const { items, error } = await run(simulator);
				expect(error).toBeUndefined();
				expect(items[0].json.status).toBe('completed');
				expect(simulator.ledger.map(({ refunded }) => refunded)).toEqual([true, true, false]);
			},
			'and charged a failed task: it is not created again, and the error says what that costs':
				async (simulator) => {
					simulator.nextTask({ end: 'failed', code: 'SERVICE_ERROR', charged: true, times: 3 });
					const { error } = await run(simulator);
					expect(error?.message).toContain(
						"EvoLink's billing: 1 credit charged, refund not required",
					);
					expect(error?.description).toContain('A new task costs about 1 credit again');
					expect(error?.description).toContain("'Retry Charged Tasks'");
					expect(simulator.paidTasks()).toBe(1);
					expect(sent(simulator).creates).toHaveLength(1);
				},
			'and charged a failed task: it is created again where the user allows that': async (
				simulator,
			) => {
				simulator.nextTask({ end: 'failed', code: 'service_error', charged: true });
				const { items } = await run(simulator, { retryCharged: true });
				expect(items[0].json.status).toBe('completed');
				expect(simulator.paidTasks()).toBe(2);
			},
			'has it beside the failure, where that is data': async (simulator) => {
				simulator.nextTask({ end: 'failed', charged: true });
				const { items } = await run(simulator, { onTaskFailure: 'output' });
				expect(items[0].json).toMatchObject({
					status: 'failed',
					credits_used: 1,
					failure: { code: 'generation_failed_no_content' },
					billing: { charge_status: 'charged', refunded_credits: 0 },
				});
			},
		},
		{ taskSeconds: 0.3, billing: true },
	);

	scenarios({
		'and one that does not: the error says that it is not known': async (simulator) => {
			simulator.nextTask({ end: 'failed', code: 'service_error' });
			const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error?.message).not.toContain('billing');
			expect(error?.description).toContain("EvoLink doesn't say whether this one was charged");
		},
	});
});
