import { Readable } from 'node:stream';

import FormDataPackage from 'form-data';

import { StreamedBytes } from '../../../nodes/Evolink/api/http/bytes';
import { EvolinkClient } from '../../../nodes/Evolink/api/client';
import { type FileUpload, form } from '../../../nodes/Evolink/api/http/multipart';
import { parseMultipart } from '../../../tools/simulator/multipart';
import { answer, noAnswer, ScriptedSend, type Step } from '../scriptedSend';
import { VirtualClock } from '../virtualClock';
import { samplePicture } from '../../simulator';

/**
 * The node makes its forms itself, because a buffer can be sent again after a 401 (a stream of the package
 * form-data hangs there). The package is the reference for what should arrive.
 */
interface Upload {
	content: Buffer;
	fileName: string;
	mimeType: string;
}

const UPLOADED = { success: true, data: { file_url: 'https://files.example.com/a.png' } };

/** What the node sends, as the service parses it. */
async function partsOfNode(file: Upload) {
	const [{ headers, body }] = await send(file, answer(200, UPLOADED));
	return await parse(headers?.['Content-Type'] ?? '', body as Buffer);
}

async function send(file: FileUpload, ...steps: Step[]) {
	const clock = new VirtualClock();
	const service = new ScriptedSend(clock, steps);
	await new EvolinkClient(service.send, clock, { baseUrl: '', filesBaseUrl: '' }).uploadFile(file);
	return service.requests;
}

async function partsOfReference({ content, fileName, mimeType }: Upload) {
	const form = new FormDataPackage();
	form.append('file', content, { filename: fileName, contentType: mimeType });
	form.append('file_name', fileName);
	return await parse(String(form.getHeaders()['content-type']), form.getBuffer());
}

async function parse(contentType: string, body: Buffer) {
	return await parseMultipart({ 'content-type': contentType }, body);
}

const BYTES = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));

it.each<[string, Partial<Upload>]>([
	['the name that the node gives', { fileName: 'n8n-0123456789abcdef-1.png' }],
	['spaces and dots', { fileName: 'my holiday picture v1.2.png' }],
	['an umlaut', { fileName: 'Küste.png' }],
	['Chinese', { fileName: '海滩.png' }],
	['emoji', { fileName: '🏖️.png' }],
	['an apostrophe and other signs', { fileName: "it's 100% (a;b=c).png" }],
	['no bytes', { content: Buffer.alloc(0) }],
	[
		'bytes that look like the end of a part',
		{ content: Buffer.from('\r\n--\r\n------x--\r\n\r\n') },
	],
	['zero bytes', { content: Buffer.alloc(70_000) }],
	['JPEG', { fileName: 'a.jpg', mimeType: 'image/jpeg' }],
	['WebP', { fileName: 'a.webp', mimeType: 'image/webp' }],
])('%s arrives as form-data would send it', async (_name, about) => {
	const file = { content: BYTES, fileName: 'a.png', mimeType: 'image/png', ...about };
	const parts = await partsOfNode(file);
	expect(parts).toEqual(await partsOfReference(file));
	expect(parts).toEqual([
		{
			name: 'file',
			fileName: file.fileName,
			contentType: file.mimeType,
			data: file.content,
		},
		{ name: 'file_name', contentType: 'text/plain', data: Buffer.from(file.fileName) },
	]);
});

it('a real image arrives whole', async () => {
	const content = await samplePicture('jpeg');
	const [part] = await partsOfNode({ content, fileName: 'a.jpg', mimeType: 'image/jpeg' });
	expect(content.equals(part.data)).toBe(true);
});

it.each([
	['a quote', 'a"b.png', 'a%22b.png'],
	['a line break', 'a\r\nX: y.png', 'a%0D%0AX: y.png'],
])('%s in a name cannot break out of its header', async (_name, fileName, expected) => {
	const file = { content: BYTES, fileName, mimeType: 'image/png' };
	const parts = await partsOfNode(file);
	expect(parts).toEqual(await partsOfReference(file));
	const [part, nameField] = parts;
	expect(part).toEqual({
		name: 'file',
		fileName: expected,
		contentType: 'image/png',
		data: BYTES,
	});
	// The field that names the file at the service is no header, so it has the name as it is.
	expect(nameField.data.toString()).toBe(fileName);
});

describe('an image in a store', () => {
	const content = Buffer.concat(Array.from({ length: 300 }, () => BYTES));
	const about = { fileName: 'a.png', mimeType: 'image/png' };

	/** Gives it in pieces, as n8n's stores do. */
	function stored(bytes = content) {
		const opened: Readable[] = [];
		const open = async () => {
			const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 70_000), bytes.subarray(70_000)];
			const stream = Readable.from(pieces, { objectMode: false });
			opened.push(stream);
			return { stream, close: () => stream.destroy() };
		};
		return { opened, file: { ...about, content: new StreamedBytes(content.length, open) } };
	}

	it('is sent like one in memory, as long as announced, and whole in each try', async () => {
		const { opened, file } = stored();
		const requests = await send(file, noAnswer, answer(200, UPLOADED));
		expect(requests).toHaveLength(2);
		const [streamed, held] = requests.map(({ body }) => body);
		// The first try is streamed, so that it need not be held; an answer that comes early may get lost then.
		expect(Buffer.isBuffer(held)).toBe(true);
		expect(opened).toHaveLength(1); // Nothing is read before it is sent.
		for (const { headers, body } of requests) {
			const sent = Buffer.isBuffer(body) ? body : await (body as StreamedBytes).hold();
			expect(sent).toHaveLength((streamed as StreamedBytes).length);
			const parts = await parse(headers?.['Content-Type'] ?? '', sent);
			expect(parts).toEqual(await partsOfReference({ ...about, content }));
		}
		expect(opened).toHaveLength(2);
		expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
	});

	it('that has changed since it was looked at is not sent as if it had not', async () => {
		const { file } = stored(Buffer.concat([content, BYTES]));
		const [{ body }] = await send(file, answer(200, UPLOADED));
		await expect((body as StreamedBytes).hold()).rejects.toThrow('size of the file has changed');
	});

	it('is closed where the request ends before its end, even before its beginning', async () => {
		const { opened, file } = stored();
		const [{ body }] = await send(file, answer(200, UPLOADED));
		const form = await (body as StreamedBytes).open();
		form.close();
		await new Promise((closed) => form.stream.once('close', closed));
		expect(opened[0].destroyed).toBe(true);
	});
});

it('a form of fields and files is, part by part, what the package form-data makes', async () => {
	const files = ['a.png', 'b "quoted" ü.png'].map((fileName, index) => ({
		name: 'image[]',
		content: Buffer.from([0, 13, 10, 45, 45, index]),
		fileName,
		mimeType: 'image/png',
	}));
	const fields: Array<[string, string]> = [
		['model', 'm'],
		['prompt', 'Grün\r\n--x'],
	];
	const ours = await form(fields, files);
	const reference = new FormDataPackage();
	for (const [name, value] of fields) reference.append(name, value);
	for (const { name, content, fileName, mimeType } of files) {
		const quoted = fileName.replaceAll('"', '%22');
		reference.append(name, content, { filename: quoted, contentType: mimeType });
	}
	const parts = (body: Buffer, boundary: string) =>
		body.toString('latin1').split(`--${boundary}`).slice(0, -1);
	const [, boundary] = ours.contentType.split('boundary=');
	expect(parts(ours.body, boundary)).toEqual(parts(reference.getBuffer(), reference.getBoundary()));
});
