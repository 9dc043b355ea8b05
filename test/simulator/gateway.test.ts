import { samplePicture, startSimulator, type Simulator } from '.';

describe('the images gateway of the simulator', () => {
	let simulator: Simulator;

	beforeEach(async () => {
		simulator = await startSimulator();
	});

	afterEach(async () => await simulator.close());

	async function edit(changes: Record<string, unknown> = {}, key = simulator.gatewayKey) {
		const response = await fetch(`${simulator.gatewayUrl}/v1/images/generations`, {
			method: 'POST',
			headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
			body: JSON.stringify({
				model: 'qwen-image-edit-2509',
				prompt: 'Put the duck on the shirt',
				image: `${simulator.picturesUrl}/cat.png`,
				...changes,
			}),
		});
		return { status: response.status, body: (await response.json()) as Record<string, unknown> };
	}

	it('edits in one request, is paid, and hands the image out without a key', async () => {
		const { status, body } = await edit();
		expect(status).toBe(200);
		const [{ url }] = body.data as Array<{ url: string }>;
		const image = await fetch(url);
		expect(image.headers.get('content-type')).toBe('image/png');
		expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(1000);
		expect(simulator.paidTasks()).toBe(1);
		expect(simulator.keyLeaks).toEqual([]);
	});

	it('is paid for every request, also for the same again', async () => {
		await edit();
		await edit({ n: 2 });
		expect(simulator.ledger.map(({ credits }) => credits)).toEqual([1, 2]);
	});

	it('takes a data URL whose type is true', async () => {
		const png = (await samplePicture('png')).toString('base64');
		const honest = await edit({ image: `data:image/png;base64,${png}` });
		expect(honest.status).toBe(200);
		const wrong = await edit({ image: `data:image/jpeg;base64,${png}` });
		expect(wrong.status).toBe(400);
		expect(simulator.paidTasks()).toBe(1);
	});

	const refusals: Array<[string, Record<string, unknown>, number]> = [
		['another model', { model: 'gpt-5' }, 404],
		['an empty prompt', { prompt: '' }, 400],
		['no picture', { image: undefined }, 400],
		['an array', { image: ['https://a.example/x.png'] }, 400],
		['a second picture', { image2: 'https://a.example/x.png' }, 400],
		['a field that it does not know', { image_urls: [] }, 400],
		['a link that leads nowhere', { image: 'http://127.0.0.1:9/x.png' }, 400],
	];

	it.each(refusals)('refuses %s, and nothing is paid', async (_, changes, status) => {
		expect(await edit(changes)).toMatchObject({
			status,
			body: { error: { message: expect.any(String) as string } },
		});
		expect(simulator.paidTasks()).toBe(0);
	});

	it('takes several images as it says', async () => {
		const image = `${simulator.picturesUrl}/cat.png`;
		simulator.gatewayImages = 'array';
		expect((await edit({ image: [image, image] })).status).toBe(200);
		expect((await edit()).status).toBe(400);
		simulator.gatewayImages = 'numbered';
		expect((await edit({ image2: image, image3: image })).status).toBe(200);
	});

	it('knows keys apart', async () => {
		expect((await edit({}, 'sk-another')).status).toBe(401);
		expect(simulator.keyLeaks).toEqual([]);
		expect((await edit({}, simulator.apiKey)).status).toBe(401);
		await fetch(`${simulator.apiUrl}/v1/credits`, {
			headers: { authorization: `Bearer ${simulator.gatewayKey}` },
		});
		await fetch(`${simulator.picturesUrl}/cat.png?key=${simulator.gatewayKey}`);
		expect(simulator.keyLeaks.map(({ host }) => host)).toEqual(['gateway', 'api', 'pictures']);
	});

	it.each(['error', 'wrappedError'] as const)('is not paid for %s', async (shape) => {
		simulator.nextEdit({ shape });
		expect((await edit()).status).toBe(200);
		expect(simulator.paidTasks()).toBe(0);
	});
});
