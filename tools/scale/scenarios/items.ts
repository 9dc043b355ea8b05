import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, MEBIBYTE, rounded, table } from '../../bench/figures';
import { clientRequests, type Lab, withFreshN8n } from '../../bench/lab';
import { peakOf } from '../../bench/memory';
import { type Design, type Surroundings, withLoop, withNewNode } from '../../bench/workflows';
import { items as itemNodes } from '../../host/sketch';
import { samplePicture, type Simulator } from '../../simulator';
import { probe, probeEnv } from '../probe';
import type { Bench, Scenario } from '../scenario';

interface ItemSizes {
	[name: string]: number;
	/** The largest number of items; the others are its tenths, down to the least. */
	most: number;
	least: number;
	taskSeconds: number;
	/** Megabytes of heap of the runs with little memory. */
	heap: number;
}

interface Row {
	name: string;
	/** Megabytes; 0: n8n's default. */
	heap: number;
	items: number;
	/** Seconds; null where it did not pass. */
	wall: number | null;
	requests: number;
	/** MiB over the least that the process held, idle or while it ran. */
	peak: number;
	/** Why it did not pass. */
	failure?: string;
}

export interface ItemsResult {
	rows: Row[];
}

interface Contender {
	name: string;
	design: (count: number) => (surroundings: Surroundings) => Design;
}

const EXECUTION_TIMEOUT_MS = 30 * 60_000;

export const items: Scenario<ItemsResult, ItemSizes> = {
	name: 'items',
	title: 'Items in one execution, one process',
	versions: ['2.41'],
	sizes: { most: 10_000, least: 1, taskSeconds: 3, heap: 512 },
	short: { most: 100, least: 10, taskSeconds: 3, heap: 512 },

	async measure(bench, { most, least, taskSeconds, heap }) {
		const bytes = await samplePicture('png', { width: 400, height: 400 });
		const script = (simulator: Simulator) => {
			simulator.nextTask({ times: Infinity, seconds: taskSeconds, delivery: { bytes } });
		};
		const rows: Row[] = [];
		for (const limit of [0, heap]) {
			// A heap of that size is no limit for few items.
			const counts = limit === 0 ? tenthsOf(most, least) : [most];
			for (const { name, design } of contenders) {
				for (const count of counts) {
					const row = await measureOne(bench, limit, design(count), script);
					rows.push({ name, heap: limit, items: count, ...row });
					const { wall, peak, requests, failure } = row;
					bench.log(
						`${name}, ${count} items, heap ${limit || 'default'}: ${failure ?? `${wall} s, ${requests} requests, ${peak} MiB`}`,
					);
				}
			}
		}
		return { rows };
	},

	report(results) {
		const [{ sizes }] = results;
		return [
			`Small images, tasks of ${sizes.taskSeconds} s, n8n in one process with binary data in files; a fresh n8n for each run. Memory is the peak of the process over the least that it held after a garbage collection, idle or since: with n8n's default heap most of it is garbage that V8 has no reason to collect, so the largest runs were made with \`--max-old-space-size=${sizes.heap}\` too.`,
			'',
			...results.map(({ result }) =>
				table(
					['', 'items', 'heap', 'wall, s', 'requests', 'peak over the least, MiB'],
					result.rows.map((row) => [
						row.name,
						format(row.items),
						row.heap === 0 ? 'default' : `${row.heap} MB`,
						row.wall === null ? (row.failure ?? '') : format(row.wall, 1),
						format(row.requests),
						row.wall === null ? '' : format(row.peak),
					]),
				),
			),
		].join('\n');
	},

	failings({ rows }) {
		const loopOf = (row: Row) =>
			rows.find(
				({ name, heap, items: count }) => name === LOOP && heap === row.heap && count === row.items,
			);
		return rows
			.filter(({ name }) => name !== LOOP)
			.flatMap((row) => {
				const what = `${row.name}, ${row.items} items, heap ${row.heap || 'default'}`;
				const loop = loopOf(row);
				if (row.wall === null) return [`${what}: ${row.failure ?? 'failed'}`];
				if (row.name !== WIDE || !loop || loop.wall === null) return [];
				return [
					row.wall > loop.wall * NOISE_SHARE + NOISE_SECONDS &&
						`${what}: ${row.wall} s, the loop ${loop.wall} s`,
					row.peak > loop.peak * NOISE_SHARE + NOISE_MEBIBYTES &&
						`${what}: ${row.peak} MiB, the loop ${loop.peak} MiB`,
				].filter((failing) => failing !== false);
			});
	},
};

/** Two runs of the same workflow differ by that much. */
const NOISE_SHARE = 1.03;
const NOISE_SECONDS = 0.2;
const NOISE_MEBIBYTES = 10;

const LOOP = 'The loop';
const WIDE = 'This node, Concurrency 1,000';

const contenders: Contender[] = [
	{ name: WIDE, design: node({ concurrency: 1000 }) },
	{ name: LOOP, design: loop },
	{ name: 'This node, default options', design: node({}) },
];

function node(options: { concurrency?: number }): Contender['design'] {
	return (count) => (surroundings) => withNewNode(surroundings, rowsOf(count), options);
}

function loop(count: number) {
	return (surroundings: Surroundings) => {
		const imageUrl = `${surroundings.simulator.picturesUrl}/cat.png`;
		return withLoop(surroundings, itemNodes(...rowsOf(count)), { waitSeconds: 1, imageUrl });
	};
}

const rowsOf = (count: number) =>
	Array.from({ length: count }, (_, index) => ({ prompt: `Row ${index}` }));

function tenthsOf(most: number, least: number): number[] {
	return most < 10 * least ? [most] : [...tenthsOf(Math.floor(most / 10), least), most];
}

async function measureOne(
	bench: Bench,
	heap: number,
	design: (surroundings: Surroundings) => Design,
	script: (simulator: Simulator) => void,
): Promise<Omit<Row, 'name' | 'heap' | 'items'>> {
	const folder = mkdtempSync(join(tmpdir(), 'n8n-scale-probe-'));
	const env = probeEnv(folder);
	if (heap > 0) env.NODE_OPTIONS += ` --max-old-space-size=${heap}`;
	const measure = async (lab: Lab) => {
		await lab.measure(contenders[0].design(1), script);
		await lab.measure(contenders[1].design(1), script);
		await probe(lab.n8n.pid, folder);
		const idle = await lab.idle();
		const { seconds, simulator, memory } = await lab.measure(
			design,
			script,
			{},
			EXECUTION_TIMEOUT_MS,
		);
		// V8 may give memory back a while after a collection.
		const least = Math.min(idle, ...memory.map(({ bytes }) => bytes));
		return {
			wall: rounded(seconds, 2),
			requests: clientRequests(simulator).length,
			peak: rounded((peakOf(memory) - least) / MEBIBYTE, 1),
		};
	};
	try {
		return await withFreshN8n(bench, measure, env);
	} catch (error) {
		// A heap that is too small ends the process.
		bench.log((error as Error).message);
		return { wall: null, requests: 0, peak: 0, failure: 'did not pass' };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
