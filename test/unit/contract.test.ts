import type { INodeProperties } from 'n8n-workflow';

import { EvolinkApi } from '../../credentials/EvolinkApi.credentials';
import { ImagesGatewayApi } from '../../credentials/ImagesGatewayApi.credentials';
import { Evolink } from '../../nodes/Evolink/Evolink.node';
import { EvolinkTrigger } from '../../nodes/EvolinkTrigger/EvolinkTrigger.node';

/** What saved workflows hold: names, defaults and values may be added to, but not changed or removed. */

function byName(properties: INodeProperties[], name: string): INodeProperties[] {
	const found = properties.filter((property) => property.name === name);
	if (found.length === 0) throw new Error(`There is no parameter ${name}`);
	return found;
}

/** Default, and the values of a list. */
function promises({ default: byDefault, options }: INodeProperties): unknown {
	const values = options?.flatMap((option) => ('value' in option ? [option.value] : []));
	return values && values.length > 0 ? [byDefault, ...values] : byDefault;
}

const action = new Evolink().description;
const trigger = new EvolinkTrigger().description;
const [options] = byName(action.properties, 'options').filter((field) =>
	(field.displayOptions?.show?.operation ?? []).includes('editImage'),
);
const editOptions = options.options as INodeProperties[];

it('keeps the names of nodes and credentials', () => {
	expect([action.name, action.displayName]).toEqual(['evolink', 'EvoLink']);
	expect([trigger.name, trigger.displayName]).toEqual(['evolinkTrigger', 'EvoLink Trigger']);
	const credentials = [new EvolinkApi(), new ImagesGatewayApi()];
	expect(credentials.map(({ name, displayName }) => [name, displayName])).toEqual([
		['evolinkApi', 'EvoLink API'],
		['imagesGatewayApi', 'Images Gateway API'],
	]);
	const fields = credentials.map(({ properties }) =>
		properties.filter(({ type }) => type !== 'notice').map((field) => [field.name, field.default]),
	);
	expect(fields).toEqual([
		[
			['apiKey', ''],
			['baseUrl', 'https://api.evolink.ai'],
			['filesBaseUrl', 'https://files-api.evolink.ai'],
		],
		[
			['apiKey', ''],
			['baseUrl', ''],
		],
	]);
});

it.each<[string, unknown]>([
	[
		'operation',
		[
			...['editImage', 'editImage', 'estimateCost', 'generateImage', 'getCredits', 'getManyTasks'],
			...['getTask', 'uploadImage', 'waitForCompletion'],
		],
	],
	['service', ['evolink', 'evolink', 'imagesGateway']],
	['inputBinaryPropertyName', 'data'],
	['prompt', ''],
	['numberOfImages', 1],
	['wait', ['poll', 'none', 'poll', 'callback']],
	['callbackUrl', ''],
	['download', true],
	['binaryPropertyName', 'data'],
	['simplify', true],
	['taskId', ''],
	['returnAll', false],
	['limit', 50],
])('keeps the parameter %s of the action', (name, expected) => {
	for (const field of byName(action.properties, name)) expect(promises(field)).toEqual(expected);
});

it.each<[string, unknown, unknown]>([
	[
		'model',
		{ mode: 'list', value: 'qwen-image-edit', cachedResultName: 'Qwen Image Edit' },
		{ mode: 'list', value: 'qwen-image-3.0', cachedResultName: 'Qwen Image 3.0' },
	],
	['gatewayModel', 'qwen-image-edit-2509', 'qwen-image'],
])('keeps the parameter %s of Edit Image and Generate Image', (name, edits, generates) => {
	const defaults = (operation: string) =>
		byName(action.properties, name)
			.filter(({ displayOptions }) => displayOptions?.show?.operation?.includes(operation))
			.map((field) => field.default);
	expect(new Set(defaults('editImage'))).toEqual(new Set([edits]));
	expect(new Set(defaults('generateImage'))).toEqual(new Set([generates]));
});

it('keeps images and mask out of Generate Image', () => {
	const fields = action.properties.filter(({ displayOptions }) =>
		displayOptions?.show?.operation?.includes('generateImage'),
	);
	expect(fields.map(({ name }) => name)).not.toContain('images');
	const [{ options: generateOptions }] = byName(fields, 'options');
	const names = (generateOptions as INodeProperties[]).map(({ name }) => name);
	expect(names).not.toContain('mask');
	expect(names).not.toContain('deleteUploads');
	expect(names).toContain('gatewayPath');
	expect(names).toEqual(
		expect.arrayContaining(['size', 'quality', 'seed', 'timeout', 'maxCredits']),
	);
});

it('keeps the parameter images', () => {
	const [images] = byName(action.properties, 'images');
	const [image] = images.options as Array<{ name: string; values: INodeProperties[] }>;
	expect(image.name).toBe('image');
	expect(image.values.map(({ name }) => name)).toEqual(['source', 'url', 'binaryPropertyName']);
	expect(promises(image.values[0])).toEqual(['url', 'binary', 'url']);
});

it.each<[string, unknown]>([
	['timeout', 600],
	['concurrency', 10],
	['onTaskFailure', ['error', 'error', 'output']],
	['validation', ['strict', 'strict', 'warn']],
	['additionalFields', '{}'],
	['deleteUploads', false],
	['includeInputFields', false],
	['itemPerImage', false],
	['retryCharged', false],
	['fileName', ''],
	['jobKey', ''],
	['gatewayPath', ''],
	['gatewayImageField', 'image'],
	['gatewayRequest', ['generationsJson', 'editsMultipart', 'editsJson', 'generationsJson']],
	['severalImages', ['none', 'array', 'parts', 'objects', 'numbered', 'none']],
])('keeps the option %s', (name, expected) => {
	for (const field of byName(editOptions, name)) expect(promises(field)).toEqual(expected);
});

it.each([
	'maxCredits',
	'keepCredits',
	'maxDownloadSize',
	'size',
	'quality',
	'seed',
	'negativePrompt',
	'promptExtend',
	'watermark',
	'mask',
])('keeps the option %s by its name', (name) => {
	expect(byName(editOptions, name)).not.toEqual([]);
});

it.each<[string, unknown]>([
	['events', [['completed', 'failed', 'cancelled'], 'cancelled', 'completed', 'failed']],
	['download', false],
	['binaryPropertyName', 'data'],
	['simplify', true],
])('keeps the parameter %s of the trigger', (name, expected) => {
	for (const field of byName(trigger.properties, name)) expect(promises(field)).toEqual(expected);
});
