import busboy from 'busboy';
import type { IncomingHttpHeaders } from 'node:http';

import type { Part } from './journal';

/** The parts of a multipart body in order; rejects when the body is malformed. */
export async function parseMultipart(headers: IncomingHttpHeaders, body: Buffer): Promise<Part[]> {
	return await new Promise((resolve, reject) => {
		const parts: Part[] = [];
		const parser = busboy({ headers, defParamCharset: 'utf8', limits: { fieldSize: Infinity } });
		parser.on('field', (name, value, { mimeType }) => {
			parts.push({ name, contentType: mimeType, data: Buffer.from(value) });
		});
		parser.on('file', (name, stream, { filename, mimeType }) => {
			const chunks: Buffer[] = [];
			const part = { name, fileName: filename, contentType: mimeType, data: Buffer.alloc(0) };
			parts.push(part);
			stream.on('data', (chunk: Buffer) => chunks.push(chunk));
			stream.on('error', reject);
			stream.on('close', () => {
				part.data = Buffer.concat(chunks);
			});
		});
		parser.on('error', reject);
		parser.on('close', () => resolve(parts));
		parser.end(body);
	});
}
