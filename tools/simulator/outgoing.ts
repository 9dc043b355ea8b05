import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { SERVICE_AGENT } from './journal';

export interface OutgoingRequest {
	method?: 'GET' | 'POST';
	headers?: Record<string, string>;
	body?: string;
	timeoutSeconds: number;
	/** Bytes of the answer after which the request is given up. */
	maxBytes: number;
	signal: AbortSignal;
}

export interface IncomingAnswer {
	status: number;
	location?: string;
	body: Buffer;
}

/**
 * A request that the service makes. On node:http and not on `fetch`: the Host header has to be
 * settable, no kept-alive socket may outlive a test, and a test may well replace `fetch`.
 */
export async function sendRequest(url: string, options: OutgoingRequest): Promise<IncomingAnswer> {
	const { method = 'GET', headers, body, timeoutSeconds, maxBytes, signal } = options;
	return await new Promise((resolve, reject) => {
		const start = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest;
		const request = start(url, {
			method,
			agent: false,
			signal,
			headers: { 'user-agent': SERVICE_AGENT, ...headers },
		});
		const timer = setTimeout(
			() => request.destroy(new Error(`No answer within ${timeoutSeconds} s`)),
			timeoutSeconds * 1000,
		);
		request.on('close', () => clearTimeout(timer));
		request.on('error', reject);
		request.on('response', (response) => {
			const chunks: Buffer[] = [];
			let length = 0;
			response.on('data', (chunk: Buffer) => {
				length += chunk.length;
				chunks.push(chunk);
				if (length > maxBytes) response.destroy(new Error(`More than ${maxBytes} bytes`));
			});
			response.on('error', reject);
			response.on('end', () =>
				resolve({
					status: response.statusCode ?? 0,
					location: response.headers.location,
					body: Buffer.concat(chunks),
				}),
			);
		});
		request.end(body);
	});
}
