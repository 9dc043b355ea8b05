import type { IExecuteFunctions } from 'n8n-workflow';

import { InvalidInputError } from '../../../nodes/Evolink/api/errors/errors';
import {
	type Carrier,
	DATA_URL,
	FILE_UPLOAD,
	readReferences,
	splitLinks,
} from '../../../nodes/Evolink/images/inputImages';
import { adviseOnAnyModel } from '../../../nodes/Evolink/models/wayOut';
import { samplePicture } from '../../simulator';

const A = 'https://a.example.com/a.png';
const B = 'http://b.example.com/b.png';
const CLOUDINARY = 'https://res.cloudinary.com/demo/image/upload/w_300,h_200,c_fill/sample.jpg';
const IMAGEKIT = 'https://ik.imagekit.io/demo/tr:w-400,h-300:rt-90/default-image.jpg';
const FETCH = 'https://res.cloudinary.com/demo/image/fetch/w_9,ar_16:9/https://a.example.com/a.png';

describe('splitLinks', () => {
	it.each([
		['one address', A, [A]],
		['white space around it', `  ${A}\n`, [A]],
		['commas', `${A},${B}`, [A, B]],
		['commas and spaces', `${A}, ${B} ,${A}`, [A, B, A]],
		['line breaks of any kind', `${A}\n${B}\r\n${A}`, [A, B, A]],
		['commas and line breaks', `${A},\n${B},`, [A, B]],
		['a comma at the end', `${A}, `, [A]],
		['upper case', `${A},HTTPS://B.example.com/x`, [A, 'HTTPS://B.example.com/x']],
		['commas within an address', CLOUDINARY, [CLOUDINARY]],
		['commas and colons within an address', IMAGEKIT, [IMAGEKIT]],
		['an address within an address', FETCH, [FETCH]],
		['several of these', `${CLOUDINARY},${IMAGEKIT}, ${FETCH}`, [CLOUDINARY, IMAGEKIT, FETCH]],
		['semicolons or bars before line breaks', `${A};\n${B} |\r\n${A}`, [A, B, A]],
		['an array', [A, B], [A, B]],
		['an array of lists', [`${A},${B}`, CLOUDINARY], [A, B, CLOUDINARY]],
		['an array with an empty text', ['', A], [A]],
		['the same address twice', [A, A], [A, A]],
	])('%s', (_name, value, expected) => {
		expect(splitLinks(value, 'Image 1')).toEqual(expected);
	});

	it.each([
		['empty text', ''],
		['white space', ' \n '],
		['commas alone', ', ,'],
		['an empty array', []],
		['an array of empty texts', ['', ' ']],
		['undefined', undefined],
		['null', null],
		['an array with null', [null]],
	])('%s: the field is empty', (_name, value) => {
		expect(() => splitLinks(value, 'Image 2')).toThrow(
			new InvalidInputError("Image 2: 'URL' is empty", ''),
		);
	});

	it.each([
		['ftp', 'ftp://a.example.com/a.png', 'ftp://a.example.com/a.png'],
		['a data URL', 'data:image/png;base64,iVBORw0KGgo=', 'data:image/png;base64,iVBORw0KGgo='],
		['a file', 'file:///etc/passwd', 'file:///etc/passwd'],
		['a script', 'javascript:alert(1)', 'javascript:alert(1)'],
		['a path', '/images/a.png', '/images/a.png'],
		['no scheme', 'a.example.com/a.png', 'a.example.com/a.png'],
		['no host', 'https://', 'https://'],
		['a bad one after a good one', `${A},ftp://b/b.png`, 'ftp://b/b.png'],
		[
			'a data URL after a good one',
			`${A},data:image/png;base64,iVBO`,
			'data:image/png;base64,iVBO',
		],
		['a bad one in an array', [A, 'nope'], 'nope'],
		['a number', 7, '7'],
		['an object', { page: A }, `{"page":"${A}"}`],
		['a missing key among others', [A, undefined], 'undefined'],
		['missing keys', [undefined, undefined], 'undefined'],
		['null among others', [null, A], 'null'],
	])('%s is refused by name', (_name, value, shown) => {
		expect(() => splitLinks(value, 'Image 3')).toThrow(
			new InvalidInputError(`Image 3: '${shown}' is not a valid URL`, ''),
		);
	});

	it('shows only the beginning of a long one', () => {
		const long = `data:image/png;base64,${'A'.repeat(1_000_000)}`;
		expect(() => splitLinks(long, 'Image 1')).toThrow(/^Image 1: 'data:.{95}…' is not/);
	});
});

describe('readReferences', () => {
	async function read(content: Buffer, carrier: Carrier) {
		const entry = { source: 'binary', url: '', binaryPropertyName: 'photo' } as const;
		const context = {
			getInputData: () => [{ json: {}, binary: { photo: { mimeType: 'image/png', data: '' } } }],
			addExecutionHints: () => undefined,
			helpers: { getBinaryDataBuffer: async () => content },
		};
		return await readReferences(
			context as unknown as IExecuteFunctions,
			0,
			[entry],
			adviseOnAnyModel,
			carrier,
		);
	}

	it('refuses what the upload does not take, but a data URL does', async () => {
		const bmp = Buffer.alloc(64);
		bmp.write('BM');
		await expect(read(bmp, FILE_UPLOAD)).rejects.toThrow(
			"Image 1 (field 'photo') is a BMP image, which EvoLink's file upload doesn't accept",
		);
		await expect(read(bmp, DATA_URL)).resolves.toMatchObject([{ facts: { format: 'bmp' } }]);
	});

	it('refuses an image that is too large to stand in a request', async () => {
		const png = await samplePicture('png');
		const large = Buffer.concat([png, Buffer.alloc(DATA_URL.maxMegabytes * 1024 * 1024)]);
		await expect(read(large, DATA_URL)).rejects.toThrow(
			/is larger than 30 MB, the maximum for a request that contains the image/,
		);
		await expect(read(large, FILE_UPLOAD)).resolves.toHaveLength(1);
	});
});
