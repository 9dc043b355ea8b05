import { InvalidInputError } from '../../../../nodes/Evolink/api/errors/errors';
import {
	knowsSecret,
	resumeAddress,
	resumeSecret,
} from '../../../../nodes/Evolink/waiting/parking/resumeAddress';
import { PARKING_WEBHOOKS } from '../../../../nodes/Evolink/waiting/parking/webhooks';
import { runIdentity } from '../../runIdentity';

const KEY = 'sk-evo-1';
const SECRET = resumeSecret(runIdentity(), KEY);

describe("The secret of a run's address", () => {
	it('is the same in each try, and hides the key', () => {
		expect(resumeSecret(runIdentity(), KEY)).toBe(SECRET);
		expect(SECRET).toMatch(/^[0-9a-f]{40}$/);
		expect(SECRET).not.toContain(KEY);
	});

	it('differs by key, instance, workflow, execution, node and run', () => {
		const others = [
			{ instanceId: 'another' },
			{ workflowId: 'another' },
			{ executionId: 'another' },
			{ nodeId: 'another' },
			{ runIndex: 7 },
		].map((change) => resumeSecret(runIdentity(change), KEY));
		const secrets = [SECRET, resumeSecret(runIdentity(), 'sk-evo-2'), ...others];
		expect(new Set(secrets).size).toBe(7);
	});

	it('is a hash with a key: without the key nobody can make it', () => {
		expect(resumeSecret(runIdentity(), '')).not.toBe(SECRET);
	});
});

describe('The address', () => {
	it.each([
		['https://n8n.example.com/webhook-waiting/7', '/webhook-waiting/7/callback'],
		['https://n8n.example.com/webhook-waiting/7//', '/webhook-waiting/7/callback'],
		['https://n8n.example.com/base/webhook-waiting/7/', '/base/webhook-waiting/7/callback'],
	])("is a path below n8n's own: %s", (resumeUrl, path) => {
		const url = new URL(resumeAddress(resumeUrl, SECRET));
		expect([url.origin, url.pathname]).toEqual(['https://n8n.example.com', path]);
		expect([...url.searchParams]).toEqual([['evolink', SECRET]]);
	});

	it("keeps n8n's signature", () => {
		const address = resumeAddress('https://n8n.example.com/webhook-waiting/7?signature=s', SECRET);
		expect(Object.fromEntries(new URL(address).searchParams)).toEqual({
			signature: 's',
			evolink: SECRET,
		});
	});

	it('is refused where EvoLink cannot call it', () => {
		expect(() => resumeAddress('http://localhost:5678/webhook-waiting/7', SECRET)).toThrow(
			InvalidInputError,
		);
	});

	it('is what n8n listens to while the run is parked', () => {
		expect(PARKING_WEBHOOKS).toEqual([
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				responseData: '',
				path: 'callback',
				restartWebhook: true,
				isFullPath: true,
			},
		]);
	});
});

describe('A call knows the secret', () => {
	it('by its parameter, whole and alone', () => {
		expect(knowsSecret({ evolink: SECRET, signature: 's' }, SECRET)).toBe(true);
	});

	it.each<[string, object]>([
		['no parameter', {}],
		['an empty one', { evolink: '' }],
		['blanks', { evolink: ' '.repeat(40) }],
		['null', { evolink: null }],
		['another of the same length', { evolink: 'f'.repeat(40) }],
		['its beginning', { evolink: SECRET.slice(0, 39) }],
		['more', { evolink: `${SECRET}0` }],
		['a list', { evolink: [SECRET] }],
		['another parameter', { secret: SECRET }],
		['a multi-byte text of as many characters', { evolink: 'é'.repeat(40) }],
	])('not by %s', (_what, query) => {
		expect(knowsSecret(query, SECRET)).toBe(false);
	});
});
