import { Readable } from 'node:stream';

import type { IExecuteFunctions } from 'n8n-workflow';

import { jsonWithDataUrls } from '../../../nodes/Evolink/images/dataUrls';
import type { Reference } from '../../../nodes/Evolink/images/inputImages';

const MEGABYTE = 1024 * 1024;

function binary(content: Buffer, id?: string): Reference {
	return {
		kind: 'binary',
		label: 'Image 1',
		fieldName: 'data',
		file: { mimeType: 'image/png', data: content.toString('base64'), ...(id ? { id } : {}) },
		facts: { format: 'png' } as never,
		bytes: content.length,
		contentDigest: '',
	};
}

/** n8n's store gives files in chunks of this size. */
function contextWith(files: Record<string, Buffer>, chunkBytes = 64 * 1024): IExecuteFunctions {
	return {
		helpers: {
			getBinaryStream: async (id: string) => {
				const chunks: Buffer[] = [];
				for (let start = 0; start < files[id].length; start += chunkBytes) {
					chunks.push(files[id].subarray(start, start + chunkBytes));
				}
				return Readable.from(chunks);
			},
			getBinaryDataBuffer: async (_item: number, { data }: { data: string }) =>
				Buffer.from(data, 'base64'),
		},
	} as unknown as IExecuteFunctions;
}

const bodyOf = (images: string[]) => ({ model: 'm', prompt: 'a "b" – 背景', image: images, n: 1 });

describe('A body with images as data URLs', () => {
	it.each([1, 2, 3, 4, 5, 64 * 1024])('is the JSON of the whole, in chunks of %i', async (size) => {
		const files = Object.fromEntries(
			[0, 1, 2, 3, 1_000].map((length) => [`f${length}`, Buffer.alloc(length, 'evolink')]),
		);
		const images = Object.entries(files).map(([id, content]) => binary(content, id));
		const body = await jsonWithDataUrls(contextWith(files, size), 0, images, bodyOf);
		const urls = Object.values(files).map(
			(content) => `data:image/png;base64,${content.toString('base64')}`,
		);
		expect((body as Buffer).toString()).toBe(JSON.stringify(bodyOf(urls)));
	});

	it('keeps links as they are, beside files in their order', async () => {
		const link: Reference = { kind: 'link', label: 'Image 1', field: 'URL', link: 'https://a/b' };
		const images = [link, binary(Buffer.from('abc')), link];
		const body = await jsonWithDataUrls(contextWith({}), 0, images, bodyOf);
		expect(JSON.parse((body as Buffer).toString())).toEqual(
			bodyOf(['https://a/b', 'data:image/png;base64,YWJj', 'https://a/b']),
		);
		expect(await jsonWithDataUrls(contextWith({}), 0, [link], bodyOf)).toEqual(
			bodyOf(['https://a/b']),
		);
	});

	it.each(['inline', 'stored'])(
		'lets n8n do other work while a large image is encoded (%s)',
		async (where) => {
			const content = Buffer.alloc(24 * MEGABYTE, 7);
			const image = binary(content, where === 'stored' ? 'f' : undefined);
			let turns = 0;
			let isOver = false;
			const count = () => {
				turns += 1;
				if (!isOver) setImmediate(count);
			};
			setImmediate(count);
			const body = await jsonWithDataUrls(
				contextWith({ f: content }, 4 * MEGABYTE),
				0,
				[image],
				bodyOf,
			);
			isOver = true;
			expect((body as Buffer).length).toBeGreaterThan(32 * MEGABYTE);
			expect(turns).toBeGreaterThanOrEqual(5);
		},
	);

	it('is refused where an image is not as long as it was when it was checked', async () => {
		const image = binary(Buffer.from('abcdef'), 'f');
		const context = contextWith({ f: Buffer.from('abc') });
		await expect(jsonWithDataUrls(context, 0, [image], bodyOf)).rejects.toThrow(/has changed/);
		const longer = contextWith({ f: Buffer.alloc(100) });
		await expect(jsonWithDataUrls(longer, 0, [image], bodyOf)).rejects.toThrow(/has changed/);
	});
});
