import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { SketchedNode } from '../../host/sketch';
import type { Simulator } from '../../simulator';
import { format, MEBIBYTE, median, rounded, table } from '../figures';
import { type Bench, type Measured, withFreshN8n } from '../lab';
import { peakOf } from '../memory';
import { lineChart, type Series } from '../plot';
import type { Scenario } from '../scenario';
import { type Design, type Surroundings, withLoop, withThisNode } from '../workflows';

const imageCount = 30;
/** Pixels; noise does not shrink, so three bytes each. */
const side = 1732;
const taskSeconds = 3;
const waitSeconds = 2;
const repetitions = 3;
/** A curve needs no more points than it has pixels. */
const curvePointMs = 100;

interface Run {
	/** MiB. */
	idle: number;
	/** MiB over idle. */
	peak: number;
	/** Seconds. */
	wall: number;
	/** MiB over idle, one for each tenth of a second. */
	curve: number[];
}

interface Row {
	name: string;
	series: Series;
	runs: Run[];
}

export interface ImagesResult {
	megabytes: number;
	rows: Row[];
}

/** (3) Large images in and out: how much memory that takes. */
export const images: Scenario<ImagesResult> = {
	name: 'images',
	title: `${imageCount} images of 9 MB, in and out`,

	async measure(bench: Bench) {
		const folder = mkdtempSync(join(tmpdir(), 'n8n-bench-images-'));
		try {
			await makeImages(folder);
			const sample = join(folder, 'all', '0.png');
			const bytes = readFileSync(sample);
			const script = (simulator: Simulator) => {
				simulator.nextTask({ times: Infinity, seconds: taskSeconds, delivery: { bytes } });
			};
			const contenders = listContenders(folder);
			const rows = contenders.map(({ name, series }): Row => ({ name, series, runs: [] }));
			for (let turn = 0; turn < repetitions; turn++) {
				for (const [index, { name, design }] of contenders.entries()) {
					const run = await withFreshN8n(bench, async (lab) => {
						await lab.measure(design('one'), script);
						const idle = await lab.idle();
						return describe(await lab.measure(design('all'), script), idle);
					});
					rows[index].runs.push(run);
					bench.log(`${name}: ${run.peak} MiB over idle (${run.idle} MiB), ${run.wall} s`);
				}
			}
			return { megabytes: rounded(statSync(sample).size / 1e6, 1), rows };
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	},

	report({ megabytes, rows }) {
		const peak = (row: Row) => median(row.runs.map((run) => run.peak));
		const loop = peak(rows[rows.length - 1]);
		const lines = rows.map((row) => [
			row.name,
			format(peak(row)),
			row.runs.map((run) => format(run.peak)).join(', '),
			format(peak(row) / loop, 2),
			row.series === 'loop' ? '' : '≤ 1',
			format(median(row.runs.map(({ wall }) => wall)), 1),
		]);
		return [
			`${imageCount} PNG files of ${megabytes} MB are read from disk by n8n's Read/Write Files node, uploaded, edited in ${taskSeconds} s, and ${imageCount} results of the same size are downloaded; ` +
				'binary mode `filesystem`. The loop uploads with HTTP Request as well and waits ' +
				`${waitSeconds} s between its rounds. Memory is the resident memory of the n8n process, looked at every 50 ms, over its idle after a run with one such image; ` +
				`each run in an n8n that was started for it, medians of ${repetitions} runs.`,
			'',
			'![Memory over idle, by time](benchmark-images.svg)',
			'',
			table(['', 'peak over idle, MiB', 'each run', 'peak ÷ loop', 'aim', 'wall, s'], lines),
		].join('\n');
	},

	plots({ rows }) {
		const lines = rows.map(({ name, series, runs }) => ({
			label: name,
			series,
			points: typical(runs).curve.map((y, index) => ({
				x: (index * curvePointMs) / 1000,
				y: Math.max(0, y),
			})),
		}));
		return {
			'benchmark-images.svg': lineChart([
				{
					title: 'Memory over idle, MiB',
					xTitle: 'seconds',
					text: (value) => format(value),
					lines,
					dense: true,
				},
			]),
		};
	},
};

interface Contender {
	name: string;
	series: Series;
	/** With the files in this folder as its input. */
	design: (input: 'one' | 'all') => (surroundings: Surroundings) => Design;
}

function listContenders(folder: string): Contender[] {
	const read = (input: string): SketchedNode => ({
		name: 'Read',
		type: 'n8n-nodes-base.readWriteFile',
		parameters: { operation: 'read', fileSelector: join(folder, input, '*.png'), options: {} },
	});
	const node = (options: { concurrency?: number }) => (input: string) => {
		const image = { source: 'binary', binaryPropertyName: 'data' };
		return (surroundings: Surroundings) =>
			withThisNode(surroundings, [read(input)], image, options);
	};
	return [
		{ name: 'This node', series: 'node', design: node({}) },
		{
			name: `This node, concurrency ${imageCount}`,
			series: 'nodeToo',
			design: node({ concurrency: imageCount }),
		},
		{
			name: 'HTTP Request + Wait loop',
			series: 'loop',
			design: (input) => (surroundings) =>
				withLoop(surroundings, [read(input)], { waitSeconds, uploads: true }),
		},
	];
}

/** Noise, different in each file. */
async function makeImages(folder: string): Promise<void> {
	for (const [name, count] of [['one', 1] as const, ['all', imageCount] as const]) {
		mkdirSync(join(folder, name));
		for (let index = 0; index < count; index++) {
			const raw = { width: side, height: side, channels: 3 as const };
			const image = sharp(randomBytes(side * side * 3), { raw }).png({ compressionLevel: 0 });
			writeFileSync(join(folder, name, `${index}.png`), await image.toBuffer());
		}
	}
}

function describe({ seconds, startedAt, memory }: Measured, idle: number): Run {
	const overIdle = (bytes: number) => rounded((bytes - idle) / MEBIBYTE, 1);
	const curve: number[] = [];
	for (const { at, bytes } of memory) {
		const point = Math.max(0, Math.floor((at - startedAt) / curvePointMs));
		// A point that the sampling missed is as high as the one before.
		while (curve.length < point) curve.push(curve[curve.length - 1] ?? 0);
		curve[point] = Math.max(curve[point] ?? -Infinity, overIdle(bytes));
	}
	return {
		idle: rounded(idle / MEBIBYTE, 1),
		peak: overIdle(peakOf(memory)),
		wall: rounded(seconds, 3),
		curve,
	};
}

/** The run whose peak is nearest to the median. */
function typical(runs: Run[]): Run {
	const middle = median(runs.map(({ peak }) => peak));
	const distance = ({ peak }: Run) => Math.abs(peak - middle);
	return runs.reduce((best, run) => (distance(run) < distance(best) ? run : best));
}
