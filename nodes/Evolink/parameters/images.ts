import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Carrier, CarrierAdvice, ImageEntry, Reference } from '../images/inputImages';
import { inFirstVersion, inLaterVersions } from './nodeVersion';
import { readEntries, toChoice } from './reader';

/** @param defaultSource of an image that is added */
const imagesField = (defaultSource: 'url' | 'binary'): INodeProperties => ({
	displayName: 'Images',
	name: 'images',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true, sortable: true },
	default: { image: [{ source: 'binary', url: '', binaryPropertyName: 'data' }] },
	placeholder: 'Add image',
	description:
		"The images to edit. Your prompt can refer to them by position, e.g. 'the first image'.",
	options: [
		{
			displayName: 'Image',
			name: 'image',
			values: [
				{
					displayName: 'Source',
					name: 'source',
					type: 'options',
					options: [
						{
							name: 'Binary Field',
							value: 'binary',
							description:
								'Image from a previous node, e.g. a form upload, Google Drive or HTTP Request',
						},
						{
							name: 'URL',
							value: 'url',
							description: 'Image at a public URL',
						},
					],
					default: defaultSource,
				},
				{
					displayName: 'URL',
					name: 'url',
					type: 'string',
					default: '',
					placeholder: 'e.g. https://example.com/image.png',
					hint: 'Separate multiple URLs with commas or line breaks, or use an expression that returns an array',
					description: 'Public URL of the image',
					displayOptions: { show: { source: ['url'] } },
				},
				{
					displayName: 'Input Data Field Name',
					name: 'binaryPropertyName',
					type: 'string',
					default: 'data',
					placeholder: 'e.g. data',
					hint: 'Separate multiple field names with commas',
					description: 'The name of the input binary field with the image',
					displayOptions: { show: { source: ['binary'] } },
				},
			],
		},
	],
});

export const imagesFields = [
	inFirstVersion(imagesField('url')),
	inLaterVersions(imagesField('binary')),
];

/**
 * The images of an item, in order.
 *
 * @param carrier how they travel; by default they are uploaded
 * @throws {InvalidInputError} no image, a link that is none, a field that is missing or no image
 */
export async function readImages(
	context: IExecuteFunctions,
	itemIndex: number,
	adviseOn: CarrierAdvice,
	carrier?: Carrier,
): Promise<Reference[]> {
	const field = { displayName: 'Images', path: 'images.image' };
	const entries = readEntries(context, itemIndex, field).map(
		({ source, url, binaryPropertyName }, position): ImageEntry => ({
			// Version 1 does not save a value that is the default.
			source: toChoice(source ?? 'url', `Source of Image ${position + 1}`, ['url', 'binary']),
			url,
			binaryPropertyName,
		}),
	);
	const { readReferences } = await import('../images/inputImages');
	return await readReferences(context, itemIndex, entries, adviseOn, carrier);
}
