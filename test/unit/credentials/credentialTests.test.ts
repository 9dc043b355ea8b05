import { EvolinkApi } from '../../../credentials/EvolinkApi.credentials';
import { ImagesGatewayApi } from '../../../credentials/ImagesGatewayApi.credentials';

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
