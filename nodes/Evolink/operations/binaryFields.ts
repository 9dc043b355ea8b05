import type { IBinaryData, IBinaryKeyData } from 'n8n-workflow';

import type { PictureFile } from '../images/results';
import type { RunBasics } from './operation';

/** Puts pictures that have come where n8n keeps binary data. */
export async function storePictures(
	{ context, downloads }: Pick<RunBasics, 'context' | 'downloads'>,
	files: PictureFile[],
): Promise<IBinaryData[]> {
	const stored: IBinaryData[] = [];
	for (const { content, fileName, mimeType } of files) {
		downloads.noteSize(content.length);
		stored.push(await context.helpers.prepareBinaryData(content, fileName, mimeType));
	}
	return stored;
}

/** An item's pictures: the first under the name itself, further ones under name_1, name_2, … */
export function binaryFields(name: string, pictures: IBinaryData[]): IBinaryKeyData {
	return Object.fromEntries(
		pictures.map((picture, position) => [position === 0 ? name : `${name}_${position}`, picture]),
	);
}
