/**
 * The dialects of images gateways: what the table in docs/images-gateway.md and the tests are made from.
 * `npm run docs:gateways` writes the table.
 */

import type { GatewayDialect } from '../simulator/gatewayDialects';
import { table } from './table';

/** How the hosts of a kind are set up. */
export interface DialectOfHosts {
	hosts: string[];
	/** Options of Edit Image, beside those that hold for one image. */
	options: Record<string, string>;
	/** What else is set for several images; undefined where it takes one. */
	several?: Record<string, string>;
	/** Images have to come from binary fields: it takes no links. */
	binaryOnly?: true;
	takesMask?: true;
	/** Where the answer has the images. */
	answer: string;
	note?: string;
	/** Where all this is from: a section of docs/facts/evolink.md, or an address. */
	source: string;
	/** How the simulator speaks it. */
	spoken: GatewayDialect;
}

const IN_USE = 'docs/facts/evolink.md, "Synchronous gateways in use"';

export const GATEWAY_DIALECTS: DialectOfHosts[] = [
	{
		hosts: ['aimanyi', 'CrazyRouter', 'UCloud ModelVerse', 'Huawei MaaS'],
		options: {},
		answer: '`data[].url`, Huawei `data[].b64_json`',
		source: 'https://docs.crazyrouter.com/images/qwen',
		spoken: 'generations',
	},
	{
		hosts: ['SiliconFlow'],
		options: {},
		several: { severalImages: 'numbered' },
		answer: '`images[].url`, for an hour',
		source: 'https://docs.siliconflow.cn/cn/api-reference/images/images-generations.md',
		spoken: 'generations',
	},
	{
		hosts: ['OpenAI', 'LiteLLM proxy', 'DMXAPI', 'QVAC', 'one-api', 'new-api'],
		options: { gatewayRequest: 'editsMultipart' },
		several: {},
		takesMask: true,
		answer: '`data[].b64_json`',
		note: 'Their generations **ignore images and charge all the same**',
		source: IN_USE,
		spoken: 'openAi',
	},
	{
		hosts: ['DeepInfra'],
		options: { gatewayRequest: 'editsMultipart', gatewayPath: '/v1/openai/images/edits' },
		several: {},
		takesMask: true,
		answer: '`data[].b64_json`',
		source: IN_USE,
		spoken: 'deepInfra',
	},
	{
		hosts: ['OmniMaaS', 'chatgpt2api'],
		options: { gatewayRequest: 'editsJson', gatewayImageField: 'images', severalImages: 'array' },
		several: {},
		takesMask: true,
		answer: '`data[].url` or `data[].b64_json`',
		note: 'Some call the field `image`',
		source: IN_USE,
		spoken: 'jsonEdits',
	},
	{
		hosts: ['llmgateway'],
		options: { gatewayRequest: 'editsJson', gatewayImageField: 'images', severalImages: 'objects' },
		several: {},
		takesMask: true,
		answer: '`data[].url` or `data[].b64_json`',
		source: IN_USE,
		spoken: 'jsonEditsObjects',
	},
	{
		hosts: ['Volcengine Ark'],
		options: { gatewayPath: '/api/v3/images/generations' },
		several: { severalImages: 'array' },
		answer: '`data[].url`; an image that failed has an error in its place',
		source: IN_USE,
		spoken: 'ark',
	},
	{
		hosts: ['OpenRouter'],
		options: {
			gatewayPath: '/api/v1/images',
			gatewayImageField: 'input_references',
			severalImages: 'parts',
		},
		several: {},
		answer: '`data[].b64_json`',
		source: 'https://docs.rs/agentai-image/0.5.0 (provider/openrouter.rs)',
		spoken: 'openRouter',
	},
	{
		hosts: ['NanoGPT'],
		options: {
			gatewayRequest: 'editsJson',
			gatewayPath: '/api/v1/images/edits',
			gatewayImageField: 'imageDataUrl',
		},
		binaryOnly: true,
		takesMask: true,
		answer: '`data[].b64_json` or `data[].url`',
		source: 'https://docs.nano-gpt.com/api-reference/endpoint/image-edits',
		spoken: 'nanoGpt',
	},
	{
		hosts: ['asynchronous forks of new-api'],
		options: {},
		answer: '202 with a polling URL (`Location`, `poll_url`), later `result.data[].url`',
		note: 'Retry On Fail keeps polling it, free of charge',
		source: IN_USE,
		spoken: 'accepts',
	},
];

const START = '<!-- Made from tools/docs/gateways.ts by `npm run docs:gateways`: -->';
const END = '<!-- End of what is made. -->';

/** @throws {Error} the page has no place for the table */
export function withGatewayTable(page: string): string {
	const [before, rest] = page.split(START);
	const after = rest?.split(END)[1];
	if (after === undefined) throw new Error(`The page needs a line '${START}' and '${END}'`);
	return `${before}${START}\n\n${gatewayTable()}\n\n${END}${after}`;
}

const OPTION_NAMES: Record<string, string> = {
	gatewayRequest: 'Gateway Request',
	gatewayPath: 'Gateway Path',
	gatewayImageField: 'Gateway Image Field',
	severalImages: 'Several Images',
};
const VALUE_NAMES: Record<string, string> = {
	editsMultipart: '_Edits, Form with Files_',
	editsJson: '_Edits, JSON_',
	array: '_Array in Image_',
	numbered: '_Image, Image2, Image3_',
	objects: '_Array of Objects_',
	parts: '_Array of Content Parts_',
};

function gatewayTable(): string {
	const rows = GATEWAY_DIALECTS.map((row) => [
		row.hosts.join(', '),
		settings(row.options) || 'none',
		imagesIn(row),
		row.takesMask ? 'yes' : 'no',
		[row.answer, row.note].filter(Boolean).join('. '),
	]);
	const head = ['Gateway', 'Options', 'Several images', 'Mask', 'Answer'];
	return table(head, rows);
}

function settings(options: Record<string, string>): string {
	return Object.entries(options)
		.map(([name, value]) => `${OPTION_NAMES[name]} ${VALUE_NAMES[value] ?? `\`${value}\``}`)
		.join('; ');
}

function imagesIn({ several, binaryOnly }: DialectOfHosts): string {
	const only = binaryOnly ? ', from binary fields' : '';
	return several ? settings(several) || `yes${only}` : `one${only}`;
}
