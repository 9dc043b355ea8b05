import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IConnections } from 'n8n-workflow';
import { type Fixture, type TestNode, to } from '../fixture';

interface ChatRequest {
	tools?: Array<{ function: { name: string } }>;
	messages: Array<{ role: string; content: string }>;
}

/** A chat model in the shape of OpenAI's that calls its tool with the given prompts, one after another. */
async function startChatModel(
	prompts: string[],
): Promise<{ url: string; server: Server; said: string[] }> {
	const said: string[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const { messages, tools } = JSON.parse(Buffer.concat(chunks).toString()) as ChatRequest;
			const answers = messages.filter(({ role }) => role === 'tool');
			said.push(...answers.slice(said.length).map(({ content }) => content));
			const prompt = prompts[answers.length];
			const call = {
				id: `call_${answers.length}`,
				type: 'function',
				function: { name: tools?.[0].function.name, arguments: JSON.stringify({ prompt }) },
			};
			const delta = prompt
				? { role: 'assistant', content: '', tool_calls: [{ index: 0, ...call }] }
				: { role: 'assistant', content: 'Done' };
			const chunk = (choice: object) =>
				`data: ${JSON.stringify({
					id: 'chat-1',
					object: 'chat.completion.chunk',
					created: 1,
					model: 'gpt-4o-mini',
					choices: [{ index: 0, ...choice }],
				})}\n\n`;
			// n8n's agent asks for a stream.
			response.setHeader('content-type', 'text/event-stream');
			response.write(chunk({ delta, finish_reason: null }));
			response.write(chunk({ delta: {}, finish_reason: prompt ? 'tool_calls' : 'stop' }));
			response.end('data: [DONE]\n\n');
		});
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, server, said };
}

/** The node as the tool of an AI agent. */
export function agent(given: () => Fixture): void {
	async function runAgent(
		fixture: Fixture,
		prompts: string[],
		settings = {},
		parameters = {},
	): Promise<string[]> {
		const { url, server, said } = await startChatModel(prompts);
		const credential = await fixture.n8n.createCredential('Chat model', 'openAiApi', {
			apiKey: 'none',
			url,
		});
		const tool = fixture.editImage(
			{ prompt: "={{ $fromAI('prompt', 'What to change', 'string') }}", ...parameters },
			{ type: 'n8n-nodes-evolink.evolinkTool', ...settings },
		);
		const nodes: TestNode[] = [
			{
				name: 'Agent',
				type: '@n8n/n8n-nodes-langchain.agent',
				typeVersion: 1.7,
				parameters: { promptType: 'define', text: 'Edit the picture', options: {} },
			},
			{
				name: 'Chat Model',
				type: '@n8n/n8n-nodes-langchain.lmChatOpenAi',
				typeVersion: 1,
				parameters: { model: 'gpt-4o-mini', options: {} },
				credentials: { openAiApi: { id: credential.id, name: credential.name } },
			},
			tool,
		];
		const connect = (type: 'ai_tool' | 'ai_languageModel') => ({
			[type]: [[{ node: 'Agent', type, index: 0 }]],
		});
		const connections: IConnections = {
			Start: to('Agent'),
			'Chat Model': connect('ai_languageModel'),
			EvoLink: connect('ai_tool'),
		};
		try {
			const execution = await fixture.run(nodes, connections);
			expect(execution.data.resultData.error).toBeUndefined();
		} finally {
			server.close();
		}
		return said;
	}

	it('gives an agent the links of the edited picture', async () => {
		const fixture = given();
		const [answer] = await runAgent(fixture, ['Make it blue']);
		expect(answer).toContain(fixture.simulator.resultsUrl);
		const [task] = fixture.simulator.tasks.values();
		expect(task.request.prompt).toBe('Make it blue');
	});

	it('pays for each call of an agent, also for the same one again', async () => {
		const fixture = given();
		await runAgent(fixture, ['Make it blue', 'Make it blue', 'Make it red']);
		expect(fixture.simulator.paidTasks()).toBe(3);
	});

	it('polls as a tool, because an agent cannot be parked', async () => {
		const fixture = given();
		const [answer] = await runAgent(fixture, ['Make it blue'], {}, { wait: 'callback' });
		expect(answer).toContain(fixture.simulator.resultsUrl);
		const [task] = fixture.simulator.tasks.values();
		expect(task.request.callback_url).toBeUndefined();
	});

	it('continues the paid task when n8n calls the tool again', async () => {
		const fixture = given();
		fixture.simulator.inject({ host: 'api', path: /tasks/, fault: { status: 403 } });
		const [answer] = await runAgent(fixture, ['Make it blue'], {
			retryOnFail: true,
			waitBetweenTries: 100,
		});
		expect(answer).toContain(fixture.simulator.resultsUrl);
		expect(fixture.simulator.paidTasks()).toBe(1);
	});
}
