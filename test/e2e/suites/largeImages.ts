import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import type { RecordedRequest } from '../../simulator';
import { until } from '../../../tools/until';
import { edited, errorText, type Fixture, items } from '../fixture';

const count = 3;
/** Pixels. */
const side = 800;

/** Images of some megabytes, which are sent while they are read and stored while they arrive. */
export function largeImages(given: () => Fixture): void {
	it('come whole and to their own items, although uploads and downloads break off', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const drafts = await makeNoise();
		const results = await makeNoise();
		const deliver = (step: string, images: Buffer[]) => {
			for (const [index, bytes] of images.entries()) {
				simulator.nextTask({ prompt: new RegExp(`^${step} ${index}$`), delivery: { bytes } });
			}
		};
		deliver('Draw', drafts);
		deliver('Change', results);
		const upload = { host: 'files', method: 'POST' } as const;
		simulator.inject({ ...upload, fault: 'resetBefore' });
		simulator.inject({ ...upload, fault: { status: 503 } });
		simulator.inject({ host: 'results', times: 2, fault: 'answerThenBreak' });
		simulator.inject({ host: 'results', after: 4, fault: 'answerThenBreak' });

		const execution = await fixture.run([
			...items(...drafts.map((_, n) => ({ n }))),
			{ ...fixture.editImage({ prompt: '=Draw {{ $json.n }}' }), name: 'Draw' },
			fixture.evolink({ prompt: "=Change {{ $('Items').item.json.n }}" }),
		]);

		const output = edited(execution);
		expect(output).toHaveLength(count);
		for (const [index, item] of output.entries()) {
			expect(item.binary?.data).toMatchObject({
				mimeType: 'image/png',
				fileExtension: 'png',
				fileType: 'image',
				fileName: expect.stringMatching(/^1-\S+\.png$/) as string,
				fileSize: `${(results[index].length / 1e6).toPrecision(3)} MB`,
			});
			expect(results[index].equals(await fixture.picture(item))).toBe(true);
		}
		const uploads = simulator.requests.filter(
			({ host, method }) => host === 'files' && method === 'POST',
		);
		expect(uploads).toHaveLength(count + 2);
		for (const request of uploads) {
			expect(request.headers['content-length']).toBe(String(request.body.length));
			expect(request.headers).not.toHaveProperty('transfer-encoding');
		}
		// Each try, also one that failed, sent a whole image; and each task was made of its own.
		expect(uploads.every((request) => drafts.some(isIn(request)))).toBe(true);
		for (const [index, { json }] of output.entries()) {
			const [link] = simulator.tasks.get(json.id as string)?.request.image_urls ?? [];
			const used = uploads.filter((request) => link?.endsWith(nameIn(request) ?? '?'));
			expect(used.map((request) => isIn(request)(drafts[index]))).toContain(true);
			expect(used.every((request) => isIn(request)(drafts[index]))).toBe(true);
		}
		const downloads = simulator.requests.filter(({ host }) => host === 'results');
		expect(downloads).toHaveLength(2 * count + 3);
	});

	it('that break off each time are an error with the links, and n8n goes on', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const [bytes] = await makeNoise();
		simulator.nextTask({ delivery: { bytes, truncated: 'connection' } });
		const text = errorText(await fixture.run([fixture.editImage()]));
		expect(text).toContain('the connection was lost');
		expect(text).toContain(`${simulator.resultsUrl}/`);
		expect(simulator.requests.filter(({ host }) => host === 'results')).toHaveLength(4);

		simulator.nextTask({ delivery: { bytes } });
		const [item] = edited(await fixture.run([fixture.editImage()]));
		expect(bytes.equals(await fixture.picture(item))).toBe(true);
	});

	it('that stand still half-way end when the execution is stopped, and n8n goes on', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		const [bytes] = await makeNoise();
		simulator.nextTask({ delivery: { bytes, truncated: 'stall' } });
		const executionId = await n8n.runWorkflow(await fixture.store([fixture.editImage()]));
		await until(() => simulator.requests.some(({ host }) => host === 'results'));
		await sleep(500); // Half of it is stored by then.
		await n8n.stopExecution(executionId);
		const { status } = await n8n.waitForExecution(executionId);
		expect(status).toBe('canceled');

		expect(edited(await fixture.run([fixture.editImage()]))).toHaveLength(1);
		expect(fixture.log).not.toMatch(/unhandled|uncaught/i);
	});
}

/** Noise, so that it does not shrink; different in each image. */
async function makeNoise(): Promise<Buffer[]> {
	const raw = { width: side, height: side, channels: 3 as const };
	return await Promise.all(
		Array.from({ length: count }, async () => {
			const image = sharp(randomBytes(side * side * 3), { raw });
			return await image.png({ compressionLevel: 0 }).toBuffer();
		}),
	);
}

function isIn({ parts }: RecordedRequest): (image: Buffer) => boolean {
	const file = parts?.find(({ name }) => name === 'file');
	return (image) => file?.data.equals(image) === true;
}

function nameIn({ parts }: RecordedRequest): string | undefined {
	return parts?.find(({ name }) => name === 'file_name')?.data.toString();
}
