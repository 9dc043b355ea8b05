import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import type { Reference } from '../images/inputImages';
import {
	describe,
	parameter,
	type ParameterSource,
	readChoice,
	readText,
	readValue,
} from './reader';

/** Options for images gateways alone. */

const severalImagesOption: INodeProperties = {
	displayName: 'Several Images',
	name: 'severalImages',
	type: 'options',
	options: [
		{
			name: 'Array in Image',
			value: 'array',
			description: 'A list of images in the image field, even if there is only one',
		},
		{
			name: 'Array of Content Parts',
			value: 'parts',
			description: "A list of OpenAI's content parts of type image_url, as OpenRouter takes them",
		},
		{
			name: 'Array of Objects',
			value: 'objects',
			description: 'A list of { "image_url": "…" }, even if there is only one image',
		},
		{
			name: 'Image, Image2, Image3',
			value: 'numbered',
			description: 'A field for each image, as SiliconFlow expects them',
		},
		{
			name: 'Not Supported',
			value: 'none',
			description: "One image; more are an error, except with 'Edits, Form with Files'",
		},
	],
	default: 'none',
	description: 'How the gateway expects more than one image, according to its documentation',
	displayOptions: { show: { '/service': ['imagesGateway'] } },
};

const requestOption: INodeProperties = {
	displayName: 'Gateway Request',
	name: 'gatewayRequest',
	type: 'options',
	options: [
		{
			name: 'Edits, Form with Files',
			value: 'editsMultipart',
			description:
				'POST /v1/images/edits with the images as files, as OpenAI, LiteLLM, one-api, new-api and DeepInfra expect them',
		},
		{
			name: 'Edits, JSON',
			value: 'editsJson',
			description: 'POST /v1/images/edits with JSON, as OmniMaaS and llmgateway expect it',
		},
		{
			name: 'Generations, JSON',
			value: 'generationsJson',
			description:
				'POST /v1/images/generations with JSON. One-api and new-api ignore the images there: use the form with files.',
		},
	],
	default: 'generationsJson',
	description: 'Request format that the gateway expects, according to its documentation',
	displayOptions: { show: { '/service': ['imagesGateway'] } },
};

const pathOption: INodeProperties = {
	displayName: 'Gateway Path',
	name: 'gatewayPath',
	type: 'string',
	default: '',
	placeholder: '/api/v3/images/generations',
	description: "Path to append to the credential's Base URL, if the gateway has one of its own",
	displayOptions: { show: { '/service': ['imagesGateway'] } },
};

const imageFieldOption: INodeProperties = {
	displayName: 'Gateway Image Field',
	name: 'gatewayImageField',
	type: 'string',
	default: 'image',
	description:
		'Name of the field that the gateway expects images in, e.g. image, images or image_url',
	displayOptions: { show: { '/service': ['imagesGateway'] } },
};

const maskOption: INodeProperties = {
	displayName: 'Mask',
	name: 'mask',
	type: 'string',
	default: '',
	placeholder: 'e.g. mask or https://example.com/mask.png',
	description:
		"Binary field name or URL of a mask for the first image, for gateways that take one. It is sent as 'mask'; what it has to be like is in the gateway's documentation.",
	displayOptions: { show: { '/service': ['imagesGateway'] } },
};

export const gatewayOptions = [
	imageFieldOption,
	maskOption,
	pathOption,
	requestOption,
	severalImagesOption,
];

/** Where no images go in. */
export const gatewayOptionsToGenerate = [pathOption];

/** How a gateway takes several images. */
export type SeveralImages = 'none' | 'array' | 'numbered' | 'objects' | 'parts';

/** How a gateway takes a request. */
export interface GatewayDialect {
	request: 'generationsJson' | 'editsMultipart' | 'editsJson';
	/** Below the base URL; begins with one slash. */
	path: string;
	imageField: string;
	severalImages: SeveralImages;
}

export const USUAL_PATH = '/v1/images/generations';

/** @throws {InvalidInputError} */
export function readGatewayDialect(source: ParameterSource, itemIndex: number): GatewayDialect {
	const option = (field: INodeProperties) => parameter(field, 'options');
	const request = readChoice(source, itemIndex, option(requestOption), [
		'generationsJson',
		'editsMultipart',
		'editsJson',
	]);
	const usual = request === 'generationsJson' ? USUAL_PATH : '/v1/images/edits';
	return {
		request,
		path: readPath(source, itemIndex) || usual,
		imageField: readText(source, itemIndex, option(imageFieldOption)) || 'image',
		severalImages: readChoice(source, itemIndex, option(severalImagesOption), [
			'none',
			'array',
			'numbered',
			'objects',
			'parts',
		]),
	};
}

/**
 * How a gateway takes a request without images.
 *
 * @throws {InvalidInputError}
 */
export function readGeneratingDialect(source: ParameterSource, itemIndex: number): GatewayDialect {
	const path = readPath(source, itemIndex) || USUAL_PATH;
	return { request: 'generationsJson', path, imageField: 'image', severalImages: 'none' };
}

/** '' where none is set. */
function readPath(source: ParameterSource, itemIndex: number): string {
	const given = readText(source, itemIndex, parameter(pathOption, 'options'));
	if (given !== '' && !/^\/(?![/\\])/.test(given)) {
		throw new InvalidInputError(
			`'Gateway Path' is ${describe(given)}; it must start with a single slash`,
			"Enter the path only, e.g. /api/v3/images/generations. The host comes from the credential's 'Base URL'.",
		);
	}
	return given;
}

/**
 * @returns undefined where there is none
 * @throws {InvalidInputError} a link that is none, a field that is missing or no image
 */
export async function readGatewayMask(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<Reference | undefined> {
	const value = readValue(context, itemIndex, parameter(maskOption, 'options'))?.value ?? '';
	if (typeof value === 'string' && value.trim() === '') return undefined;
	const { DATA_URL, readOneReference } = await import('../images/inputImages');
	const { adviseOnAnyModel } = await import('../models/wayOut');
	return await readOneReference(context, itemIndex, value, 'Mask', adviseOnAnyModel, DATA_URL);
}
