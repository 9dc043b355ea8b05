import { samplePicture } from '../simulator';
import { binaryField, editImage, runWorkflow, sent } from './harness';
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
		'an image within the answer of a gateway is an error, because it would get lost, and paid again':
			async (simulator) => {
				simulator.nextEdit({ shape: 'base64' });
				const { items } = await runWorkflow({
					simulator,
					parameters: editImage(simulator, { service: 'imagesGateway' }),
					credential: { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl },
					node: { ...tool, credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } },
				});
				expect(items[0].json.error).toMatch(/bills it, but .* can't hand on files\. Don't call/);
				expect(simulator.paidTasks()).toBe(1);
			},
		'an error is data that says what to do': async (simulator) => {
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '' }),
				node: tool,
			});
			expect(error).toBeUndefined();
			expect(items[0].json.error).toMatch(/^'Prompt' is empty\. Describe the change/);
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
			expect(items[0].json).toMatchObject({
				id,
				error: expect.stringMatching(/content_policy_violation.*Change them/) as string,
			});
		},
		'a file that is not there is an error that tells the agent what to do instead': async (
			simulator,
		) => {
			for (const binaryPropertyName of ['data', '={{ $json.nothing }}']) {
				const { items } = await runWorkflow({
					simulator,
					parameters: editImage(simulator, {
						images: { image: [{ source: 'binary', binaryPropertyName }] },
					}),
					node: tool,
				});
				expect(items[0].json.error).toMatch(
					/Ask the user for a public URL.*'Upload Image' before the agent/,
				);
			}
			expect(simulator.requests).toEqual([]);
		},
		'uploads are deleted by each call alone': async (simulator) => {
			const content = await samplePicture('png');
			const call = async (prompt: string) =>
				await runWorkflow({
					simulator,
					parameters: editImage(simulator, {
						prompt,
						images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
						options: { deleteUploads: true },
					}),
					items: [{ json: {}, binary: { data: binaryField(content, 'a.png', 'image/png') } }],
					node: tool,
				});
			const both = await Promise.all([call('Blue'), call('Red')]);
			for (const { items } of both) expect(items[0].json.status).toBe('completed');
			expect(sent(simulator).uploads).toHaveLength(2);
			expect(simulator.overwrittenFiles).toBe(0);
			expect(simulator.files.size).toBe(0);
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
