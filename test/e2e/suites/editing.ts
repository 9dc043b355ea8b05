import { stringify } from 'flatted';
import sharp from 'sharp';
import { chain, download, edited, type Fixture, items, lastRun, to } from '../fixture';
import { outputItems } from '../../../tools/host/rest';

/** The main path: images in, edited images out, with the true item behind each. */
export function editing(given: () => Fixture): void {
	it('offers the node, also as a tool, with its credential', async () => {
		const types = await given().n8n.nodeTypes();
		const node = types.find(({ name }) => name === 'n8n-nodes-evolink.evolink');
		expect(node).toMatchObject({
			displayName: 'EvoLink',
			credentials: [{ name: 'evolinkApi' }, { name: 'imagesGatewayApi' }],
		});
		expect(types.map(({ name }) => name)).toContain('n8n-nodes-evolink.evolinkTool');
	});

	it('tests the credential for free', async () => {
		const { n8n, credential, simulator } = given();
		const data = { apiKey: simulator.apiKey, baseUrl: `${simulator.apiUrl}/` };
		expect(await n8n.testCredential(credential, data)).toMatchObject({ status: 'OK' });
		const wrong = { ...data, apiKey: 'sk-evo-wrong' };
		expect(await n8n.testCredential(credential, wrong)).toMatchObject({ status: 'Error' });
		expect(new Set(simulator.requests.map(({ path }) => path))).toEqual(new Set(['/v1/credits']));
	});

	it('edits an image behind a link', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const execution = await fixture.run([fixture.editImage()]);
		const [item] = edited(execution);
		const [task] = simulator.tasks.keys();
		expect(item.json).toMatchObject({
			id: task,
			status: 'completed',
			model: 'qwen-image-edit',
			progress: 100,
			results: [expect.stringContaining(simulator.resultsUrl)],
			expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
			created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
			credits_reserved: 1,
		});
		expect(item.json).not.toHaveProperty('error');
		expect(item.binary?.data).toMatchObject({
			mimeType: 'image/png',
			fileName: expect.stringMatching(/^1-\S+\.png$/) as string,
		});
		const { format, width } = await sharp(await fixture.picture(item)).metadata();
		expect({ format, width }).toEqual({ format: 'png', width: 768 });
		expect(simulator.paidTasks()).toBe(1);
	});

	it('edits the image in the binary field data, where nothing else is said', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const execution = await fixture.run([
			download(`${simulator.picturesUrl}/shirt.webp`),
			fixture.evolink({ prompt: 'Make the shirt red', binaryPropertyName: 'edited' }),
		]);
		const [item] = edited(execution);
		expect((await sharp(await fixture.picture(item, 'edited')).metadata()).width).toBe(640);

		const upload = simulator.requests.find(
			({ host, method }) => host === 'files' && method === 'POST',
		);
		const file = upload?.parts?.find(({ name }) => name === 'file');
		const original = await fetch(`${simulator.picturesUrl}/shirt.webp`);
		expect(file?.contentType).toBe('image/webp');
		expect(file?.data.equals(Buffer.from(await original.arrayBuffer()))).toBe(true);
		const create = simulator.requests.find(({ path }) => path === '/v1/images/generations');
		expect(create?.json).toMatchObject({
			image_urls: [expect.stringContaining(simulator.filesUrl)],
		});
	});

	it('keeps the order of items and their pairing, however long each takes', async () => {
		const fixture = given();
		const { simulator } = fixture;
		simulator.nextTask({ prompt: /first/, seconds: 5 });
		const execution = await fixture.run([
			...items({ n: 'first', picture: 'cat.png' }, { n: 'second', picture: 'room.jpg' }),
			fixture.editImage({
				prompt: '=Edit the {{ $json.n }}',
				images: {
					image: [{ source: 'url', url: `=${simulator.picturesUrl}/{{ $json.picture }}` }],
				},
			}),
			{
				name: 'Which',
				type: 'n8n-nodes-base.set',
				typeVersion: 3.4,
				parameters: {
					assignments: {
						assignments: [
							{ id: 'a', name: 'n', type: 'string', value: "={{ $('Items').item.json.n }}" },
							{ id: 'b', name: 'id', type: 'string', value: '={{ $json.id }}' },
						],
					},
				},
			},
		]);
		const which = outputItems(execution, 'Which').map(({ json }) => json);
		expect(which.map(({ n }) => n)).toEqual(['first', 'second']);
		for (const { n, id } of which) {
			expect(simulator.tasks.get(id as string)?.request.prompt).toBe(`Edit the ${n as string}`);
		}
	});

	it('makes several images with a model that can', async () => {
		const fixture = given();
		const execution = await fixture.run([
			fixture.editImage({
				model: { __rl: true, mode: 'list', value: 'wan2.5-image-to-image' },
				numberOfImages: 3,
			}),
		]);
		expect(Object.keys(edited(execution)[0].binary ?? {})).toEqual(['data', 'data_1', 'data_2']);
	});

	it('returns at once without waiting; Wait for Completion and Get Task fetch the image', async () => {
		const fixture = given();
		const later = { taskId: '={{ $json.id }}' };
		const execution = await fixture.run([
			{ ...fixture.editImage({ wait: 'none' }), name: 'Create' },
			{ ...fixture.evolink({ operation: 'waitForCompletion', ...later }), name: 'Await' },
			{ ...fixture.evolink({ operation: 'getTask', ...later }), name: 'Ask' },
			{ ...fixture.evolink({ operation: 'getCredits' }), name: 'Credits' },
		]);
		const [created] = outputItems(execution, 'Create');
		expect(created.json).toMatchObject({ status: 'pending', results: [] });
		for (const name of ['Await', 'Ask']) {
			const [item] = outputItems(execution, name);
			expect(item.json).toMatchObject({ id: created.json.id, status: 'completed' });
			expect((await sharp(await fixture.picture(item)).metadata()).format).toBe('png');
		}
		expect(outputItems(execution, 'Credits')[0].json).toMatchObject({
			user: { remaining_credits: 999 },
		});
	});

	it('shows the key nowhere but to the API and the files host', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		simulator.inject({
			host: 'api',
			path: /generations/,
			fault: { status: 401, body: { error: { message: `Invalid token ${simulator.apiKey}` } } },
		});
		const refused = await fixture.run([fixture.editImage()]);
		expect(lastRun(refused).error?.message).toBe('EvoLink rejected the API key');
		const done = await fixture.run([
			download(`${simulator.picturesUrl}/cat.png`),
			fixture.editImage({ images: { image: [{ source: 'binary' }] } }),
		]);
		expect(done.status).toBe('success');
		expect(simulator.keyLeaks).toEqual([]);
		for (const { id } of [refused, done]) {
			// flatted, because n8n's own HTTP Request node leaves circular data behind.
			const execution = stringify(await n8n.getExecution(id));
			expect(execution).not.toContain(simulator.apiKey);
		}
		expect(fixture.log).not.toContain(simulator.apiKey);
	});

	it('stops asking within a second when the execution is stopped', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		simulator.nextTask({ end: 'never', estimatedTime: 1, times: Infinity });
		const workflow = await fixture.store([
			...items({ n: 1 }, { n: 2 }),
			fixture.editImage({ options: { concurrency: 1 } }),
		]);
		const executionId = await n8n.runWorkflow(workflow);
		while (!simulator.requests.some(({ path }) => path.startsWith('/v1/tasks/'))) {
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		await n8n.stopExecution(executionId);
		await new Promise((resolve) => setTimeout(resolve, 1000));
		const sent = simulator.requests.length;
		await new Promise((resolve) => setTimeout(resolve, 4000));
		expect(simulator.requests.length).toBe(sent);
		expect(simulator.paidTasks()).toBe(1);
		expect((await n8n.getExecution(executionId)).status).toBe('canceled');
	});

	it('pays for each run of a loop, and gives each its own image', async () => {
		const fixture = given();
		const loop = {
			name: 'Loop',
			type: 'n8n-nodes-base.splitInBatches',
			typeVersion: 3,
			parameters: { batchSize: 1 },
		};
		const names = ['Start', 'List', 'Items', 'Loop'];
		const execution = await fixture.run(
			[...items({ n: 1 }, { n: 2 }, { n: 3 }), loop, fixture.editImage()],
			{
				...chain(names),
				Loop: { main: [[], [{ node: 'EvoLink', type: 'main', index: 0 }]] },
				EvoLink: to('Loop'),
			},
		);
		const runs = execution.data.resultData.runData.EvoLink;
		const ids = runs.map((run) => run.data?.main[0]?.[0].json.id);
		expect(new Set(ids).size).toBe(3);
		expect(fixture.simulator.paidTasks()).toBe(3);
	});
}
