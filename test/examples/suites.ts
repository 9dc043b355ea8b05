import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INode, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import sharp from 'sharp';
import {
	type Execution,
	outputItems,
	type Workflow,
	type WorkflowJson,
} from '../../tools/host/rest';
import { startChatModel } from '../e2e/chatModel';
import { type Fixture, PUBLIC_HOST } from '../e2e/fixture';
import { samplePicture } from '../simulator';
import { problemsOf } from './describe';
import { type Neighbour, startS3, startTelegram } from './neighbours';

const folder = resolve(__dirname, '../../examples');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as WorkflowJson;

/** A neighbour that cannot be pointed to this machine becomes a node that gives what it would have given. */
type StandIns = Record<string, Pick<INode, 'type' | 'typeVersion' | 'parameters'>>;

const expression = (text: unknown) =>
	typeof text === 'string' && text.startsWith('=')
		? `(${text.replace(/^=\s*{{/, '').replace(/}}\s*$/, '')})`
		: JSON.stringify(text);

/** Gives one item whose fields are these values, expressions among them. */
function gives(fields: Record<string, unknown>): StandIns[string] {
	const entries = Object.entries(fields).map(
		([name, value]) => `${JSON.stringify(name)}: ${expression(value)}`,
	);
	return {
		type: 'n8n-nodes-base.set',
		typeVersion: 3.4,
		parameters: {
			mode: 'raw',
			jsonOutput: `={{ JSON.stringify({ ${entries.join(', ')} }) }}`,
			options: {},
		},
	};
}

function downloads(url: string): StandIns[string] {
	return {
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		parameters: { url, options: { response: { response: { responseFormat: 'file' } } } },
	};
}

/** An example as a person has it after the set-up: with credentials, and its neighbours at hand. */
function setUp(
	file: string,
	credentials: Record<string, { id: string; name: string }>,
	standIns: (nodes: Record<string, INodeParameters>) => StandIns = () => ({}),
): WorkflowJson {
	const example = read(file);
	const parametersOf = Object.fromEntries(
		example.nodes.map(({ name, parameters }) => [name, parameters]),
	);
	const replaced = standIns(parametersOf);
	return {
		...example,
		nodes: example.nodes.map((node) => {
			const standIn = replaced[node.name];
			if (standIn) {
				return { ...node, ...standIn, credentials: undefined } as INode;
			}
			const own = Object.keys(node.credentials ?? {}).map((type) => [type, credentials[type]]);
			return own.length === 0
				? node
				: { ...node, credentials: Object.fromEntries(own) as INode['credentials'] };
		}),
	};
}

/** The columns that a Google Sheets node would write. */
function columnsOf(parameters: INodeParameters): Record<string, unknown> {
	return (parameters.columns as { value: Record<string, unknown> }).value;
}

export function examples(given: () => Fixture): void {
	it.each(files)('%s is known to this n8n, to the last parameter', async (file) => {
		expect(problemsOf(read(file), await given().n8n.nodeTypes())).toEqual([]);
	});

	describe('run', () => {
		const neighbours: Neighbour[] = [];
		afterEach(() => neighbours.splice(0).forEach(({ close }) => close()));
		const at = <T extends Neighbour>(neighbour: T): T => {
			neighbours.push(neighbour);
			return neighbour;
		};
		const evolinkApi = () => ({ evolinkApi: given().credential });

		/** Starts at a trigger that was made a plain node: from one that a person clicks. */
		async function runFrom(node: string, workflow: WorkflowJson): Promise<Execution> {
			const { n8n } = given();
			const start = { name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1 };
			const { id } = await n8n.createWorkflow({
				...workflow,
				nodes: [...workflow.nodes, { ...start, id: 'start', position: [0, 0], parameters: {} }],
				connections: {
					...workflow.connections,
					Start: { main: [[{ node, type: 'main', index: 0 }]] },
				},
			});
			return await n8n.waitForExecution(await n8n.runWorkflow(id, { triggerNode: 'Start' }), {
				timeoutMs: 90_000,
			});
		}

		/** Publishes a workflow and sends in its form, as the form page does. */
		async function submitForm(
			workflow: WorkflowJson,
			fields: Array<string | Buffer>,
		): Promise<Execution> {
			const { n8n } = given();
			const { webhookId } = workflow.nodes.find(({ type }) =>
				type.endsWith('.formTrigger'),
			) as INode;
			const stored = await n8n.createWorkflow(workflow);
			await n8n.activate(stored);
			const address = `${n8n.baseUrl}/form/${webhookId}`;
			while (!(await fetch(address)).ok) await sleep(100);
			const body = new FormData();
			for (const [index, field] of fields.entries()) {
				const isFile = Buffer.isBuffer(field);
				const value = isFile ? new Blob([new Uint8Array(field)], { type: 'image/png' }) : field;
				if (isFile) body.append(`field-${index}`, value as Blob, 'photo.png');
				else body.append(`field-${index}`, value as string);
			}
			expect((await fetch(address, { method: 'POST', body })).status).toBe(200);
			return await finished(stored);
		}

		/** The workflow's first execution, once it has come to its end or to a page that waits for a person. */
		async function finished({ id }: Workflow): Promise<Execution> {
			const { n8n } = given();
			for (;;) {
				const [execution] = await n8n.listExecutions({ workflowId: id });
				if (execution && ['success', 'error', 'waiting', 'crashed'].includes(execution.status)) {
					const whole = await n8n.getExecution(execution.id);
					if (whole.data.resultData.lastNodeExecuted !== undefined) return whole;
				}
				await sleep(200);
			}
		}

		const expectEdited = async ([item]: INodeExecutionData[], field = 'data') => {
			expect((await given().picture(item, field)).length).toBeGreaterThan(0);
			expect(given().simulator.paidTasks()).toBe(1);
		};

		it('edit-photo-from-form.json: a photo that is sent in comes back edited', async () => {
			const workflow = setUp('edit-photo-from-form.json', evolinkApi());
			const execution = await submitForm(workflow, [await samplePicture('png'), 'Make it blue']);
			await expectEdited(outputItems(execution, 'Edit Photo'));
			const [task] = given().simulator.tasks.values();
			expect(task.request.prompt).toBe('Make it blue');
		});

		it.each([
			['a large one, turned by EXIF data', 4032, 3024, 0, 'jpeg', 3072],
			['a small one', 300, 200, 0, 'webp', 768],
			['one in another format', 4000, 3000, 0, 'tiff', 3072],
			['one of more than 10 MB', 2000, 2000, 60, 'png', 2000],
			['one that fits', 1000, 800, 0, 'png', 0],
		] as const)(
			'prepare-photos.json: %s is edited, changed only where it must be',
			async (_name, width, height, noise, format, longSide) => {
				const { simulator } = given();
				const photo = await sharp({
					create: {
						width,
						height,
						channels: 3,
						background: '#7fb2d9',
						noise: { type: 'gaussian', mean: 128, sigma: noise },
					},
				})
					[format]()
					.withMetadata({ orientation: format === 'jpeg' ? 6 : 1 })
					.toBuffer();
				const workflow = setUp('prepare-photos.json', evolinkApi());
				for (const node of workflow.nodes) node.webhookId &&= randomUUID();
				const execution = await submitForm(workflow, [photo, 'Make it blue']);
				await expectEdited(outputItems(execution, 'Edit Photo'));
				const [upload] = simulator.requests.filter(({ path }) => path.includes('/upload/'));
				const sent = upload.parts?.find(({ name }) => name === 'file')?.data ?? Buffer.alloc(0);
				if (longSide === 0) {
					expect(sent.equals(photo)).toBe(true);
					return;
				}
				const { autoOrient } = await sharp(sent).metadata();
				expect(Math.max(autoOrient.width, autoOrient.height)).toBe(longSide);
				expect(autoOrient.height > autoOrient.width).toBe(format === 'jpeg');
			},
		);

		it('virtual-try-on.json: two photos become one', async () => {
			const workflow = setUp('virtual-try-on.json', evolinkApi());
			const photo = await samplePicture('png');
			const execution = await submitForm(workflow, [photo, photo]);
			await expectEdited(outputItems(execution, 'Try On'));
			const [task] = given().simulator.tasks.values();
			expect(task.request.image_urls).toHaveLength(2);
		});

		it('new-background-google-drive.json (Drive and Sheets replaced): edits, names and logs', async () => {
			const { simulator } = given();
			const workflow = setUp('new-background-google-drive.json', evolinkApi(), (nodes) => ({
				'Photo Added': gives({ id: 'file-1', name: 'summer dress.jpg' }),
				'Download Photo': downloads(`${simulator.picturesUrl}/cat.png`),
				'Store Edited Photo': gives({
					webViewLink: 'https://drive.example.com/1',
					name: nodes['Store Edited Photo'].name,
				}),
				Log: gives(columnsOf(nodes.Log)),
			}));
			const execution = await runFrom('Photo Added', workflow);
			await expectEdited(outputItems(execution, 'New Background'));
			const [stored] = outputItems(execution, 'Store Edited Photo');
			expect(stored.json.name).toMatch(/^summer dress-studio\.(png|jpe?g|webp)$/);
			const [row] = outputItems(execution, 'Log');
			expect(row.json).toMatchObject({
				photo: 'summer dress.jpg',
				task: expect.stringContaining('task-unified-') as string,
				credits: expect.any(Number) as number,
				link: 'https://drive.example.com/1',
			});
		});

		it('telegram-photo-editor.json: answers a photo with the edited one', async () => {
			const { n8n } = given();
			const telegram = at(await startTelegram());
			const telegramApi = await n8n.createCredential('Telegram', 'telegramApi', {
				accessToken: '1:secret',
				baseUrl: telegram.url,
			});
			const workflow = setUp('telegram-photo-editor.json', { ...evolinkApi(), telegramApi });
			const stored = await n8n.createWorkflow(workflow);
			await n8n.activate(stored);
			const hook = () => telegram.calls.find(({ path }) => path.endsWith('/setWebhook'));
			while (!hook()) await sleep(100);
			const { url, secret_token: secret } = JSON.parse(String(hook()?.body)) as Record<
				string,
				string
			>;
			const message = {
				chat: { id: 7 },
				caption: 'Make it blue',
				photo: ['s', 'm', 'l', 'x'].map((size) => ({ file_id: `photo-${size}` })),
			};
			await fetch(url.replace(`https://${PUBLIC_HOST}`, n8n.baseUrl), {
				method: 'POST',
				headers: {
					'content-type': 'application/json',
					'x-telegram-bot-api-secret-token': secret,
				},
				body: JSON.stringify({ update_id: 1, message }),
			});
			const execution = await finished(stored);
			await expectEdited(outputItems(execution, 'Edit Photo'));
			const sent = telegram.calls.find(({ path }) => path.endsWith('/sendPhoto'));
			expect(String(sent?.body)).toContain('name="chat_id"');
			await n8n.deactivate(stored);
		});

		it('shop-rows-batch.json (Drive and Sheets replaced): failed rows go to their own sheet', async () => {
			const { simulator } = given();
			const rows = [
				{ sku: 'a-1', image_url: `${simulator.picturesUrl}/cat.png`, edited: '' },
				{ sku: 'b-2', image_url: 'no link', edited: '' },
				{ sku: 'c-3', image_url: `${simulator.picturesUrl}/cat.png`, edited: 'done' },
			];
			const workflow = setUp('shop-rows-batch.json', evolinkApi(), (nodes) => ({
				'Get Rows': {
					type: 'n8n-nodes-base.splitOut',
					typeVersion: 1,
					parameters: { fieldToSplitOut: 'list', options: {} },
				},
				'When clicking ‘Execute workflow’': gives({ list: rows }),
				'Store Photo': gives({
					webViewLink: 'https://drive.example.com/1',
					name: nodes['Store Photo'].name,
				}),
				'Mark Row': gives(columnsOf(nodes['Mark Row'])),
				'Note Failed Row': gives(columnsOf(nodes['Note Failed Row'])),
			}));
			const execution = await runFrom('When clicking ‘Execute workflow’', workflow);
			await expectEdited(outputItems(execution, 'Edit Photo'));
			expect(outputItems(execution, 'Store Photo')[0].json.name).toMatch(/^a-1\./);
			expect(outputItems(execution, 'Mark Row').map(({ json }) => json)).toEqual([
				{ sku: 'a-1', edited: 'https://drive.example.com/1' },
			]);
			expect(outputItems(execution, 'Note Failed Row').map(({ json }) => json)).toEqual([
				{ sku: 'b-2', error: expect.stringContaining('Image 1') as string },
			]);
		});

		it('s3-callback-sweeper.json: edits a bucket by callback, and sweeps up once', async () => {
			const { n8n, simulator } = given();
			const store = at(await startS3(['one.png', 'two.png']));
			const s3 = await n8n.createCredential('S3', 's3', {
				endpoint: store.url,
				region: 'us-east-1',
				accessKeyId: 'key',
				secretAccessKey: 'secret',
				forcePathStyle: true,
				ignoreSSLIssues: false,
			});
			const workflow = setUp('s3-callback-sweeper.json', { ...evolinkApi(), s3 });
			const stored = await n8n.createWorkflow(workflow);
			const run = async (triggerNode: string) =>
				await n8n.waitForExecution(await n8n.runWorkflow(stored.id, { triggerNode }), {
					timeoutMs: 90_000,
				});
			const edited = await run('When clicking ‘Execute workflow’');
			expect(outputItems(edited, 'Edit Photos')).toHaveLength(2);
			const puts = () =>
				store.calls.filter(({ method }) => method === 'PUT').map(({ path }) => path);
			expect(puts()).toHaveLength(2);
			expect(simulator.paidTasks()).toBe(2);

			const swept = await run('Twice an Hour');
			expect(outputItems(swept, 'Fetch Images')).toHaveLength(2);
			expect(new Set(puts()).size).toBe(2);
			expect(simulator.paidTasks()).toBe(2);
		});

		it('approve-in-slack.json (Slack and Drive replaced): stores what was approved', async () => {
			const workflow = setUp('approve-in-slack.json', evolinkApi(), (nodes) => ({
				'Post Photo': gives({ ok: true }),
				'Ask for Approval': gives({ data: { approved: true } }),
				'Store Photo': gives({ name: nodes['Store Photo'].name }),
			}));
			const execution = await submitForm(workflow, [await samplePicture('png'), 'Make it blue']);
			await expectEdited(outputItems(execution, 'Fetch Approved Photo'));
			expect(outputItems(execution, 'Store Photo')[0].json.name).toBeTruthy();
		});

		it('ai-agent-image-tool.json: an agent edits the image behind a link', async () => {
			const { n8n, simulator } = given();
			const model = await startChatModel([
				{ Prompt: 'Make it blue', URL: `${simulator.picturesUrl}/cat.png` },
			]);
			const openAiApi = await n8n.createCredential('Chat', 'openAiApi', {
				apiKey: 'none',
				url: model.url,
			});
			const workflow = setUp('ai-agent-image-tool.json', { ...evolinkApi(), openAiApi }, () => ({
				'When chat message received': gives({
					sessionId: 'session-1',
					action: 'sendMessage',
					chatInput: 'Make it blue',
				}),
			}));
			try {
				const execution = await runFrom('When chat message received', workflow);
				expect(execution.data.resultData.error).toBeUndefined();
				expect(model.said.join()).toContain(simulator.resultsUrl);
				expect(simulator.paidTasks()).toBe(1);
			} finally {
				model.server.close();
			}
		});
	});
}
