import { setTimeout as sleep } from 'node:timers/promises';

import sharp from 'sharp';

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
		expect(await slowest).toBeLessThan(15_000); // It was half a minute.
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
		expect(await slowest).toBeLessThan(15_000);
	});

	it('a photo is judged by its size, however much metadata stands before it, wherever n8n keeps it', async () => {
		const fixture = given();
		const create = { width: 5000, height: 600, channels: 3 as const, background: '#7fb2d9' };
		const photo = await sharp({ create }).jpeg().toBuffer();
		const segment = Buffer.concat([Buffer.from('ffe2ffff', 'hex'), Buffer.alloc(0xfffd, 1)]);
		const metadata = Array.from({ length: 21 }, () => segment); // 1.3 MB
		const bytes = Buffer.concat([photo.subarray(0, 2), ...metadata, photo.subarray(2)]);
		fixture.simulator.nextTask({ delivery: { bytes } });
		const execution = await fixture.run([
			{ ...fixture.editImage(), name: 'First' },
			fixture.editImage({ images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } }),
		]);
		expect(errorText(execution)).toMatch(/is 5000 × 600 pixels/);
		expect(fixture.simulator.paidTasks()).toBe(1);
	});

	it('a mask that repaints nothing is refused before anything is charged', async () => {
		const fixture = given();
		const create = { width: 800, height: 600, channels: 4 as const, background: '#7fb2d9' };
		const bytes = await sharp({ create }).png().toBuffer();
		fixture.simulator.nextTask({ delivery: { bytes } });
		const execution = await fixture.run([
			{ ...fixture.editImage(), name: 'First' },
			fixture.editImage({
				model: { __rl: true, mode: 'list', value: 'gpt-image-2' },
				images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
				options: { mask: 'data' },
			}),
		]);
		expect(errorText(execution)).toMatch(/'Mask' has no transparent pixel/);
		expect(fixture.simulator.paidTasks()).toBe(1);
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
