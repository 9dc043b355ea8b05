import type { INode, INodeParameters } from 'n8n-workflow';
import sharp from 'sharp';

import type { Credential } from '../../../tools/host/rest';
import type { Fault, GatewayShape } from '../../simulator';
import {
	download,
	edited,
	errorText,
	type Fixture,
	items,
	lastRun,
	type TestNode,
} from '../fixture';

const retryOnFail: Partial<INode> = { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 };

/** Edit Image by a gateway that answers with the image itself, and has no idempotency. */
export function gateway(given: () => Fixture): void {
	describe('an images gateway', () => onGatewayOf(given));
}

function onGatewayOf(given: () => Fixture): void {
	let credential: Credential;
	beforeEach(async () => {
		const { n8n, simulator } = given();
		credential = await n8n.createCredential('Gateway', 'imagesGatewayApi', {
			apiKey: simulator.gatewayKey,
			baseUrl: `${simulator.gatewayUrl}/`,
		});
	});

	const onGateway = (parameters: INodeParameters = {}, settings: Partial<INode> = {}): TestNode =>
		given().editImage(
			{ service: 'imagesGateway', ...parameters },
			{
				credentials: { imagesGatewayApi: { id: credential.id, name: credential.name } },
				...settings,
			},
		);
	const asked = () => given().simulator.requests.filter(({ host }) => host === 'gateway');

	it('tests the credential of a gateway for free', async () => {
		const { n8n, simulator } = given();
		const data = { apiKey: simulator.gatewayKey, baseUrl: `${simulator.gatewayUrl}//` };
		expect(await n8n.testCredential(credential, data)).toMatchObject({ status: 'OK' });
		const wrong = { ...data, apiKey: 'sk-wrong' };
		expect(await n8n.testCredential(credential, wrong)).toMatchObject({ status: 'Error' });
		expect(new Set(asked().map(({ path }) => path))).toEqual(new Set(['/v1/models']));
	});

	const shapes: GatewayShape[] = ['data', 'images', 'wrapped', 'base64', 'dataUrl'];

	it.each(shapes)('edits an image where the gateway answers with %s', async (shape) => {
		const fixture = given();
		const { simulator } = fixture;
		simulator.nextEdit({ shape, seconds: 1 });
		const [item] = edited(await fixture.run([onGateway()]));
		const isInline = shape === 'base64' || shape === 'dataUrl';
		expect(item.json).toEqual({
			id: '',
			status: 'completed',
			model: 'qwen-image-edit-2509',
			progress: 100,
			results: isInline ? [] : [expect.stringContaining(simulator.resultsUrl)],
			created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
		});
		const { format, width } = await sharp(await fixture.picture(item)).metadata();
		expect({ format, width }).toEqual({ format: 'png', width: 768 });
		expect(asked()).toHaveLength(1);
		expect(simulator.paidTasks()).toBe(1);
		expect(simulator.keyLeaks).toEqual([]);
	});

	it('sends the image of a binary field as data URL', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const execution = await fixture.run([
			download(`${simulator.picturesUrl}/shirt.webp`),
			onGateway({ images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } }),
		]);
		const [item] = edited(execution);
		expect((await sharp(await fixture.picture(item)).metadata()).width).toBe(640);
		expect((asked()[0].json as { image: string }).image).toMatch(/^data:image\/webp;base64,/);
		expect(simulator.requests.filter(({ host }) => host === 'files')).toEqual([]);
	});

	it('keeps the order of items and their pairing, however long each takes', async () => {
		const fixture = given();
		fixture.simulator.nextEdit({ prompt: /first/, seconds: 3 });
		fixture.simulator.nextEdit({ prompt: /second/, shape: 'base64' });
		const execution = await fixture.run([
			...items(
				{ n: 'first', picture: 'cat.png' },
				{ n: 'second', picture: 'room.jpg' },
				{ n: 'third', picture: 'shirt.webp' },
			),
			onGateway({
				prompt: '=Edit the {{ $json.n }}',
				images: {
					image: [{ source: 'url', url: `=${fixture.simulator.picturesUrl}/{{ $json.picture }}` }],
				},
			}),
		]);
		const output = edited(execution);
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2].map((item) => ({ item })));
		const widths = await Promise.all(
			output.map(async (item) => (await sharp(await fixture.picture(item)).metadata()).width),
		);
		expect(widths).toEqual([768, 1024, 640]);
	});

	it('leaves links alone with Download off, but no image without a link', async () => {
		const fixture = given();
		fixture.simulator.nextEdit({ prompt: /inline/, shape: 'base64' });
		const execution = await fixture.run([
			...items({ n: 'link' }, { n: 'inline' }),
			onGateway({ prompt: '={{ $json.n }}', download: false }),
		]);
		const [link, inline] = edited(execution);
		expect(link.json.results).toHaveLength(1);
		expect(link.binary).toBeUndefined();
		expect(inline.json.results).toEqual([]);
		expect((await fixture.picture(inline)).length).toBeGreaterThan(1000);
		expect(fixture.simulator.requests.filter(({ host }) => host === 'results')).toEqual([]);
	});

	it.each(['error', 'wrappedError'] as const)(
		'takes an error under HTTP 200 for one (%s)',
		async (shape) => {
			const fixture = given();
			fixture.simulator.nextEdit({ shape, message: 'Blocked by the filter', times: Infinity });
			const execution = await fixture.run([onGateway()]);
			expect(execution.status).toBe('error');
			expect(errorText(execution)).toContain('Blocked by the filter');
			expect(fixture.simulator.paidTasks()).toBe(0);
		},
	);

	it.each(['task', 'wrappedTask'] as const)(
		'recognises a host that works with tasks (%s), and does not pay it twice',
		async (shape) => {
			const fixture = given();
			fixture.simulator.nextEdit({ shape, times: Infinity });
			const text = errorText(await fixture.run([onGateway({}, retryOnFail)]));
			expect(text).toMatch(/responded with the task \S+ instead of an image/);
			expect(text).toContain("set 'Service' to 'EvoLink'");
			expect(fixture.simulator.paidTasks()).toBe(1);
		},
	);

	const unknownOutcomes: Array<[string, Fault]> = [
		['the connection was lost', 'resetAfter'],
		['a proxy gave up (504)', { status: 504, handled: true }],
		['the answer was half a JSON', 'brokenJson'],
		['the answer broke off', 'answerThenBreak'],
		['there was no response in time', 'hangAfter'],
	];

	it.each(unknownOutcomes)('is never asked again when %s', async (_, fault) => {
		const fixture = given();
		fixture.simulator.inject({ host: 'gateway', fault });
		const options = fault === 'hangAfter' ? { timeout: 5 } : {};
		const execution = await fixture.run([onGateway({ options }, retryOnFail)]);
		expect(execution.status).toBe('error');
		expect(errorText(execution)).toMatch(
			/It's unknown whether[^]*may have been billed[^]*isn't sent again/,
		);
		expect(asked()).toHaveLength(1);
		expect(fixture.simulator.paidTasks()).toBe(1);
	});

	it('is asked again after it throttled', async () => {
		const fixture = given();
		fixture.simulator.inject({
			host: 'gateway',
			fault: { status: 429, headers: { 'retry-after': '1' } },
		});
		const execution = await fixture.run([onGateway()]);
		expect(edited(execution)[0].json.status).toBe('completed');
		expect(fixture.simulator.paidTasks()).toBe(1);
	});

	it('is not paid again for items that were done when another failed', async () => {
		const fixture = given();
		const { simulator } = fixture;
		simulator.nextEdit({ prompt: /inline/, shape: 'base64' });
		simulator.nextEdit({ prompt: /refused/, shape: 'error', seconds: 1 });
		const execution = await fixture.run([
			...items({ n: 'link' }, { n: 'inline' }, { n: 'refused' }),
			onGateway({ prompt: '={{ $json.n }}' }, retryOnFail),
		]);
		expect(execution.status).toBe('success');
		for (const item of edited(execution)) {
			expect((await sharp(await fixture.picture(item)).metadata()).width).toBe(768);
		}
		expect(asked()).toHaveLength(4);
		expect(simulator.paidTasks()).toBe(3);
	});

	it('is not paid again when the user retries the failed execution', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		simulator.nextEdit({ prompt: /inline/, shape: 'base64' });
		simulator.nextEdit({ prompt: /refused/, shape: 'error', seconds: 1 });
		const failed = await fixture.run([
			...items({ n: 'link' }, { n: 'inline' }, { n: 'refused' }),
			onGateway({ prompt: '={{ $json.n }}' }),
		]);
		expect(failed.status).toBe('error');
		expect(errorText(failed)).toContain('that the gateway bills');
		const retried = await n8n.retryExecution(failed.id, { loadWorkflow: true });
		const execution = await n8n.waitForExecution(retried);
		expect(execution.status).toBe('success');
		for (const item of lastRun(execution).data?.main[0] ?? []) {
			expect((await sharp(await fixture.picture(item)).metadata()).width).toBe(768);
		}
		expect(simulator.paidTasks()).toBe(3);
	});

	it.each([
		'estimateCost',
		'getCredits',
		'getManyTasks',
		'getTask',
		'uploadImage',
		'waitForCompletion',
	])('explains that it has nothing for %s', async (operation) => {
		const fixture = given();
		const execution = await fixture.run([
			onGateway({ operation, taskId: 'task-unified-1757156493-imcg5zqt' }),
		]);
		expect(errorText(execution)).toMatch(
			/only available for EvoLink: an images gateway has no tasks/,
		);
		expect(fixture.simulator.requests).toEqual([]);
	});
}
