import { EDITING_MODELS, GENERATING_MODELS } from '../../nodes/Evolink/models/catalogue';
import { editImage, listModels } from './harness';
import { scenarios } from './scenarios';
import type { Simulator } from '../simulator';

/** The list of the parameter 'Model', as the editor asks for it. */

const catalogue = EDITING_MODELS.map(({ id }) => id);

async function idsShown(
	simulator: Simulator,
	filter?: string,
	more: Partial<Parameters<typeof listModels>[0]> = {},
): Promise<unknown[]> {
	const options = { simulator, parameters: editImage(simulator), ...more };
	return (await listModels(options, filter)).map(({ value }) => value);
}

/** The service lists these models for the key. */
function allow(simulator: Simulator, ...ids: unknown[]): void {
	simulator.inject({
		host: 'api',
		path: /models/,
		fault: { status: 200, body: { data: ids.map((id) => ({ id })) } },
		times: Infinity,
	});
}

describe('The list of models', () => {
	scenarios({
		'has the catalogue, in its order, when the key may use all of it': async (simulator) => {
			expect(await idsShown(simulator)).toEqual(catalogue);
			expect(simulator.requests).toMatchObject([{ method: 'GET', path: '/v1/models' }]);
		},

		'finds models by parts of name and id': async (simulator) => {
			expect(await idsShown(simulator, 'QWEN image')).toEqual(
				catalogue.filter((id) => id.startsWith('qwen')),
			);
			expect(await idsShown(simulator, ' layerize ')).toHaveLength(2);
			expect(await idsShown(simulator, 'no such model')).toEqual([]);
		},

		'shows by the names what people choose by, and links to the pages': async (simulator) => {
			const options = { simulator, parameters: editImage(simulator) };
			const [qwen] = await listModels(options, '');
			expect(qwen).toMatchObject({
				name: 'Qwen Image Edit · 1–3 images',
				url: expect.stringMatching(/^https:\/\/evolink\.ai\/docs\/.*\/qwen-image-edit$/) as string,
			});
			const named = async (filter: string) =>
				(await listModels(options, filter)).map(({ name }) => name);
			expect(await named('gpt-image-2.5-flare')).toEqual([
				'GPT Image 2.5 Flare · 1–16 images · mask · 4K · fast',
			]);
			expect(await named('seedream flash LAYERS')).toEqual([
				'Seedream 5.0 Flash Layerize · 1 image · layers · fast',
			]);
			for (const [filter, count] of Object.entries({ mask: 4, layers: 2, fast: 3, '4k': 10 })) {
				expect([filter, (await named(filter)).length]).toEqual([filter, count]);
			}
			const generating = { ...options.parameters, operation: 'generateImage' };
			const [wan] = await listModels({ simulator, parameters: generating }, 'wan');
			expect(wan.name).toBe('Wan 2.5 Text to Image · 1–4 results');
		},

		'has what the key may use first, then other image models, then the rest': async (simulator) => {
			allow(
				simulator,
				...['gpt-5', 'veo3', 'wan2.5-image-to-image', 'mj-v8.2-upload-paint', 'qwen-image-edit'],
				...['qwen-image-9-edit', 'grok-imagine-image-to-video-beta', 'wan2.5-text-to-image'],
				...['gemini-omni-1.1-flash-image-to-video', 'doubao-seedream-3.0-t2i', 7, null],
				// Without image_urls, or on an earlier task: what the node cannot drive.
				...['mj-v7', 'mj-v8.1', 'mj-v8.2', 'mj-v7-upscale', 'mj-v7-pan', 'mj-v8.1-edit'],
				...[
					'mj-v8.2-remix',
					'mj-v8.2-variation',
					'mj-v7-inpaint',
					'mj-v7-outpaint',
					'mj-v7-enhance',
				],
			);
			expect(await idsShown(simulator)).toEqual([
				...['qwen-image-edit', 'wan2.5-image-to-image'],
				...['mj-v8.2-upload-paint', 'qwen-image-9-edit'],
				...catalogue.filter((id) => !['qwen-image-edit', 'wan2.5-image-to-image'].includes(id)),
			]);
			const options = { simulator, parameters: editImage(simulator) };
			const [plus] = await listModels(options, 'qwen-image-edit-plus');
			expect(plus.name).toBe('Qwen Image Edit Plus · 1–3 images · not enabled for this API key');
			const [own] = await listModels(options, 'qwen-image-9-edit');
			expect(own.name).toBe('qwen-image-9-edit · limits not checked');
		},

		'has for Generate Image what works without images': async (simulator) => {
			const parameters = { ...editImage(simulator), operation: 'generateImage' };
			const generating = GENERATING_MODELS.map(({ id }) => id);
			expect(generating).toHaveLength(23);
			expect(await idsShown(simulator, '', { parameters })).toEqual(generating);
			expect(generating).not.toContain('qwen-image-edit');
			expect(catalogue).not.toContain('z-image-turbo');
		},

		'has for Generate Image what else the key may use': async (simulator) => {
			allow(
				simulator,
				...['qwen-image-edit', 'mj-v8.2', 'mj-v8.2-pan', 'qwen-image-9-edit', 'krea-2-turbo'],
				...['z-image-turbo', 'wan2.5-image-to-image', 'mj-v7-retexture'],
			);
			const parameters = { ...editImage(simulator), operation: 'generateImage' };
			expect((await idsShown(simulator, '', { parameters })).slice(0, 4)).toEqual([
				...['z-image-turbo', 'mj-v8.2', 'krea-2-turbo'],
				'qwen-image-3.0',
			]);
		},

		'asks the service once a minute for each key': async (simulator) => {
			for (const filter of ['', 'q', 'qw', 'qwe']) await idsShown(simulator, filter);
			expect(simulator.requests).toHaveLength(1);
			await idsShown(simulator, '', { credential: { apiKey: 'sk-evo-another-key-of-the-user' } });
			expect(simulator.requests).toHaveLength(2);
		},

		'has the catalogue without a credential, and asks nobody': async (simulator) => {
			expect(await idsShown(simulator, '', { node: { credentials: {} } })).toEqual(catalogue);
			expect(simulator.requests).toEqual([]);
		},

		'has the catalogue with a key that is not accepted': async (simulator) => {
			const credential = { apiKey: 'sk-evo-expired-key-of-the-user' };
			expect(await idsShown(simulator, '', { credential })).toEqual(catalogue);
			expect(simulator.requests).toMatchObject([{ status: 401 }]);
		},

		'has the catalogue when the service fails': async (simulator) => {
			simulator.inject({ host: 'api', path: /models/, fault: simulator.refusal('internalError') });
			expect(await idsShown(simulator)).toEqual(catalogue);
		},

		'has the catalogue when the service is not there': async (simulator) => {
			const credential = { baseUrl: 'http://127.0.0.1:9' };
			expect(await idsShown(simulator, '', { credential })).toEqual(catalogue);
		},

		'has the catalogue when the answer is nonsense': async (simulator) => {
			simulator.inject({ host: 'api', path: /models/, fault: { status: 200, body: { data: [] } } });
			expect(await idsShown(simulator)).toEqual(catalogue);
		},

		'does not wait long for a service that is silent, and not for every letter': async (
			simulator,
		) => {
			simulator.inject({ host: 'api', path: /models/, fault: 'hang', times: Infinity });
			for (const filter of ['', 'q', 'qw']) {
				expect(await idsShown(simulator, filter)).toContain('qwen-image-edit');
			}
			expect(simulator.requests).toHaveLength(1);
		},
	});
});
