import { setTimeout as sleep } from 'node:timers/promises';
import { format, MEBIBYTE, rounded, table } from '../../bench/figures';
import { clientRequests } from '../../bench/lab';
import { samplePicture, type Simulator } from '../../simulator';
import { probe } from '../probe';
import type { Bench, Scenario } from '../scenario';
import { hasEnded, onStage, type Stage } from '../stage';
import { deliver, kindOf, startInFlight, starts, untilParked } from '../starter';
import type { Kind } from '../workflows';

interface ParkedSizes {
	[name: string]: number;
	executions: number;
	/** Seconds for which all of them are parked. */
	seconds: number;
	/** So many tasks end in the same moment. */
	atOnce: number;
	/** So many of the others end each second. */
	perSecond: number;
	workers: number;
}

interface Row {
	kind: keyof typeof names;
	parked: number;
	/** Requests at the service while all are parked. */
	requests: number;
	/** Growth of main's heap, in MiB, after garbage collections. */
	heap: number;
	/** Growth of main's resident memory, in MiB. */
	resident: number;
	/** Of those whose tasks end at once: from the first call to the end of the last execution. */
	atOnceSeconds: number;
	/** Of the others: from the last call to the end of the last execution. */
	otherSeconds: number;
	/** Executions that have not ended well. */
	failed: number;
	images: number;
}

export interface ParkedResult {
	rows: Row[];
}

const kinds = ['callback', 'waitNode'] as const;

const names = {
	callback: 'This node, Suspend Until Callback',
	waitNode: "HTTP Request and n8n's Wait node",
};

const AN_HOUR = 3600;
const RESUMES_WITHIN_SECONDS = 120;

/** So many executions are on their way to being parked at a time. */
const STARTS_AT_A_TIME = 25;

export const parked: Scenario<ParkedResult, ParkedSizes> = {
	name: 'parked',
	title: 'Parked executions',
	versions: ['2.41'],
	sizes: { executions: 1000, seconds: 60, atOnce: 50, perSecond: 3, workers: 2 },
	short: { executions: 40, seconds: 5, atOnce: 20, perSecond: 3, workers: 1 },

	async measure(bench, sizes) {
		return await onStage(bench, { workers: sizes.workers }, async (stage) => {
			await stage.install(kinds, { timeout: 2 * AN_HOUR });
			// n8n turns webhooks on in the background.
			await sleep(3000);
			const bytes = await samplePicture('png', { width: 400, height: 400 });
			stage.simulator.nextTask({
				times: Infinity,
				seconds: AN_HOUR,
				callbackCopies: 0,
				delivery: { bytes },
			});
			const rows: Row[] = [];
			for (const kind of kinds) rows.push(await park(bench, stage, kind, sizes));
			return { rows };
		});
	},

	report(results) {
		const [{ sizes }] = results;
		const lines = results.flatMap(({ version, result }) =>
			result.rows.map((row) => [
				`${names[row.kind]}, n8n ${version}`,
				format(row.parked),
				format(row.requests),
				format(row.heap, 1),
				format(row.resident, 1),
				format(row.atOnceSeconds, 1),
				format(row.otherSeconds, 1),
				format(row.images),
				format(row.failed),
			]),
		);
		return [
			`${format(sizes.executions)} executions of one item each are parked and stay so for ${sizes.seconds} s (${sizes.workers} workers); then ${sizes.atOnce} tasks end in the same moment, and the service calls for all of them at once, with its usual repetitions; when these executions have ended, ${sizes.perSecond} tasks end each second.`,
			'',
			table(
				[
					'',
					'parked',
					'requests meanwhile',
					"main's heap, MiB more",
					'resident, MiB more',
					'all at once: ended after, s',
					'the others: ended after the last call, s',
					'images',
					'failed',
				],
				lines,
			),
		].join('\n');
	},

	failings({ rows }) {
		return rows
			.filter(({ kind }) => kind === 'callback')
			.flatMap(({ parked: count, requests, images, failed }) => [
				requests > 0 && `${requests} requests while parked`,
				failed > 0 && `${failed} executions failed`,
				images !== count && `${images} images of ${count}`,
			])
			.filter((failing) => failing !== false);
	},
};

async function park(
	{ log }: Bench,
	stage: Stage,
	kind: Row['kind'],
	{ executions, seconds, atOnce, perSecond }: ParkedSizes,
): Promise<Row> {
	const { cluster, simulator, probeFolder } = stage;
	const before = await probe(cluster.process('main').pid, probeFolder);
	const plan = starts(executions, [kind], 1);
	let count = 0;
	for (let at = 0; at < plan.length; at += STARTS_AT_A_TIME) {
		const some = plan.slice(at, at + STARTS_AT_A_TIME);
		await startInFlight(stage, some, Infinity);
		count = await untilParked(stage, kind, at + some.length);
	}
	log(`${count} executions are parked (${kind})`);
	const requestsBefore = clientRequests(simulator).length;
	await sleep(seconds * 1000);
	const requests = clientRequests(simulator).length - requestsBefore;
	const after = await probe(cluster.process('main').pid, probeFolder);

	simulator.clockOffsetSeconds += AN_HOUR;
	const tasks = tasksOf(simulator, kind);
	const ids = tasks.map(({ id }) => id);
	const calledAt = Date.now();
	await deliver(stage, ids.slice(0, atOnce), Infinity);
	const atOnceMs = (await untilEnded(stage, kind, atOnce)) - calledAt;
	await deliver(stage, ids.slice(atOnce), perSecond);
	const lastCallAt = Date.now();
	const otherMs = (await untilEnded(stage, kind, count)) - lastCallAt;
	const rows = await stage.executionsOf(kind);
	const row: Row = {
		kind,
		parked: count,
		requests,
		heap: rounded((after.heapUsed - before.heapUsed) / MEBIBYTE, 1),
		resident: rounded((after.rss - before.rss) / MEBIBYTE, 1),
		atOnceSeconds: rounded(atOnceMs / 1000, 1),
		otherSeconds: rounded(otherMs / 1000, 1),
		failed: rows.filter(({ status }) => status !== 'success').length,
		images: tasks.filter(({ fetches }) => fetches[0] > 0).length,
	};
	log(`${kind}: at once ${row.atOnceSeconds} s, the others ${row.otherSeconds} s`);
	return row;
}

/** Waits until so many executions of a kind have ended, or too long. @returns when the last one did, in Unix milliseconds */
async function untilEnded(stage: Stage, kind: Kind, count: number): Promise<number> {
	const deadline = Date.now() + RESUMES_WITHIN_SECONDS * 1000;
	for (;;) {
		const rows = await stage.executionsOf(kind);
		const ends = rows.filter(hasEnded).map(({ stoppedAt }) => stoppedAt);
		if (ends.length >= count) return Math.max(...ends);
		if (Date.now() > deadline) return Date.now();
		await sleep(500);
	}
}

const tasksOf = ({ tasks }: Simulator, kind: Kind) =>
	[...tasks.values()].filter(({ request }) => kindOf(request.prompt) === kind);
