import { randomUUID } from 'crypto';

import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import { breaks } from '../api/http/breaks';
import { readFile } from './binaryFields';
import { FORMATS } from './format';
import type { BinaryReference, Reference } from './inputImages';

/**
 * A JSON body with images in it as data URLs, as bytes that are ready to be sent. Each image is read and encoded piece
 * by piece into the body's own room: as a text it would be held three or four times over, and block n8n meanwhile.
 *
 * @param makeBody gets what stands for the images, in their order, and puts each into the body once
 * @throws {InvalidInputError} the content of an image is not there any more
 */
export async function jsonWithDataUrls(
	context: IExecuteFunctions,
	itemIndex: number,
	references: Reference[],
	makeBody: (images: string[]) => IDataObject,
): Promise<IDataObject | Buffer> {
	const mark = randomUUID();
	const files: BinaryReference[] = [];
	const images = references.map((reference) => {
		if (reference.kind === 'link') return reference.link;
		files.push(reference);
		return `data:${FORMATS[reference.facts.format].mimeType};base64,${mark}`;
	});
	const body = makeBody(images);
	if (files.length === 0) return body;
	const texts = JSON.stringify(body)
		.split(mark)
		.map((text) => Buffer.from(text));
	const lengths = [...texts.map(({ length }) => length), ...files.map(base64Length)];
	const room = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, 0));
	let end = texts[0].copy(room);
	for (const [position, file] of files.entries()) {
		const place = room.subarray(end, end + base64Length(file));
		await encode(readFile(context, itemIndex, file.file, file.label), place, file.label);
		end += place.length;
		end += texts[position + 1].copy(room, end);
	}
	return room;
}

function base64Length({ bytes }: BinaryReference): number {
	return Math.ceil(bytes / 3) * 4;
}

/** @param place as long as the content's base64 */
async function encode(content: AsyncIterable<Buffer>, place: Buffer, label: string): Promise<void> {
	let end = 0;
	const rested = breaks();
	let rest: Buffer = Buffer.alloc(0);
	const write = (base64: string) => {
		if (end + base64.length > place.length) throw changed(label);
		end += place.write(base64, end, 'latin1');
	};
	for await (const chunk of content) {
		// Three bytes become four characters; what is over waits for the next piece.
		const piece = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
		const whole = piece.length - (piece.length % 3);
		write(piece.toString('base64', 0, whole));
		rest = Buffer.from(piece.subarray(whole));
		await rested(chunk.length);
	}
	write(rest.toString('base64'));
	if (end < place.length) throw changed(label);
}

function changed(label: string): InvalidInputError {
	return new InvalidInputError(
		`${label}: the file has changed since it was checked, so nothing was sent`,
		'Run the node that reads the image again, in the same execution as this one.',
	);
}
