import { PassThrough, Readable } from 'node:stream';
import { setImmediate as nextRound } from 'node:timers/promises';

import { ArrivingBody, type ByteStream } from '../../../nodes/Evolink/api/http/bytes';

/** Answers as n8n hands them out: plain streams (1.x), and streams over a generator (2.39 and later). */
const KINDS: Array<[string, (source: PassThrough) => Readable]> = [
	['a plain stream', (source) => source],
	['a stream over a generator', (source) => Readable.from(passOn(source), { objectMode: false })],
];

async function* passOn(source: PassThrough): AsyncGenerator<Buffer> {
	for await (const chunk of source) yield chunk as Buffer;
}

const IMAGE = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
const HALF = IMAGE.subarray(0, 150_000);

async function collect(content: ByteStream): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of content) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

describe.each(KINDS)('an answer as %s', (_kind, streamOver) => {
	function arriving({ announced = 0, maxBytes = 1_000_000 } = {}) {
		const wire = new PassThrough();
		const source = streamOver(wire);
		const onEnd = jest.fn();
		return { wire, source, onEnd, body: new ArrivingBody(source, announced, maxBytes, onEnd) };
	}

	it('comes whole', async () => {
		const { wire, body, onEnd } = arriving();
		wire.end(IMAGE);
		expect(IMAGE.equals(await body.receive())).toBe(true);
		expect(onEnd).toHaveBeenCalledTimes(1);
	});

	it('is handed on whole, and only its beginning comes back', async () => {
		const { wire, body } = arriving({ announced: IMAGE.length });
		const taken: Array<{ content: Buffer; announced: number }> = [];
		let beginning = Buffer.alloc(0);
		const received = body.receive((bytes) => {
			beginning = bytes;
			return async (content, announced) => {
				taken.push({ content: await collect(content), announced });
			};
		});
		// In pieces, the first of which tells nothing.
		for (const [start, end] of [
			[0, 10],
			[10, 40],
			[40, 100_000],
		])
			wire.write(IMAGE.subarray(start, end));
		await nextRound();
		expect(taken).toEqual([]);
		wire.end(IMAGE.subarray(100_000));
		expect((await received).equals(beginning)).toBe(true);
		expect(beginning.equals(IMAGE.subarray(0, beginning.length))).toBe(true);
		expect(beginning.length).toBeGreaterThanOrEqual(64);
		expect(taken[0].content.equals(IMAGE)).toBe(true);
		expect(taken[0].announced).toBe(IMAGE.length);
	});

	it('comes whole where nobody wants it', async () => {
		const { wire, body } = arriving();
		wire.end(IMAGE);
		expect(IMAGE.equals(await body.receive(() => undefined))).toBe(true);
	});

	it('that is very short comes whole', async () => {
		const { wire, body } = arriving();
		wire.end('no picture');
		const choose = jest.fn();
		expect((await body.receive(choose)).toString()).toBe('no picture');
		expect(choose).not.toHaveBeenCalled();
	});

	it('that breaks off fails whoever takes it, and is no answer', async () => {
		const { wire, body } = arriving();
		const taken = jest.fn();
		const received = body.receive(() => async (content) => {
			taken(await collect(content));
		});
		wire.write(HALF);
		await nextRound();
		wire.destroy(new Error('reset'));
		await expect(received).rejects.toThrow('The response was cut off');
		expect(taken).not.toHaveBeenCalled();
	});

	it('that breaks off at once is no answer', async () => {
		const { wire, body } = arriving();
		const received = body.receive(() => undefined);
		wire.destroy(new Error('reset'));
		await expect(received).rejects.toThrow('reset');
	});

	it.each([
		['read', undefined],
		['taken', () => collect],
	])('that gets too long while it is %s is cut off', async (_name, choose) => {
		const { wire, body } = arriving({ maxBytes: 200_000 });
		const received = body.receive(choose);
		wire.write(IMAGE);
		await expect(received).rejects.toThrow();
		expect(body.isTooLong).toBe(true);
	});

	it('that says that it is too long is not read at all', async () => {
		const { body } = arriving({ announced: 200_001, maxBytes: 200_000 });
		await expect(body.receive()).rejects.toThrow();
		expect(body.isTooLong).toBe(true);
	});

	it('is an answer where whoever takes it fails', async () => {
		const { wire, body } = arriving();
		wire.end(IMAGE);
		const received = body.receive(() => async (content) => {
			for await (const chunk of content as AsyncIterable<Buffer>) {
				throw new Error(`No space left for ${chunk.length} bytes`);
			}
		});
		expect((await received).length).toBeGreaterThanOrEqual(64);
	});

	it('can be closed while the other side is silent, and may then fail as often as it likes', async () => {
		const { wire, source, body } = arriving();
		const received = body.receive(() => collect);
		wire.write(HALF);
		await nextRound();
		body.close();
		const fail = () => source.emit('error', new Error('aborted'));
		expect([fail(), fail()]).toEqual([true, true]); // Without a listener it would throw.
		wire.destroy();
		await received; // Whoever took it is let go.
	});
});
