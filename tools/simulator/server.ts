import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { faultName, type Fault, type Faults, type StatusFault } from './faults';
import { SERVICE_AGENT, type HostName, type Journal, type RecordedRequest } from './journal';
import { parseMultipart } from './multipart';

/** More than any host takes (100 MB files), so that a refusal can still be worded by the host. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

export interface Answer {
	status: number;
	headers?: Record<string, string>;
	/** An object is sent as JSON; a stream without content-length is sent in chunks. */
	body?: Buffer | string | object | Readable;
	/** The connection breaks in the middle of the body, or stays silent from there on. */
	ending?: 'break' | 'hang';
}

export type Handler = (request: RecordedRequest) => Answer | Promise<Answer>;

export interface HostSetup {
	name: HostName;
	handler: Handler;
	journal: Journal;
	faults: Faults;
	keepBodies: boolean;
	onRequest?: (request: RecordedRequest) => void;
}

/** One origin on the loopback interface: records, applies faults, lets its handler answer. */
export class Host {
	origin = '';
	private readonly server: Server;
	private readonly timers = new Set<NodeJS.Timeout>();

	constructor(private readonly setup: HostSetup) {
		this.server = createServer((request, response) => {
			// A client that hangs up is an everyday event, not an error of the service.
			response.on('error', () => {});
			this.exchange(request, response).catch(() => response.destroy());
		});
		this.server.on('clientError', (_error, socket) => socket.destroy());
		// Longer than any pause between polls: no reset but a scripted one may hit a client.
		this.server.keepAliveTimeout = 120_000;
	}

	async listen(port = 0): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			this.server.once('error', reject);
			this.server.listen(port, '127.0.0.1', resolve);
		});
		this.origin = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		for (const timer of this.timers) clearTimeout(timer);
		await new Promise<void>((resolve) => {
			this.server.close(() => resolve());
			this.server.closeAllConnections();
		});
	}

	private async exchange(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
		const at = Date.now();
		const body = await readBody(incoming);
		const request = await describeRequest(this.setup.name, at, incoming, body);
		this.setup.journal.requests.push(request);
		const fault = this.setup.faults.take(request);
		if (fault) request.fault = faultName(fault);
		try {
			if (fault) await this.answerWithFault(fault, request, response);
			else await send(response, request, await this.handle(request));
		} finally {
			this.setup.onRequest?.(request);
			if (!this.setup.keepBodies) forgetBody(request);
		}
	}

	private async handle(request: RecordedRequest): Promise<Answer> {
		const { length } = request.body;
		if (length > MAX_BODY_BYTES) return { status: 413, body: `Body of ${length} bytes` };
		try {
			return await this.setup.handler(request);
		} catch (error) {
			// Shown in the answer: it is a mistake in the simulator, and somebody has to see it.
			return { status: 500, body: `The simulator failed: ${(error as Error).stack}` };
		}
	}

	private async answerWithFault(
		fault: Fault,
		request: RecordedRequest,
		response: ServerResponse,
	): Promise<void> {
		if (fault === 'hang') return;
		if (fault === 'resetBefore') return reset(response);
		if (isStatusFault(fault)) {
			if (fault.handled) await this.handle(request);
			return await send(response, request, scriptedAnswer(fault));
		}
		const answer = await this.handle(request);
		if (fault === 'hangAfter') return;
		if (fault === 'resetAfter') return reset(response);
		if (fault === 'answerThenBreak') answer.ending = 'break';
		if (fault === 'answerThenHang') answer.ending = 'hang';
		if (fault === 'brokenJson') {
			answer.headers = { ...contentTypeOf(answer.body), ...answer.headers };
			answer.body = firstHalf(toBuffer(answer.body));
		}
		if (typeof fault === 'object') await this.sleep(fault.slow);
		await send(response, request, answer);
	}

	private async sleep(milliseconds: number): Promise<void> {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(() => {
				this.timers.delete(timer);
				resolve();
			}, milliseconds);
			this.timers.add(timer);
		});
	}
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of incoming as AsyncIterable<Buffer>) {
		if (length <= MAX_BODY_BYTES) chunks.push(chunk);
		length += chunk.length;
	}
	return Buffer.concat(chunks);
}

async function describeRequest(
	host: HostName,
	at: number,
	incoming: IncomingMessage,
	body: Buffer,
): Promise<RecordedRequest> {
	const { headers, method = 'GET' } = incoming;
	const url = new URL(incoming.url ?? '/', 'http://simulator');
	const contentType = headers['content-type'] ?? '';
	const request: RecordedRequest = {
		at,
		host,
		method,
		path: url.pathname,
		query: Object.fromEntries(url.searchParams),
		headers,
		body,
		fromService: headers['user-agent'] === SERVICE_AGENT,
	};
	if (/json/i.test(contentType)) request.json = parseJson(body);
	if (/^multipart\//i.test(contentType)) {
		request.parts = await parseMultipart(headers, body).catch(() => undefined);
	}
	return request;
}

function parseJson(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString('utf8'));
	} catch {
		return undefined;
	}
}

function forgetBody(request: RecordedRequest): void {
	request.body = Buffer.alloc(0);
	delete request.parts;
}

async function send(response: ServerResponse, request: RecordedRequest, answer: Answer) {
	if (response.destroyed) return;
	const { body } = answer;
	const headers = { 'x-request-id': randomUUID(), ...answer.headers };
	request.status = answer.status;
	if (body instanceof Readable) {
		response.writeHead(answer.status, headers);
		if (request.method === 'HEAD') {
			body.destroy();
			response.end();
			return;
		}
		await pipeline(body, response).catch(() => {});
		return;
	}
	const bytes = toBuffer(body);
	response.writeHead(answer.status, {
		...contentTypeOf(body),
		'content-length': String(bytes.length),
		...headers,
	});
	if (answer.ending === undefined) {
		response.end(request.method === 'HEAD' ? undefined : bytes);
		return;
	}
	response.write(firstHalf(bytes), () => {
		if (answer.ending === 'break') response.destroy();
	});
}

function reset(response: ServerResponse): void {
	response.socket?.resetAndDestroy();
}

function isStatusFault(fault: Fault): fault is StatusFault {
	return typeof fault === 'object' && 'status' in fault;
}

function scriptedAnswer({ status, headers, body }: StatusFault): Answer {
	return { status, headers, body };
}

function toBuffer(body: Answer['body']): Buffer {
	if (body === undefined || body instanceof Readable) return Buffer.alloc(0);
	if (Buffer.isBuffer(body)) return body;
	return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Of text and objects; bytes have none unless the answer's own headers say so. */
function contentTypeOf(body: Buffer | string | object | undefined): Record<string, string> {
	if (body === undefined || Buffer.isBuffer(body)) return {};
	if (typeof body === 'object') return { 'content-type': 'application/json; charset=utf-8' };
	const subtype = body.startsWith('<') ? 'html' : 'plain';
	return { 'content-type': `text/${subtype}; charset=utf-8` };
}

function firstHalf(bytes: Buffer): Buffer {
	return bytes.subarray(0, Math.floor(bytes.length / 2));
}
