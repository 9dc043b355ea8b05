import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Reference } from '../images/inputImages';
import { IMAGE_MODELS } from '../models/catalogue';
import { isFirstVersion } from './nodeVersion';
import { readValue } from './reader';

/** What to do about a mask in another format. */
export const SAVE_AS_PNG = 'Save the mask as PNG.';

/** One option for each way in which masks are read. */
export function maskOptions(): INodeProperties[] {
	const descriptions = {
		transparent:
			'Binary field name or URL of a PNG mask with the same dimensions as the first image. Transparent areas are repainted.',
		white:
			'Binary field name or URL of a PNG mask with the same dimensions as the first image. White areas are repainted.',
	};
	return (['transparent', 'white'] as const).map((repaints) => ({
		displayName: 'Mask',
		name: 'mask',
		type: 'string',
		default: '',
		placeholder: 'e.g. mask or https://example.com/mask.png',
		description: descriptions[repaints],
		displayOptions: {
			show: {
				'/model': IMAGE_MODELS.filter(({ mask }) => mask?.repaints === repaints).map(
					({ id }) => id,
				),
			},
		},
	}));
}

/**
 * The option 'Mask': a link, the name of a binary field, or binary data by expression.
 *
 * @throws {InvalidInputError} a link that is none, a field that is missing or no image
 */
export async function readMask(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<Reference | undefined> {
	const path = `${isFirstVersion(context) ? 'options' : 'imageOptions'}.mask`;
	const value = readValue(context, itemIndex, { displayName: 'Mask', path })?.value ?? '';
	if (typeof value === 'string' && value.trim() === '') return undefined;
	const { readOneReference } = await import('../images/inputImages');
	return await readOneReference(context, itemIndex, value, 'Mask', () => SAVE_AS_PNG);
}
