import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readChoice } from './reader';

/** Options for images gateways alone. */

const severalImagesOption: INodeProperties = {
	displayName: 'Several Images',
	name: 'severalImages',
	type: 'options',
	options: [
		{
			name: 'Array in Image',
			value: 'array',
			description: "A list of pictures in the field 'image', also where there is only one",
		},
		{
			name: 'Image, Image2, Image3',
			value: 'numbered',
			description: 'A field for each picture, as SiliconFlow takes them',
		},
		{
			name: 'Not Supported',
			value: 'none',
			description: "One picture in the field 'image'; more are an error",
		},
	],
	default: 'none',
	description: 'How the gateway takes several pictures, as it documents it',
	displayOptions: { show: { '/service': ['imagesGateway'] } },
};

export const gatewayOptions = [severalImagesOption];

/** How a gateway takes several pictures. */
export type SeveralImages = 'none' | 'array' | 'numbered';

export function readSeveralImages(source: ParameterSource, itemIndex: number): SeveralImages {
	const option = parameter(severalImagesOption, 'options');
	return readChoice(source, itemIndex, option, ['none', 'array', 'numbered']);
}
