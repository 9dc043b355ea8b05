import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface ChatRequest {
	tools?: Array<{ function: { name: string; parameters?: { properties?: object } } }>;
	messages: Array<{ role: string; content: string }>;
	stream?: boolean;
}

/** A chat model in the shape of OpenAI's that calls a tool with these arguments, one call after another: the first tool that
 * takes them. */
export async function startChatModel(
	calls: Array<Record<string, unknown>>,
): Promise<{ url: string; server: Server; said: string[] }> {
	const said: string[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const { messages, stream, tools } = JSON.parse(
				Buffer.concat(chunks).toString(),
			) as ChatRequest;
			const answers = messages.filter(({ role }) => role === 'tool');
			said.push(...answers.slice(said.length).map(({ content }) => content));
			const toolArguments = calls[answers.length];
			const toolFor = (names: object = {}) =>
				tools?.find(({ function: { parameters } }) =>
					Object.keys(names).every((name) => name in (parameters?.properties ?? {})),
				);
			const call = {
				id: `call_${answers.length}`,
				type: 'function',
				function: {
					name: toolFor(toolArguments)?.function.name,
					arguments: JSON.stringify(toolArguments),
				},
			};
			const message = toolArguments
				? { role: 'assistant', content: '', tool_calls: [{ index: 0, ...call }] }
				: { role: 'assistant', content: 'Done' };
			const finish = toolArguments ? 'tool_calls' : 'stop';
			const answer = (object: string, choice: object) =>
				JSON.stringify({
					id: 'chat-1',
					object,
					created: 1,
					model: 'gpt-4o-mini',
					choices: [{ index: 0, ...choice }],
				});
			if (!stream) {
				response.setHeader('content-type', 'application/json');
				response.end(answer('chat.completion', { message, finish_reason: finish }));
				return;
			}
			const chunk = (choice: object) => `data: ${answer('chat.completion.chunk', choice)}\n\n`;
			response.setHeader('content-type', 'text/event-stream');
			response.write(chunk({ delta: message, finish_reason: null }));
			response.write(chunk({ delta: {}, finish_reason: finish }));
			response.end('data: [DONE]\n\n');
		});
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, server, said };
}
