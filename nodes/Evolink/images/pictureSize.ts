import { imageSize } from 'image-size';

/** No whole picture is shorter; of a shorter one the library reads numbers that are not there. */
const MIN_BYTES = 32;

/**
 * Reads how large a picture is, as it is displayed: turned as its EXIF data say. This file alone imports the
 * library, and `npm run build` puts the library's code into it: the package has no dependencies.
 *
 * @returns undefined where the bytes do not tell
 */
export function pictureSize(bytes: Buffer): { width: number; height: number } | undefined {
	if (bytes.length < MIN_BYTES) return undefined;
	try {
		const { width, height, orientation = 1 } = imageSize(bytes);
		// EXIF 2.3, Orientation: 5 to 8 lie on their side.
		return orientation >= 5 ? { width: height, height: width } : { width, height };
	} catch {
		return undefined;
	}
}
