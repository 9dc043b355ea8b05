import type { INodeParameters } from 'n8n-workflow';

import { samplePicture } from '../../simulator';
import { format, median, rounded, table } from '../figures';
import { type Bench, type Lab, type Measured, withFreshN8n } from '../lab';
import { longestSeconds, type Row as Task, rowsOf, scriptRows, shortestSeconds } from '../rows';
import type { Scenario } from '../scenario';
import { withNewNode } from '../workflows';

const tasks = 100;
const repetitions = 3;

interface Row {
	name: string;
	aim?: number;
	/** Seconds from the execution's start. */
	runs: Array<{ wall: number; firstCreateAt: number; lastCreateAt: number; lastEndAt: number }>;
}

export interface AutomaticResult {
	rows: Row[];
}

interface Contender {
	name: string;
	answerMs: number;
	aim?: number;
	options?: INodeParameters;
}

const contenders: Contender[] = [
	{ name: 'Automatic, creates answered after 30 ms', answerMs: 30, aim: 1.1 },
	{ name: 'Automatic, creates answered after 300 ms', answerMs: 300, aim: 1.15 },
	{
		name: 'Concurrency 100, creates answered after 30 ms',
		answerMs: 30,
		options: { concurrency: 100 },
	},
];

/** (7) Nothing is set: the node finds out itself how many tasks the service takes at a time. */
export const automatic: Scenario<AutomaticResult> = {
	name: 'automatic',
	title: `Automatic concurrency: ${tasks} tasks of ${shortestSeconds}–${longestSeconds} s`,

	async measure(bench: Bench) {
		const rows = contenders.map(({ name, aim }): Row => ({ name, aim, runs: [] }));
		await withFreshN8n(bench, async (lab) => {
			await measureRows(lab, rowsOf(10)); // Loads what n8n loads on first use.
			for (let turn = 0; turn < repetitions; turn++) {
				for (const [index, { name, answerMs, options }] of contenders.entries()) {
					const run = describe(await measureRows(lab, rowsOf(tasks), answerMs, options));
					rows[index].runs.push(run);
					bench.log(`${name}: ${JSON.stringify(run)}`);
				}
			}
		});
		return { rows };
	},

	report({ rows }) {
		const lines = rows.map(({ name, aim, runs }) => {
			const wall = median(runs.map((run) => run.wall));
			return [
				name,
				...(['firstCreateAt', 'lastCreateAt', 'lastEndAt', 'wall'] as const).map((step) =>
					format(median(runs.map((run) => run[step])), 2),
				),
				format(wall / longestSeconds, 3),
				aim === undefined ? '' : `≤ ${aim}`,
			];
		});
		return [
			'A new node. Where the option Concurrency is not set it begins with ten tasks, so that a mistake can still be stopped, and makes room for two more with each that the service accepts. ' +
				`Tasks as in (1), right estimates; the simulator answers each create late. Medians of ${repetitions} runs, taken in turn; seconds from the start of the execution. The last row, with room for all tasks from the start, shows what n8n and the machine need by themselves.`,
			'',
			table(
				['', 'first create', 'last create', 'last task ends', 'wall', 'wall ÷ longest', 'aim'],
				lines,
			),
		].join('\n');
	},

	plots: () => ({}),
};

/**
 * Runs Edit Image over these tasks.
 *
 * @param answerMs how late each create is answered, which takes effect at once
 */
async function measureRows(
	lab: Lab,
	rows: Task[],
	answerMs = 0,
	options: INodeParameters = {},
): Promise<Measured> {
	const bytes = await samplePicture('png', { width: 400, height: 400 });
	return await lab.measure(
		(surroundings) => withNewNode(surroundings, rows, options),
		(simulator) => {
			scriptRows(simulator, rows, bytes);
			const fault = { slow: answerMs };
			const path = /^\/v1\/images\/generations$/;
			simulator.inject({ host: 'api', path, times: Infinity, fault });
		},
	);
}

function describe({ simulator, startedAt, seconds }: Measured): Row['runs'][number] {
	const creates = simulator.requests.filter(({ path }) => path === '/v1/images/generations');
	const ends = [...simulator.tasks.values()].map(({ endsAt }) => endsAt);
	const sinceStart = (at: number) => rounded((at - startedAt) / 1000, 3);
	return {
		wall: rounded(seconds, 3),
		firstCreateAt: sinceStart(Math.min(...creates.map(({ at }) => at))),
		lastCreateAt: sinceStart(Math.max(...creates.map(({ at }) => at))),
		lastEndAt: sinceStart(Math.max(...ends)),
	};
}
