import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { IConnections, INode, INodeParameters } from 'n8n-workflow';

import { type Execution, outputItems } from '../../../tools/host/rest';
import { chain, workflowOf } from '../../../tools/host/sketch';
import { samplePicture } from '../../simulator';
import { type ChatModel, startChatModel, type Turn } from '../chatModel';
import { type Fixture, type TestNode, to } from '../fixture';

const TOOL = 'n8n-nodes-evolink.evolinkTool';
const CHAT = 'When chat message received';

/** What the model is to give, as a person leaves it to the model in the form. */
const PROMPT = {
	prompt:
		"={{ $fromAI('prompt', 'What to change in the image, in English, e.g. Replace the background with a beach', 'string') }}",
};
const LINK = {
	images: {
		image: [
			{
				source: 'url',
				url: "={{ $fromAI('url', 'Public https URL of the image file itself, e.g. https://example.com/cat.png', 'string') }}",
			},
		],
	},
};

/** Versions of n8n's agent: the first that takes tools, and the newest that both versions of n8n have. */
const AGENTS = [1.7, 2.2, 3];

interface Talk {
	turns: Turn[];
	/** The EvoLink tools of the agent. */
	tools: TestNode[];
	agentVersion?: number;
	/** Before the agent; the first one is the trigger where it is a chat. */
	before?: TestNode[];
	/** What the agent is asked, by expression too. */
	text?: string;
	agent?: Partial<INode>;
}

/** The node as the tool of an AI agent. */
export function agent(given: () => Fixture): void {
	describe('An AI agent', () => agentsOf(given));
}

function agentsOf(given: () => Fixture): void {
	const tool = (parameters: INodeParameters = {}, settings: Partial<INode> = {}): TestNode =>
		given().editImage({ ...PROMPT, ...parameters }, { type: TOOL, ...settings });

	/** The nodes and connections of an agent; the model has to be closed. */
	async function agentWorkflow({
		turns,
		tools,
		agentVersion = 1.7,
		before = [],
		text,
		agent,
	}: Talk) {
		const { n8n } = given();
		const model = await startChatModel(turns);
		const credential = await n8n.createCredential('Chat model', 'openAiApi', {
			apiKey: 'none',
			url: model.url,
		});
		const nodes: TestNode[] = [
			...before,
			{
				name: 'Agent',
				type: '@n8n/n8n-nodes-langchain.agent',
				typeVersion: agentVersion,
				parameters: { promptType: 'define', text: text ?? 'Edit the image', options: {} },
				...agent,
			},
			{
				name: 'Chat Model',
				type: '@n8n/n8n-nodes-langchain.lmChatOpenAi',
				typeVersion: 1,
				parameters: { model: 'gpt-4o-mini', options: {} },
				credentials: { openAiApi: { id: credential.id, name: credential.name } },
			},
			...tools,
		];
		const connect = (type: 'ai_tool' | 'ai_languageModel') => ({
			[type]: [[{ node: 'Agent', type, index: 0 }]],
		});
		const way = [...before.map(({ name }) => name), 'Agent'];
		const connections: IConnections = {
			...chain(way),
			'Chat Model': connect('ai_languageModel'),
			...Object.fromEntries(tools.map(({ name }) => [name, connect('ai_tool')])),
		};
		return { model, nodes, connections, first: way[0] };
	}

	/** An agent that a person starts in the editor. */
	async function talk(about: Talk): Promise<ChatModel & { execution: Execution }> {
		const { model, nodes, connections, first } = await agentWorkflow(about);
		try {
			const execution = await given().run(nodes, { Start: to(first), ...connections });
			return { ...model, execution };
		} finally {
			model.server.close();
		}
	}

	/** An agent behind a chat, in which a person sends a message and an image. */
	async function chat(
		about: Talk,
		image = true,
	): Promise<Pick<ChatModel, 'said'> & { execution: Execution }> {
		const { n8n } = given();
		const webhookId = randomUUID();
		const trigger: TestNode = {
			name: CHAT,
			type: '@n8n/n8n-nodes-langchain.chatTrigger',
			typeVersion: 1.1,
			webhookId,
			parameters: { public: true, options: { allowFileUploads: true, allowedFilesMimeTypes: '*' } },
		};
		const before = [trigger, ...(about.before ?? [])];
		const { model, nodes, connections } = await agentWorkflow({ ...about, before });
		try {
			const { id } = await n8n.createWorkflow(workflowOf('Chat', nodes, connections));
			await n8n.activate({ id });
			const address = `${n8n.baseUrl}/webhook/${webhookId}/chat`;
			const send = async () => {
				const body = new FormData();
				body.append('action', 'sendMessage');
				body.append('sessionId', 'session-1');
				body.append('chatInput', 'Make my cat blue');
				const png = new Uint8Array(await samplePicture('png'));
				if (image) body.append('files', new Blob([png], { type: 'image/png' }), 'cat.png');
				return await fetch(address, { method: 'POST', body });
			};
			while ((await send()).status === 404) await sleep(200);
			const [{ id: executionId }] = await n8n.listExecutions({ workflowId: id });
			const execution = await n8n.waitForExecution(executionId);
			await n8n.deactivate({ id });
			return { said: model.said, execution };
		} finally {
			model.server.close();
		}
	}

	it.each(AGENTS)(
		'(version %s) edits an image by link, and gives links back',
		async (agentVersion) => {
			const { simulator } = given();
			const url = `${simulator.picturesUrl}/room.jpg`;
			const { said, tools, execution } = await talk({
				agentVersion,
				turns: [{ prompt: 'Make it blue', url }],
				tools: [tool(LINK)],
			});
			expect(execution.data.resultData.error).toBeUndefined();
			expect(said.join()).toContain(simulator.resultsUrl);
			const [task] = simulator.tasks.values();
			expect(task.request).toMatchObject({ prompt: 'Make it blue', image_urls: [url] });
			expect(simulator.requests.filter(({ host }) => host === 'results')).toEqual([]);
			const [{ description, parameters }] = tools;
			expect(description).toMatch(/edit/i);
			expect(parameters?.properties?.url.description).toMatch(/^Public https URL .* e\.g\. https:/);
		},
	);

	it.each(AGENTS)('(version %s) is paid for each call, parallel ones too', async (agentVersion) => {
		const { simulator } = given();
		const blue = { prompt: 'Make it blue' };
		const { said } = await talk({
			agentVersion,
			turns: [[blue, { prompt: 'Make it red' }, blue], blue],
			tools: [tool()],
		});
		expect(said).toHaveLength(4);
		for (const answer of said) expect(answer).toContain(simulator.resultsUrl);
		expect(simulator.paidTasks()).toBe(4);
		expect(new Set(said.map((answer) => /task-[\w-]+/.exec(answer)?.[0])).size).toBe(4);
	});

	it('is paid once for the same job, whatever the model asks', async () => {
		const { simulator } = given();
		const { said } = await talk({
			turns: [{ prompt: 'Make it blue' }, { prompt: 'Make it blue' }],
			tools: [tool({ options: { jobKey: 'order-7' } })],
		});
		expect(said).toHaveLength(2);
		expect(simulator.paidTasks()).toBe(1);
	});

	it('polls as a tool, because an agent cannot be parked', async () => {
		const { simulator } = given();
		const { said } = await talk({
			turns: [{ prompt: 'Make it blue' }],
			tools: [tool({ wait: 'callback' })],
		});
		expect(said.join()).toContain(simulator.resultsUrl);
		const [task] = simulator.tasks.values();
		expect(task.request.callback_url).toBeUndefined();
	});

	it.each(AGENTS)(
		'(version %s) continues the paid task when n8n calls the tool again',
		async (agentVersion) => {
			const { simulator } = given();
			simulator.inject({ host: 'api', path: /tasks/, fault: { status: 403 } });
			const { said } = await talk({
				agentVersion,
				turns: [{ prompt: 'Make it blue' }],
				tools: [tool({}, { retryOnFail: true, waitBetweenTries: 100 })],
			});
			expect(said.join()).toContain(simulator.resultsUrl);
			expect(simulator.paidTasks()).toBe(1);
		},
	);

	it.each(AGENTS)('(version %s) is told in words what went wrong', async (agentVersion) => {
		const { simulator } = given();
		simulator.nextTask({ end: 'failed', code: 'content_policy_violation' });
		const { said, execution } = await talk({
			agentVersion,
			turns: [{ prompt: 'Make it blue' }, { prompt: 'Make it green' }],
			tools: [tool()],
		});
		expect(execution.data.resultData.error).toBeUndefined();
		expect(said[0]).toMatch(/content_policy_violation/);
		expect(said[1]).toContain(simulator.resultsUrl);
	});

	it('generates, asks for the task and for prices, each by a tool of its own', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const { quoting, credentials } = await fixture.quotingService();
		const own = (name: string, parameters: INodeParameters, settings: Partial<INode> = {}) =>
			fixture.evolink(parameters, { type: TOOL, name, ...settings });
		const priceOf = (argument: string): INodeParameters => ({
			operation: 'estimateCost',
			model: { __rl: true, mode: 'list', value: 'qwen-image-edit-plus' },
			numberOfImages: `={{ $fromAI('${argument}', 'How many images', 'number') }}`,
		});
		try {
			const { said, execution } = await talk({
				turns: [
					{ description: 'A lighthouse' },
					(conversation) => ({ id: /task-unified-[\w-]+/.exec(conversation)?.[0] }),
					{ count: 2 },
					{ untold: 2 },
				],
				tools: [
					own('Generate', {
						operation: 'generateImage',
						prompt: "={{ $fromAI('description', 'What the image shows', 'string') }}",
					}),
					own('Task', {
						operation: 'getTask',
						taskId: "={{ $fromAI('id', 'ID of the task', 'string') }}",
					}),
					own('Price', priceOf('count'), { credentials }),
					own('No Price', priceOf('untold')), // This simulator tells none.
				],
			});
			expect(execution.data.resultData.error).toBeUndefined();
			expect(said).toHaveLength(4);
			expect(said[0]).toContain(simulator.resultsUrl);
			expect(said[1]).toContain(simulator.resultsUrl);
			expect(said[2]).toMatch(/credits\W+[1-9]/);
			expect(said[2]).toMatch(/basis/);
			expect(said[3]).toMatch(/doesn't quote prices/);
			expect([simulator.paidTasks(), quoting.paidTasks()]).toEqual([1, 0]);
		} finally {
			await quoting.close();
		}
	});

	const selected = (expression: string): INodeParameters => ({
		images: { image: [{ source: 'binary', binaryPropertyName: `={{ ${expression} }}` }] },
	});

	it.each(AGENTS)(
		'(version %s) edits an image from the chat, by an expression',
		async (agentVersion) => {
			const { simulator } = given();
			for (const expression of [
				`$('${CHAT}').item.binary.data0`,
				`$('${CHAT}').first().binary.data0`,
			]) {
				const before = simulator.paidTasks();
				const { said } = await chat({
					agentVersion,
					turns: [{ prompt: 'Make it blue' }],
					tools: [tool(selected(expression))],
				});
				expect(said.join()).toContain(simulator.resultsUrl);
				expect(simulator.paidTasks()).toBe(before + 1);
			}
		},
	);

	it.each(AGENTS)(
		'(version %s) edits an image from the chat that was uploaded before the agent',
		async (agentVersion) => {
			const fixture = given();
			const { simulator } = fixture;
			const upload = fixture.evolink(
				{ operation: 'uploadImage', inputBinaryPropertyName: 'data0' },
				{ name: 'Upload Image' },
			);
			const { said, execution } = await chat({
				agentVersion,
				before: [upload],
				text: `={{ $('${CHAT}').item.json.chatInput }} Image: {{ $json.url }}`,
				turns: [
					(conversation) => ({
						prompt: 'Make it blue',
						url: /Image: (http[^"\\\s]+)/.exec(conversation)?.[1],
					}),
				],
				tools: [tool(LINK)],
			});
			expect(said.join()).toContain(simulator.resultsUrl);
			const [{ json }] = outputItems(execution, 'Upload Image');
			const [task] = simulator.tasks.values();
			expect(task.request.image_urls).toEqual([json.url]);
		},
	);

	it('is told what to do where the chat has no image', async () => {
		const { simulator } = given();
		const { said } = await chat(
			{
				turns: [{ prompt: 'Make it blue' }],
				tools: [tool(selected(`$('${CHAT}').first().binary?.data0`))],
			},
			false,
		);
		expect(said.join()).toMatch(/Ask the user for a public URL/);
		expect(simulator.paidTasks()).toBe(0);
	});
}
