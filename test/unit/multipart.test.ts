import FormDataPackage from 'form-data';

import { EvolinkClient } from '../../nodes/Evolink/api/client';
import { parseMultipart } from '../simulator/multipart';
import { answer, ScriptedSend } from './scriptedSend';
import { VirtualClock } from './virtualClock';
import { samplePicture } from '../simulator';

/**
 * The node uploads with the global FormData, because n8n can repeat that after a 401 (a stream of the
 * package form-data hangs there). The package is the reference for what should arrive.
 */
interface Upload {
	content: Buffer;
	fileName: string;
	mimeType: string;
}

/** What the node sends, as the service parses it. */
async function partsOfNode({ content, fileName, mimeType }: Upload) {
	const file = { content: new Blob([content], { type: mimeType }), fileName };
	const clock = new VirtualClock();
	const uploaded = { success: true, data: { file_url: 'https://files.example.com/a.png' } };
	const service = new ScriptedSend(clock, [answer(200, uploaded)]);
	await new EvolinkClient(service.send, clock, { baseUrl: '', filesBaseUrl: '' }).uploadFile(file);
	const form = service.requests[0].body;
	if (!(form instanceof FormData)) throw new Error('The upload is no form');
	const message = new Response(form);
	const contentType = message.headers.get('content-type') ?? '';
	return await parse(contentType, Buffer.from(await message.arrayBuffer()));
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

it('a real picture arrives whole', async () => {
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
