import { randomUUID } from 'crypto';

import type { FileUpload } from './client';

/**
 * A form with one file and its name, as one buffer (RFC 7578). The global FormData would do it too, but holds
 * what goes into it outside of what Node.js takes for used memory, and so for a long time.
 */
export function multipart({ content, fileName, mimeType }: FileUpload): {
	body: Buffer;
	contentType: string;
} {
	const boundary = `----n8n-nodes-evolink-${randomUUID()}`;
	const part = (name: string, more: string) =>
		`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`;
	const file = `; filename="${escaped(fileName)}"\r\nContent-Type: ${mimeType}`;
	const head = part('file', file);
	const tail = `\r\n${part('file_name', '')}${fileName}\r\n--${boundary}--\r\n`;
	return {
		body: Buffer.concat([Buffer.from(head), content, Buffer.from(tail)]),
		contentType: `multipart/form-data; boundary=${boundary}`,
	};
}

/** As browsers escape it (HTML, multipart/form-data encoding algorithm). */
function escaped(fileName: string): string {
	return fileName.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
}
