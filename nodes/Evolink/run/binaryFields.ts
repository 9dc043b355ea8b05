import type { IBinaryData, IBinaryKeyData } from 'n8n-workflow';

import type { StorePicture } from '../images/downloadImages';
import type { RunBasics } from './run';

/** Puts pictures where n8n keeps binary data. */
export function storeIn({
	context,
	downloads,
}: Pick<RunBasics, 'context' | 'downloads'>): StorePicture<IBinaryData> {
	return async ({ content, fileName, mimeType }, bytes) => {
		downloads.noteSize(bytes);
		return await context.helpers.prepareBinaryData(content, fileName, mimeType);
	};
}

/** An item's pictures: the first under the name itself, further ones under name_1, name_2, … */
export function binaryFields(name: string, pictures: IBinaryData[]): IBinaryKeyData {
	return Object.fromEntries(
		pictures.map((picture, position) => [position === 0 ? name : `${name}_${position}`, picture]),
	);
}
