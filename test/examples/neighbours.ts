import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { samplePicture } from '../simulator';

/** What a neighbour was sent. */
interface Call {
	method: string;
	/** With its query. */
	path: string;
	body: Buffer;
}

/** A service beside EvoLink whose address can be set in its credential, on this machine. */
export interface Neighbour {
	url: string;
	calls: Call[];
	close: () => void;
}

type Reply = (call: Call) => Buffer | string | object;

async function startNeighbour(reply: Reply): Promise<Neighbour> {
	const calls: Call[] = [];
	const server: Server = createServer((request, response) => {
		void read(request).then((body) => {
			const call = { method: request.method ?? '', path: request.url ?? '', body };
			calls.push(call);
			const answer = reply(call);
			const isBytes = Buffer.isBuffer(answer) || typeof answer === 'string';
			response.end(isBytes ? answer : JSON.stringify(answer));
		});
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	const { port } = server.address() as AddressInfo;
	return { url: `http://127.0.0.1:${port}`, calls, close: () => server.close() };
}

async function read(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
	return Buffer.concat(chunks);
}

/** An S3 with one bucket of photos in the folder `in/`. */
export async function startS3(photos: string[]): Promise<Neighbour> {
	const photo = await samplePicture('png');
	const list = photos.map((key) => `<Contents><Key>in/${key}</Key></Contents>`).join('');
	return await startNeighbour(({ method, path }) => {
		if (method === 'PUT') return '';
		if (path.includes('location')) return '<LocationConstraint>us-east-1</LocationConstraint>';
		if (path.includes('list-type')) return `<ListBucketResult>${list}</ListBucketResult>`;
		return photo;
	});
}

/** A Telegram whose messages have a photo. */
export async function startTelegram(): Promise<Neighbour> {
	const photo = await samplePicture('png');
	return await startNeighbour(({ path }) => {
		if (path.includes('/getFile')) {
			return { ok: true, result: { file_id: 'photo-1', file_path: 'photos/file_1.png' } };
		}
		return path.startsWith('/file/') ? photo : { ok: true, result: true };
	});
}
