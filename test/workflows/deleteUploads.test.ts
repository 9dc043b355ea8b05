import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { filesRefusal } from '../../tools/simulator/files';
import { samplePicture, type Simulator } from '../simulator';
import {
	binaryField,
	bytesOf,
	editImage,
	runWorkflow,
	sent,
	type WorkflowOptions,
	type WorkflowResult,
} from './harness';
import { ParkedWorkflow } from './parkedWorkflow';
import { scenarios } from './scenarios';

const FROM_BINARY = { images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } };
const BY_ROW = { prompt: '={{ $json.prompt }}' };
const TWICE = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 } as const;
const GOES_ON = { onError: 'continueRegularOutput' } as const;

/** Items with an image each; one with another letter has another image. */
async function images(...letters: string[]): Promise<INodeExecutionData[]> {
	const png = await samplePicture('png');
	return letters.map((letter, index) => {
		const content = Buffer.concat([png, Buffer.from(letter)]);
		return {
			json: { prompt: `Prompt ${index}` },
			binary: { data: binaryField(content, 'a.png', 'image/png') },
		};
	});
}

const parametersFor = (
	simulator: Simulator,
	{ options, ...rest }: INodeParameters = {},
): INodeParameters =>
	editImage(simulator, {
		...FROM_BINARY,
		...rest,
		options: { deleteUploads: true, ...(options as INodeParameters) },
	});

async function run(
	simulator: Simulator,
	items: INodeExecutionData[],
	parameters: INodeParameters = {},
	more: Partial<WorkflowOptions> = {},
): Promise<WorkflowResult> {
	return await runWorkflow({
		simulator,
		items,
		parameters: parametersFor(simulator, parameters),
		...more,
	});
}

const deletions = ({ requests }: Simulator) => requests.filter(({ method }) => method === 'DELETE');
const wordsOf = ({ hints }: WorkflowResult) => hints.map(({ message }) => message).join('\n');

describe('The same image in many items', () => {
	scenarios({
		'is uploaded once': async (simulator) => {
			const { items } = await run(
				simulator,
				await images('a', 'a', 'b', 'a'),
				{ options: { deleteUploads: false } },
				{},
			);
			expect(items).toHaveLength(4);
			expect(sent(simulator).uploads).toHaveLength(2);
			const links = [...simulator.tasks.values()].map(({ request }) => request.image_urls?.[0]);
			expect(new Set(links).size).toBe(2);
			expect(simulator.files.size).toBe(2);
			expect(deletions(simulator)).toEqual([]);
		},

		'is uploaded once for a task that takes it twice, and as its mask': async (simulator) => {
			const { error } = await run(simulator, await images('a'), {
				model: { __rl: true, mode: 'list', value: 'gpt-image-2' },
				images: { image: [{ source: 'binary', binaryPropertyName: 'data, data' }] },
			});
			expect(error).toBeUndefined();
			expect(sent(simulator).uploads).toHaveLength(1);
			expect(deletions(simulator)).toHaveLength(1);
		},

		'is uploaded by another item where the upload of the first is refused': async (simulator) => {
			simulator.inject({ host: 'files', fault: filesRefusal(40003) });
			const { items } = await run(simulator, await images('a', 'a'), {}, { node: GOES_ON });
			expect(items).toHaveLength(2);
			const again = await run(simulator, await images('a', 'a'), {}, { executionId: '8' });
			expect(again.items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
		},
	});
});

describe('Delete Uploads', () => {
	scenarios({
		'deletes the files of a task once its image is stored': async (simulator) => {
			const result = await run(simulator, await images('a', 'b'));
			expect(result.items.map(({ binary }) => bytesOf(binary?.data).length > 1000)).toEqual([
				true,
				true,
			]);
			expect(simulator.files.size).toBe(0);
			const [download] = sent(simulator).downloads;
			expect(deletions(simulator)).toHaveLength(2);
			expect(deletions(simulator)[0].at).toBeGreaterThanOrEqual(download.at);
			expect(wordsOf(result)).not.toContain('deleted');
		},

		'is off unless it is set': async (simulator) => {
			await run(simulator, await images('a'), { options: { deleteUploads: false } });
			expect(simulator.files.size).toBe(1);
		},

		'waits for the last item that needs the image': async (simulator) => {
			simulator.nextTask({ prompt: /Prompt 2/, seconds: 1.5 });
			const { items } = await run(simulator, await images('a', 'a', 'a'), {
				...BY_ROW,
				options: { concurrency: 1 },
			});
			expect(items.map(({ json }) => json.status)).toEqual(Array(3).fill('completed'));
			expect(sent(simulator).uploads).toHaveLength(1);
			expect(deletions(simulator)).toHaveLength(1);
			expect(deletions(simulator)[0].at).toBeGreaterThan(sent(simulator).downloads[2].at);
		},

		'leaves what an item without the option needs': async (simulator) => {
			await run(simulator, await images('a', 'a', 'b'), {
				...BY_ROW,
				options: { deleteUploads: '={{ $json.prompt !== "Prompt 1" }}' },
			});
			expect(deletions(simulator)).toHaveLength(1);
			expect(simulator.files.size).toBe(1);
		},

		'deletes the files of a task that failed': async (simulator) => {
			simulator.nextTask({ end: 'failed', code: 'content_policy_violation' });
			const { error } = await run(simulator, await images('a'));
			expect(error?.message).toContain('failed');
			expect(simulator.files.size).toBe(0);
		},

		'deletes the files where the create was refused': async (simulator) => {
			simulator.inject({
				host: 'api',
				path: /generations/,
				fault: simulator.refusal('insufficientCredits'),
			});
			const { error } = await run(simulator, await images('a'));
			expect(error).toBeDefined();
			expect(simulator.files.size).toBe(0);
		},

		'uploads again for a task that Retry On Fail creates anew': async (simulator) => {
			simulator.nextTask({ end: 'failed', code: 'service_error' });
			const { items } = await run(simulator, await images('a'), {}, { node: TWICE });
			expect(items[0].json.status).toBe('completed');
			expect(sent(simulator).uploads).toHaveLength(2);
			expect(simulator.files.size).toBe(0);
		},

		'keeps the files while the task may still run, and deletes them when it has ended': async (
			simulator,
		) => {
			simulator.inject({ host: 'results', fault: { status: 403 }, times: 1 });
			const { items } = await run(simulator, await images('a'), {}, { node: TWICE });
			expect(items[0].json.status).toBe('completed');
			expect(sent(simulator).uploads).toHaveLength(1);
			expect(deletions(simulator)).toHaveLength(1);

			simulator.nextTask({ seconds: 60 });
			const { error } = await run(
				simulator,
				await images('b'),
				{ options: { timeout: 1 } },
				{ executionId: '8' },
			);
			expect(error?.message).toContain("didn't finish");
			expect(simulator.files.size).toBe(1);
		},

		'keeps the files of a create that may be paid': async (simulator) => {
			simulator.inject({ host: 'api', path: /generations/, times: 4, fault: 'resetAfter' });
			const { error } = await run(simulator, await images('a'));
			expect(error?.message).toContain('may have been charged');
			expect(simulator.files.size).toBe(1);
		},

		'deletes nothing twice when the user retries a failed execution': async (simulator) => {
			simulator.nextTask({ prompt: /Prompt 1/, end: 'failed', code: 'service_error', seconds: 1 });
			const items = await images('a', 'b');
			const failed = await run(simulator, items, BY_ROW);
			expect(failed.error?.message).toContain('failed');
			expect(deletions(simulator)).toHaveLength(2);
			const result = await run(simulator, items, BY_ROW, { retryOf: failed, executionId: '8' });
			expect(result.items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
			expect(deletions(simulator)).toHaveLength(3);
			expect(wordsOf(result)).not.toContain('deleted');
		},

		'is not in effect with a job key': async (simulator) => {
			const options = { jobKey: 'order-7' };
			await run(simulator, await images('a'), { options });
			expect(simulator.files.size).toBe(1);
			const { items } = await run(simulator, await images('a'), { options }, { executionId: '8' });
			expect(items[0].json.status).toBe('completed');
			expect(simulator.paidTasks()).toBe(1);
		},

		'deletes the files of a parked run when it has been woken': async (simulator) => {
			const parked = new ParkedWorkflow({
				simulator,
				items: await images('a', 'a'),
				parameters: parametersFor(simulator, { wait: 'callback' }),
			});
			simulator.nextTask({ seconds: 0.5, times: 2 });
			await parked.start();
			expect(simulator.files.size).toBe(1);
			const run = await parked.wake([parked.parkedItems]);
			const [output] = run.data.resultData.runData.EvoLink.at(-1)?.data?.main ?? [];
			expect(output?.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
			expect(simulator.files.size).toBe(0);
			expect(deletions(simulator)).toHaveLength(1);
		},

		'takes a file that is gone for deleted, where an answer was lost': async (simulator) => {
			simulator.inject({ host: 'files', match: isDeletion, fault: 'resetAfter' });
			const result = await run(simulator, await images('a'));
			expect(result.items[0].json.status).toBe('completed');
			expect(wordsOf(result)).not.toContain('deleted');
			expect(deletions(simulator)).toHaveLength(2);
		},

		'says once which files stay, and hands on the images': async (simulator) => {
			simulator.inject({ host: 'files', match: isDeletion, fault: filesRefusal(403), times: 2 });
			const result = await run(simulator, await images('a', 'b'));
			expect(result.items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
			expect(wordsOf(result).match(/weren't deleted/g)).toHaveLength(1);
		},
	});
});

const isDeletion = ({ method }: { method: string }) => method === 'DELETE';

describe('A files host that deletes nothing', () => {
	scenarios(
		{
			'gets a hint': async (simulator) => {
				const result = await run(simulator, await images('a', 'b'));
				expect(result.items.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
				expect(wordsOf(result)).toMatch(
					/Uploaded files weren't deleted: .*may not support 'Delete Uploads'\. They expire 72 hours/,
				);
			},
		},
		{ taskSeconds: 0.3, fileDeletion: false },
	);
});
