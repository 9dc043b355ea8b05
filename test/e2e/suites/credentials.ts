import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { HostVersion } from '../../../tools/host/install';
import type { Fixture } from '../fixture';

/** 1.123 reads no rules of a credential test, and has its own words. */
const REDIRECTED: Record<HostVersion, RegExp> = {
	'1.123': /^Request failed with status code 30\d$/,
	'2.41': /redirects to another host, which the API key isn't sent to/,
};

/** n8n's test of both credentials. */
export function credentials(given: () => Fixture, version: HostVersion): void {
	describe.each(['evolinkApi', 'imagesGatewayApi'])('the test of the credential %s', (type) => {
		let close: Array<() => void>;
		beforeEach(() => (close = []));
		afterEach(() => close.forEach((end) => end()));

		async function serve(answer: RequestListener): Promise<string> {
			const server = createServer(answer);
			await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
			close.push(() => server.close());
			return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		}

		it('carries the key to no other host, and says that the address redirects', async () => {
			const { n8n } = given();
			const elsewhere: string[] = [];
			const other = await serve((request, response) => {
				elsewhere.push(`${request.url} ${request.headers.authorization}`);
				response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
			});
			const first = await serve((request, response) => {
				const status = Number(request.url?.split('/')[1]);
				response.writeHead(status, { location: `${other}${request.url}` }).end();
			});
			const credential = await n8n.createCredential('Redirected', type, {
				apiKey: 'sk-own',
				baseUrl: first,
			});
			for (const status of [301, 302, 303, 307, 308]) {
				const data = { apiKey: 'sk-own', baseUrl: `${first}/${status}` };
				const result = await n8n.testCredential(credential, data);
				expect(result).toEqual({
					status: 'Error',
					message: expect.stringMatching(REDIRECTED[version]) as string,
				});
			}
			expect(elsewhere).toEqual([]);
		});

		it('takes off what is certainly not meant, and sends no key to a public http address', async () => {
			const { n8n } = given();
			const asked: string[] = [];
			const api = await serve((request, response) => {
				asked.push(`${request.url} ${request.headers.authorization}`);
				response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
			});
			const credential = await n8n.createCredential('Mended', type, { apiKey: 'sk', baseUrl: api });
			const mended = { apiKey: ' Bearer sk-own ', baseUrl: ` ${api}/v1/ ` };
			expect(await n8n.testCredential(credential, mended)).toMatchObject({ status: 'OK' });
			const quoted = { apiKey: '"sk-own"\n', baseUrl: api };
			expect(await n8n.testCredential(credential, quoted)).toMatchObject({ status: 'OK' });
			const right = expect.stringMatching(/^\/v1\/(credits|models) Bearer sk-own$/) as string;
			expect(asked).toEqual([right, right]);

			const open = { apiKey: 'sk-own', baseUrl: 'http://n8n.example.com' };
			expect(await n8n.testCredential(credential, open)).toMatchObject({
				status: 'Error',
				// n8n 2.41 shows but the code of its client; there the notice in the form says why.
				message: expect.stringMatching(/use-https-instead-of-http|ERR_BAD_REQUEST/) as string,
			});
		});
	});
}
