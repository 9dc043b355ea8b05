import { randomUUID } from 'node:crypto';

import type { IBinaryData, INodeParameters } from 'n8n-workflow';
import sharp from 'sharp';

import { type Simulator } from '../simulator';
import { binaryField, editImage, runWorkflow, sent, type WorkflowResult } from './harness';
import { scenarios } from './scenarios';

const WIDTH = 800;
const HEIGHT = 600;

/** A plain PNG, with a square of another opacity or colour in it. */
async function plain(background: string, square?: string): Promise<Buffer> {
	const rectangle = `<rect x="100" y="100" width="50" height="50" fill="${square}"/>`;
	const image = sharp({
		create: { width: WIDTH, height: HEIGHT, channels: 4, background: colourOf(background) },
	});
	if (square === undefined) return await image.png().toBuffer();
	const input = Buffer.from(`<svg width="${WIDTH}" height="${HEIGHT}">${rectangle}</svg>`);
	const blend = square === 'erased' ? 'dest-out' : 'over';
	const drawn = Buffer.from(input.toString().replace('erased', '#000'));
	return await image
		.composite([{ input: drawn, blend }])
		.png()
		.toBuffer();
}

const colourOf = (name: string) => (name === 'transparent' ? { r: 0, g: 0, b: 0, alpha: 0 } : name);

const file = (bytes: Buffer, name = 'image.png'): IBinaryData =>
	binaryField(bytes, name, `image/${name.split('.')[1]}`);

const list = (value: string): INodeParameters => ({ model: { __rl: true, mode: 'list', value } });

async function edit(
	simulator: Simulator,
	model: string,
	binary: Record<string, Buffer>,
	more: INodeParameters = {},
): Promise<WorkflowResult> {
	const isMasked = 'mask' in binary;
	return await runWorkflow({
		simulator,
		executionId: randomUUID(),
		parameters: editImage(simulator, {
			...list(model),
			images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
			...(isMasked ? { options: { mask: 'mask' } } : {}),
			...more,
		}),
		items: [
			{
				json: {},
				binary: Object.fromEntries(
					Object.entries(binary).map(([name, bytes]) => [name, file(bytes)]),
				),
			},
		],
	});
}

const refusal = ({ error }: WorkflowResult) => `${error?.message} – ${error?.description}`;

describe('A mask', () => {
	const GPT_2 = 'gpt-image-2';
	const GPT_4O = 'gpt-4o-image';

	scenarios({
		'that repaints nothing, or everything, is refused before anything is sent': async (
			simulator,
		) => {
			const data = await plain('#7fb2d9');
			for (const [model, mask, text] of [
				[GPT_2, await plain('#000'), /'Mask' has no transparent pixel.*repaint nothing – Erase/],
				[GPT_2, await plain('#fff', '#000'), /no transparent pixel/],
				[GPT_2, await plain('transparent'), /'Mask' is transparent everywhere.*whole image/],
				[
					GPT_4O,
					await plain('#000', '#444'),
					/'Mask' has no white pixel.*nothing – Paint in white/,
				],
				[GPT_4O, await plain('#fff'), /'Mask' is white everywhere/],
			] as const) {
				const result = await edit(simulator, model, { data, mask });
				expect(refusal(result)).toMatch(text);
			}
			expect(sent(simulator).creates).toEqual([]);
			expect(sent(simulator).uploads).toEqual([]);
		},

		'that repaints a part is sent': async (simulator) => {
			const data = await plain('#7fb2d9');
			for (const [model, mask] of [
				[GPT_2, await plain('#000', 'erased')],
				[GPT_4O, await plain('#000', '#fff')],
			] as const) {
				const { error } = await edit(simulator, model, { data, mask });
				expect(error).toBeUndefined();
			}
			expect(sent(simulator).creates).toHaveLength(2);
		},

		'of the size that a turned photo has in its file is told apart in words': async (simulator) => {
			const mask = await plain('#000', 'erased');
			for (const format of ['jpeg', 'png', 'webp'] as const) {
				const data = await sharp(await plain('#7fb2d9'))
					.flatten()
					[format]()
					.withMetadata({ orientation: 6 })
					.toBuffer();
				const result = await edit(simulator, GPT_2, { data, mask });
				expect(refusal(result)).toMatch(
					/'Mask' is 800 × 600 pixels, but the first image is 600 × 800 pixels when displayed.*lying on its side.* – Rotate the mask/,
				);
				const upright = await sharp(mask).rotate(90).png().toBuffer();
				expect((await edit(simulator, GPT_2, { data, mask: upright })).error).toBeUndefined();
			}
		},
	});
});

describe('For a model that takes no transparency', () => {
	const WAN = 'wan2.5-image-to-image';

	scenarios({
		'an alpha channel or palette without a transparent pixel is none': async (simulator) => {
			const screenshot = await plain('#7fb2d9', '#304060');
			const palette = await sharp(screenshot).png({ palette: true }).toBuffer();
			for (const data of [screenshot, palette]) {
				const { error, hints } = await edit(simulator, WAN, { data });
				expect({ error, hints }).toEqual({ error: undefined, hints: [] });
			}
			expect(sent(simulator).creates).toHaveLength(2);
		},

		'a transparent pixel is refused, in whatever way it is stored': async (simulator) => {
			const cutOut = await plain('#7fb2d9', 'erased');
			for (const data of [
				cutOut,
				await sharp(cutOut).png({ palette: true }).toBuffer(),
				await sharp(cutOut).png({ progressive: true }).toBuffer(),
			]) {
				expect(refusal(await edit(simulator, WAN, { data }))).toMatch(
					/is a PNG image with transparent areas.*Composite/,
				);
			}
			expect(sent(simulator).creates).toEqual([]);
		},

		'of a WebP with an alpha channel nobody can tell: it is sent, with a hint or an error that helps':
			async (simulator) => {
				const cutOut = await sharp(await plain('#7fb2d9', 'erased'))
					.webp()
					.toBuffer();
				expect(refusal(await edit(simulator, WAN, { data: cutOut }))).toMatch(
					/The task failed: Transparency is not supported.* – Image 1 .* is a WEBP image that may have transparent areas\. .*Composite/,
				);
				const { hints } = await edit(simulator, WAN, { data: cutOut }, { wait: 'none' });
				expect(hints.map(({ message }) => message).join()).toMatch(
					/may be a WEBP image with transparent areas.*If the task fails/,
				);
			},
	});
});
