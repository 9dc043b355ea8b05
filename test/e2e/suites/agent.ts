import type { IConnections } from 'n8n-workflow';
import { startChatModel } from '../chatModel';
import { type Fixture, type TestNode, to } from '../fixture';

/** The node as the tool of an AI agent. */
export function agent(given: () => Fixture): void {
	async function runAgent(
		fixture: Fixture,
		prompts: string[],
		settings = {},
		parameters = {},
	): Promise<string[]> {
		const { url, server, said } = await startChatModel(prompts.map((prompt) => ({ prompt })));
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

	it('gives an agent the links of the edited image', async () => {
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
