import sharp from 'sharp';

import { samplePicture, startSimulator, type Simulator, type TaskScript } from '.';
import { create, createAndWait } from '../../tools/simulator/serviceCalls';

describe('results of the simulator', () => {
	let simulator: Simulator;

	beforeEach(async () => {
		simulator = await startSimulator({ taskSeconds: 0 });
	});

	afterEach(async () => await simulator.close());

	async function resultLinks(script: TaskScript = {}, changes = {}): Promise<string[]> {
		simulator.nextTask(script);
		return (await createAndWait(simulator, changes)).results;
	}

	async function fetchBytes(link: string): Promise<Buffer> {
		return Buffer.from(await (await fetch(link)).arrayBuffer());
	}

	it.each(['png', 'jpeg', 'webp', 'gif'] as const)('are real %s files', async (format) => {
		const [link] = await resultLinks({ format });
		const response = await fetch(link);
		expect(response.headers.get('content-type')).toBe(`image/${format}`);
		const image = sharp(Buffer.from(await response.arrayBuffer()));
		expect(await image.metadata()).toMatchObject({ format, width: 768, height: 768 });
	});

	it('differ visibly from the source, by prompt and by number', async () => {
		const links = await resultLinks({}, { model: 'wan2.5-image-to-image', n: 2 });
		const [other] = await resultLinks({}, { prompt: 'Another prompt' });
		const images = await Promise.all([...links, other].map(fetchBytes));
		expect(new Set(images.map((bytes) => bytes.toString('base64'))).size).toBe(3);
		const source = await fetchBytes(`${simulator.picturesUrl}/cat.png`);
		const [before, after] = await Promise.all(
			[source, images[0]].map(async (bytes) => await sharp(bytes).removeAlpha().stats()),
		);
		const shift = before.channels.map(({ mean }, i) => Math.abs(mean - after.channels[i].mean));
		expect(Math.max(...shift)).toBeGreaterThan(15);
	});

	it('are as large as the last source', async () => {
		const image_urls = ['/cat.png', '/room.jpg'].map((path) => simulator.picturesUrl + path);
		const [link] = await resultLinks({}, { image_urls });
		expect(link).toMatch(/\.jpg$/);
		expect(await sharp(await fetchBytes(link)).metadata()).toMatchObject({
			width: 1024,
			height: 683,
		});
	});

	it('do not exist before the task is complete', async () => {
		simulator.nextTask({ end: 'never' });
		const { body } = await create(simulator);
		expect((await fetch(`${simulator.resultsUrl}/${body.id}/1.png`)).status).toBe(404);
	});

	it('expire after 24 hours', async () => {
		const [link] = await resultLinks();
		simulator.clockOffsetSeconds = 24 * 3600 - 5;
		expect((await fetch(link)).status).toBe(200);
		simulator.clockOffsetSeconds = 24 * 3600 + 1;
		expect((await fetch(link)).status).toBe(403);
	});

	it('notice a key that is sent along', async () => {
		const [link] = await resultLinks();
		await fetch(link);
		expect(simulator.keyLeaks).toEqual([]);
		await fetch(link, { headers: { authorization: 'Bearer whatever' } });
		await fetch(`${link}?key=${simulator.apiKey}`);
		await fetch(link, { headers: { cookie: `key=${simulator.apiKey}` } });
		expect(simulator.keyLeaks).toHaveLength(3);
	});

	it('can be refused for a while', async () => {
		const [link] = await resultLinks({ delivery: { status: 404, statusTimes: 1 } });
		expect((await fetch(link)).status).toBe(404);
		expect((await fetch(link)).status).toBe(200);
	});

	it('can differ from one to the next', async () => {
		const script: TaskScript = { results: 2, delivery: [{}, { html: true }] };
		const [good, bad] = await Promise.all((await resultLinks(script)).map((link) => fetch(link)));
		expect(good.headers.get('content-type')).toBe('image/png');
		expect(bad.headers.get('content-type')).toContain('text/html');
	});

	it('can redirect, also to another origin, also for ever', async () => {
		const [near] = await resultLinks({ delivery: { redirects: 3 } });
		expect((await fetch(near)).url).toContain(simulator.resultsUrl);
		const [far] = await resultLinks({ delivery: { redirects: 2, redirectTo: 'other' } });
		const response = await fetch(far);
		expect(response.url).toContain(simulator.picturesUrl);
		expect(response.headers.get('content-type')).toBe('image/png');
		const [loop] = await resultLinks({ delivery: { redirects: Infinity } });
		await expect(fetch(loop)).rejects.toThrow();
		const [file] = await resultLinks({ delivery: { redirects: 1, redirectTo: 'file:///etc/x' } });
		const { headers } = await fetch(file, { redirect: 'manual' });
		expect(headers.get('location')).toBe('file:///etc/x');
	});

	it('can have a wrong content type or none, and a link without extension', async () => {
		const [wrong] = await resultLinks({ delivery: { contentType: 'text/plain' } });
		expect((await fetch(wrong)).headers.get('content-type')).toBe('text/plain');
		const [none] = await resultLinks({ delivery: { contentType: null, extension: false } });
		expect(none).toMatch(/\/1$/);
		expect((await fetch(none)).headers.get('content-type')).toBeNull();
	});

	it('can be given bytes', async () => {
		const bytes = await samplePicture('png', { width: 400, height: 400 });
		const [link] = await resultLinks({ delivery: { bytes } });
		expect(await fetchBytes(link)).toEqual(bytes);
	});

	it.each([true, false])('can be huge (length announced: %s)', async (announceLength) => {
		const hugeBytes = 20_000_000;
		const [link] = await resultLinks({ delivery: { hugeBytes, announceLength } });
		const response = await fetch(link);
		expect(response.headers.has('content-length')).toBe(announceLength);
		expect((await response.arrayBuffer()).byteLength).toBe(hugeBytes);
	});

	it('bear with a client that leaves early', async () => {
		const [link] = await resultLinks({ delivery: { hugeBytes: 10 ** 12 } });
		const response = await fetch(link);
		await response.body?.cancel();
		expect((await fetch(`${simulator.picturesUrl}/tiny.png`)).status).toBe(200);
	});

	it('can be cut off', async () => {
		const [broken] = await resultLinks({ delivery: { truncated: 'connection' } });
		await expect(fetchBytes(broken)).rejects.toThrow();
		const [half] = await resultLinks({ delivery: { truncated: 'file' } });
		await expect(
			sharp(await fetchBytes(half))
				.raw()
				.toBuffer(),
		).rejects.toThrow();
		const [stalled] = await resultLinks({ delivery: { truncated: 'stall' } });
		const response = await fetch(stalled, { signal: AbortSignal.timeout(3_000) });
		await expect(response.arrayBuffer()).rejects.toThrow(/timeout/);
	});
});

describe('samplePicture', () => {
	it.each(['png', 'jpeg', 'webp', 'gif', 'tiff'] as const)('makes a %s', async (format) => {
		const bytes = await samplePicture(format, { width: 500, height: 400 });
		expect(await sharp(bytes).metadata()).toMatchObject({ format, width: 500, height: 400 });
		expect(await samplePicture(format, { width: 500, height: 400 })).toBe(bytes);
	});

	it('makes a BMP that a model takes', async () => {
		const bytes = await samplePicture('bmp', { width: 501, height: 400 });
		expect(bytes.subarray(0, 2).toString()).toBe('BM');
		expect(bytes).toHaveLength(54 + 1504 * 400);
	});

	it('has transparent corners on demand', async () => {
		const { isOpaque } = await sharp(await samplePicture('png', { alpha: true })).stats();
		expect(isOpaque).toBe(false);
		expect((await sharp(await samplePicture('png')).metadata()).hasAlpha).toBe(false);
	});
});
