import { setTimeout as sleep } from 'node:timers/promises';
import { format, listed, MEBIBYTE, rounded, table } from '../../bench/figures';
import { clientRequests, statusRequests } from '../../bench/lab';
import { samplePicture, type Task } from '../../simulator';
import { ClusterMeter } from '../probe';
import type { Bench, Scenario } from '../scenario';
import { onStage, type Stage } from '../stage';
import { kindOf, type Start, startInFlight, starts, untilDrained } from '../starter';
import { type Kind, kindNames, NODE_KINDS } from '../workflows';

interface LoadSizes {
	[name: string]: number;
	executions: number;
	mostItems: number;
	/** Executions that have not ended, at a time. */
	inFlight: number;
	/** On average: from half of it to one and a half. */
	taskSeconds: number;
	workerConcurrency: number;
}

type Binaries = 'database' | 'filesystem';

interface Row {
	name: string;
	binaries: Binaries;
	/** Started from outside. */
	executions: number;
	/** Calls to start one that n8n did not take, by reason. */
	refused: Record<string, number>;
	tasks: number;
	/** Of those that were started from outside. */
	perMinute: number;
	/** By kind: seconds from the end of a task to the request with which n8n fetches its image. */
	toImage: Partial<Record<Kind, { median: number; p95: number }>>;
	requestsPerTask: number;
	pollsPerTask: number;
	failed: number;
	/** MiB: at rest, and the most that was seen, by process. */
	memory: Record<string, { idle: number; peak: number }>;
}

export interface LoadResult {
	rows: Row[];
}

const DRAIN_SECONDS = 900;

export const load: Scenario<LoadResult, LoadSizes> = {
	name: 'load',
	title: 'Load',
	versions: ['2.41'],
	sizes: { executions: 500, mostItems: 20, inFlight: 12, taskSeconds: 8, workerConcurrency: 10 },
	short: { executions: 15, mostItems: 4, inFlight: 10, taskSeconds: 3, workerConcurrency: 10 },

	async measure(bench, sizes) {
		const rows: Row[] = [];
		for (const binaries of ['database', 'filesystem'] as const) {
			const { workerConcurrency } = sizes;
			const binaryMode = binaries === 'filesystem' ? binaries : undefined;
			await onStage(bench, { workerConcurrency, binaryMode }, async (stage) => {
				await stage.install([...NODE_KINDS, 'loop']);
				// n8n turns webhooks on in the background.
				await sleep(3000);
				await scriptTasks(stage, sizes);
				// What n8n loads on first use.
				await run(bench, stage, starts(4, [...NODE_KINDS, 'loop'], 1), sizes);
				for (const [name, kinds] of contenders) {
					const plan = starts(sizes.executions, kinds, sizes.mostItems);
					const row = { name, binaries, ...(await run(bench, stage, plan, sizes)) };
					bench.log(`${name}, ${binaries}: ${row.perMinute} executions a minute`);
					rows.push(row);
				}
			});
		}
		return { rows };
	},

	report(results) {
		const [{ sizes }] = results;
		const named = results.flatMap(({ version, result }) =>
			result.rows.map((row) => ({
				label: `${row.name}, ${row.binaries}${results.length > 1 ? `, n8n ${version}` : ''}`,
				row,
			})),
		);
		const lines = named.map(({ label, row }) => [
			label,
			format(row.executions),
			listed(row.refused),
			format(row.tasks),
			format(row.perMinute),
			format(row.requestsPerTask, 2),
			format(row.pollsPerTask, 2),
			format(row.failed),
		]);
		const delays = named.flatMap(({ label, row }) =>
			Object.entries(row.toImage).map(([kind, { median, p95 }]) => [
				label,
				kindNames[kind as Kind],
				format(median, 2),
				format(p95, 2),
			]),
		);
		const processes = Object.keys(named[0].row.memory);
		const memory = named.map(({ label, row }) => [
			label,
			...processes.map((name) => {
				const { idle, peak } = row.memory[name];
				return `${format(idle)} → ${format(peak)}`;
			}),
		]);
		return [
			`${format(sizes.executions)} executions of 1 to ${sizes.mostItems} items, ${sizes.inFlight} of them at a time, tasks of ${format(sizes.taskSeconds / 2)} to ${format(sizes.taskSeconds * 1.5)} s, ${sizes.workerConcurrency} jobs per worker. This node: a third each Poll Until Complete, Suspend Until Callback, and Do Not Wait with an EvoLink Trigger, all options at their defaults: the webhook processor takes a call for two of three tasks, and n8n starts an execution for each task of the trigger. The loop: HTTP Request, Wait 2 s, HTTP Request, If. Nobody calls it, as nobody calls this node where it only polls.`,
			'',
			table(
				[
					'',
					'executions',
					'calls to start one not taken',
					'tasks',
					'executions a minute',
					'requests per task',
					'polls per task',
					'failed',
				],
				lines,
			),
			'',
			"From a task's end to the request for its image. With Suspend Until Callback, the images of an execution are fetched together after its last task; each task of the trigger starts an execution of its own:",
			'',
			table(['', 'kind', 'median, s', '95%, s'], delays),
			'',
			'Resident memory of each process in MiB, at rest → at most:',
			'',
			table(['', ...processes], memory),
		].join('\n');
	},

	failings({ rows }) {
		return rows.flatMap(({ name, binaries, failed, refused }) => [
			...(failed > 0 ? [`${name}, ${binaries}: ${failed} executions failed`] : []),
			...Object.entries(refused).map(
				([reason, count]) => `${name}, ${binaries}: ${count} calls not taken, ${reason}`,
			),
		]);
	},
};

const contenders: Array<[string, readonly Kind[]]> = [
	['This node', NODE_KINDS],
	['This node, polling only', ['poll']],
	['The loop', ['loop']],
];

/** Tasks of different lengths within an execution, the same ones in each. */
async function scriptTasks({ simulator }: Stage, { mostItems, taskSeconds }: LoadSizes) {
	const bytes = await samplePicture('png', { width: 400, height: 400 });
	for (let item = 0; item < mostItems; item++) {
		// 7 has no divisor in common with the sizes in use: all lengths, in mixed order.
		const share = ((item * 7) % mostItems) / Math.max(1, mostItems - 1);
		simulator.nextTask({
			times: Infinity,
			prompt: new RegExp(` item ${item}$`),
			seconds: taskSeconds * (0.5 + share),
			delivery: { bytes },
		});
	}
}

async function run(
	{ log }: Bench,
	stage: Stage,
	plan: Start[],
	{ inFlight }: LoadSizes,
): Promise<Omit<Row, 'name' | 'binaries'>> {
	const { cluster, simulator } = stage;
	const before = {
		tasks: simulator.tasks.size,
		requests: clientRequests(simulator).length,
		polls: statusRequests(simulator).length,
		executions: (await stage.executions()).length,
	};
	const meter = new ClusterMeter(cluster);
	try {
		await sleep(5000);
		const startedAt = Date.now();
		const refused = await startInFlight(stage, plan, inFlight);
		const open = await untilDrained(stage, DRAIN_SECONDS, log);
		const rows = (await stage.executions()).slice(before.executions);
		const lastEnd = Math.max(...rows.map(({ stoppedAt }) => stoppedAt || Date.now()));
		const tasks = [...simulator.tasks.values()].slice(before.tasks);
		const perTask = (count: number) => rounded(count / tasks.length);
		return {
			executions: plan.length,
			refused,
			tasks: tasks.length,
			perMinute: rounded(plan.length / ((lastEnd - startedAt) / 60_000), 1),
			toImage: quantilesByKind(secondsToImage(stage, tasks)),
			requestsPerTask: perTask(clientRequests(simulator).length - before.requests),
			pollsPerTask: perTask(statusRequests(simulator).length - before.polls),
			failed: open + rows.filter(({ status }) => status !== 'success').length,
			memory: Object.fromEntries(
				[...meter.samples].map(([name, samples]) => [
					name,
					{
						idle: rounded(samples[0] / MEBIBYTE, 0),
						peak: rounded(Math.max(...samples) / MEBIBYTE, 0),
					},
				]),
			),
		};
	} finally {
		meter.stop();
	}
}

/** Of each task whose image was fetched: seconds from its end to the request for the image. */
function secondsToImage(
	{ simulator }: Stage,
	tasks: Task[],
): Array<{ kind: Kind; seconds: number }> {
	const fetchedAt = new Map<string, number>();
	for (const { host, path, at, status } of simulator.requests) {
		if (host === 'results' && status === 200) fetchedAt.set(path.split('/')[1], at);
	}
	return tasks.flatMap(({ id, endsAt, request }) => {
		const at = fetchedAt.get(id);
		if (at === undefined) return [];
		return [{ kind: kindOf(request.prompt), seconds: Math.max(0, at - endsAt) / 1000 }];
	});
}

function quantilesByKind(delays: ReturnType<typeof secondsToImage>): Row['toImage'] {
	const kinds = new Set(delays.map(({ kind }) => kind));
	return Object.fromEntries(
		[...kinds].map((kind) => {
			const seconds = delays.filter((delay) => delay.kind === kind).map((delay) => delay.seconds);
			const at = (share: number) => rounded(quantile(seconds, share), 3);
			return [kind, { median: at(0.5), p95: at(0.95) }];
		}),
	);
}

function quantile(numbers: number[], share: number): number {
	const sorted = [...numbers].sort((a, b) => a - b);
	return sorted[Math.floor(share * (sorted.length - 1))];
}
