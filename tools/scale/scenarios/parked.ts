import { setTimeout as sleep } from 'node:timers/promises';
import { format, MEBIBYTE, rounded, table } from '../../bench/figures';
import { clientRequests } from '../../bench/lab';
import { samplePicture, type Simulator } from '../../simulator';
import { probe } from '../probe';
import type { Bench, Scenario } from '../scenario';
import { onStage, type Stage } from '../stage';
import { kindOf, startInFlight, starts, untilParked } from '../starter';
import type { Kind } from '../workflows';

interface ParkedSizes {
	[name: string]: number;
	executions: number;
	/** Seconds for which all of them are parked. */
	seconds: number;
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
	/** From the first call to the end of the last execution. */
	resumeSeconds: number;
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
const RESUMES_WITHIN_SECONDS = 600;

/** So many executions are on their way to being parked at a time. */
const STARTS_AT_A_TIME = 25;

export const parked: Scenario<ParkedResult, ParkedSizes> = {
	name: 'parked',
	title: 'Parked executions',
	versions: ['2.41'],
	sizes: { executions: 1000, seconds: 60, workers: 2 },
	short: { executions: 40, seconds: 5, workers: 1 },

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
				format(row.resumeSeconds, 1),
				format(row.images),
				format(row.failed),
			]),
		);
		return [
			`${format(sizes.executions)} executions of one item each are parked and stay so for ${sizes.seconds} s (${sizes.workers} workers); then all tasks end in the same moment, and the service calls for all of them at once, with its usual repetitions.`,
			'',
			table(
				[
					'',
					'parked',
					'requests meanwhile',
					"main's heap, MiB more",
					'resident, MiB more',
					'all resumed after, s',
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
	{ executions, seconds }: ParkedSizes,
): Promise<Row> {
	const { cluster, simulator, probeFolder } = stage;
	const before = await probe(cluster, 'main', probeFolder);
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
	const after = await probe(cluster, 'main', probeFolder);

	simulator.clockOffsetSeconds += AN_HOUR;
	const calledAt = Date.now();
	await Promise.all(
		tasksOf(simulator, kind).map(async ({ id }) => await simulator.deliverCallback(id)),
	);
	while ((await stage.open()) > 0 && Date.now() - calledAt < RESUMES_WITHIN_SECONDS * 1000) {
		await sleep(200);
	}
	const workflowId = stage.workflowIds[kind];
	const rows = (await stage.executions()).filter((row) => row.workflowId === workflowId);
	const lastEnd = Math.max(...rows.map(({ stoppedAt }) => stoppedAt || Date.now()));
	const row: Row = {
		kind,
		parked: count,
		requests,
		heap: rounded((after.heapUsed - before.heapUsed) / MEBIBYTE, 1),
		resident: rounded((after.rss - before.rss) / MEBIBYTE, 1),
		resumeSeconds: rounded((lastEnd - calledAt) / 1000, 1),
		failed: rows.filter(({ status }) => status !== 'success').length,
		images: tasksOf(simulator, kind).filter(({ fetches }) => fetches[0] > 0).length,
	};
	log(`${kind}: all resumed after ${row.resumeSeconds} s`);
	return row;
}

const tasksOf = ({ tasks }: Simulator, kind: Kind) =>
	[...tasks.values()].filter(({ request }) => kindOf(request.prompt) === kind);
