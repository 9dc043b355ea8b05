import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface ChatRequest {
	tools?: Array<{ function: ToolSchema }>;
	messages: Array<{ role: string; content: unknown }>;
	stream?: boolean;
}

/** What the model is told of a tool. */
export interface ToolSchema {
	name: string;
	description?: string;
	parameters?: { properties?: Record<string, { description?: string }> };
}

/** The arguments of a call. */
export type ToolArguments = Record<string, unknown>;
/** A call, several at once, or what is made of the conversation as JSON text. */
export type Turn = ToolArguments | ToolArguments[] | ((conversation: string) => ToolArguments);

export interface ChatModel {
	url: string;
	server: Server;
	/** What the tools answered, in order. */
	said: string[];
	/** The tools that the model was told of last. */
	tools: ToolSchema[];
}

/** A chat model in the shape of OpenAI's that calls a tool with these arguments, one turn after another: the first tool
 * that takes them. */
export async function startChatModel(turns: Turn[]): Promise<ChatModel> {
	const model: Omit<ChatModel, 'url' | 'server'> = { said: [], tools: [] };
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const {
				messages,
				stream,
				tools = [],
			} = JSON.parse(Buffer.concat(chunks).toString()) as ChatRequest;
			model.tools = tools.map((tool) => tool.function);
			const answers = messages.filter(({ role }) => role === 'tool');
			model.said.push(...answers.slice(model.said.length).map(({ content }) => String(content)));
			const turn = nextTurn(turns, answers.length);
			const given = typeof turn === 'function' ? turn(JSON.stringify(messages)) : turn;
			const calls = (given === undefined ? [] : [given].flat()).map((args, index) => ({
				index,
				id: `call_${answers.length}_${index}`,
				type: 'function',
				function: { name: toolFor(model.tools, args)?.name, arguments: JSON.stringify(args) },
			}));
			const message =
				calls.length > 0
					? { role: 'assistant', content: '', tool_calls: calls }
					: { role: 'assistant', content: 'Done' };
			const finish = calls.length > 0 ? 'tool_calls' : 'stop';
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
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
	return Object.assign(model, { url, server });
}

/** Agents tell parallel calls in one message or in several: only the answers say how far the conversation is. */
function nextTurn(turns: Turn[], answers: number): Turn | undefined {
	let open = answers;
	return turns.find((turn) => {
		if (open <= 0) return true;
		open -= Array.isArray(turn) ? turn.length : 1;
		return false;
	});
}

function toolFor(tools: ToolSchema[], args: ToolArguments): ToolSchema | undefined {
	return tools.find(({ parameters }) =>
		Object.keys(args).every((name) => name in (parameters?.properties ?? {})),
	);
}
