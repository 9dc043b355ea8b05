import type { IBinaryData, IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { OutputSettings } from '../parameters/output';
import { binaryFields } from './binaryFields';
import type { ItemResult } from './run';

/** An image of a result: its link, where it has one, and what n8n has stored of it, where it was fetched. */
export interface ResultImage {
	link?: string;
	file?: IBinaryData;
}

/**
 * The output of an item: one item, or one for each image, with the fields of the input item where they are wanted.
 *
 * @param json what is told of the result as a whole
 */
export function resultItems(
	context: IExecuteFunctions,
	itemIndex: number,
	json: IDataObject,
	images: ResultImage[],
	settings: OutputSettings,
): ItemResult[] {
	const kept = settings.includeInputFields ? inputFields(context, itemIndex) : {};
	if (!settings.itemPerImage || images.length === 0) {
		return [toItem({ ...kept, ...json }, images, settings)];
	}
	return images.map((image, index) => {
		const results = image.link === undefined ? [] : [image.link];
		return toItem({ ...kept, ...json, results, image_index: index }, [image], settings);
	});
}

function toItem(
	json: IDataObject,
	images: ResultImage[],
	{ binaryPropertyName }: OutputSettings,
): ItemResult {
	const files = images.flatMap(({ file }) => (file ? [file] : []));
	return files.length === 0 ? { json } : { json, binary: binaryFields(binaryPropertyName, files) };
}

/** n8n takes an item with `error` for a failed one. */
function inputFields(context: IExecuteFunctions, itemIndex: number): IDataObject {
	const fields = { ...context.getInputData()[itemIndex]?.json };
	delete fields.error;
	return fields;
}
