import type { INodeProperties } from 'n8n-workflow';

import { IMAGE_MODELS } from '../models/catalogue';
import { makesSeveral } from '../models/model';
import { parameter, type ParameterSource, readNumber } from './reader';

const modelsWithSeveralResults = IMAGE_MODELS.filter(makesSeveral);

export const numberOfImagesField: INodeProperties = {
	displayName: 'Number of Images',
	name: 'numberOfImages',
	type: 'number',
	typeOptions: {
		minValue: 1,
		maxValue: Math.max(
			...modelsWithSeveralResults.flatMap(({ results }) => (results === 'own' ? [] : results)),
		),
	},
	default: 1,
	description: 'Number of images to generate. Each image is charged.',
	displayOptions: {
		show: { service: ['evolink'], model: modelsWithSeveralResults.map(({ id }) => id) },
	},
};

/** One where nothing is set; which numbers a model takes is checked with the request. */
export function readNumberOfImages(source: ParameterSource, itemIndex: number): number {
	return readNumber(source, itemIndex, parameter(numberOfImagesField)) ?? 1;
}
