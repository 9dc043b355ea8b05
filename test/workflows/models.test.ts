import { EDITING_MODELS } from '../../nodes/Evolink/models/catalogue';
import { type ImageModel, makesSeveral } from '../../nodes/Evolink/models/model';
import { MODELS, samplePicture, type Simulator, startSimulator } from '../simulator';
import { binaryField, editImage, runWorkflow, sent } from './harness';
import {
	acceptedCases,
	hintedCases,
	itemsFor,
	type ModelCase,
	parametersFor,
	refusedCases,
} from './modelCases';
import { type Scenario, scenarios } from './scenarios';

/**
 * Every row of the catalogue against the simulator, which has a table of its own: at its edges the service
 * takes what the node sends; one beyond, the node refuses it, and so does the service.
 */

async function run(
	simulator: Simulator,
	model: ImageModel,
	cases: ModelCase[],
	validation: 'strict' | 'warn',
) {
	return await runWorkflow({
		simulator,
		parameters: parametersFor(simulator, model, validation),
		items: itemsFor(simulator, cases),
		node: { onError: 'continueRegularOutput' },
	});
}

/** What became of an item's task, or why there is none. */
async function outcomeOf(simulator: Simulator, json: { id?: unknown; error?: unknown }) {
	const task = simulator.tasks.get(json.id as string);
	if (!task) return { refused: json.error };
	await task.work;
	return { state: task.state, view: task.view() };
}

const accepted =
	(model: ImageModel): Scenario =>
	async (simulator) => {
		const cases = await acceptedCases(model);
		const { items } = await run(simulator, model, cases, 'strict');
		const outcomes: Record<string, unknown> = {};
		for (const [index, { json }] of items.entries()) {
			outcomes[cases[index].name] = await outcomeOf(simulator, json);
			const body = simulator.tasks.get(json.id as string)?.request;
			expect(body && 'n' in body).toBe(body && makesSeveral(model));
			for (const value of Object.values(cases[index].options ?? {})) {
				if (typeof value !== 'boolean')
					expect(JSON.stringify(body)).toContain(JSON.stringify(value));
			}
			expect(typeof body?.mask_url).toBe(cases[index].mask ? 'string' : 'undefined');
		}
		expect(outcomes).toEqual(
			Object.fromEntries(
				cases.map(({ name }) => [name, { state: 'completed', view: expect.anything() as unknown }]),
			),
		);
	};

const refused =
	(model: ImageModel): Scenario =>
	async (simulator) => {
		const cases = await refusedCases(model);
		const strict = await run(simulator, model, cases, 'strict');
		expect(simulator.requests).toEqual([]);
		expect(strict.items.map(({ json }) => typeof json.error)).toEqual(cases.map(() => 'string'));

		const warned = await run(simulator, model, cases, 'warn');
		for (const [index, { json }] of warned.items.entries()) {
			const { name } = cases[index];
			const outcome = await outcomeOf(simulator, json);
			// Refused at once, or the task failed when the service saw the image.
			expect({ name, ...outcome }).not.toMatchObject({ state: 'completed' });
			if ('refused' in outcome) {
				expect({ name, ...outcome }).toMatchObject({
					refused: expect.stringMatching(/EvoLink/) as string,
				});
			}
			const hint = expect.stringMatching(new RegExp(`^Item ${index}: `)) as string;
			expect(warned.hints.map(({ message }) => message)).toContainEqual(hint);
		}
		expect(sent(simulator).creates).toHaveLength(cases.length);
	};

const hinted =
	(model: ImageModel): Scenario =>
	async (simulator) => {
		const cases = hintedCases(model);
		const { hints } = await run(simulator, model, cases, 'strict');
		expect(sent(simulator).creates).toHaveLength(cases.length);
		for (const index of cases.keys()) {
			const hint = expect.stringMatching(new RegExp(`^Item ${index}: `)) as string;
			expect(hints.map(({ message }) => message)).toContainEqual(hint);
		}
	};

/** One after another: they keep the computer busy and wait for nothing. */
function eachModel(test: (model: ImageModel) => Scenario, models = EDITING_MODELS): void {
	it.each(models.map((model) => [model.id, model] as const))('%s', async (_id, model) => {
		const simulator = await startSimulator({ taskSeconds: 0 });
		try {
			await test(model)(simulator);
		} finally {
			await simulator.close();
		}
	});
}

describe('At the edges of its row, the service takes', () => eachModel(accepted));

describe('One beyond is refused by the node before anything is sent, and by the service, of', () =>
	eachModel(refused));

describe('What the documents leave open is sent with a hint, of', () => {
	const models = EDITING_MODELS.filter((model) => hintedCases(model).length > 0);
	eachModel(hinted, models);
});

describe('The options of a model', () => {
	const options = {
		size: '1024x1024',
		quality: '2K',
		seed: 7,
		negativePrompt: 'blur',
		promptExtend: false,
		watermark: true,
		webSearch: true,
		thinkingLevel: 'high',
	};
	const modelById = (value: string) => ({ __rl: true, mode: 'id', value });
	const bodyOf = (simulator: Simulator) => sent(simulator).creates.at(-1)?.json;

	scenarios({
		'go to models that take them, where they want them': async (simulator) => {
			const common = {
				prompt: 'Replace the background with a beach',
				image_urls: [`${simulator.picturesUrl}/cat.png`],
			};
			const bodies: Record<string, object> = {
				'qwen-image-edit': {},
				'qwen-image-edit-plus': {
					size: '1024x1024',
					seed: 7,
					negative_prompt: 'blur',
					prompt_extend: false,
					watermark: true,
					n: 1,
				},
				'gemini-3.1-flash-image-preview': {
					quality: '2K',
					size: '1:1',
					model_params: { web_search: true, thinking_level: 'high' },
				},
				'doubao-seedream-5.0-lite': {
					quality: '2K',
					size: '1:1',
					n: 1,
					model_params: { tools: [{ type: 'web_search' }], output_format: 'png' },
				},
			};
			for (const [model, expected] of Object.entries(bodies)) {
				const { error } = await runWorkflow({
					simulator,
					parameters: editImage(simulator, {
						model: modelById(model),
						wait: 'none',
						numberOfImages: 1,
						options: {
							...options,
							...(model.includes('plus') ? {} : { size: '1:1' }),
							outputFormat: 'png',
						},
					}),
					executionId: model,
				});
				expect(error).toBeUndefined();
				expect(bodyOf(simulator)).toEqual({ model, ...common, ...expected });
			}
		},

		'are written as the service wants them': async (simulator) => {
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					model: modelById('qwen-image-3.0'),
					wait: 'none',
					numberOfImages: '={{ "2" }}',
					options: {
						size: ' 1024 × 768 ',
						quality: '={{ "2k" }}',
						seed: '={{ "7" }}',
						watermark: '={{ "true" }}',
						negativePrompt: '={{ $json.nothing }}',
					},
				}),
			});
			expect(error).toBeUndefined();
			expect(bodyOf(simulator)).toMatchObject({
				size: '1024x768',
				quality: '2K',
				seed: 7,
				watermark: true,
				n: 2,
			});
			expect(bodyOf(simulator)).not.toHaveProperty('negative_prompt');
		},

		'are left out with a hint where an expression gives another model': async (simulator) => {
			const { hints, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					model: modelById('={{ $json.model }}'),
					wait: 'none',
					numberOfImages: 2,
					options: { seed: 7 },
				}),
				items: [
					{ json: { model: 'qwen-image-edit-plus' } },
					{ json: { model: 'qwen-image-edit' } },
				],
			});
			expect(error).toBeUndefined();
			const bodies = sent(simulator).creates.map(({ json }) => json as Record<string, unknown>);
			const bodyFor = (model: string) => bodies.find((body) => body.model === model) ?? {};
			expect(bodyFor('qwen-image-edit-plus')).toMatchObject({ seed: 7, n: 2 });
			expect(Object.keys(bodyFor('qwen-image-edit'))).toEqual(['model', 'prompt', 'image_urls']);
			const warnings = hints.map(({ message }) => message);
			expect(warnings.filter((message) => message.startsWith('Item '))).toEqual([
				"Item 1: 'Number of Images' is 2, but Qwen Image Edit generates one image per request. Select a model that generates several images.",
				"Item 1: 'Seed' isn't sent, because Qwen Image Edit doesn't support it. Add it under 'Additional Fields' instead.",
			]);
		},
	});
});

describe('A photo of 12 megapixels', () => {
	const run = async (simulator: Simulator) => {
		const photo = await samplePicture('jpeg', { width: 4000, height: 3000 });
		return await runWorkflow({
			simulator,
			parameters: editImage(simulator, { images: { image: [{ source: 'binary' }] } }),
			items: [{ json: {}, binary: { data: binaryField(photo, 'photo.jpg', 'image/jpeg') } }],
		});
	};

	scenarios({
		'is edited by the default model, with a hint': async (simulator) => {
			const { items, hints } = await run(simulator);
			expect(items[0].json).toMatchObject({ status: 'completed' });
			expect(hints.map(({ message }) => message)).toContainEqual(
				expect.stringMatching(
					/^Item 0: Image 1 .* 4000 × 3000 .*If the task fails: .*Resize, 3072 × 2304, Only if Larger/,
				),
			);
		},
	});

	const limits = MODELS['qwen-image-edit'];
	scenarios(
		{
			'that the service refuses after all fails with its size, the limit and the way out': async (
				simulator,
			) => {
				const { error } = await run(simulator);
				expect(error?.description).toMatch(
					/Qwen Image Edit accepts 512 to 3072 pixels per side\. Image 1 \(field 'data'\) is 4000 × 3000 pixels\. .*Resize, 3072 × 2304, Only if Larger/,
				);
			},
		},
		{ taskSeconds: 0, models: { 'qwen-image-edit': { ...limits, maxSide: 3072 } } },
	);
});

describe('Additional Fields', () => {
	const unknown = { __rl: true, mode: 'id', value: 'brand-new-image-edit' };
	const withFields = (additionalFields: unknown, more: object = {}) => ({
		options: { additionalFields, ...more },
	});

	scenarios(
		{
			'go into the body of any model as they are': async (simulator) => {
				for (const [index, fields] of [
					'{ "strength": 0.5, "model_params": { "mask": { "areas": [] } } }',
					'={{ { strength: 0.5, model_params: { mask: { areas: [] } } } }}',
				].entries()) {
					const { error } = await runWorkflow({
						simulator,
						parameters: editImage(simulator, {
							model: unknown,
							wait: 'none',
							...(withFields(fields) as object),
						}),
						executionId: String(index),
					});
					expect(error).toBeUndefined();
					expect(sent(simulator).creates.at(-1)?.json).toEqual({
						model: 'brand-new-image-edit',
						prompt: 'Replace the background with a beach',
						image_urls: [`${simulator.picturesUrl}/cat.png`],
						strength: 0.5,
						model_params: { mask: { areas: [] } },
					});
				}
			},

			'stand beside the options in one object': async (simulator) => {
				await runWorkflow({
					simulator,
					parameters: editImage(simulator, {
						model: { __rl: true, mode: 'id', value: 'gemini-3-pro-image-preview' },
						wait: 'none',
						...(withFields('{ "model_params": { "grounding": 1 } }', {
							webSearch: true,
						}) as object),
					}),
				});
				expect(sent(simulator).creates[0].json).toMatchObject({
					model_params: { web_search: true, grounding: 1 },
				});
			},

			'never take the place of what a parameter says': async (simulator) => {
				const plus = { __rl: true, mode: 'id', value: 'qwen-image-edit-plus' };
				const cases: Array<[object, RegExp]> = [
					[withFields('{ "image_urls": [] }'), /contains 'image_urls', which is set by 'Images'/],
					[withFields('{ "model": "x" }'), /contains 'model', which is set by 'Model'/],
					[withFields('{ "prompt": "x" }'), /contains 'prompt', which is set by 'Prompt'/],
					[withFields('{ "callback_url": "x" }'), /which is set by 'Callback URL'/],
					[{ model: plus, ...withFields('{ "n": 3 }') }, /which is set by 'Number of Images'/],
					[
						{ model: plus, ...withFields('{ "seed": 3 }', { seed: 4 }) },
						/contains 'seed', which is set by 'Seed'/,
					],
					[withFields('{ "seed": '), /'Additional Fields' is not a JSON object/],
					[withFields('[1]'), /'Additional Fields' is not a JSON object/],
					[withFields('={{ 7 }}'), /'Additional Fields' is not a JSON object/],
				];
				for (const [parameters, message] of cases) {
					const { error } = await runWorkflow({
						simulator,
						parameters: editImage(simulator, parameters as ReturnType<typeof editImage>),
					});
					expect(error?.message).toMatch(message);
				}
				expect(simulator.requests).toEqual([]);
			},
		},
		{
			taskSeconds: 0,
			models: {
				'brand-new-image-edit': {
					maxImages: 9,
					formats: ['png'],
					takesAlpha: true,
					parameters: { strength: () => undefined, model_params: () => undefined },
					creditsPerImage: 1,
				},
				'gemini-3-pro-image-preview': {
					maxImages: 9,
					formats: ['png'],
					takesAlpha: true,
					parameters: { model_params: () => undefined },
					creditsPerImage: 1,
				},
			},
		},
	);
});

describe('A mask', () => {
	scenarios({
		'that the model does not take is refused, also with Validation on Warn': async (simulator) => {
			for (const validation of ['strict', 'warn']) {
				const { error } = await runWorkflow({
					simulator,
					parameters: editImage(simulator, {
						model: { __rl: true, mode: 'id', value: '={{ "qwen-image-edit" }}' },
						options: { mask: `${simulator.picturesUrl}/hills-alpha.png`, validation },
					}),
				});
				expect(error?.message).toBe("'Mask' is set, but Qwen Image Edit doesn't accept a mask");
			}
			expect(simulator.requests).toEqual([]);
		},

		'in a field that is not there, or a link that is none, is refused': async (simulator) => {
			for (const [mask, message] of [
				['stencil', /^Mask: the input has no binary field 'stencil'/],
				['ftp://example.com/mask.png', /^Mask: 'ftp:.*' is not a valid URL/],
				['https://a.example.com/a.png, https://a.example.com/b.png', /several images/],
				['={{ { a: 1 } }}', /^Mask: .* is {"a":1}, not a binary field/],
			] as const) {
				const { error } = await runWorkflow({
					simulator,
					parameters: editImage(simulator, {
						model: { __rl: true, mode: 'id', value: 'gpt-image-2' },
						options: { mask },
					}),
				});
				expect(error?.message).toMatch(message);
			}
			expect(simulator.requests).toEqual([]);
		},
	});
});

describe('A failed execution that the user retries', () => {
	/** The first run's task is paid, and its image cannot be fetched. */
	const paidAgain = async (simulator: Simulator, before: object, after: object) => {
		simulator.nextTask({ delivery: { status: 403, statusTimes: 1 } });
		const parametersWith = (options: object) =>
			editImage(simulator, {
				model: { __rl: true, mode: 'id', value: 'gpt-image-2' },
				images: { image: [{ source: 'url', url: `${simulator.picturesUrl}/hills.png` }] },
				options: options as ReturnType<typeof editImage>,
			});
		const failed = await runWorkflow({ simulator, parameters: parametersWith(before) });
		expect(failed.error).toBeDefined();
		const { error } = await runWorkflow({
			simulator,
			parameters: parametersWith(after),
			executionId: '8',
			retryOf: failed,
		});
		expect(error).toBeUndefined();
		return simulator.paidTasks() === 2;
	};

	scenarios({
		'continues its task where the options are the same': async (simulator) => {
			const mask = `${simulator.picturesUrl}/hills-alpha.png`;
			const options = { quality: 'low', mask, additionalFields: '{ "output_format": "webp" }' };
			expect(await paidAgain(simulator, options, options)).toBe(false);
		},
		'asks anew where an option is another one': async (simulator) => {
			expect(await paidAgain(simulator, { quality: 'low' }, { quality: 'high' })).toBe(true);
		},
		'asks anew where there is a mask now': async (simulator) => {
			const mask = `${simulator.picturesUrl}/hills-alpha.png`;
			expect(await paidAgain(simulator, {}, { mask })).toBe(true);
		},
	});
});
