import { Readable } from 'node:stream';

import { EvolinkError } from '../../../nodes/Evolink/api/errors/errors';
import type { HttpFailure, Send } from '../../../nodes/Evolink/api/http/http';
import {
	decodeImage,
	downloadImages,
	type ImageFile,
} from '../../../nodes/Evolink/images/downloadImages';
import { samplePicture } from '../../simulator';
import {
	answer,
	HTML,
	noAnswer,
	ScriptedSend,
	type Step,
	stopped,
	tooLarge,
} from '../scriptedSend';
import { VirtualClock } from '../virtualClock';

describe('downloadImages', () => {
	const LINK = 'https://results.example.com/beach.png';

	async function download(steps: Step[], links = [LINK], maxMegabytes = 50) {
		const clock = new VirtualClock();
		const service = new ScriptedSend(clock, steps);
		const store = async (file: ImageFile<unknown>) => file;
		const result = await downloadImages(
			service.send,
			clock,
			links,
			maxMegabytes,
			links.map((_, position) => `beach-${position}`),
			store,
		).catch((error: unknown) => error);
		const message = result instanceof EvolinkError ? `${result.message} | ${result.advice}` : '';
		return { result, message, service };
	}

	it('gives bytes, true MIME type and name, whatever the link and the header say', async () => {
		const content = await samplePicture('jpeg');
		const { result, service } = await download([
			answer(200, content, { 'content-type': 'image/png' }),
		]);
		expect(result).toEqual([{ content, fileName: 'beach-0.jpg', mimeType: 'image/jpeg' }]);
		expect(service.requests[0]).toMatchObject({ url: LINK, maxBytes: 50 * 1024 * 1024 });
		expect(service.requests[0].headers ?? {}).not.toHaveProperty('Authorization');
	});

	it.each<[string, Step]>([
		['a web page', answer(200, `\n ${HTML}`)],
		['nothing', answer(200)],
		['202', answer(202, 'later')],
		['204', answer(204)],
		['JSON that says processing', answer(200, { status: 'processing' })],
		['404', answer(404)],
		['429', answer(429)],
		['500', answer(500)],
		['502 with HTML', answer(502, HTML)],
		['521', answer(521)],
		['a lost connection', noAnswer],
	])('tries again after %s', async (_name, fault) => {
		const { result, service } = await download([fault, answer(200, await samplePicture())]);
		expect(result).toMatchObject([{ fileName: 'beach-0.png', mimeType: 'image/png' }]);
		expect(service.requests).toHaveLength(2);
	});

	it('waits as Retry-After says', async () => {
		const busy = answer(503, '', { 'retry-after': '20' });
		const { service } = await download([busy, answer(200, await samplePicture())]);
		expect(service.gaps[0]).toBeGreaterThanOrEqual(20_000);
	});

	it.each<[string, Step, RegExp]>([
		[
			'403',
			answer(403, '<Error>expired</Error>'),
			/HTTP status 403 \| The URLs of edited images expire after 24 hours/,
		],
		['410', answer(410), /HTTP status 410 \| The URLs of edited images expire after 24 hours/],
		['a picture that is too large', tooLarge, /larger than 50 MB \| .*'Max Download Size \(MB\)'/],
		[
			'text',
			answer(200, 'Not a picture at all'),
			/text: 'Not a picture at all', which is not an image \| Open the URL/,
		],
		['JSON', answer(200, { error: 'expired' }), /JSON that says 'expired', which is not an image/],
	])('does not try again after %s, and says what to do', async (_name, fault, expected) => {
		const { message, service } = await download([fault]);
		expect(message).toMatch(expected);
		expect(message).not.toMatch(/API key/);
		expect(service.requests).toHaveLength(1);
	});

	it('asks again for a link that is not known yet', async () => {
		const { service } = await download([answer(404), answer(200, await samplePicture())]);
		expect(service.requests).toHaveLength(2);
	});

	it.each<[string, Step, RegExp]>([
		['web pages', answer(200, HTML), /a web page, which is not an image/],
		['emptiness', answer(200), /empty/],
		['404', answer(404), /HTTP status 404 \| The URLs of edited images expire after 24 hours/],
		['502', answer(502, HTML), /HTTP status 502/],
		['404', answer(404), /HTTP status 404 \| The URLs of edited images expire after 24 hours/],
		['lost connections', noAnswer, /the connection was lost/],
	])('gives up on lasting %s with the cause', async (_name, fault, expected) => {
		const { message, service } = await download([fault]);
		expect(message).toMatch(expected);
		expect(service.requests).toHaveLength(4);
	});

	it.each(['png', 'jpeg', 'webp', 'gif'] as const)(
		'tries again after half a %s, and says so where it stays so',
		async (format) => {
			const whole = await samplePicture(format);
			const half = answer(200, whole.subarray(0, whole.length >> 1));
			const { result } = await download([half, answer(200, whole)]);
			expect(result).toMatchObject([{ content: whole }]);
			const { message, service } = await download([half]);
			expect(message).toMatch(/ends before the image does \| Open the URL/);
			expect(service.requests).toHaveLength(4);
		},
	);

	it('ends at once when the execution is stopped', async () => {
		const { message, service } = await download([stopped]);
		expect(message).toMatch(/canceled/);
		expect(service.requests).toHaveLength(1);
	});

	describe('while it arrives', () => {
		const store = jest.fn<Promise<string>, [ImageFile<unknown>, number]>();
		beforeEach(() => store.mockReset());

		/** Each try hands the beginning and then the content of an answer to whoever takes it. */
		async function downloadStreamed(
			endings: Array<HttpFailure | undefined>,
			bytes: Buffer,
			halves: Buffer[][] = [],
		) {
			const clock = new VirtualClock();
			const send: Send = async ({ take }) => {
				const failure = endings.shift();
				const beginning = bytes.subarray(0, 100);
				const arriving = Readable.from(halves.shift() ?? [bytes]);
				await take?.(beginning)?.(arriving, 4711).catch(() => undefined);
				return failure ?? { kind: 'answer', status: 200, headers: {}, body: beginning };
			};
			return await downloadImages(send, clock, [LINK], 50, ['beach-0'], store);
		}

		it('goes on with its true type, name and size, and is not held', async () => {
			store.mockResolvedValue('stored');
			const stored = await downloadStreamed([undefined], await samplePicture('jpeg'));
			expect(stored).toEqual(['stored']);
			const about = { fileName: 'beach-0.jpg', mimeType: 'image/jpeg' };
			const content = expect.any(Readable) as Readable;
			expect(store.mock.calls).toEqual([[{ ...about, content }, 4711]]);
		});

		it('is what the last try gave where an earlier one broke off', async () => {
			store.mockRejectedValueOnce(new Error('broke off')).mockResolvedValueOnce('whole');
			const stored = await downloadStreamed([noAnswer, undefined], await samplePicture());
			expect(stored).toEqual(['whole']);
		});

		it('is never what a try gave that broke off after all', async () => {
			store.mockResolvedValueOnce('half').mockResolvedValueOnce('whole');
			const stored = await downloadStreamed([noAnswer, undefined], await samplePicture());
			expect(stored).toEqual(['whole']);
		});

		it('is fetched again where the image is only half there', async () => {
			store.mockImplementation(async ({ content }) => {
				const chunks = await (content as Readable).toArray();
				return String(Buffer.concat(chunks as Buffer[]).length);
			});
			const bytes = await samplePicture();
			const half = [bytes.subarray(0, 1_000), bytes.subarray(1_000, 2_000)];
			const stored = await downloadStreamed([undefined, undefined], bytes, [half]);
			expect(stored).toEqual([String(bytes.length)]);
			expect(store).toHaveBeenCalledTimes(2);
		});

		it('ends with the error of the store, which is no fault of the connection', async () => {
			store.mockRejectedValue(new Error('No space left on the disk'));
			const stored = downloadStreamed([undefined], await samplePicture());
			await expect(stored).rejects.toThrow('No space left on the disk');
			expect(store).toHaveBeenCalledTimes(1);
		});
	});

	it.each([
		'ftp://results.example.com/a.png',
		'file:///etc/passwd',
		'a.png',
		'https://',
		'http://[',
	])('does not fetch %s', async (link) => {
		const { message, service } = await download([answer(200, await samplePicture())], [link]);
		expect(message).toMatch(/^The URL of the edited image is not http or https/);
		expect(service.requests).toHaveLength(0);
	});
});

describe('decodeImage', () => {
	const decode = async (base64: string) => await decodeImage(Buffer.from(base64), 'edited');

	it.each(['png', 'jpeg', 'webp'] as const)(
		'gives a %s its true type and ending',
		async (format) => {
			const content = await samplePicture(format);
			expect(await decode(content.toString('base64'))).toEqual({
				content,
				mimeType: `image/${format}`,
				fileName: `edited.${format === 'jpeg' ? 'jpg' : format}`,
			});
		},
	);

	it('keeps what may be an image of another format, and what is only half there, with a hint', async () => {
		const jxl = Buffer.from('\xff\x0a\x01\x02\x03 and so on', 'latin1');
		expect(await decode(jxl.toString('base64'))).toEqual({
			content: jxl,
			mimeType: 'application/octet-stream',
			fileName: 'edited.bin',
			hint: 'is not an image of a known format, but a JPEG XL image; it was stored as it is',
		});
		const half = (await samplePicture()).subarray(0, 1_000);
		expect(await decode(half.toString('base64'))).toMatchObject({
			fileName: 'edited.png',
			hint: 'ends before the image does',
		});
	});

	it.each([
		['', /is empty/],
		['<html>', /is not an image/],
		[Buffer.from('<html><body>').toString('base64'), /, but a web page/],
		[Buffer.from('{"error":"no"}').toString('base64'), /, but JSON that says 'no'/],
		[Buffer.from('no picture at all').toString('base64'), /, but text: 'no picture at all'/],
	])('takes nothing else (%p)', async (base64, message) => {
		await expect(decode(base64)).rejects.toThrow(message);
	});
});
