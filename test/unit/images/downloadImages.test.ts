import { Readable } from 'node:stream';

import { EvolinkError } from '../../../nodes/Evolink/api/errors/errors';
import type { HttpFailure, Send } from '../../../nodes/Evolink/api/http/http';
import {
	decodePicture,
	downloadPictures,
	fileNameFor,
	type PictureFile,
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

describe('fileNameFor', () => {
	it.each([
		['the name in the link', 'https://r.example.com/x/beach.png', 'png', 'beach.png'],
		['without the query', 'https://r.example.com/beach.png?sign=a.gif#b', 'png', 'beach.png'],
		['another ending of the same format', 'https://r.example.com/a.jpeg', 'jpeg', 'a.jpeg'],
		['an ending in capitals', 'https://r.example.com/A.JPG', 'jpeg', 'A.jpg'],
		['a wrong ending', 'https://r.example.com/beach.png', 'webp', 'beach.webp'],
		['no ending', 'https://r.example.com/beach', 'png', 'beach.png'],
		['a dot in the name', 'https://r.example.com/v1.2-beach.png', 'png', 'v1.2-beach.png'],
		[
			'a long ending is part of the name',
			'https://r.example.com/a.backup1',
			'png',
			'a.backup1.png',
		],
		['no name', 'https://r.example.com/', 'png', 'task-1.png'],
		['no path', 'https://r.example.com', 'gif', 'task-1.gif'],
		['spaces', 'https://r.example.com/my%20beach.png', 'png', 'my_beach.png'],
		['letters of other scripts', 'https://r.example.com/%E5%9B%BE.png', 'png', '___.png'],
		['a broken escape', 'https://r.example.com/100%.png', 'png', '100_.png'],
		[
			'an escaped way out of the folder',
			'https://r.example.com/..%2f..%2fetc.png',
			'png',
			'.._.._etc.png',
		],
		['a way out of the folder', 'https://r.example.com/a/../../etc.png', 'png', 'etc.png'],
		['a backslash', 'https://r.example.com/a\\..\\b.png', 'png', 'b.png'],
		['an escaped zero byte', 'https://r.example.com/a%00.png', 'png', 'a_.png'],
	] as const)('%s: %s (%s)', (_name, link, format, expected) => {
		expect(fileNameFor(link, format, 'task-1')).toBe(expected);
	});

	it('cuts a long name and keeps its ending', () => {
		const name = fileNameFor(`https://r.example.com/${'x'.repeat(500)}.png`, 'png', 'task-1');
		expect(name).toBe(`${'x'.repeat(80)}.png`);
	});
});

describe('downloadPictures', () => {
	const LINK = 'https://results.example.com/beach.png';

	async function download(steps: Step[], links = [LINK], maxMegabytes = 50) {
		const clock = new VirtualClock();
		const service = new ScriptedSend(clock, steps);
		const store = async (file: PictureFile<unknown>) => file;
		const result = await downloadPictures(
			service.send,
			clock,
			links,
			maxMegabytes,
			'task-1',
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
		expect(result).toEqual([{ content, fileName: 'beach.jpg', mimeType: 'image/jpeg' }]);
		expect(service.requests[0]).toMatchObject({ url: LINK, maxBytes: 50 * 1024 * 1024 });
		expect(service.requests[0].headers ?? {}).not.toHaveProperty('Authorization');
	});

	it('names several pictures apart where their links have no names', async () => {
		const picture = answer(200, await samplePicture('png'));
		const links = ['https://results.example.com/?a', 'https://results.example.com/?b'];
		const { result } = await download([picture], links);
		expect(result).toMatchObject([{ fileName: 'task-1-1.png' }, { fileName: 'task-1-2.png' }]);
	});

	it.each<[string, Step]>([
		['a web page', answer(200, `\n ${HTML}`)],
		['429', answer(429)],
		['500', answer(500)],
		['502 with HTML', answer(502, HTML)],
		['521', answer(521)],
		['a lost connection', noAnswer],
	])('tries again after %s', async (_name, fault) => {
		const { result, service } = await download([fault, answer(200, await samplePicture())]);
		expect(result).toMatchObject([{ fileName: 'beach.png', mimeType: 'image/png' }]);
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
			/HTTP status 403 \| The links work for 24 hours/,
		],
		['410', answer(410), /HTTP status 410 \| The links work for 24 hours/],
		['a picture that is too large', tooLarge, /larger than 50 MB \| .*'Max Download Size'/],
		[
			'text',
			answer(200, 'Not a picture at all'),
			/something that is not a picture \| Open the link/,
		],
		['nothing', answer(200), /something that is not a picture/],
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
		['web pages', answer(200, HTML), /a web page that is not a picture/],
		['502', answer(502, HTML), /HTTP status 502/],
		['404', answer(404), /HTTP status 404 \| The links work for 24 hours/],
		['lost connections', noAnswer, /the connection was lost/],
	])('gives up on lasting %s with the cause', async (_name, fault, expected) => {
		const { message, service } = await download([fault]);
		expect(message).toMatch(expected);
		expect(service.requests).toHaveLength(4);
	});

	it('ends at once when the execution is stopped', async () => {
		const { message, service } = await download([stopped]);
		expect(message).toMatch(/canceled/);
		expect(service.requests).toHaveLength(1);
	});

	describe('while it arrives', () => {
		const store = jest.fn<Promise<string>, [PictureFile<unknown>, number]>();
		beforeEach(() => store.mockReset());

		/** Each try hands the beginning and then the content of an answer to whoever takes it. */
		async function downloadStreamed(endings: Array<HttpFailure | undefined>, bytes: Buffer) {
			const clock = new VirtualClock();
			const send: Send = async ({ take }) => {
				const failure = endings.shift();
				const beginning = bytes.subarray(0, 100);
				await take?.(beginning)?.(Readable.from([bytes]), 4711).catch(() => undefined);
				return failure ?? { kind: 'answer', status: 200, headers: {}, body: beginning };
			};
			return await downloadPictures(send, clock, [LINK], 50, 'task-1', store);
		}

		it('goes on with its true type, name and size, and is not held', async () => {
			store.mockResolvedValue('stored');
			const stored = await downloadStreamed([undefined], await samplePicture('jpeg'));
			expect(stored).toEqual(['stored']);
			const about = { fileName: 'beach.jpg', mimeType: 'image/jpeg' };
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
		expect(message).toMatch(/^The result link is not http or https/);
		expect(service.requests).toHaveLength(0);
	});
});

describe('decodePicture', () => {
	it.each(['png', 'jpeg', 'webp'] as const)(
		'gives a %s its true type and ending',
		async (format) => {
			const content = await samplePicture(format);
			const picture = decodePicture(content.toString('base64'), 'edited');
			expect(picture.content.equals(content)).toBe(true);
			expect(picture.mimeType).toBe(`image/${format}`);
			expect(picture.fileName).toBe(`edited.${format === 'jpeg' ? 'jpg' : format}`);
		},
	);

	it.each(['', 'AAAA', '<html>', Buffer.from('no picture at all').toString('base64')])(
		'takes nothing else (%p)',
		(base64) => {
			expect(() => decodePicture(base64, 'edited')).toThrow('is not a picture');
		},
	);
});
