import { setTimeout as sleep } from 'node:timers/promises';

import { slowHeic } from '../../unit/images/slowHeic';
import { edited, errorText, type Fixture } from '../fixture';

/** Images as people, and attackers, have them. */
export function oddImages(given: () => Fixture): void {
	it('a file that is made to be slow does not keep n8n from its work, as a result and as an input', async () => {
		const fixture = given();
		fixture.simulator.nextTask({ delivery: { bytes: slowHeic() } });
		const away = new AbortController();
		const slowest = slowestAnswer(fixture.n8n.baseUrl, away.signal);
		const execution = await fixture.run([
			{ ...fixture.editImage(), name: 'First' },
			fixture.editImage({ images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } }),
		]);
		away.abort();
		expect(errorText(execution)).toMatch(/Image 1 .*HEIC/);
		expect(execution.data.resultData.runData.First?.[0].error).toBeUndefined();
		expect(await slowest).toBeLessThan(5_000); // It was half a minute.
		expect(edited(await fixture.run([fixture.editImage()]))).toHaveLength(1);
	});

	it('nor as base64 in the answer of a gateway', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		simulator.nextEdit({ shape: 'base64', bytes: slowHeic() });
		const { id, name } = await n8n.createCredential('Gateway', 'imagesGatewayApi', {
			apiKey: simulator.gatewayKey,
			baseUrl: simulator.gatewayUrl,
		});
		const credentials = { imagesGatewayApi: { id, name } };
		const node = fixture.editImage({ service: 'imagesGateway' }, { credentials });
		const away = new AbortController();
		const slowest = slowestAnswer(n8n.baseUrl, away.signal);
		const [item] = edited(await fixture.run([node]));
		away.abort();
		expect(item.binary?.data).toBeDefined();
		expect(await slowest).toBeLessThan(5_000);
	});
}

/** Milliseconds of the slowest answer of n8n until then. */
async function slowestAnswer(baseUrl: string, until: AbortSignal): Promise<number> {
	let slowest = 0;
	while (!until.aborted) {
		const start = Date.now();
		await fetch(`${baseUrl}/healthz`);
		slowest = Math.max(slowest, Date.now() - start);
		await sleep(50);
	}
	return slowest;
}
