import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { readBinaries } from '../../../nodes/Evolink/images/inputImages';
import { adviseOnAnyModel } from '../../../nodes/Evolink/models/wayOut';
import { format, median, MEBIBYTE, rounded, table } from '../figures';
import type { Bench } from '../lab';
import { MemoryMeter, peakOf, residentBytes } from '../memory';
import type { Scenario } from '../scenario';

const megabytes = 90;
const rounds = 9;
const maxShare = 1.2;
const maxMemory = 40;

interface Row {
	name: string;
	/** Milliseconds of processor time, one per round. */
	digest: number[];
	scan: number[];
	/** MiB over what the process held before. */
	peak: number;
}

export interface ScanningResult {
	rows: Row[];
}

/** (6) What it costs to look at an image before it is paid for, where n8n keeps it in a file. */
export const scanning: Scenario<ScanningResult> = {
	name: 'scanning',
	title: `Looking at an image of ${megabytes} MB`,

	async measure({ log }: Bench) {
		const folder = mkdtempSync(join(tmpdir(), 'n8n-bench-scan-'));
		try {
			const rows: Row[] = [];
			for (const [name, pieces] of Object.entries(images)) {
				const file = join(folder, name);
				await pipeline(Readable.from(pieces()), createWriteStream(file));
				await digestOnly(file);
				await scan(file);
				const before = residentBytes(process.pid);
				const meter = new MemoryMeter(process.pid);
				const row: Row = { name, digest: [], scan: [], peak: 0 };
				for (let round = 0; round < rounds; round++) {
					row.digest.push(await millisecondsOf(async () => await digestOnly(file)));
					row.scan.push(await millisecondsOf(async () => await scan(file)));
				}
				meter.stop();
				row.peak = rounded((peakOf(meter.samples) - before) / MEBIBYTE, 1);
				rows.push(row);
				log(`${name}: ${median(row.scan)} ms, digest alone ${median(row.digest)} ms`);
			}
			return { rows };
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	},

	report({ rows }) {
		return [
			`Version 0.1.0 read a file to its end for its digest, and looked at the first MiB of it. Now the same pass finds the size behind any amount of metadata, EXIF orientation, transparency, and whether the file ends before its image does. Processor time, median of ${rounds} rounds in turns.`,
			'',
			table(
				['image', 'digest alone, ms', 'digest and look, ms', '', 'aim', 'peak memory, MiB', 'aim'],
				rows.map(({ name, digest, scan: looks, peak }) => [
					name,
					format(median(digest)),
					format(median(looks)),
					`× ${format(median(looks) / median(digest), 2)}`,
					`≤ × ${maxShare}`,
					format(peak, 1),
					`≤ ${maxMemory}`,
				]),
			),
		].join('\n');
	},

	plots: () => ({}),
};

const PIECE = Buffer.alloc(MEBIBYTE, 0x5a);

/** Images of the same length whose parts lie differently. What stands in them is not looked at. */
const images: Record<string, () => Iterable<Buffer>> = {
	*'JPEG of pixels'() {
		yield jpegHead();
		// After pixels 0xff comes 0x00, once in some 256 bytes.
		const pixels = Buffer.from(PIECE);
		for (let at = 0; at + 1 < pixels.length; at += 256) pixels.set([0xff, 0x00], at);
		for (let piece = 0; piece < megabytes; piece++) yield pixels;
		yield Buffer.from('ffd9', 'hex');
	},
	*'JPEG with its size behind metadata'() {
		yield Buffer.from('ffd8', 'hex');
		const segment = Buffer.concat([Buffer.from('ffe2ffff', 'hex'), PIECE.subarray(0, 0xfffd)]);
		for (let bytes = 0; bytes < megabytes * MEBIBYTE; bytes += segment.length) yield segment;
		yield Buffer.concat([jpegHead().subarray(2), Buffer.from('ffd9', 'hex')]);
	},
	*'PNG in chunks of 8 KB'() {
		yield Buffer.from('89504e470d0a1a0a0000000d4948445200000fa000000bb8080600000000000000', 'hex');
		const content = PIECE.subarray(0, 8_192);
		const head = Buffer.from('0000200049444154', 'hex');
		const chunk = Buffer.concat([head, content, Buffer.alloc(4)]);
		for (let bytes = 0; bytes < megabytes * MEBIBYTE; bytes += chunk.length) yield chunk;
		yield Buffer.from('0000000049454e4400000000', 'hex');
	},
};

/** 4000 × 3000. */
const jpegHead = () => Buffer.from('ffd8ffc0000b080bb80fa001011100ffda0008010100003f00', 'hex');

async function digestOnly(file: string): Promise<void> {
	const hash = createHash('sha256');
	for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
	hash.digest('hex');
}

async function scan(file: string): Promise<void> {
	const data = { id: 'filesystem-v2:photo', mimeType: 'image/jpeg', data: '' } as IBinaryData;
	const context = {
		getInputData: () => [{ json: {}, binary: { data } }],
		addExecutionHints: () => undefined,
		helpers: { getBinaryStream: () => createReadStream(file) },
	} as unknown as IExecuteFunctions;
	const [image] = await readBinaries(context, 0, 'data', 'Image', adviseOnAnyModel);
	if (image.facts.width !== 4000) throw new Error(`${file} was not understood`);
}

/** Of processor time, which other programs on the machine hardly change. */
async function millisecondsOf(act: () => Promise<void>): Promise<number> {
	const before = process.cpuUsage();
	await act();
	const { user, system } = process.cpuUsage(before);
	return rounded((user + system) / 1_000, 1);
}
