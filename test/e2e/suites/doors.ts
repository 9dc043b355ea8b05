import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { IConnections, INode, INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { GATEWAY_DIALECTS } from '../../../tools/docs/gateways';
import { type Execution, outputItems } from '../../../tools/host/rest';
import { workflowOf } from '../../../tools/host/sketch';
import { type Simulator, startSimulator } from '../../simulator';
import { download, edited, errorText, type Fixture, type TestNode, to } from '../fixture';

const FROM_BINARY = { images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } };
const FROM_LINK = { images: { image: [{ source: 'url', url: '={{ $json.results }}' }] } };

/** Other ways to an image than an edit by EvoLink: generated, uploaded, by a gateway, by a job that is done already. */
export function doors(given: () => Fixture): void {
	describe('Beside Edit Image', () => operationsOf(given));
	describe('Job Key', () => jobsOf(given));
	describe('Images gateways', () => dialectsOf(given));
}

/** One node feeds several. */
function fan(...targets: string[]): IConnections[string] {
	return { main: [targets.map((node) => ({ node, type: 'main' as const, index: 0 }))] };
}

async function expectImages(
	fixture: Fixture,
	execution: Execution,
	nodes: string[],
): Promise<INodeExecutionData[]> {
	const found: INodeExecutionData[] = [];
	for (const node of nodes) {
		const [item] = outputItems(execution, node);
		expect([node, item.json.status]).toEqual([node, 'completed']);
		expect((await fixture.picture(item)).length).toBeGreaterThan(1000);
		found.push(item);
	}
	return found;
}

function operationsOf(given: () => Fixture): void {
	const generate = (name: string, parameters: INodeParameters = {}) =>
		given().evolink(
			{ operation: 'generateImage', prompt: `Draw for ${name}`, ...parameters },
			{ name },
		);
	const edit = (name: string, parameters: INodeParameters) =>
		given().evolink(
			{ operation: 'editImage', prompt: `Change for ${name}`, ...parameters },
			{ name },
		);

	it('generates, by polling and parked, and edits what it has made, by link and as binary data', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const nodes = [
			generate('Poll'),
			edit('By Link', FROM_LINK),
			edit('By Binary', FROM_BINARY),
			generate('Parked', { wait: 'callback' }),
			edit('Parked Edit', { ...FROM_LINK, wait: 'callback' }),
		];
		const execution = await fixture.run(nodes, {
			Start: to('Poll'),
			Poll: fan('By Link', 'By Binary'),
			'By Binary': to('Parked'),
			Parked: to('Parked Edit'),
		});
		await expectImages(
			fixture,
			execution,
			nodes.map(({ name }) => name),
		);
		expect(simulator.callbacks.some(({ accepted }) => accepted)).toBe(true);
		expect(simulator.paidTasks()).toBe(5);
	});

	it('uploads an image for the nodes that want a link, and deletes what Edit Image uploads', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const picture = download(`${simulator.picturesUrl}/cat.png`);
		const options = { deleteUploads: true };
		const nodes = [
			picture,
			fixture.evolink({ operation: 'uploadImage' }, { name: 'Upload' }),
			edit('Edit', { images: { image: [{ source: 'url', url: '={{ $json.url }}' }] } }),
			edit('Deleted', { ...FROM_BINARY, options }),
			edit('Deleted Parked', { ...FROM_BINARY, options, wait: 'callback' }),
		];
		const execution = await fixture.run(nodes, {
			Start: to(picture.name),
			[picture.name]: fan('Upload', 'Deleted'),
			Upload: to('Edit'),
			Deleted: to('Deleted Parked'),
		});
		const [uploaded] = outputItems(execution, 'Upload');
		expect(uploaded.json).toMatchObject({
			url: expect.stringContaining(simulator.filesUrl) as string,
			mime_type: 'image/png',
			bytes: (await fixture.picture(outputItems(execution, picture.name)[0])).length,
			expires_at: expect.stringMatching(/^\d{4}-/) as string,
		});
		await expectImages(fixture, execution, ['Edit', 'Deleted', 'Deleted Parked']);
		const deleted = simulator.requests.filter(({ method }) => method === 'DELETE');
		expect(deleted.map(({ status }) => status)).toEqual([200, 200]);
		expect(simulator.files.size).toBe(1);
	});

	it('tells what an image would cost, and pays nothing', async () => {
		const fixture = given();
		const { quoting, credentials } = await fixture.quotingService();
		try {
			const execution = await fixture.run([
				fixture.evolink({ operation: 'estimateCost' }, { credentials }),
			]);
			expect(edited(execution)[0].json).toMatchObject({
				credits: expect.any(Number) as number,
				basis: 'exact',
			});
			expect(quoting.paidTasks()).toBe(0);
		} finally {
			await quoting.close();
		}
	});
}

function jobsOf(given: () => Fixture): void {
	const job = (parameters: INodeParameters = {}, settings: Partial<INode> = {}): TestNode => {
		const { options, ...rest } = parameters;
		return given().editImage(
			{ ...rest, options: { jobKey: 'order-7', ...(options as INodeParameters) } },
			settings,
		);
	};
	const idOf = (execution: Execution) => edited(execution)[0].json.id;

	it('pays once for two executions of two workflows, with links and with binary data', async () => {
		const fixture = given();
		const { simulator } = fixture;
		expect(idOf(await fixture.run([job()]))).toBe(idOf(await fixture.run([job()])));

		const binary = () => [
			download(`${simulator.picturesUrl}/cat.png`),
			job({ ...FROM_BINARY, options: { jobKey: 'order-8' } }),
		];
		expect(idOf(await fixture.run(binary()))).toBe(idOf(await fixture.run(binary())));
		expect(simulator.paidTasks()).toBe(2);
	});

	it('is the same job in production and by hand, and another request under its key is a conflict', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		const path = randomUUID();
		const { id, webhook } = await storeWebhook(fixture, path, job());
		await n8n.activate({ id });
		const call = async (): Promise<unknown> =>
			await (await fetch(webhook, { method: 'POST', body: '' })).json();
		while ((await fetch(webhook, { method: 'POST' })).status === 404) await sleep(200);
		const first = (await call()) as { id: string };
		expect(first).toMatchObject({ status: 'completed' });
		expect(await call()).toMatchObject({ id: first.id });
		expect(idOf(await fixture.run([job()]))).toBe(first.id);

		const conflict = errorText(await fixture.run([job({ prompt: 'Something else' })]));
		expect(conflict).toMatch(/Job Key 'order-7' has already been used for a different request/);
		expect(simulator.paidTasks()).toBe(1);
		await n8n.deactivate({ id });
	});
}

/** A workflow that answers a web request with what the node gives. */
async function storeWebhook(
	{ n8n }: Fixture,
	path: string,
	node: TestNode,
): Promise<{ id: string; webhook: string }> {
	const nodes: TestNode[] = [
		{
			name: 'Start',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			webhookId: path,
			parameters: { path, httpMethod: 'POST', responseMode: 'lastNode', options: {} },
		},
		node,
	];
	const { id } = await n8n.createWorkflow(workflowOf('Answers', nodes));
	return { id, webhook: `${n8n.baseUrl}/webhook/${path}` };
}

function dialectsOf(given: () => Fixture): void {
	it('are all asked as they want it, once each, and paid once', async () => {
		const fixture = given();
		const { n8n } = fixture;
		const picture = download(`${fixture.simulator.picturesUrl}/cat.png`);
		const gateways: Simulator[] = [];
		try {
			const nodes: TestNode[] = [];
			for (const { hosts, options, several, takesMask, spoken } of GATEWAY_DIALECTS) {
				const simulator = await startSimulator({ gatewayDialect: spoken });
				gateways.push(simulator);
				if (several?.severalImages === 'numbered') simulator.gatewayImages = 'numbered';
				// What was accepted is asked for again by the second try.
				if (spoken === 'accepts') {
					simulator.inject({ host: 'gateway', path: /tasks/, fault: { status: 403 } });
				}
				const { id, name } = await n8n.createCredential(hosts[0], 'imagesGatewayApi', {
					apiKey: simulator.gatewayKey,
					baseUrl: simulator.gatewayUrl,
				});
				const binaryPropertyName = several ? 'data, data' : 'data';
				nodes.push(
					fixture.editImage(
						{
							service: 'imagesGateway',
							images: { image: [{ source: 'binary', binaryPropertyName }] },
							options: {
								...options,
								...several,
								...(takesMask ? { mask: 'data' } : {}),
							},
						},
						{
							name: hosts[0],
							credentials: { imagesGatewayApi: { id, name } },
							retryOnFail: true,
							maxTries: 2,
							waitBetweenTries: 100,
						},
					),
				);
			}
			const ark = GATEWAY_DIALECTS.findIndex(({ spoken }) => spoken === 'ark');
			const generated: TestNode = {
				...nodes[ark],
				name: 'Generated',
				parameters: {
					operation: 'generateImage',
					service: 'imagesGateway',
					prompt: 'A lighthouse',
					options: { gatewayPath: '/api/v3/images/generations' },
				},
			};
			const names = [...nodes, generated].map(({ name }) => name);
			const execution = await fixture.run([picture, ...nodes, generated], {
				Start: to(picture.name),
				[picture.name]: fan(...names),
			});
			await expectImages(fixture, execution, names);
			expect(gateways.map((gateway) => gateway.paidTasks())).toEqual(
				GATEWAY_DIALECTS.map((_, index) => (index === ark ? 2 : 1)),
			);
			expect(gateways.flatMap((gateway) => gateway.keyLeaks)).toEqual([]);
		} finally {
			await Promise.all(gateways.map(async (gateway) => await gateway.close()));
		}
	});
}
