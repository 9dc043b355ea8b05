import type { IBinaryData, IBinaryKeyData } from 'n8n-workflow';

/** An item's pictures: the first under the name itself, further ones under name_1, name_2, … */
export function binaryFields(name: string, pictures: IBinaryData[]): IBinaryKeyData {
	return Object.fromEntries(
		pictures.map((picture, position) => [position === 0 ? name : `${name}_${position}`, picture]),
	);
}
