import type { INodeProperties } from 'n8n-workflow';

import { inFirstVersion, inLaterVersions } from './nodeVersion';

/** @param defaultSource of an image that is added */
const imagesField = (defaultSource: 'url' | 'binary'): INodeProperties => ({
	displayName: 'Images',
	name: 'images',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true, sortable: true },
	default: { image: [{ source: 'binary', url: '', binaryPropertyName: 'data' }] },
	placeholder: 'Add image',
	description:
		'The pictures to edit, in order: prompts can speak of the first, second and third picture',
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
								'A picture that comes in with the item, from a storage node for instance',
						},
						{
							name: 'URL',
							value: 'url',
							description: 'A public link, which EvoLink fetches itself',
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
					hint: 'Several links: separate them by commas or line breaks, or give an array by expression',
					description: 'Public http or https link of the picture',
					displayOptions: { show: { source: ['url'] } },
				},
				{
					displayName: 'Input Data Field Name',
					name: 'binaryPropertyName',
					type: 'string',
					default: 'data',
					placeholder: 'e.g. data',
					hint: 'Several fields: separate them by commas',
					description: 'The name of the binary field that holds the picture',
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
