import type { IBinaryData, INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { samplePicture, type Simulator } from '../simulator';
import {
	binaryField,
	editImage,
	runWorkflow,
	sent,
	type WorkflowOptions,
	type WorkflowResult,
} from './harness';
import { scenarios } from './scenarios';

const binary = (binaryPropertyName: unknown): INodeParameters => ({
	images: { image: [{ source: 'binary', binaryPropertyName }] } as INodeParameters,
});

async function image(side = 400, name = `photo-${side}.png`): Promise<IBinaryData> {
	const bytes = await samplePicture('png', { width: side, height: 400 });
	return binaryField(bytes, name, 'image/png');
}

let executions = 0;

async function edit(
	simulator: Simulator,
	given: unknown,
	item: INodeExecutionData,
	more: Partial<WorkflowOptions> = {},
): Promise<WorkflowResult> {
	const parameters = editImage(simulator, { ...binary(given), wait: 'none' });
	const executionId = String(++executions);
	return await runWorkflow({ simulator, parameters, items: [item], executionId, ...more });
}

/** How many pixels wide the uploaded images are. */
function widthsOf(simulator: Simulator): number[] {
	return sent(simulator).uploads.map(({ parts }) => {
		const file = parts?.find(({ name }) => name === 'file');
		return file?.data.readUInt32BE(16) ?? 0;
	});
}

const textOf = ({ error }: WorkflowResult) => `${error?.message} – ${error?.description}`;

describe('A binary field', () => {
	scenarios({
		'is taken as binary data by expression, alone or in arrays, as a name, or as several': async (
			simulator,
		) => {
			const item = { json: {}, binary: { data: await image(401), photo: await image(402) } };
			for (const [given, widths] of [
				['={{ $binary.photo }}', [402]],
				["={{ $('Start').item.binary.data }}", [401]],
				['={{ [$binary.photo, $binary.data] }}', [402, 401]],
				['={{ Object.keys($binary) }}', [401, 402]],
				['={{ Object.values($binary) }}', [401, 402]],
				['={{ $binary }}', [401, 402]],
				['={{ ["photo", $binary.data] }}', [402, 401]],
				['photo, data', [402, 401]],
				['={{ ["photo,data"] }}', [402, 401]],
			] as const) {
				simulator.requests.splice(0);
				const result = await edit(simulator, given, item);
				expect(result.error).toBeUndefined();
				expect(widthsOf(simulator)).toEqual(widths);
			}
		},

		'may have a comma or blanks in its name': async (simulator) => {
			const item = { json: {}, binary: { 'a, b': await image(401), ' c': await image(402) } };
			expect((await edit(simulator, 'a, b', item)).error).toBeUndefined();
			expect((await edit(simulator, ' c', item)).error).toBeUndefined();
			expect(widthsOf(simulator)).toEqual([401, 402]);
		},

		'is found with binary mode "combined", by name, path and expression': async (simulator) => {
			const item = { json: { _files: { data: { ...(await image(401)) } } } };
			const settings = { binaryMode: 'combined' } as WorkflowOptions['settings'];
			for (const given of [
				'data',
				'_files.data',
				'={{ $json._files.data }}',
				'={{ $json._files }}',
			]) {
				const { error } = await edit(simulator, given, item, { settings });
				expect(error).toBeUndefined();
			}
			expect(widthsOf(simulator)).toEqual([401, 401, 401, 401]);
			const missing = textOf(await edit(simulator, 'photo', item, { settings }));
			expect(missing).toMatch(/no binary field 'photo' – Binary fields of this item: 'data'/);
		},

		'named otherwise than the untouched default is taken from version 1.1 on, with a hint': async (
			simulator,
		) => {
			const item = { json: {}, binary: { photo: await image(401) } };
			const node = { typeVersion: 1.1 };
			const { error, hints } = await edit(simulator, 'data', item, { node });
			expect(error).toBeUndefined();
			expect(widthsOf(simulator)).toEqual([401]);
			expect(hints.map(({ message }) => message)).toContainEqual(
				expect.stringMatching(/Item 0: Image 1 .*no binary field 'data'.*'photo', was used/),
			);
			// Only then: not by another name, not where there is a choice, not in version 1.
			const two = { json: {}, binary: { ...item.binary, other: await image() } };
			for (const result of [
				await edit(simulator, 'image', item, { node }),
				await edit(simulator, 'data', two, { node }),
				await edit(simulator, 'data', item),
				await edit(simulator, 'photo, data', item, { node }),
				await edit(simulator, "={{ ['photo', 'data'] }}", item, { node }),
			]) {
				expect(textOf(result)).toMatch(/no binary field '(data|image)' – Binary fields .*'photo'/);
			}
			// Nor for the mask: the photo would be its own.
			const parameters = editImage(simulator, {
				...binary('data'),
				model: { __rl: true, mode: 'id', value: 'gpt-image-2' },
				imageOptions: { mask: 'data' },
			});
			const masked = await runWorkflow({ simulator, parameters, items: [item], node });
			expect(textOf(masked)).toMatch(/Mask: the input has no binary field 'data'/);
		},

		'that the expression does not tell from another is refused, not guessed': async (simulator) => {
			const item = {
				json: {},
				binary: { data: await image(401, 'a.png'), photo: await image(402, 'a.png') },
			};
			const result = await edit(simulator, '={{ $binary.photo }}', item);
			expect(textOf(result)).toMatch(/'data' and 'photo' can't be told apart .* name/);
			expect(simulator.requests).toEqual([]);
		},

		'that gives something else is refused in words': async (simulator) => {
			const item: INodeExecutionData = {
				json: { long: 'A'.repeat(400_000), none: null, empty: [], number: 7 },
				binary: { data: await image() },
			};
			for (const [given, message] of [
				['={{ $json.none }}', /'Input Data Field Name' is empty/],
				['={{ $json.empty }}', /'Input Data Field Name' is empty/],
				['={{ $json.number }}', /is 7, not a binary field – .*\$binary\.data/],
				['={{ { url: "x" } }}', /is {"url":"x"}, not a binary field/],
				['={{ $json.long }}', /no binary field 'A{100}…'/],
				['{{ $binary.data }}', /no binary field .* – .*switch the field .*'Expression'/],
				['=x{{ $binary.data }}', /no binary field .*object Object.* – .*switch the field/],
			] as const) {
				expect(textOf(await edit(simulator, given, item))).toMatch(message);
			}
			expect(simulator.requests).toEqual([]);
		},

		'without its content is told from a stored file that is gone, and from a Buffer': async (
			simulator,
		) => {
			const described = { mimeType: 'image/png', fileName: 'a.png' } as IBinaryData;
			for (const [content, message] of [
				[described, /Image 1 .*has no content – .*unpin/],
				[
					{ ...described, data: 'filesystem-v2', id: 'filesystem-v2:workflows/1/executions/1/x' },
					/Image 1 \(field 'data'\): n8n no longer has the file – .*old executions/,
				],
				[
					{ ...described, data: Buffer.from('x') as unknown as string },
					/Image 1 .*a Buffer where n8n expects base64 text – .*prepareBinaryData/,
				],
			] as const) {
				const item = { json: {}, binary: { data: content } };
				expect(textOf(await edit(simulator, 'data', item))).toMatch(message);
			}
			const byExpression = await edit(simulator, '={{ $json }}', { json: { ...described } });
			expect(textOf(byExpression)).toMatch(/Image 1 .*has no content/);
		},

		'that ends before its image does is sent with a hint': async (simulator) => {
			const whole = Buffer.from((await image()).data, 'base64');
			const half = binaryField(whole.subarray(0, -200), 'a.png', 'image/png');
			const { hints } = await edit(simulator, 'data', { json: {}, binary: { data: half } });
			expect(hints.map(({ message }) => message)).toContainEqual(
				expect.stringMatching(/Item 0: Image 1 \(field 'data'\): the file ends before the image/),
			);
			expect(sent(simulator).creates).toHaveLength(1);
		},

		'is taken as a mask by expression too': async (simulator) => {
			const stencil = await samplePicture('png', { width: 400, height: 400, alpha: true });
			const mask = binaryField(stencil, 'mask.png', 'image/png');
			const { error } = await runWorkflow({
				simulator,
				parameters: {
					...editImage(simulator, binary('={{ $binary.photo }}')),
					model: { __rl: true, mode: 'id', value: 'gpt-image-2' },
					options: { mask: '={{ $binary.stencil }}' },
				},
				items: [{ json: {}, binary: { photo: await image(400), stencil: mask } }],
			});
			expect(error).toBeUndefined();
			const [{ json }] = sent(simulator).creates;
			expect(json).toMatchObject({ mask_url: expect.stringMatching(/^http.*\/n8n-/) as string });
		},
	});
});
