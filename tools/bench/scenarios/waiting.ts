import { items } from '../../host/sketch';
import {
	type RecordedRequest,
	samplePicture,
	type Simulator,
	type SimulatorOptions,
} from '../../simulator';
import { format, median, rounded, table } from '../figures';
import {
	type Bench,
	clientRequests,
	type Lab,
	type Measured,
	secondsToNotice,
	statusRequests,
	withFreshN8n,
} from '../lab';
import { barChart, type Series } from '../plot';
import { longestSeconds, rowsOf, scriptRows, shortestSeconds } from '../rows';
import type { Scenario } from '../scenario';
import { type Design, type Surroundings, withLoop, withThisNode } from '../workflows';

const tasks = 100;
/** One by one takes the sum of all tasks: that many are measured, and scaled up. */
const tasksOneByOne = 4;
const repetitions = 3;

/** What one way of waiting cost, in one run. */
interface Run {
	/** Execution's start to stop, in seconds. */
	wall: number;
	statusRequests: number;
	/** Seconds from a task's end to the request that found it ended. */
	noticedMedian: number;
	noticedWorst: number;
	/** Seconds from the execution's start, as all that follow: when the node that creates began. */
	nodeStartedAt: number;
	firstCreateAt: number;
	lastCreateAt: number;
	lastEndAt: number;
	lastDownloadAt: number;
}

const steps = [
	'nodeStartedAt',
	'firstCreateAt',
	'lastCreateAt',
	'lastEndAt',
	'lastDownloadAt',
	'wall',
] as const satisfies Array<keyof Run>;

interface Row {
	name: string;
	series: Series;
	tasks: number;
	aims: { wall?: number; statusRequests?: number };
	runs: Run[];
}

export interface WaitingResult {
	rows: Row[];
}

interface Contender extends Omit<Row, 'runs'> {
	repetitions: number;
	script: (simulator: Simulator) => void;
	service?: SimulatorOptions;
	design: (surroundings: Surroundings) => Design;
}

/** (1) Many tasks at once: how much longer than the longest task, and how many questions. */
export const waiting: Scenario<WaitingResult> = {
	name: 'waiting',
	title: `${tasks} tasks of ${shortestSeconds}–${longestSeconds} s`,

	async measure(bench: Bench) {
		const contenders = await listContenders();
		return await withFreshN8n(bench, async (lab) => {
			await warmUp(lab, contenders);
			const rows = contenders.map(({ name, series, tasks: count, aims }): Row => {
				return { name, series, tasks: count, aims, runs: [] };
			});
			// In turn, so that a busy minute of the machine does not hit one of them alone.
			for (let turn = 0; turn < repetitions; turn++) {
				for (const [index, contender] of contenders.entries()) {
					if (turn >= contender.repetitions) continue;
					const { design, script, service } = contender;
					const run = describe(await lab.measure(design, script, service));
					rows[index].runs.push(run);
					bench.log(`${contender.name}: ${run.wall} s, ${run.statusRequests} status requests`);
				}
			}
			return { rows };
		});
	},

	report({ rows }) {
		const lines = rows.map((row) => {
			const { name, aims, tasks: count } = row;
			const ratio = ratioOf(row);
			const asked = askedOf(row);
			const note = count === tasks ? '' : ` (scaled up from ${count} tasks)`;
			return [
				name + note,
				format(ratio * longestSeconds, 2),
				format(ratio, count === tasks ? 3 : 0),
				aims.wall === undefined ? '' : `≤ ${aims.wall}`,
				format(asked, 2),
				aims.statusRequests === undefined ? '' : `≤ ${aims.statusRequests}`,
				`${format(middle(row, 'noticedMedian'), 2)} / ${format(middle(row, 'noticedWorst'), 2)}`,
			];
		});
		const timeline = rows
			.filter(({ tasks: count }) => count === tasks)
			.map((row) => [row.name, ...steps.map((step) => format(middle(row, step), 2))]);
		return [
			`Durations are spread evenly from ${shortestSeconds} s to exactly ${longestSeconds} s; the node has the option Concurrency at ${tasks}. ` +
				"Wall time is n8n's own record of the execution, from its start to its stop. " +
				`Medians of ${repetitions} runs, taken in turn; one by one ran once. ` +
				"Right estimates are told in whole seconds, rounded up, as in EvoLink's documentation, so a task ends up to a second before its estimate. " +
				'The last task of 10 s ends some 0.3 s after n8n has started, with any workflow: so long it takes n8n to send 100 requests on this machine.',
			'',
			'![Time over the longest task and status requests per task](benchmark-waiting.svg)',
			'',
			table(
				[
					'',
					'wall, s',
					'wall ÷ longest',
					'aim',
					'status requests per task',
					'aim',
					'noticed after, s (median / worst)',
				],
				lines,
			),
			'',
			'"Noticed after" is the time from the end of a task to the request that found it ended. Where the time goes, in seconds from the start of the execution:',
			'',
			table(
				[
					'',
					'node starts',
					'first create',
					'last create',
					'longest task ends',
					'last download',
					'execution stops',
				],
				timeline,
			),
		].join('\n');
	},

	plots({ rows }) {
		const shown = rows.filter(({ tasks: count }) => count === tasks);
		const bar = (row: Row, value: number, text: string) => {
			return { label: row.name, series: row.series, value, text };
		};
		return {
			'benchmark-waiting.svg': barChart([
				{
					title: `Seconds over the longest, ${longestSeconds} s`,
					bars: shown.map((row) => {
						const over = (ratioOf(row) - 1) * longestSeconds;
						return bar(row, over, format(over, 2));
					}),
				},
				{
					title: 'Status requests per task',
					bars: shown.map((row) => bar(row, askedOf(row), format(askedOf(row), 2))),
				},
			]),
		};
	},
};

async function listContenders(): Promise<Contender[]> {
	const bytes = await samplePicture('png', { width: 400, height: 400 });
	const rightly = (count: number) => (simulator: Simulator) => {
		scriptRows(simulator, rowsOf(count), bytes);
	};
	const uselessly = (simulator: Simulator) => {
		for (const { prompt, seconds } of rowsOf(tasks)) {
			simulator.nextTask({
				prompt: new RegExp(`^${prompt}$`),
				seconds,
				delivery: { bytes },
				estimatedTime: 30,
				estimateStands: true,
				omitProgress: true,
			});
		}
	};
	const node = (count: number, concurrency: number) => (surroundings: Surroundings) => {
		const url = `${surroundings.simulator.picturesUrl}/cat.png`;
		const image = { source: 'url', url };
		return withThisNode(surroundings, items(...rowsOf(count)), image, { concurrency });
	};
	const loop = (waitSeconds: number) => (surroundings: Surroundings) => {
		const imageUrl = `${surroundings.simulator.picturesUrl}/cat.png`;
		return withLoop(surroundings, items(...rowsOf(tasks)), { waitSeconds, imageUrl });
	};
	return [
		{
			name: 'This node, right estimates',
			series: 'node',
			tasks,
			aims: { wall: 1.03, statusRequests: 0.15 },
			repetitions,
			script: rightly(tasks),
			design: node(tasks, tasks),
		},
		{
			name: 'This node, no batch query',
			series: 'node',
			tasks,
			aims: { wall: 1.03, statusRequests: 1 },
			repetitions,
			script: rightly(tasks),
			service: { batchQuery: false },
			design: node(tasks, tasks),
		},
		{
			name: 'This node, useless estimates',
			series: 'node',
			tasks,
			aims: { wall: 1.1 },
			repetitions,
			script: uselessly,
			design: node(tasks, tasks),
		},
		...[1, 2].map(
			(waitSeconds): Contender => ({
				name: `HTTP Request + Wait loop, ${waitSeconds} s`,
				series: 'loop',
				tasks,
				aims: {},
				repetitions,
				script: rightly(tasks),
				design: loop(waitSeconds),
			}),
		),
		{
			name: 'This node, one by one',
			series: 'other',
			tasks: tasksOneByOne,
			aims: {},
			repetitions: 1,
			script: rightly(tasksOneByOne),
			design: node(tasksOneByOne, 1),
		},
	];
}

/** Loads what n8n loads on first use, for each kind of workflow. */
async function warmUp(lab: Lab, contenders: Contender[]): Promise<void> {
	for (const kind of ['node', 'loop']) {
		const { design } = contenders.find(({ series }) => series === kind) ?? contenders[0];
		await lab.measure(design, (simulator) => (simulator.taskSeconds = 0.1));
	}
}

function describe({ execution, simulator, startedAt, seconds }: Measured): Run {
	const { runData } = execution.data.resultData;
	const [nodeRun] = runData.EvoLink ?? runData.Create;
	const sinceStart = (at: number) => rounded((at - startedAt) / 1000, 3);
	const timesOf = (matches: (request: RecordedRequest) => boolean) =>
		clientRequests(simulator)
			.filter(matches)
			.map(({ at }) => at);
	const creates = timesOf(({ path }) => path === '/v1/images/generations');
	const downloads = timesOf(({ host }) => host === 'results');
	const ends = [...simulator.tasks.values()].map(({ endsAt }) => endsAt);
	const noticed = secondsToNotice(simulator);
	return {
		wall: rounded(seconds, 3),
		statusRequests: statusRequests(simulator).length,
		noticedMedian: rounded(median(noticed), 3),
		noticedWorst: rounded(Math.max(...noticed), 3),
		nodeStartedAt: sinceStart(nodeRun.startTime),
		firstCreateAt: sinceStart(Math.min(...creates)),
		lastCreateAt: sinceStart(Math.max(...creates)),
		lastEndAt: sinceStart(Math.max(...ends)),
		lastDownloadAt: sinceStart(Math.max(...downloads)),
	};
}

function middle({ runs }: Row, figure: keyof Run): number {
	return median(runs.map((run) => run[figure]));
}

/** Wall time by the longest task; one by one, that of as many tasks as the others had. */
function ratioOf(row: Row): number {
	return (middle(row, 'wall') / longestSeconds) * (tasks / row.tasks);
}

function askedOf(row: Row): number {
	return middle(row, 'statusRequests') / row.tasks;
}
