import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { samplePicture, startSimulator } from '../simulator';
import { binaryField, editImage, runWorkflow } from './harness';

const MEGABYTE = 1024 * 1024;
const IMAGE_BYTES = 25 * MEGABYTE;
const ITEMS = 6;

it('a large image in an answer, written as PHP writes JSON, is stored as it is', async () => {
	const simulator = await startSimulator();
	const picture = await samplePicture('png');
	const large = Buffer.concat([picture, randomBytes(3 * MEGABYTE)]);
	const body = JSON.stringify({ data: [{ b64_json: large.toString('base64') }] });
	const gateway = createServer((request, response) => {
		request.resume();
		request.on('end', () => response.end(body.replaceAll('/', '\\/')));
	});
	await new Promise<void>((listening) => gateway.listen(0, '127.0.0.1', listening));
	const { port } = gateway.address() as AddressInfo;
	try {
		const { error, items } = await runWorkflow({
			simulator,
			parameters: editImage(simulator, { service: 'imagesGateway' }),
			credential: { apiKey: simulator.gatewayKey, baseUrl: `http://127.0.0.1:${port}` },
			node: { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } },
		});
		expect(error).toBeUndefined();
		expect(items[0].binary?.data).toMatchObject({ mimeType: 'image/png' });
		expect(Buffer.from(items[0].binary?.data.data ?? '', 'base64').equals(large)).toBe(true);
	} finally {
		gateway.closeAllConnections();
		gateway.close();
		await simulator.close();
	}
});

/** What a gateway has got and not answered yet, n8n holds too: it might have to send it again. */
it.each(['generationsJson', 'editsMultipart'])(
	'images in unanswered requests to a gateway are at most 100 MB (%s)',
	async (gatewayRequest) => {
		const simulator = await startSimulator();
		const answer = await samplePicture('png', { width: 8, height: 8 });
		const body = JSON.stringify({ data: [{ b64_json: answer.toString('base64') }] });
		let bytes = 0;
		let most = 0;
		let requests = 0;
		const gateway = createServer((request, response) => {
			const length = Number(request.headers['content-length']);
			requests += 1;
			bytes += length;
			most = Math.max(most, bytes);
			request.resume();
			request.on('end', () => {
				void sleep(300).then(() => {
					bytes -= length;
					response.writeHead(200, { 'content-type': 'application/json' }).end(body);
				});
			});
		});
		await new Promise<void>((listening) => gateway.listen(0, '127.0.0.1', listening));
		const { port } = gateway.address() as AddressInfo;
		try {
			const picture = await samplePicture('png');
			const large = Buffer.concat([picture, Buffer.alloc(IMAGE_BYTES - picture.length)]);
			const image = binaryField(large, 'a.png', 'image/png');
			const { error, items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					service: 'imagesGateway',
					images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
					options: { gatewayRequest },
				}),
				items: Array.from({ length: ITEMS }, () => ({ json: {}, binary: { data: image } })),
				credential: { apiKey: simulator.gatewayKey, baseUrl: `http://127.0.0.1:${port}` },
				node: { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } },
			});
			expect(error).toBeUndefined();
			expect(items).toHaveLength(ITEMS);
			expect(requests).toBe(ITEMS);
			const encoded = gatewayRequest === 'generationsJson' ? 4 / 3 : 1;
			expect(most).toBeLessThanOrEqual(100 * MEGABYTE * encoded + 100_000);
			// As many as fit go at once.
			expect(most).toBeGreaterThan(IMAGE_BYTES * encoded * 2);
		} finally {
			gateway.closeAllConnections();
			gateway.close();
			await simulator.close();
		}
	},
	300_000,
);
