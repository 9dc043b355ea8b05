import { InvalidInputError } from '../api/errors/errors';
import { type BinaryReference, readBinaries, readForUpload } from '../images/inputImages';
import { adviseOnAnyModel } from '../models/wayOut';
import { parameter, readValue } from '../parameters/reader';
import { defineOperation } from '../run/run';
import { inputField } from './uploadImage.fields';

/** Files live so long. Source: docs.evolink.ai, file series. */
const FILE_LIFE_MS = 72 * 60 * 60 * 1_000;

/** Puts the image of a binary field where everybody can fetch it by its URL for 72 hours. Free. */
export const uploadImage = defineOperation<BinaryReference>({
	async plan({ context }, itemIndex) {
		const given = readValue(context, itemIndex, parameter(inputField))?.value ?? '';
		const [image, ...more] = await readBinaries(
			context,
			itemIndex,
			given,
			'Image',
			adviseOnAnyModel,
		);
		if (more.length > 0) {
			throw new InvalidInputError(
				`'${inputField.displayName}' returns several images`,
				'Provide one. To upload several, use one item for each of them.',
			);
		}
		return image;
	},

	async perform(run, image, itemIndex) {
		// A file of the same name would take the place of another image: the content is part of the name.
		const stem = `${stemOf(image)}-${image.contentDigest.slice(0, 16)}`;
		const file = await readForUpload(run.context, itemIndex, image, stem);
		const uploaded = await run.slots.run(
			async () =>
				await run.uploads.run(async () => await run.client.uploadFile(file), 1, image.bytes),
		);
		const expiresAt = uploaded.expiresAt ?? run.clock.now() + FILE_LIFE_MS;
		return {
			json: {
				url: uploaded.url,
				file_name: uploaded.fileName ?? file.fileName,
				mime_type: uploaded.mimeType ?? file.mimeType,
				bytes: image.bytes,
				expires_at: new Date(expiresAt).toISOString(),
			},
		};
	},
});

/** The file's own name without its ending, of characters that are the same in every URL. */
function stemOf({ file }: BinaryReference): string {
	const stem = (file.fileName ?? '').replace(/\.[^.]*$/, '').replace(/[^A-Za-z0-9._-]+/g, '-');
	return stem.replace(/^[-.]+|[-.]+$/g, '').slice(0, 60) || 'image';
}
