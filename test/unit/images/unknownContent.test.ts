import { describeUnknown, isNoImage } from '../../../nodes/Evolink/images/unknownContent';
import { samplePicture } from '../../simulator';

const FORMATS = ['png', 'jpeg', 'webp', 'gif'] as const;

function told(bytes: Buffer): string {
	const unknown = describeUnknown(bytes);
	return `${isNoImage(unknown)} – ${unknown.advice}`;
}

const json = (body: unknown) => Buffer.from(JSON.stringify(body));

it.each<[string, Buffer, RegExp]>([
	['nothing', Buffer.alloc(0), /^is empty – Check the previous node/],
	['a page', Buffer.from('\n<!DOCTYPE html><title>Sign in'), /a web page – .*Google Drive/],
	['a page with a BOM', Buffer.from('\ufeff<html lang="en">'), /a web page/],
	['JSON with an error', json({ error: 'expired' }), /JSON that says 'expired' – .*credentials/],
	['JSON with an object of an error', json({ error: { message: 'No' } }), /JSON that says 'No'/],
	['JSON with a message', json({ code: 404, msg: 'Not here' }), /JSON that says 'Not here'/],
	['JSON', json([{ b64: 'AAAA' }]), /, but JSON – .*'Move Base64 String to File'/],
	['a Buffer as JSON', json(Buffer.from('x')), /a Buffer written as JSON – .*prepareBinaryData/],
	['JSON that is cut off', Buffer.from('{"error":"too late","data":"AAAA'), /says 'too late'/],
	['SVG', Buffer.from('<svg width="9">'), /an SVG drawing – .*PNG/],
	[
		'SVG behind a declaration',
		Buffer.from('<?xml version="1.0"?>\n<!-- x --><svg>'),
		/an SVG drawing/,
	],
	['PDF', Buffer.from('%PDF-1.7\n'), /a PDF document – .*HTTP Request/],
	['ZIP', Buffer.from('PK\x03\x04abcdefghijklmnop'), /a compressed archive – .*'Compression'/],
	['gzip', Buffer.from('1f8b0800000000000003', 'hex'), /a compressed archive/],
	['MP4', Buffer.from('\0\0\0\x20ftypisom\0\0\x02\0isomiso2', 'latin1'), /a video/],
	['JPEG XL', Buffer.from('ff0afa7f0190080600', 'hex'), /a JPEG XL image – Save or export/],
	['JPEG XL in boxes', Buffer.from('\0\0\0\x0cJXL \r\n\x87\n', 'latin1'), /a JPEG XL image/],
	['JPEG 2000', Buffer.from('\0\0\0\x0cjP  \r\n\x87\n', 'latin1'), /a JPEG 2000 image/],
	['PSD', Buffer.from('8BPS\0\x01\0\0'), /a Photoshop document/],
	['an icon', Buffer.from('\0\0\x01\0\x01\0'), /an icon/],
	['CR2', Buffer.from('II*\0\x10\0\0\0CR\x02\0'), /a camera's raw file/],
	['CR3', Buffer.from('\0\0\0\x18ftypcrx \0\0\0\x01'), /a camera's raw file/],
	['RAF', Buffer.from('FUJIFILMCCD-RAW 0201'), /a camera's raw file/],
	['text', Buffer.from('C:\\images\\cat.png'), /text: 'C:\\images\\cat.png' – .*Read\/Write Files/],
	['long text', Buffer.from('word '.repeat(5_000)), /^.{0,200} – /],
	[
		'bytes',
		Buffer.from('00ff17aa0001020304', 'hex'),
		/^is not an image of a known format – Connect/,
	],
])('%s is told', (_name, bytes, message) => {
	expect(told(bytes)).toMatch(message);
});

describe.each(FORMATS)('a %s', (format) => {
	const base64 = async () => (await samplePicture(format)).toString('base64');

	it('as base64 text is told', async () => {
		expect(told(Buffer.from(await base64()))).toMatch(/an image as base64 text – .*Move Base64/);
		const lines = (await base64()).replace(/.{76}/g, '$&\r\n');
		expect(told(Buffer.from(lines))).toMatch(/an image as base64 text – /);
	});

	it('as base64 text that was encoded twice is told', async () => {
		const twice = Buffer.from(await base64()).toString('base64');
		expect(told(Buffer.from(twice))).toMatch(/base64 text that was encoded twice/);
	});

	it('as a data URL is told, decoded with its prefix too', async () => {
		const dataUrl = `data:image/${format};base64,${await base64()}`;
		expect(told(Buffer.from(dataUrl))).toMatch(/a data URL – .*up to the comma/);
		expect(told(Buffer.from(dataUrl, 'base64'))).toMatch(/data URL that was decoded/);
		expect(told(Buffer.from(Buffer.from(dataUrl).toString('base64')))).toMatch(/a data URL/);
	});
});

it.each(['png', 'jpeg'] as const)('a %s that was read as text is told', async (format) => {
	const bytes = await samplePicture(format);
	for (const text of [bytes.toString('utf8'), bytes.toString('latin1')]) {
		expect(told(Buffer.from(text))).toMatch(
			/damaged because a node read it as text.* – .*'Response Format' to 'File'/,
		);
	}
});
