import sharp from 'sharp';
import { EDITING_MODELS } from '../../../nodes/Evolink/models/catalogue';
import { download, edited, errorText, type Fixture, lastRun } from '../fixture';

/** The models of the catalogue in a real editor and real executions. */
export function models(given: () => Fixture): void {
	const model = (value: string) => ({ __rl: true, mode: 'list', value });

	async function modelList(fixture: Fixture, credentials: object): Promise<unknown[]> {
		const { results } = await fixture.n8n.request<{ results: Array<{ value: string }> }>(
			'POST',
			'/rest/dynamic-node-parameters/resource-locator-results',
			{
				nodeTypeAndVersion: { name: 'n8n-nodes-evolink.evolink', version: 1 },
				path: 'parameters.model',
				methodName: 'searchModels',
				currentNodeParameters: { operation: 'editImage' },
				credentials,
			},
		);
		return results.map(({ value }) => value);
	}

	it('lists what the key may use first, and the catalogue without a credential', async () => {
		const fixture = given();
		const { simulator, credential } = fixture;
		const data = ['veo3', 'gpt-image-9', 'wan2.5-image-to-image'].map((id) => ({ id }));
		simulator.inject({ host: 'api', path: /models/, fault: { status: 200, body: { data } } });
		const { id, name } = credential;
		const ids = await modelList(fixture, { evolinkApi: { id, name } });
		expect(ids.slice(0, 3)).toEqual(['wan2.5-image-to-image', 'gpt-image-9', 'qwen-image-edit']);
		expect(ids).toHaveLength(EDITING_MODELS.length + 1);
		expect(await modelList(fixture, {})).toEqual(EDITING_MODELS.map((row) => row.id));
	});

	it('sends options, mask and additional fields to a model that takes them', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const options = {
			size: '1024x1024',
			quality: 'high',
			outputFormat: 'webp',
			mask: 'data',
			seed: 7,
			additionalFields: '{ "n": 1 }',
		};
		const image = {
			images: { image: [{ source: 'url', url: `${simulator.picturesUrl}/hills.png` }] },
		};
		const nodes = (more: object) => [
			download(`${simulator.picturesUrl}/hills-alpha.png`),
			fixture.editImage({ model: model('gpt-image-2'), ...image, ...more }),
		];
		const refused = await fixture.run(nodes({ options }));
		expect(errorText(refused)).toMatch(/'Additional Fields' contains 'n', .* 'Number of Images'/);

		const execution = await fixture.run(nodes({ options: { ...options, additionalFields: '{}' } }));
		expect(lastRun(execution).error).toBeUndefined();
		const [{ request }] = [...simulator.tasks.values()];
		expect(request).toEqual({
			model: 'gpt-image-2',
			prompt: 'Replace the background with a beach',
			image_urls: [`${simulator.picturesUrl}/hills.png`],
			mask_url: expect.stringContaining(simulator.filesUrl) as string,
			n: 1,

			output_format: 'webp',
			quality: 'high',
			size: '1024x1024',
		});
		const [item] = edited(execution);
		expect((await sharp(await fixture.picture(item)).metadata()).width).toBeGreaterThan(0);
	});

	it('sends a model nothing that it does not take', async () => {
		const fixture = given();
		const execution = await fixture.run([
			fixture.editImage({
				model: model('qwen-image-edit'),
				numberOfImages: 3,
				options: { size: '1024x1024', quality: 'high', mask: 'data', seed: 7, webSearch: true },
			}),
		]);
		expect(lastRun(execution).error).toBeUndefined();
		const [{ request }] = [...fixture.simulator.tasks.values()];
		expect(Object.keys(request)).toEqual(['model', 'prompt', 'image_urls']);
	});

	it('takes an image apart without a prompt', async () => {
		const fixture = given();
		const execution = await fixture.run([
			fixture.editImage({ model: model('doubao-seedream-5.0-pro-layerize'), prompt: '' }),
		]);
		expect(Object.keys(edited(execution)[0].binary ?? {})).toEqual(['data', 'data_1', 'data_2']);
	});
}
