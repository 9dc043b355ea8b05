import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INode, INodeParameters } from 'n8n-workflow';
import sharp from 'sharp';
import { type HostVersion, hostVersions } from '../../host/install';
import { items, type SketchedNode } from '../../host/sketch';
import { samplePicture } from '../../simulator';
import { eventLoopEnv, type Hold, holdsBetween } from '../eventLoop';
import { format, MEBIBYTE, rounded, table } from '../figures';
import { type Bench, type Measured, withFreshN8n } from '../lab';
import { peakOf } from '../memory';
import type { Scenario } from '../scenario';

const imageCount = 20;
/** Pixels; noise does not shrink, so three bytes each: 25 MB. */
const side = 2890;
const answerSeconds = 2;
/** MiB over idle, and milliseconds in which nothing else of n8n runs. */
const aims = { peak: 400, held: 100 };

interface Row {
	name: string;
	version: HostVersion;
	/** MiB. */
	idle: number;
	/** MiB over idle. */
	peak: number;
	/** The longest hold of the event loop, milliseconds. */
	held: number;
	/** The most processor time of n8n's thread within one hold, milliseconds. */
	busy: number;
	/** Seconds. */
	wall: number;
}

export interface GatewayImagesResult {
	rows: Row[];
}

/** (9) Images that stand in the requests to a gateway, or in its answers. */
export const gatewayImages: Scenario<GatewayImagesResult> = {
	name: 'gateway-images',
	title: `${imageCount} images of 25 MB to an images gateway`,

	async measure(bench: Bench) {
		const rows: Row[] = [];
		for (const version of [...hostVersions].reverse())
			rows.push(...(await measureOn(bench, version)));
		return { rows };
	},

	report({ rows }) {
		return [
			`${imageCount} PNG files of 25 MB, binary mode \`filesystem\`, option Concurrency at its default. In the first two rows n8n's Read/Write Files node reads them from disk, ` +
				`and they stand in the requests, as data URLs in JSON or in forms; the gateway answers after ${answerSeconds} s with a small image. ` +
				'In the third the answers hold such images as `b64_json`. Memory is the resident memory of the n8n process, looked at every 50 ms, over its idle after a run with one such image. ' +
				"The event loop is that of n8n's process while the node runs: the longest time in which nothing else ran, and the most processor time that n8n used in such a time " +
				'(the machine has other work, too, and the rest of the time n8n waited for it). Each n8n was started for its three rows; measured once.',
			'',
			table(
				[
					'',
					'peak over idle, MiB',
					'aim',
					'event loop held, ms',
					'of it busy, ms',
					'aim',
					'wall, s',
				],
				rows.map(({ name, version, peak, held, busy, wall }) => [
					`n8n ${version}: ${name}`,
					format(peak),
					`≤ ${aims.peak}`,
					format(held),
					format(busy),
					`≤ ${aims.held}`,
					format(wall, 1),
				]),
			),
		].join('\n');
	},

	plots: () => ({}),
};

/** The rows of one n8n. */
export async function measureOn(bench: Bench, version: HostVersion): Promise<Row[]> {
	const folder = mkdtempSync(join(tmpdir(), 'n8n-bench-gateway-'));
	const gateway = await startGateway();
	try {
		const large = await makeImages(folder);
		const small = await samplePicture('png', { width: 8, height: 8 });
		const loopFile = join(folder, 'event-loop');
		return await withFreshN8n(
			{ ...bench, version },
			async (lab) => {
				const credential = await lab.createCredential('Gateway', 'imagesGatewayApi', {
					apiKey: 'sk-gateway-of-the-benchmark',
					baseUrl: gateway.url,
				});
				const rows: Row[] = [];
				for (const { name, answer, input } of contenders(folder)) {
					gateway.answerWith(answer === 'large' ? large : small);
					const run = async (count: number) => {
						const before = gateway.answered();
						const design = { nodes: [...input(count).before, editNode(credential, input(count))] };
						const measured = await lab.measure(
							() => design,
							() => undefined,
						);
						const answered = gateway.answered() - before;
						if (answered !== count) throw new Error(`${answered} of ${count} were answered`);
						return measured;
					};
					await run(1);
					const idle = await lab.idle();
					const row = describe(name, version, idle, await run(imageCount), loopFile);
					rows.push(row);
					bench.log(`n8n ${version}, ${name}: ${JSON.stringify(row)}`);
				}
				return rows;
			},
			eventLoopEnv(loopFile),
		);
	} finally {
		gateway.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

interface Input {
	before: SketchedNode[];
	image: INodeParameters;
	options: INodeParameters;
}

interface Contender {
	name: string;
	answer: 'small' | 'large';
	input: (count: number) => Input;
}

function contenders(folder: string): Contender[] {
	const binary = { source: 'binary', binaryPropertyName: 'data' };
	const read = (count: number): SketchedNode => ({
		name: 'Read',
		type: 'n8n-nodes-base.readWriteFile',
		parameters: {
			operation: 'read',
			fileSelector: join(folder, count === 1 ? 'one' : 'all', '*.png'),
			options: {},
		},
	});
	const sent = (gatewayRequest: string) => (count: number) => ({
		before: [read(count)],
		image: binary,
		options: { gatewayRequest },
	});
	return [
		{ name: 'data URLs in JSON', answer: 'small', input: sent('generationsJson') },
		{ name: 'forms', answer: 'small', input: sent('editsMultipart') },
		{
			name: 'answers with `b64_json`',
			answer: 'large',
			input: (count) => ({
				before: items(...Array.from({ length: count }, () => ({}))),
				image: { source: 'url', url: 'https://images.example.com/cat.png' },
				options: {},
			}),
		},
	];
}

function editNode(
	imagesGatewayApi: NonNullable<INode['credentials']>[string],
	{ image, options }: Input,
): SketchedNode {
	return {
		name: 'EvoLink',
		type: 'n8n-nodes-evolink.evolink',
		typeVersion: 1.1,
		parameters: {
			operation: 'editImage',
			service: 'imagesGateway',
			prompt: 'Replace the background with a beach',
			images: { image: [image] },
			options,
		},
		credentials: { imagesGatewayApi },
	};
}

/** Noise; the files are the same. @returns one of them */
async function makeImages(folder: string): Promise<Buffer> {
	const raw = { width: side, height: side, channels: 3 as const };
	const noise = randomBytes(side * side * 3);
	const image = await sharp(noise, { raw }).png({ compressionLevel: 0 }).toBuffer();
	const file = join(folder, 'one', '0.png');
	for (const name of ['one', 'all']) mkdirSync(join(folder, name));
	writeFileSync(file, image);
	for (let index = 0; index < imageCount; index++) {
		copyFileSync(file, join(folder, 'all', `${index}.png`));
	}
	return readFileSync(file);
}

/**
 * A gateway that only counts: the simulator's would look at the images, in the process that measures.
 */
async function startGateway() {
	let body = '';
	let answered = 0;
	const server = createServer((request, response) => {
		request.resume();
		request.on('end', () => {
			void sleep(answerSeconds * 1000).then(() => {
				answered++;
				response.writeHead(200, { 'content-type': 'application/json' }).end(body);
			});
		});
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		answerWith(image: Buffer) {
			body = JSON.stringify({ created: 1, data: [{ b64_json: image.toString('base64') }] });
		},
		answered: () => answered,
		stop() {
			server.closeAllConnections();
			server.close();
		},
	};
}

function describe(
	name: string,
	version: HostVersion,
	idle: number,
	{ execution, seconds, memory }: Measured,
	loopFile: string,
): Row {
	const [{ startTime, executionTime }] = execution.data.resultData.runData.EvoLink;
	const holds = holdsBetween(loopFile, startTime, startTime + executionTime);
	const most = (figure: keyof Hold) =>
		Math.round(Math.max(0, ...holds.map((hold) => hold[figure])));
	return {
		name,
		version,
		idle: rounded(idle / MEBIBYTE, 1),
		peak: rounded((peakOf(memory) - idle) / MEBIBYTE, 1),
		held: most('held'),
		busy: most('busy'),
		wall: rounded(seconds, 3),
	};
}
