import type { IBinaryData, IBinaryKeyData } from 'n8n-workflow';

import type { StoreImage } from '../images/downloadImages';
import type { RunBasics } from './run';

/** Puts images where n8n keeps binary data. */
export function storeIn({
	context,
	downloads,
}: Pick<RunBasics, 'context' | 'downloads'>): StoreImage<IBinaryData> {
	return async ({ content, fileName, mimeType }, bytes) => {
		downloads.noteSize(bytes);
		return await context.helpers.prepareBinaryData(content, fileName, mimeType);
	};
}

/** An item's images: the first under the name itself, further ones under name_1, name_2, … */
export function binaryFields(name: string, images: IBinaryData[]): IBinaryKeyData {
	return Object.fromEntries(
		images.map((image, position) => [position === 0 ? name : `${name}_${position}`, image]),
	);
}
