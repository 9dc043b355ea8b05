import { createHash } from 'crypto';

import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';

import { StreamedBytes } from '../api/http/bytes';
import { InvalidInputError } from '../api/errors/errors';
import { shortened } from '../api/errors/shortened';
import { isUnevaluated, switchToExpression } from '../api/errors/unevaluated';
import { isRecord, parseJson } from '../api/http/json';
import type { FileUpload } from '../api/http/multipart';
import { isHttpUrl, parseUrl } from '../api/http/url';
import { FORMATS, type ImageFacts, type ImageFormat } from './format';
import { findFiles, type GivenFile, openStored, readFile } from './binaryFields';
import { type Fetcher, type LinkProblem, problemsOfLink, useFile } from './linkProblems';
import { ImageReader } from './imageReader';
import { type PixelRange, rangeOfPixels } from './pngPixels';
import { describeUnknown, isNoImage } from './unknownContent';

/** An image to edit, as a link for the service or as bytes that must be uploaded first. */
export type Reference = LinkReference | BinaryReference;

export interface LinkReference {
	kind: 'link';
	/** What to call the image in messages. */
	label: string;
	/** The display name of the parameter that it stands in. */
	field: string;
	link: string;
}

export interface BinaryReference {
	kind: 'binary';
	/** What to call the image in messages. */
	label: string;
	/** The name of its field, or of the file where it came by expression. */
	fieldName: string;
	file: IBinaryData;
	facts: ImageFacts;
	bytes: number;
	/** SHA-256 of the content. */
	contentDigest: string;
}

/** How the images of binary fields travel, and what can travel so. */
export interface Carrier {
	/** For messages. */
	name: string;
	formats: readonly ImageFormat[];
	maxMegabytes: number;
}

/** What a person can do about an image that its carrier does not take. */
export type CarrierAdvice = (
	image: { facts: ImageFacts; bytes: number },
	surroundings: { fieldName: string; carrier: Carrier },
) => string;

/** What tells an image from another, wherever it is uploaded to. */
export function identityOf(reference: Reference): string {
	return reference.kind === 'link' ? reference.link : reference.contentDigest;
}

/** Why a link will not give an image; what is known of files is checked by the model. */
export function problemsOfReference(reference: Reference, fetcher: Fetcher): LinkProblem[] {
	if (reference.kind === 'binary') return [];
	const { link, label, field } = reference;
	return problemsOfLink(link, label, field, fetcher);
}

/** What the files service takes. Source: docs.evolink.ai, file series. */
export const FILE_UPLOAD: Carrier = {
	name: "EvoLink's file upload",
	formats: ['jpeg', 'png', 'gif', 'webp'],
	maxMegabytes: 100,
};

/** In the request itself: formats are left to the service; requests of some 20 MB are the most that is documented. */
export const DATA_URL: Carrier = {
	name: 'a request that contains the image',
	formats: Object.keys(FORMATS) as ImageFormat[],
	maxMegabytes: 30,
};

/** Enough to say what something is that is no image. */
const BEGINNING_BYTES = 64 * 1024;

/** The formats of which every whole file tells its size. */
const SIZED_FORMATS: ImageFormat[] = ['jpeg', 'png', 'webp', 'gif', 'bmp'];

/** An image as it is entered: a link or the name of a binary field, or what an expression gives in their place. */
export interface ImageEntry {
	source: 'url' | 'binary';
	url: unknown;
	binaryPropertyName: unknown;
}

/**
 * The images that the entries of an item give: one list in order, whether an entry gives one image or several.
 *
 * @param adviseOn tells the way out for an image that the carrier does not take
 * @throws {InvalidInputError} no image, a link that is none, a field that is missing or no image
 */
export async function readReferences(
	context: IExecuteFunctions,
	itemIndex: number,
	entries: ImageEntry[],
	adviseOn: CarrierAdvice,
	carrier: Carrier = FILE_UPLOAD,
): Promise<Reference[]> {
	const references: Reference[] = [];
	for (const [position, entry] of entries.entries()) {
		const label = `Image ${position + 1}`;
		if (entry.source === 'binary') {
			const given = entry.binaryPropertyName;
			references.push(...(await readBinaries(context, itemIndex, given, label, adviseOn, carrier)));
		} else {
			for (const link of splitLinks(entry.url, label))
				references.push({ kind: 'link', label, field: 'URL', link });
		}
	}
	if (references.length === 0) {
		throw new InvalidInputError(
			'No image provided',
			"Add at least one entry under 'Images': a binary field of the input, or a public URL.",
		);
	}
	return references;
}

/**
 * One address, an array of them, or several in one text; attachments of tables by their links. Commas are part of many addresses (image services
 * write `…/tr:w-400,h-300:rt-90/…`), so a comma separates only before white space or another address.
 */
export function splitLinks(value: unknown, label: string, field = 'URL'): string[] {
	const parts = [value]
		.flat(5)
		.flatMap(listInText)
		.map(linkOfAttachment)
		.flatMap((part: unknown) =>
			typeof part === 'string'
				? part
						.split(/[;|]?[ \t]{0,10}[\r\n]+|,\s+|,(?=[a-z][a-z0-9+.-]*:\/\/|data:)|,\s*$/i)
						.map((link) => link.trim())
						.filter((link) => link !== '')
				: [part],
		);
	if (parts.length === 0 || (parts.length === 1 && (parts[0] ?? '') === '')) {
		throw new InvalidInputError(
			`${label}: 'URL' is empty`,
			'Enter a public URL that starts with http:// or https://, or remove the entry. Check the expression if there is one.',
		);
	}
	return parts.map((part) => requireLink(part, label, field));
}

/** A list that was made a text, as tables without arrays keep it. */
function listInText(part: unknown): unknown[] {
	if (typeof part !== 'string' || !/^\s*\[/.test(part)) return [part];
	const list = parseJson(part);
	return Array.isArray(list) ? list : [part];
}

/** What the attachments of Airtable, Baserow, NocoDB and Notion have their link in, by its place in the object. */
const LINKS_OF_ATTACHMENTS = [['url'], ['file', 'url'], ['external', 'url'], ['signedUrl']];

/** @returns the link of what is clearly an attachment; anything else as it is */
function linkOfAttachment(part: unknown): unknown {
	const links = LINKS_OF_ATTACHMENTS.map((path) =>
		path.reduce((inner, name) => (isRecord(inner) ? inner[name] : undefined), part),
	);
	return links.find((link) => typeof link === 'string' && isHttpUrl(link)) ?? part;
}

function requireLink(link: unknown, label: string, field: string): string {
	// JSON has no word for undefined, which an expression gives for a missing key.
	const text = typeof link === 'string' ? link : (JSON.stringify(link) ?? 'undefined');
	const url = typeof link === 'string' ? parseUrl(link) : undefined;
	if (!url || !/^https?:$/.test(url.protocol)) {
		throw new InvalidInputError(
			`${label}: '${shortened(text)}' is not a valid URL`,
			adviceForNoLink(link, text, field),
		);
	}
	return link as string;
}

/** What to do about the usual things that are given in place of a link. By the beginning of the text. */
const NO_LINKS: ReadonlyArray<[RegExp, (field: string) => string]> = [
	[
		/^data:/i,
		(field) =>
			`A data URL is the file itself. Make a file of it with n8n's node 'Convert to File' (operation 'Move Base64 String to File') and ${useFile(field)}.`,
	],
	[
		/^(file:|[a-z]:[\\/]|~?\/(?!\/)|\.\.?\/)/i,
		(field) =>
			`This is only a path. Enter the whole URL. To use a file on n8n's disk, read it with the node 'Read/Write Files from Disk' and ${useFile(field)}.`,
	],
	[
		/^blob:/i,
		() => 'A blob: URL only works in the browser tab that created it. Use the URL of the image.',
	],
	[/^(\/\/|www\.)/i, () => 'Add https:// at the beginning.'],
];

function adviceForNoLink(link: unknown, text: string, field: string): string {
	if (isRecord(link)) {
		const names = Object.keys(link).filter((name) => isLinkText(link[name]));
		return `This is an object, not a URL. Use an expression that returns its URL, e.g. for a list of them: .map(a => a.${names[0] ?? 'url'}).`;
	}
	if (isUnevaluated(text)) return switchToExpression(field);
	const known = NO_LINKS.find(([beginning]) => beginning.test(text));
	return (
		known?.[1](field) ??
		`Enter a public URL that starts with http:// or https://. To use a file, ${useFile(field)}.`
	);
}

function isLinkText(value: unknown): boolean {
	return typeof value === 'string' && isHttpUrl(value);
}

/**
 * Reads the one image that a parameter gives: a link, the name of a binary field, or binary data by expression.
 *
 * @param label what to call the parameter in messages
 * @throws {InvalidInputError} a link that is none, a field that is missing or no image, or several
 */
export async function readOneReference(
	context: IExecuteFunctions,
	itemIndex: number,
	value: unknown,
	label: string,
	adviseOn: CarrierAdvice,
	carrier: Carrier = FILE_UPLOAD,
): Promise<Reference> {
	const given = [value].flat(5).map(linkOfAttachment);
	const isAddress = given.some(
		(one) => typeof one === 'string' && /^\s*([a-z][a-z0-9+.-]*:|\/\/|www\.)/i.test(one),
	);
	const references: Reference[] = isAddress
		? splitLinks(given, label, label).map((link) => ({ kind: 'link', label, field: label, link }))
		: await readBinaries(context, itemIndex, value, label, adviseOn, carrier, label);
	const [reference, ...more] = references;
	if (more.length > 0) {
		throw new InvalidInputError(`'${label}' returns several images`, 'Provide one.');
	}
	return reference;
}

/**
 * Reads the images that a parameter for binary fields gives.
 *
 * @param given a name, several, a binary object, or an array of these
 * @param entryLabel what to call the entry in messages
 * @param field the display name of the parameter
 * @throws {InvalidInputError} a field is missing, or what it holds cannot be uploaded
 */
export async function readBinaries(
	context: IExecuteFunctions,
	itemIndex: number,
	given: unknown,
	entryLabel: string,
	adviseOn: CarrierAdvice,
	carrier: Carrier = FILE_UPLOAD,
	field?: string,
): Promise<BinaryReference[]> {
	const references: BinaryReference[] = [];
	for (const file of findFiles(context, itemIndex, given, entryLabel, field)) {
		references.push(await readBinary(context, itemIndex, file, entryLabel, adviseOn, carrier));
	}
	return references;
}

async function readBinary(
	context: IExecuteFunctions,
	itemIndex: number,
	{ name: fieldName, binary, instead }: GivenFile,
	entryLabel: string,
	adviseOn: CarrierAdvice,
	carrier: Carrier,
): Promise<BinaryReference> {
	const label = `${entryLabel} (field '${shortened(fieldName)}')`;
	const reader = new ImageReader();
	const hash = createHash('sha256');
	let beginning: Buffer = Buffer.alloc(0);
	let bytes = 0;
	for await (const chunk of readFile(context, itemIndex, binary, label)) {
		if (bytes < BEGINNING_BYTES)
			beginning = Buffer.concat([beginning, chunk.subarray(0, BEGINNING_BYTES)]);
		bytes += chunk.length;
		hash.update(chunk);
		reader.write(chunk);
	}
	const facts = reader.end();
	if (!facts) {
		const unknown = describeUnknown(beginning, bytes);
		throw new InvalidInputError(`${label} ${isNoImage(unknown)}`, unknown.advice);
	}
	if (!carrier.formats.includes(facts.format)) {
		throw new InvalidInputError(
			`${label} is a ${facts.format.toUpperCase()} image, which ${carrier.name} doesn't accept`,
			adviseOn({ facts, bytes }, { fieldName, carrier }),
		);
	}
	if (bytes > carrier.maxMegabytes * 1024 * 1024) {
		throw new InvalidInputError(
			`${label} is larger than ${carrier.maxMegabytes} MB, the maximum for ${carrier.name}`,
			adviseOn({ facts, bytes }, { fieldName, carrier }),
		);
	}
	for (const hint of hintsOn(facts, instead)) {
		context.addExecutionHints({
			message: `Item ${itemIndex}: ${label}: ${hint}`,
			location: 'outputPane',
		});
	}
	return {
		kind: 'binary',
		label,
		fieldName,
		file: binary,
		facts,
		bytes,
		contentDigest: hash.digest('hex'),
	};
}

/** What is sent all the same, but may not work. */
function hintsOn({ isCutOff, width, format }: ImageFacts, instead: string | undefined): string[] {
	const hints = instead === undefined ? [] : [instead];
	if (isCutOff) {
		hints.push(
			'the file ends before the image does, so the task may fail. Check the node that made it',
		);
	} else if (width === undefined && SIZED_FORMATS.includes(format)) {
		hints.push("the image's size can't be read, so the model's limits couldn't be checked");
	}
	return hints;
}

/** Notes whether an image that can have transparent pixels has one. Told of PNG only: to unpack WebP takes too long. */
export async function noteTransparency(
	context: IExecuteFunctions,
	itemIndex: number,
	reference: Reference,
): Promise<void> {
	if (reference.kind === 'link') return;
	const { facts, file, label } = reference;
	if (facts.format !== 'png' || !facts.transparency) return;
	const content = readFile(context, itemIndex, file, label);
	const range = await rangeOfPixels(content, 'opacity', ({ least }) => least < 255);
	if (range) facts.isTransparent = range.least < 255;
}

/** How transparent, or how bright, the pixels of a mask are. @returns undefined where nobody can tell */
export async function readMaskPixels(
	context: IExecuteFunctions,
	itemIndex: number,
	mask: Reference,
	repaints: 'transparent' | 'white',
): Promise<PixelRange | undefined> {
	if (mask.kind === 'link' || mask.facts.format !== 'png') return undefined;
	if (repaints === 'transparent' && !mask.facts.transparency) return { least: 255, most: 255 };
	const content = readFile(context, itemIndex, mask.file, mask.label);
	const property = repaints === 'transparent' ? 'opacity' : 'brightness';
	return await rangeOfPixels(content, property, ({ least, most }) => least === 0 && most === 255);
}

/** The upload of a binary reference; the content is read again, so that it fills memory only on its way. */
export async function readForUpload(
	context: IExecuteFunctions,
	itemIndex: number,
	{ facts, file, bytes }: BinaryReference,
	fileStem: string,
): Promise<FileUpload> {
	const { mimeType, extensions } = FORMATS[facts.format];
	const storedAs = file.id;
	return {
		content:
			storedAs === undefined
				? await context.helpers.getBinaryDataBuffer(itemIndex, file)
				: new StreamedBytes(bytes, async () => {
						const stream = await openStored(context, storedAs);
						return { stream, close: () => stream.destroy() };
					}),
		fileName: `${fileStem}.${extensions[0]}`,
		mimeType,
	};
}
