import { createHash } from 'crypto';

import { type IDataObject, type IExecuteFunctions, sleep } from 'n8n-workflow';

import { StreamedBytes } from '../api/http/bytes';
import { InvalidInputError } from '../api/errors/errors';
import { isRecord, textOf } from '../api/http/json';
import type { FileUpload } from '../api/http/multipart';
import { parseUrl } from '../api/http/url';
import { FORMATS, type PictureFacts, type PictureFormat } from './format';
import { examinePicture } from './imageReader';

/** A picture to edit, as a link for the service or as bytes that must be uploaded first. */
export type Reference = LinkReference | BinaryReference;

export interface LinkReference {
	kind: 'link';
	/** What to call the picture in messages. */
	label: string;
	link: string;
}

export interface BinaryReference {
	kind: 'binary';
	/** What to call the picture in messages. */
	label: string;
	fieldName: string;
	/** Where n8n keeps the picture; undefined where it stands in the item. */
	storedAs?: string;
	facts: PictureFacts;
	bytes: number;
	/** SHA-256 of the content. */
	contentDigest: string;
}

/** How the pictures of binary fields travel, and what can travel so. */
export interface Carrier {
	/** For messages. */
	name: string;
	formats: readonly PictureFormat[];
	maxMegabytes: number;
}

/** What tells a picture from another, wherever it is uploaded to. */
export function identityOf(reference: Reference): string {
	return reference.kind === 'link' ? reference.link : reference.contentDigest;
}

/** What the files service takes. Source: docs.evolink.ai, file series. */
export const FILE_UPLOAD: Carrier = {
	name: "EvoLink's file upload",
	formats: ['jpeg', 'png', 'gif', 'webp'],
	maxMegabytes: 100,
};

/** In the request itself: formats are left to the service; requests of some 20 MB are the most that is documented. */
export const DATA_URL: Carrier = {
	name: 'a request with the picture in it',
	formats: Object.keys(FORMATS) as PictureFormat[],
	maxMegabytes: 30,
};

/** Format, size and transparency of a picture stand in its first bytes, even behind a colour profile. */
const BEGINNING_BYTES = 1024 * 1024;

/**
 * Reads the parameter 'Images' of an item: one list in order, whether an entry gives one picture or several.
 *
 * @throws {InvalidInputError} no picture, a link that is none, a field that is missing or no picture
 */
export async function readReferences(
	context: IExecuteFunctions,
	itemIndex: number,
	carrier: Carrier = FILE_UPLOAD,
): Promise<Reference[]> {
	const entries = context.getNodeParameter('images.image', itemIndex, []) as IDataObject[];
	const references: Reference[] = [];
	for (const [position, entry] of entries.entries()) {
		const label = `Image ${position + 1}`;
		if (entry.source === 'binary') {
			for (const fieldName of splitFieldNames(entry.binaryPropertyName, label)) {
				references.push(await readBinaryField(context, itemIndex, fieldName, label, carrier));
			}
		} else {
			for (const link of splitLinks(entry.url, label))
				references.push({ kind: 'link', label, link });
		}
	}
	if (references.length === 0) {
		throw new InvalidInputError(
			"'Images' has no picture",
			"Add at least one entry to 'Images': a link, or the name of a binary field of the input.",
		);
	}
	return references;
}

/**
 * One address, an array of them, or several in one text. Commas are part of many addresses (image services
 * write `…/tr:w-400,h-300:rt-90/…`), so a comma separates only before white space or another address.
 */
export function splitLinks(value: unknown, label: string): string[] {
	const parts = (Array.isArray(value) ? value : [value]).flatMap((part: unknown) =>
		typeof part === 'string'
			? part
					.split(/[\r\n]+|,\s+|,(?=[a-z][a-z0-9+.-]*:\/\/|data:)|,\s*$/i)
					.map((link) => link.trim())
					.filter((link) => link !== '')
			: [part],
	);
	if (parts.length === 0 || (parts.length === 1 && (parts[0] ?? '') === '')) {
		throw new InvalidInputError(
			`${label}: 'URL' is empty`,
			'Enter a public http or https link, or remove the entry. Check the expression if there is one.',
		);
	}
	return parts.map((part) => checkLink(part, label));
}

function checkLink(link: unknown, label: string): string {
	// JSON has no word for undefined, which an expression gives for a missing key.
	const text = typeof link === 'string' ? link : (JSON.stringify(link) ?? 'undefined');
	const url = typeof link === 'string' ? parseUrl(link) : undefined;
	if (!url || !/^https?:$/.test(url.protocol)) {
		throw new InvalidInputError(
			`${label}: '${text.length > 100 ? `${text.slice(0, 100)}…` : text}' is not an http or https link`,
			"The service fetches links itself, so they must start with http:// or https:// and be public. For files and data use 'Source' = 'Binary Field'.",
		);
	}
	return link as string;
}

function splitFieldNames(value: unknown, label: string): string[] {
	const names = (textOf(value) ?? '')
		.split(',')
		.map((name) => name.trim())
		.filter((name) => name !== '');
	if (names.length === 0) {
		throw new InvalidInputError(
			`${label}: 'Input Data Field Name' is empty`,
			"Enter the name of the binary field that holds the picture, for instance 'data'.",
		);
	}
	return names;
}

/**
 * Reads a picture from a binary field of the item.
 *
 * @param entryLabel what to call the picture in messages
 * @throws {InvalidInputError} the field is missing, or what it holds cannot be uploaded
 */
export async function readBinaryField(
	context: IExecuteFunctions,
	itemIndex: number,
	fieldName: string,
	entryLabel: string,
	carrier: Carrier = FILE_UPLOAD,
): Promise<BinaryReference> {
	const label = `${entryLabel} (field '${fieldName}')`;
	const { head, bytes, contentDigest, storedAs } = await scanContent(
		context,
		itemIndex,
		fieldName,
		entryLabel,
	);
	const facts = examinePicture(head);
	if (!facts) {
		throw new InvalidInputError(
			`${label} is not a picture of a known format`,
			'Check what the field holds; JPEG, PNG, WebP and GIF pictures can be sent.',
		);
	}
	if (!carrier.formats.includes(facts.format)) {
		throw new InvalidInputError(
			`${label} is a ${facts.format.toUpperCase()} picture, which ${carrier.name} does not take`,
			"Convert it to PNG or JPEG, for instance with n8n's Edit Image node, or give a public link to it instead.",
		);
	}
	if (bytes > carrier.maxMegabytes * 1024 * 1024) {
		throw new InvalidInputError(
			`${label} is larger than ${carrier.maxMegabytes} MB, the most for ${carrier.name}`,
			"Make the picture smaller, for instance with n8n's Edit Image node, or give a public link to it instead.",
		);
	}
	return {
		kind: 'binary',
		label,
		fieldName,
		...(storedAs === undefined ? {} : { storedAs }),
		facts,
		bytes,
		contentDigest,
	};
}

/** Goes through a binary field without holding more of it than its beginning, wherever n8n keeps it. */
async function scanContent(
	context: IExecuteFunctions,
	itemIndex: number,
	fieldName: string,
	entryLabel: string,
): Promise<{ head: Buffer; bytes: number; contentDigest: string; storedAs: string | undefined }> {
	const fields = context.getInputData()[itemIndex]?.binary ?? {};
	const field: unknown = fields[fieldName];
	if (!isRecord(field)) {
		const available = Object.keys(fields).map((name) => `'${name}'`);
		throw new InvalidInputError(
			`${entryLabel}: the input has no binary field '${fieldName}'`,
			available.length > 0
				? `Binary fields of this item: ${available.join(', ')}. Enter one of them in 'Input Data Field Name'.`
				: 'This item has no binary data. Connect a node that reads the picture (for instance Read/Write Files from Disk, HTTP Request, a storage node), or use a link.',
		);
	}
	const storedAs = textOf(field.id);
	const chunks: AsyncIterable<Buffer> =
		storedAs === undefined
			? inPieces(await context.helpers.getBinaryDataBuffer(itemIndex, fieldName))
			: ((await context.helpers.getBinaryStream(storedAs)) as AsyncIterable<Buffer>);
	const hash = createHash('sha256');
	const beginning: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of chunks) {
		if (bytes < BEGINNING_BYTES) beginning.push(chunk);
		bytes += chunk.length;
		hash.update(chunk);
	}
	return { head: Buffer.concat(beginning), bytes, contentDigest: hash.digest('hex'), storedAs };
}

const PIECE_BYTES = 4 * 1024 * 1024;

/** Large contents piece by piece, with time for n8n's other work in between. */
async function* inPieces(content: Buffer): AsyncGenerator<Buffer> {
	for (let start = 0; start < content.length; start += PIECE_BYTES) {
		if (start > 0) await sleep(0);
		yield content.subarray(start, start + PIECE_BYTES);
	}
}

/** The upload of a binary reference; the content is read again, so that it fills memory only on its way. */
export async function readForUpload(
	context: IExecuteFunctions,
	itemIndex: number,
	reference: BinaryReference,
	fileStem: string,
): Promise<FileUpload> {
	const { facts, fieldName, storedAs, bytes } = reference;
	const { mimeType, extensions } = FORMATS[facts.format];
	return {
		content:
			storedAs === undefined
				? await context.helpers.getBinaryDataBuffer(itemIndex, fieldName)
				: new StreamedBytes(bytes, async () => {
						const stream = await context.helpers.getBinaryStream(storedAs);
						return { stream, close: () => stream.destroy() };
					}),
		fileName: `${fileStem}.${extensions[0]}`,
		mimeType,
	};
}

/** A binary reference as a service takes it within a request. */
export async function readAsDataUrl(
	context: IExecuteFunctions,
	itemIndex: number,
	reference: BinaryReference,
): Promise<string> {
	const content = await context.helpers.getBinaryDataBuffer(itemIndex, reference.fieldName);
	return `data:${FORMATS[reference.facts.format].mimeType};base64,${content.toString('base64')}`;
}
