import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { parseJson } from '../../nodes/Evolink/api/http/json';
import { parseTask } from '../../nodes/Evolink/api/task';

/** A call that came to the public address. */
export interface Call {
	/** Unix milliseconds. */
	at: number;
	method: string;
	/** Names only: values may be secrets of a tunnel. */
	headerNames: string[];
	contentType: string;
	json: unknown;
	/** Of the task that it is about; undefined where its body is none. */
	taskId?: string;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** Where the public callback address leads: refuses the first calls of each task, so that they are repeated, then takes them. */
export class Receiver {
	readonly calls: Call[] = [];

	private constructor(
		private readonly server: Server,
		/** How many calls of a task are answered with 500. */
		readonly refusals: number,
	) {}

	static async listen(port: number, refusals = 3): Promise<Receiver> {
		const server = createServer();
		const receiver = new Receiver(server, refusals);
		server.on('request', (request, response) => {
			const chunks: Buffer[] = [];
			let length = 0;
			request.on('data', (chunk: Buffer) => {
				length += chunk.length;
				if (length <= MAX_BODY_BYTES) chunks.push(chunk);
			});
			request.on('end', () => {
				const { method = '', headers } = request;
				const json = parseJson(Buffer.concat(chunks).toString('utf8'));
				const taskId = parseTask(json)?.id;
				receiver.calls.push({
					at: Date.now(),
					method,
					headerNames: Object.keys(headers).sort(),
					contentType: headers['content-type'] ?? '',
					json,
					taskId,
				});
				response.statusCode = receiver.callsOf(taskId).length <= refusals ? 500 : 204;
				response.end();
			});
		});
		await new Promise<void>((resolve, reject) => {
			server.once('error', reject);
			server.listen(port, '127.0.0.1', resolve);
		});
		return receiver;
	}

	callsOf(wanted: string | undefined): Call[] {
		return this.calls.filter(({ taskId }) => taskId === wanted);
	}

	get port(): number {
		return (this.server.address() as AddressInfo).port;
	}

	close(): void {
		this.server.close();
		this.server.closeAllConnections();
	}
}
