import type { PictureFormat } from '../images/format';

/** What a model takes and makes. The only place where models differ. */
export interface ImageModel {
	id: string;
	name: string;
	description: string;
	/** Characters (code points). */
	maxPromptCharacters: number;
	/** Reference pictures per request. */
	maxImages: number;
	/** Pixels of each side. */
	minSide: number;
	maxSide: number;
	/** Per reference picture. */
	maxMegabytes: number;
	formats: readonly PictureFormat[];
	transparency: boolean;
	/** Pictures that one request can make. */
	maxResults: number;
}

/**
 * The models that the node knows. Source: docs.evolink.ai, image series; where its languages disagree, the
 * newest English page. Megabytes of qwen-image-edit: evolink.ai product page.
 */
export const IMAGE_MODELS: readonly ImageModel[] = [
	{
		id: 'qwen-image-edit',
		name: 'Qwen Image Edit',
		description: 'One to three pictures in, one picture out',
		maxPromptCharacters: 2000,
		maxImages: 3,
		minSide: 384,
		maxSide: 3072,
		maxMegabytes: 10,
		formats: ['jpeg', 'png', 'webp', 'bmp', 'tiff'],
		transparency: true,
		maxResults: 1,
	},
	{
		id: 'wan2.5-image-to-image',
		name: 'Wan 2.5 Image to Image',
		description: 'One or two pictures in, one to four pictures out',
		maxPromptCharacters: 2000,
		maxImages: 2,
		minSide: 384,
		maxSide: 5000,
		maxMegabytes: 10,
		formats: ['jpeg', 'png', 'webp', 'bmp'],
		transparency: false,
		maxResults: 4,
	},
];

export const DEFAULT_MODEL_ID = 'qwen-image-edit';

/** @returns undefined for a model that the catalogue does not know: the service checks it then */
export function findModel(id: string): ImageModel | undefined {
	return IMAGE_MODELS.find((model) => model.id === id);
}
