import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { until } from '../../tools/until';
import { samplePicture, type Simulator } from '../simulator';
import { binaryField, editImage, keysOf, runWorkflow, sent, type WorkflowOptions } from './harness';
import { scenarios } from './scenarios';

let executions = 100;

/** A new execution of a job. */
async function doJob(
	simulator: Simulator,
	parameters: INodeParameters = {},
	more: Partial<WorkflowOptions> = {},
) {
	const { options, ...rest } = parameters;
	return await runWorkflow({
		simulator,
		executionId: String(executions++),
		parameters: editImage(simulator, {
			...rest,
			options: { jobKey: 'order-7', ...(options as INodeParameters) },
		}),
		...more,
	});
}

const fromBinary = { images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } };

async function imageItem(format: 'png' | 'jpeg' = 'png'): Promise<INodeExecutionData> {
	const data = binaryField(await samplePicture(format), `a.${format}`, `image/${format}`);
	return { json: {}, binary: { data } };
}

const rows = (...prompts: string[]): INodeExecutionData[] =>
	prompts.map((prompt) => ({ json: { prompt } }));
const BY_ROW = { prompt: '={{ $json.prompt }}' };
const GOES_ON = { onError: 'continueRegularOutput' } as const;

describe('The same job', () => {
	scenarios({
		'is paid once in two executions, and both get its image': async (simulator) => {
			const first = await doJob(simulator);
			const second = await doJob(simulator);
			expect(second.items[0].json.id).toBe(first.items[0].json.id);
			expect(second.items[0].binary?.data.data).toBe(first.items[0].binary?.data.data);
			expect(keysOf(simulator)).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		},

		'is paid once with an image from a binary field': async (simulator) => {
			await doJob(simulator, fromBinary, { items: [await imageItem()] });
			const { error, items } = await doJob(simulator, fromBinary, { items: [await imageItem()] });
			expect(error).toBeUndefined();
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(simulator.paidTasks()).toBe(1);
		},

		'is paid once in two items of a run': async (simulator) => {
			const { items } = await doJob(simulator, {}, { items: [{ json: {} }, { json: {} }] });
			expect(items).toHaveLength(2);
			expect(items[1].json.id).toBe(items[0].json.id);
			expect(simulator.paidTasks()).toBe(1);
		},

		'is another in another job': async (simulator) => {
			await doJob(simulator);
			await doJob(simulator, { options: { jobKey: 'order-8' } });
			expect(simulator.paidTasks()).toBe(2);
		},

		'is found while it still runs, and its end is waited for': async (simulator) => {
			simulator.nextTask({ seconds: 3 });
			const first = await doJob(simulator, { wait: 'none' });
			const { items } = await doJob(simulator);
			expect(items[0].json).toMatchObject({ id: first.items[0].json.id, status: 'completed' });
			expect(simulator.paidTasks()).toBe(1);
		},

		'with Do Not Wait, tells how its task is now': async (simulator) => {
			await doJob(simulator);
			const { items } = await doJob(simulator, { wait: 'none' });
			expect(items[0].json.status).toBe('completed');
		},

		'polls with Suspend Until Callback, and says so': async (simulator) => {
			const { items, hints } = await doJob(simulator, { wait: 'callback' });
			expect(items[0].json.status).toBe('completed');
			expect(hints[0].message).toContain("with 'Job Key' the node polls");
			expect(sent(simulator).creates[0].json).not.toHaveProperty('callback_url');
			await doJob(simulator);
			expect(simulator.paidTasks()).toBe(1);
		},

		'costs nothing of Max Credits when it was paid before': async (simulator) => {
			await doJob(simulator);
			const parameters = { options: { jobKey: '={{ $json.job }}', maxCredits: 2 } };
			const jobs = ['order-7', 'order-7', 'order-8', 'order-9'].map((job) => ({ json: { job } }));
			const { items, error } = await doJob(simulator, parameters, { items: jobs });
			expect(error).toBeUndefined();
			expect(items).toHaveLength(4);
			expect(simulator.paidTasks()).toBe(3);
		},

		'is paid once by Retry On Fail': async (simulator) => {
			simulator.inject({
				host: 'api',
				method: 'POST',
				path: /generations$/,
				times: 5,
				fault: 'resetAfter',
			});
			const node = { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 };
			const { items } = await doJob(simulator, {}, { node });
			expect(items[0].json.status).toBe('completed');
			expect(simulator.paidTasks()).toBe(1);
		},
	});
});

describe('Another request under the same job key', () => {
	scenarios({
		'in the same run is refused before anything is sent': async (simulator) => {
			const { error } = await doJob(simulator, BY_ROW, { items: rows('Beach', 'Forest') });
			expect(error?.message).toContain("Job Key 'order-7' is already used for a different request");
			expect(sent(simulator).all).toEqual([]);
		},

		'in the same run with Continue lets the first go on': async (simulator) => {
			const items = rows('Beach', 'Forest');
			const result = await doJob(simulator, BY_ROW, { items, node: GOES_ON });
			expect(result.items[0].json.status).toBe('completed');
			expect(result.items[1].json.error).toContain("Job Key 'order-7'");
			expect(simulator.paidTasks()).toBe(1);
		},

		'in another execution is the conflict of the service, which names the job key': async (
			simulator,
		) => {
			await doJob(simulator);
			const { error } = await doJob(simulator, { prompt: 'Forest' });
			expect(error?.message).toContain(
				"Job Key 'order-7' has already been used for a different request",
			);
			expect(error?.description).toContain('Use another job key');
			expect(simulator.paidTasks()).toBe(1);
		},

		'with another image in the binary field is a conflict too': async (simulator) => {
			await doJob(simulator, fromBinary, { items: [await imageItem()] });
			const { error } = await doJob(simulator, fromBinary, { items: [await imageItem('jpeg')] });
			expect(error?.message).toContain(
				"Job Key 'order-7' has already been used for a different request",
			);
			expect(simulator.paidTasks()).toBe(1);
		},

		'with another callback URL is one to the service, though not to the node': async (
			simulator,
		) => {
			const { items } = await doJob(
				simulator,
				{ wait: 'none', callbackUrl: '=https://n8n.example.com/{{ $json.prompt }}' },
				{ items: rows('a', 'b'), node: GOES_ON },
			);
			expect(items[0].json.status).toBe('pending');
			expect(items[1].json.error).toContain('has already been used for a different request');
		},
	});
});

describe('A job that is of no use any more', () => {
	scenarios({
		'says that its links have died, and how to ask anew': async (simulator) => {
			await doJob(simulator);
			simulator.clockOffsetSeconds = 25 * 3600;
			const { error } = await doJob(simulator);
			expect(error?.message).toContain("The image URLs of job 'order-7' have expired");
			expect(error?.description).toContain('use another one');
			expect(simulator.paidTasks()).toBe(1);
		},

		'says that its task is gone': async (simulator) => {
			await doJob(simulator);
			simulator.tasks.clear();
			const { error } = await doJob(simulator);
			expect(error?.message).toContain("EvoLink no longer knows the task of job 'order-7'");
		},

		'says that it has failed, and is not asked anew by Retry On Fail': async (simulator) => {
			simulator.nextTask({ end: 'failed', code: 'service_error' });
			const node = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
			const { error } = await doJob(simulator, {}, { node });
			expect(error?.description).toContain("The same 'Job Key' always returns the same task");
			expect(simulator.paidTasks()).toBe(1);
		},

		'says that it has failed because of its image, as an error and as data': async (simulator) => {
			const message = 'The image size is not supported';
			simulator.nextTask({ end: 'failed', code: 'invalid_parameters', message });
			const { error } = await doJob(simulator, fromBinary, { items: [await imageItem()] });
			expect(error?.description).toContain("The same 'Job Key' always returns the same task");
			const options = { onTaskFailure: 'output' };
			const given = { ...fromBinary, options };
			const { items } = await doJob(simulator, given, { items: [await imageItem()] });
			expect(items[0].json.failure).toMatchObject({ retryable: false });
			expect(simulator.paidTasks()).toBe(1);
		},
	});

	scenarios(
		{
			'says so where nothing is downloaded, too': async (simulator) => {
				simulator.clockOffsetSeconds = -25 * 3600;
				await doJob(simulator, { wait: 'none' });
				await until(() => [...simulator.tasks.values()].every(({ ended }) => ended));
				simulator.clockOffsetSeconds = 0;
				for (const parameters of [{ wait: 'none' }, { download: false }]) {
					const { error } = await doJob(simulator, parameters);
					expect(error?.message).toContain("The image URLs of job 'order-7' have expired");
					expect(error?.description).toContain('use another one');
				}
				expect(simulator.paidTasks()).toBe(1);
			},
		},
		{ billing: true },
	);
});

describe('An empty job key', () => {
	scenarios({
		'is refused: the job would be paid each time': async (simulator) => {
			const { error } = await doJob(simulator, { options: { jobKey: '={{ $json.order }}' } });
			expect(error?.message).toContain("'Job Key' is empty");
			expect(sent(simulator).all).toEqual([]);
		},
	});
});
