import { setTimeout as sleep } from 'node:timers/promises';
import { format, MEBIBYTE, rounded, table } from '../../bench/figures';
import { samplePicture } from '../../simulator';
import { probe, type Probe } from '../probe';
import type { Scenario } from '../scenario';
import { onStage, type Stage } from '../stage';
import { startDuring, untilDrained } from '../starter';
import { NODE_KINDS } from '../workflows';

interface SoakSizes {
	[name: string]: number;
	minutes: number;
	perMinute: number;
	mostItems: number;
	taskSeconds: number;
	/** Minutes of the same load before anything is measured. */
	warmUpMinutes: number;
}

interface Row {
	process: string;
	/** MiB after a garbage collection, at rest: before and after. */
	heapBefore: number;
	heapAfter: number;
	/** MiB of resident memory, at the same moments. */
	residentBefore: number;
	residentAfter: number;
	/**
	 * Resident memory under load, in MiB a minute: the slope of a line through the {@link Reading}s of the second half,
	 * and its standard error.
	 */
	slope: number;
	slopeError: number;
	/** Timers that are set, at rest: before and after. */
	timersBefore: number;
	timersAfter: number;
	/** Open connections, at rest: before and after. */
	socketsBefore: number;
	socketsAfter: number;
}

/** What all processes hold after a garbage collection: between two of them memory says more about V8 than about n8n. */
interface Reading {
	/** Unix milliseconds. */
	at: number;
	probes: Record<string, Probe>;
}

export interface SoakResult {
	executions: number;
	tasks: number;
	failed: number;
	/** How long the half lasted that slopes are taken of. */
	measuredMinutes: number;
	rows: Row[];
	/** Bytes that the trigger keeps in n8n's database (static data). */
	staticData: number;
}

const DRAIN_SECONDS = 300;
/** Connections that n8n keeps open for a while are closed by then. */
const REST_SECONDS = 20;

/** 2,000 ends of tasks, some 50 bytes each. */
const MOST_STATIC_DATA = 200_000;
/** MiB. n8n itself grows a little as it runs, with any workflow. */
const MOST_HEAP_GROWTH = 15;
/** MiB of resident memory in the half that is looked at, beyond what the readings scatter. */
const MOST_RESIDENT_GROWTH = 5;

const READINGS = 20;

export const soak: Scenario<SoakResult, SoakSizes> = {
	name: 'soak',
	title: 'Constant load',
	versions: ['2.41'],
	sizes: { minutes: 10, perMinute: 60, mostItems: 5, taskSeconds: 8, warmUpMinutes: 2 },
	short: { minutes: 0.5, perMinute: 60, mostItems: 3, taskSeconds: 3, warmUpMinutes: 0.3 },

	async measure(bench, { minutes, perMinute, mostItems, taskSeconds, warmUpMinutes }) {
		return await onStage(bench, {}, async (stage) => {
			const { simulator } = stage;
			await stage.install(NODE_KINDS);
			// n8n turns webhooks on in the background.
			await sleep(3000);
			const bytes = await samplePicture('png', { width: 400, height: 400 });
			simulator.taskSeconds = taskSeconds;
			simulator.nextTask({ times: Infinity, delivery: { bytes } });
			const load = { kinds: NODE_KINDS, mostItems, perMinute };
			const runFor = async (duration: number) =>
				await startDuring(stage, load, sleep(duration * 60_000));
			const rest = async () => {
				await untilDrained(stage, DRAIN_SECONDS, bench.log);
				await sleep(REST_SECONDS * 1000);
			};
			await runFor(warmUpMinutes);
			await rest();
			const before = await probeAll(stage);
			const tasksBefore = simulator.tasks.size;
			const [readings, { executions }] = await Promise.all([
				readDuring(stage, minutes),
				runFor(minutes),
			]);
			await rest();
			const after = await probeAll(stage);
			const rows = await stage.executions();
			return {
				executions,
				tasks: simulator.tasks.size - tasksBefore,
				failed: rows.filter(({ status }) => status !== 'success').length,
				measuredMinutes: minutes / 2,
				rows: stage.cluster.names.map((name) => compare(name, before[name], after[name], readings)),
				staticData: await staticDataBytes(stage),
			};
		});
	},

	report(results) {
		const [{ sizes }] = results;
		return [
			`${sizes.perMinute} executions a minute of 1 to ${sizes.mostItems} items, a third each Poll Until Complete, Suspend Until Callback, and Do Not Wait with an EvoLink Trigger, for ${sizes.minutes} minutes, after ${sizes.warmUpMinutes} minutes that do not count. Heap, resident memory, timers and connections are read at rest, before and after; the slope is that of resident memory under load, in the second half. All of it is read right after a garbage collection: between two of them V8 lets garbage lie, and the resident memory of a process rises and falls by more than 100 MiB.`,
			'',
			...results.flatMap(({ version, result }) => [
				`n8n ${version}: ${format(result.executions)} executions, ${format(result.tasks)} tasks, ${format(result.failed)} failed executions; the trigger keeps ${format(result.staticData / 1024)} KB in n8n's database.`,
				'',
				table(
					['', 'heap, MiB', 'resident, MiB', 'slope, MiB a minute', 'timers', 'connections'],
					result.rows.map((row) => [
						row.process,
						`${format(row.heapBefore, 1)} → ${format(row.heapAfter, 1)}`,
						`${format(row.residentBefore)} → ${format(row.residentAfter)}`,
						`${format(row.slope, 2)} ± ${format(row.slopeError, 2)}`,
						`${row.timersBefore} → ${row.timersAfter}`,
						`${row.socketsBefore} → ${row.socketsAfter}`,
					]),
				),
			]),
		].join('\n');
	},

	failings({ rows, failed, staticData, measuredMinutes }) {
		return [
			failed > 0 && `${failed} executions failed`,
			staticData > MOST_STATIC_DATA && `the trigger keeps ${staticData} bytes`,
			...rows.flatMap((row) => [
				row.heapAfter - row.heapBefore > MOST_HEAP_GROWTH &&
					`the heap of ${row.process} grew from ${row.heapBefore} to ${row.heapAfter} MiB`,
				(row.slope - 2 * row.slopeError) * measuredMinutes > MOST_RESIDENT_GROWTH &&
					`the resident memory of ${row.process} grows by ${row.slope} MiB a minute`,
				row.timersAfter > row.timersBefore + 5 &&
					`${row.process} has ${row.timersAfter} timers left, before ${row.timersBefore}`,
			]),
		].filter((failing) => failing !== false);
	},
};

async function probeAll({ cluster, probeFolder }: Stage): Promise<Record<string, Probe>> {
	const probes: Record<string, Probe> = {};
	for (const name of cluster.names)
		probes[name] = await probe(cluster.process(name).pid, probeFolder);
	return probes;
}

/** {@link READINGS} at the same distance. */
async function readDuring(stage: Stage, minutes: number): Promise<Reading[]> {
	const readings: Reading[] = [];
	const startedAt = Date.now();
	for (let number = 1; number <= READINGS; number++) {
		await sleep(startedAt + (number / READINGS) * minutes * 60_000 - Date.now());
		readings.push({ at: Date.now(), probes: await probeAll(stage) });
	}
	return readings;
}

function compare(process: string, before: Probe, after: Probe, readings: Reading[]): Row {
	const mebibytes = (bytes: number) => rounded(bytes / MEBIBYTE, 1);
	const { slope, error } = lineThrough(
		readings
			.slice(readings.length / 2)
			.map(({ at, probes }) => ({ x: at / 60_000, y: probes[process].rss / MEBIBYTE })),
	);
	return {
		process,
		heapBefore: mebibytes(before.heapUsed),
		heapAfter: mebibytes(after.heapUsed),
		residentBefore: mebibytes(before.rss),
		residentAfter: mebibytes(after.rss),
		slope: rounded(slope),
		slopeError: rounded(error),
		timersBefore: before.resources.Timeout ?? 0,
		timersAfter: after.resources.Timeout ?? 0,
		socketsBefore: before.resources.TCPSocketWrap ?? 0,
		socketsAfter: after.resources.TCPSocketWrap ?? 0,
	};
}

/** The line with the least squares, and the standard error of its slope. */
function lineThrough(points: Array<{ x: number; y: number }>): { slope: number; error: number } {
	const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
	const sum = (of: (point: { x: number; y: number }) => number) =>
		points.reduce((total, point) => total + of(point), 0);
	const [x0, y0] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
	const spread = sum(({ x }) => (x - x0) ** 2);
	const slope = sum(({ x, y }) => (x - x0) * (y - y0)) / spread;
	const squares = sum(({ x, y }) => (y - y0 - slope * (x - x0)) ** 2);
	return { slope, error: Math.sqrt(squares / Math.max(1, points.length - 2) / spread) };
}

async function staticDataBytes(stage: Stage): Promise<number> {
	const [[bytes]] = await stage.query(
		`select coalesce(max(length("staticData"::text)), 0) from workflow_entity`,
	);
	return Number(bytes);
}
