import { type INodeTypes, NodeHelpers, Workflow } from 'n8n-workflow';

import { EvolinkApi } from '../../../credentials/EvolinkApi.credentials';
import { ImagesGatewayApi } from '../../../credentials/ImagesGatewayApi.credentials';
import { TESTED_BASE_URL } from '../../../credentials/wellFormed';
import { readCredential } from '../../../nodes/Evolink/parameters/credential';

/** What n8n does with these descriptions is tested on real n8n, in the suite 'credentials'. */
describe.each([
	['EvoLink API', new EvolinkApi()],
	['Images Gateway API', new ImagesGatewayApi()],
])('the test of the credential %s', (_, { test }) => {
	it('does not follow redirects', () => {
		expect(test.request).toMatchObject({ disableFollowRedirect: true });
	});

	it.each([301, 302, 303, 307, 308])('fails in words where the address answers %i', (status) => {
		const rules = test.rules ?? [];
		const rule = rules.find(
			({ type, properties }) =>
				type === 'responseCode' && 'value' in properties && properties.value === status,
		);
		expect(rule?.properties.message).toMatch(/redirects/);
	});
});

describe.each([
	['EvoLink API', new EvolinkApi(), ['baseUrl', 'filesBaseUrl']],
	['Images Gateway API', new ImagesGatewayApi(), ['baseUrl']],
])('the form of the credential %s', (_, { properties }, addresses) => {
	const notices = (address: string) =>
		properties.filter(
			(property) =>
				property.type === 'notice' &&
				NodeHelpers.displayParameter(
					Object.fromEntries(addresses.map((name) => [name, address])),
					property,
					null,
					null,
				),
		);

	it.each([
		['http://api.example.com', true],
		['http://93.184.216.34:8080', true],
		['http://172.15.0.1', true],
		['http://172.32.0.1', true],
		['https://api.example.com', false],
		['http://localhost:8080', false],
		['http://127.0.0.1', false],
		['http://10.1.2.3', false],
		['http://172.16.0.1', false],
		['http://172.31.255.1/v1', false],
		['http://192.168.1.5', false],
		['http://[::1]:8080', false],
		['', false],
	])('warns of %j: %s', (address, isShown) => {
		expect(notices(address)).toHaveLength(isShown ? addresses.length : 0);
	});

	// n8n runs it with every request that sends the key, in a sandbox that takes milliseconds and gives up under load.
	it('has no regex among its conditions', () => {
		expect(JSON.stringify(properties)).not.toContain('regex');
	});
});

describe('The address that a credential test asks', () => {
	const node = {
		...{ id: '1', name: 'Test', type: 'test', typeVersion: 1 },
		...{ position: [0, 0] as [number, number], parameters: {} },
	};
	const nodeTypes = { getByNameAndVersion: () => ({ description: { properties: [] } }) };
	const { expression } = new Workflow({
		...{ nodes: [node], connections: {}, active: false },
		nodeTypes: nodeTypes as unknown as INodeTypes,
	});
	const tested = (baseUrl: string) =>
		expression.getParameterValue(TESTED_BASE_URL, null, 0, 0, 'Test', [], 'internal', {
			$credentials: { baseUrl },
		});

	it.each([
		[' https://api.example.com/v1/ ', 'https://api.example.com'],
		['https://localhost.example.com', 'https://localhost.example.com'],
		...[
			...['http://localhost:8080', 'http://127.0.0.1', 'http://10.1.2.3', 'http://172.31.255.1'],
			...['http://192.168.1.5', 'http://[::1]:8080', 'http://[fd00::1]', 'http://gateway'],
			...['http://evolink.local', 'http://nas.home.arpa.', 'http://169.254.1.1:1/x'],
		].map((address) => [address, address]),
		...[
			...['api.example.com', 'localhost.example.com', '10.example.com', '127.0.0.1.example.com'],
			...['172.32.0.1', '100.128.0.1', '[2001:db9::1]', 'localhost:1@example.com'],
		].map((host) => [`http://${host}`, `use-https-instead-of-http://${host}`]),
	])('of %j is %s', (address, expected) => {
		expect(tested(address)).toBe(expected);
	});
});

const WORKING = {
	apiKey: 'sk-1',
	baseUrl: 'https://api.example.com',
	filesBaseUrl: 'https://files.example.com',
};

describe('What is read from a credential', () => {
	const read = async (credential: Record<string, string>) =>
		await readCredential({
			getCredentials: async () => ({ ...WORKING, ...credential }) as never,
		});

	it.each([
		['https://api.example.com/', 'https://api.example.com'],
		[' https://api.example.com/v1 ', 'https://api.example.com'],
		['https://api.example.com//v1//', 'https://api.example.com'],
		['https://proxy.example.com/evolink/v1/', 'https://proxy.example.com/evolink'],
		['https://proxy.example.com/v1beta', 'https://proxy.example.com/v1beta'],
		['http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080'],
		['http://evolink.local', 'http://evolink.local'],
	])('takes the base URL %j for %s', async (baseUrl, address) => {
		expect((await read({ baseUrl })).addresses.baseUrl).toBe(address);
	});

	it.each([
		['http://api.example.com', /'Base URL' .* http:\/\/, .* without encryption/],
		['HTTP://93.184.216.34', /'Base URL' .* without encryption/],
		['https://api.example.com/v1/credits', /'Base URL' .* more than a base URL/],
		['https://api.example.com?key=1', /'Base URL' .* more than a base URL/],
		['https://api.example.com https://b.example.com', /'Base URL' .* not a valid URL/],
		['api.example.com', /'Base URL' .* not a valid URL/],
		['', /'Base URL' .* not a valid URL/],
	])('refuses the base URL %j', async (baseUrl, message) => {
		await expect(read({ baseUrl })).rejects.toThrow(message);
		await expect(read({ filesBaseUrl: baseUrl })).rejects.toThrow(/'Files Base URL'/);
	});

	it.each([
		' sk-1\n',
		'Bearer sk-1',
		' bearer  sk-1 ',
		'"sk-1"',
		" 'Bearer sk-1' ",
		'Bearer "sk-1"',
		'Authorization: Bearer sk-1',
		'Bearer\nsk-1\r\n',
		'\u201csk-1\u201d',
		'\u200bsk-1\ufeff',
	])('takes the key %j for sk-1, and the credential sends that', async (apiKey) => {
		expect((await read({ apiKey })).apiKey).toBe('sk-1');
		const request = { url: 'https://api.example.com', headers: { Accept: 'image/png' } };
		for (const credential of [new EvolinkApi(), new ImagesGatewayApi()]) {
			expect(await credential.authenticate({ apiKey }, request)).toEqual({
				url: 'https://api.example.com',
				headers: { Accept: 'image/png', Authorization: 'Bearer sk-1' },
			});
		}
	});

	it.each([
		['sk-1 sk-2', /contains spaces or line breaks/],
		['sk-1\nsk-2', /contains spaces or line breaks/],
		['sk-evo-\u2026abcd', /contains characters that no key has/],
	])('names %j as no key', async (apiKey, message) => {
		await expect(read({ apiKey })).rejects.toThrow(message);
	});
});
