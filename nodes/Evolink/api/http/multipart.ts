import { randomUUID } from 'crypto';

import { type OpenBytes, piecesOf, Room, StreamedBytes } from './bytes';

/** A file on its way to the files service. */
export interface FileUpload {
	content: Buffer | StreamedBytes;
	fileName: string;
	mimeType: string;
}

/**
 * A form with one file and its name (RFC 7578). The global FormData would do it too, but holds what goes into it
 * outside of what Node.js takes for used memory, and so for a long time.
 */
export function multipart({ content, fileName, mimeType }: FileUpload): {
	body: Buffer | StreamedBytes;
	contentType: string;
} {
	const boundary = `----n8n-nodes-evolink-${randomUUID()}`;
	const part = (name: string, more: string) =>
		`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`;
	const file = `; filename="${escaped(fileName)}"\r\nContent-Type: ${mimeType}`;
	const head = Buffer.from(part('file', file));
	const tail = Buffer.from(`\r\n${part('file_name', '')}${fileName}\r\n--${boundary}--\r\n`);
	return {
		body: Buffer.isBuffer(content)
			? Buffer.concat([head, content, tail])
			: new StreamedBytes(head.length + content.length + tail.length, async () =>
					framed(head, await content.open(), content.length, tail),
				),
		contentType: `multipart/form-data; boundary=${boundary}`,
	};
}

function framed(head: Buffer, content: OpenBytes, length: number, tail: Buffer): OpenBytes {
	let sent = 0;
	const stream = content.stream.flatMap((chunk: Buffer) => {
		const parts = sent === 0 ? [head, chunk] : [chunk];
		sent += chunk.length;
		if (sent > length) throw new Error('The size of the file has changed');
		return sent === length ? [...parts, tail] : parts;
	});
	const close = () => {
		// With an error, because n8n's client then lets go of its connection.
		stream.destroy(new Error('The form is no longer needed'));
		content.close();
	};
	for (const each of [content.stream, stream]) each.on('error', () => undefined); // The client tells of it.
	return { stream, close };
}

/** As browsers escape it (HTML, multipart/form-data encoding algorithm). */
function escaped(fileName: string): string {
	return fileName.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
}

/** A file in a form of several fields. */
export interface FormFile extends FileUpload {
	name: string;
}

/** A form of fields and files, in this order (RFC 7578); each file is read piece by piece to its place in it. */
export async function form(
	fields: Array<[name: string, value: string]>,
	files: FormFile[],
): Promise<{ body: Buffer; contentType: string }> {
	const boundary = `----n8n-nodes-evolink-${randomUUID()}`;
	const part = (name: string, more: string, content: FileUpload['content']) => [
		Buffer.from(
			`--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"${more}\r\n\r\n`,
		),
		content,
		Buffer.from('\r\n'),
	];
	const parts = [
		...fields.flatMap(([name, value]) => part(name, '', Buffer.from(value))),
		...files.flatMap(({ name, content, fileName, mimeType }) =>
			part(name, `; filename="${escaped(fileName)}"\r\nContent-Type: ${mimeType}`, content),
		),
		Buffer.from(`--${boundary}--\r\n`),
	];
	const room = new Room(parts.reduce((sum, { length }) => sum + length, 0));
	for (const each of parts) {
		for await (const piece of piecesOf(each)) room.add(piece);
	}
	return {
		body: await room.filled(),
		contentType: `multipart/form-data; boundary=${boundary}`,
	};
}
