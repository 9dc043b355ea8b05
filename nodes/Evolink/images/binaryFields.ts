import { type IBinaryData, type IExecuteFunctions, sleep } from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import { shortened } from '../api/errors/shortened';
import { isUnevaluated } from '../api/errors/unevaluated';
import { isRecord, textOf } from '../api/http/json';
import type { ByteStream } from '../api/http/bytes';
import { isAgentTool } from '../memory/runIdentity';

/** A file of n8n, and what to call it. */
export interface GivenFile {
	/** The name of its field, or of the file where it came by expression. */
	name: string;
	binary: IBinaryData;
	/** For a hint: what was taken although something else was asked for. */
	instead?: string;
}

/** Where n8n keeps files with the workflow setting "binary mode: combined". */
const COMBINED = '_files';

/** What a parameter for binary fields holds where nobody has changed it. */
const DEFAULT_NAME = 'data';

/** The display name of such a parameter. */
const IMAGES_FIELD = 'Input Data Field Name';

/**
 * Finds the files that a parameter for binary fields gives, as n8n's own nodes take them: a name, several names
 * separated by commas, or by expression a binary object, or an array of any of these.
 *
 * @param label what to call the parameter's entry in messages
 * @param field the display name of the parameter
 * @throws {InvalidInputError} nothing, or something else, is given
 */
export function findFiles(
	context: IExecuteFunctions,
	itemIndex: number,
	value: unknown,
	label: string,
	field = IMAGES_FIELD,
): GivenFile[] {
	const only =
		value === DEFAULT_NAME && field === IMAGES_FIELD ? theOnlyFile(context, itemIndex) : undefined;
	if (only) return [only];
	const files = [value].flat(5).flatMap((given: unknown): GivenFile[] => {
		if (typeof given === 'string') return namedFiles(context, itemIndex, given, label, field);
		if (isBinary(given)) return [{ name: nameOf(context, itemIndex, given), binary: given }];
		if (isDescription(given)) return [describedFile(context, itemIndex, given, label)];
		if (isRecord(given)) {
			// All the files of `$binary` or `_files`.
			const parts = Object.values(given);
			const areFiles = parts.length > 0 && parts.every(isDescription);
			if (areFiles) return findFiles(context, itemIndex, parts, label, field);
		}
		if (given === undefined || given === null) return [];
		throw new InvalidInputError(
			`${label}: '${field}' is ${shortened(JSON.stringify(given) ?? 'undefined')}, not a binary field`,
			'Use the name of a binary field, or an expression that returns binary data, e.g. {{ $binary.data }}.',
		);
	});
	if (files.length === 0) {
		throw new InvalidInputError(
			`${label}: '${field}' is empty`,
			forAgents(context, field) ??
				"Enter the name of the binary field that contains the image, e.g. 'data'. Check the expression if there is one.",
		);
	}
	return files;
}

function isDescription(value: unknown): value is Record<string, unknown> & { mimeType: string } {
	return isRecord(value) && typeof value.mimeType === 'string';
}

/** With its content, or the place where it is stored. */
function isBinary(value: unknown): value is IBinaryData {
	return isDescription(value) && ('data' in value || 'id' in value);
}

/**
 * Where n8n keeps files in memory, `$binary` gives them without their content: then it is the item's field of which
 * all the rest is the same.
 *
 * @throws {InvalidInputError} there is none, or not only one
 */
function describedFile(
	context: IExecuteFunctions,
	itemIndex: number,
	description: Record<string, unknown>,
	label: string,
): GivenFile {
	const fits = availableFiles(context, itemIndex).filter(({ binary }) =>
		Object.entries(description).every(([key, value]) => binary[key] === value),
	);
	if (fits.length === 1) return fits[0];
	if (fits.length === 0) throw withoutContent(label);
	throw new InvalidInputError(
		`${label}: the binary fields ${fits.map(({ name }) => `'${shortened(name)}'`).join(' and ')} can't be told apart by the expression`,
		"Enter the field's name in 'Input Data Field Name' instead.",
	);
}

function withoutContent(label: string): InvalidInputError {
	return new InvalidInputError(
		`${label} describes a file but has no content`,
		"Pinned data, the Code node and expressions with $node can lose a file's content. Run the node that reads the file again, unpin its data, use {{ $('Node').item.binary.data }}, or make binary data in a Code node with 'await this.helpers.prepareBinaryData(buffer, fileName)'.",
	);
}

function namedFiles(
	context: IExecuteFunctions,
	itemIndex: number,
	text: string,
	label: string,
	field: string,
): GivenFile[] {
	// A name may have blanks and commas in it.
	const whole = findFile(context, itemIndex, text);
	if (whole) return [{ name: text, binary: whole }];
	const names = text
		.split(',')
		.map((name) => name.trim())
		.filter((name) => name !== '');
	return names.map((name) => {
		const binary = findFile(context, itemIndex, name);
		if (!binary) throw missing(context, itemIndex, name, label, field);
		return { name, binary };
	});
}

/** In the item's binary data or, with "binary mode: combined", where n8n's helper finds it in the JSON. */
function findFile(
	context: IExecuteFunctions,
	itemIndex: number,
	name: string,
): IBinaryData | undefined {
	const fields = context.getInputData()[itemIndex]?.binary ?? {};
	if (Object.hasOwn(fields, name)) return fields[name];
	if (context.getWorkflowSettings?.().binaryMode !== 'combined') return undefined;
	for (const path of [name, `${COMBINED}.${name}`]) {
		try {
			return context.helpers.assertBinaryData(itemIndex, path);
		} catch {
			continue; // n8n refuses paths that lead to no file.
		}
	}
	return undefined;
}

/**
 * From version 1.1 of the node on: where the untouched default is missing and there is nothing to choose from. Forms
 * and Gmail name their files otherwise.
 */
function theOnlyFile(context: IExecuteFunctions, itemIndex: number): GivenFile | undefined {
	if (context.getNode().typeVersion === 1) return undefined;
	const [only, ...more] = availableFiles(context, itemIndex);
	if (!only || more.length > 0 || findFile(context, itemIndex, DEFAULT_NAME)) return undefined;
	const instead = `the item has no binary field '${DEFAULT_NAME}', so its only one, '${shortened(only.name)}', was used`;
	return { ...only, instead };
}

function missing(
	context: IExecuteFunctions,
	itemIndex: number,
	name: string,
	label: string,
	field: string,
): InvalidInputError {
	const available = availableFiles(context, itemIndex);
	const names = available.map((file) => `'${shortened(file.name)}'`);
	return new InvalidInputError(
		`${label}: the input has no binary field '${shortened(name)}'`,
		forAgents(context, field) ??
			(isUnevaluated(name)
				? `To use an expression, switch the field '${field}' to 'Expression' and have it return a name or binary data, e.g. {{ $binary.data }}.`
				: available.length > 0
					? `Binary fields of this item: ${names.join(', ')}. Enter one of them in '${field}'.`
					: "This item has no binary data. Connect a node that outputs the image (e.g. a form, Google Drive, HTTP Request or Read/Write Files from Disk), or set 'Source' to 'URL'."),
	);
}

/** What an agent can do, which hands its tools no files, and whoever builds its workflow. */
function forAgents(context: IExecuteFunctions, field: string): string | undefined {
	if (!isAgentTool(context.getNode())) return undefined;
	return (
		"Agents don't pass files to their tools. Ask the user for a public URL of the image and use it instead. " +
		"In the workflow, add an EvoLink node with 'Upload Image' before the agent and give the agent its URL, " +
		`or select the file in '${field}' with an expression, e.g. {{ $('When chat message received').first().binary.data0 }}.`
	);
}

function availableFiles(context: IExecuteFunctions, itemIndex: number): GivenFile[] {
	const item = context.getInputData()[itemIndex];
	const combined = item?.json?.[COMBINED] as unknown;
	const all = { ...(isRecord(combined) ? combined : {}), ...item?.binary };
	return Object.entries(all).flatMap(([name, binary]) =>
		isBinary(binary) ? [{ name, binary }] : [],
	);
}

function nameOf(context: IExecuteFunctions, itemIndex: number, binary: IBinaryData): string {
	const isSame = (file: GivenFile) =>
		binary.id === undefined
			? file.binary.data === binary.data && file.binary.fileName === binary.fileName
			: file.binary.id === binary.id;
	const field = availableFiles(context, itemIndex).find(isSame);
	return field?.name ?? textOf(binary.fileName) ?? 'binary data';
}

/** How much is worked on before n8n comes to its other work. */
const PIECE_BYTES = 4 * 1024 * 1024;
const SMALL_BYTES = 256 * 1024;

/**
 * The content of a file, piece by piece and never held as a whole where n8n keeps it elsewhere.
 *
 * @param label what to call the file in messages
 * @throws {InvalidInputError} the content is not there, or no longer
 */
export async function* readFile(
	context: IExecuteFunctions,
	itemIndex: number,
	binary: IBinaryData,
	label: string,
): AsyncGenerator<Buffer> {
	const storedAs = textOf(binary.id);
	if (storedAs !== undefined) {
		try {
			yield* (await openStored(context, storedAs)) as AsyncIterable<Buffer>;
			return;
		} catch {
			// Told below, in other words than those of the store.
		}
		throw new InvalidInputError(
			`${label}: n8n no longer has the file`,
			'n8n deletes stored files together with old executions. Run the node that reads the file again, in the same execution as this one.',
		);
	}
	const data: unknown = binary.data;
	if (isRecord(data) || Array.isArray(data)) {
		throw new InvalidInputError(
			`${label} holds a Buffer where n8n expects base64 text`,
			"In the Code node, make binary data with 'await this.helpers.prepareBinaryData(buffer, fileName)', or set 'data' to buffer.toString('base64').",
		);
	}
	if (typeof data !== 'string') throw withoutContent(label);
	const content = await context.helpers.getBinaryDataBuffer(itemIndex, binary);
	for (let start = 0; start < content.length; start += PIECE_BYTES) {
		if (content.length > SMALL_BYTES) await sleep(0);
		yield content.subarray(start, start + PIECE_BYTES);
	}
}

/** Opens a file that n8n keeps outside of the item. */
export async function openStored(context: IExecuteFunctions, id: string): Promise<ByteStream> {
	return await context.helpers.getBinaryStream(id);
}
