import { items } from '../../host/sketch';
import { samplePicture, type Simulator } from '../../simulator';
import { format, median, rounded, table } from '../figures';
import { type Bench, clientRequests, withFreshN8n } from '../lab';
import type { Scenario } from '../scenario';
import { type Design, type Surroundings, withLoop, withThisNode } from '../workflows';

const tasks = 500;
const repetitions = 3;

interface Row {
	name: string;
	runs: Array<{ wall: number; requests: number }>;
}

export interface InstantResult {
	rows: Row[];
}

/** (2) What is left when the service needs no time at all: the client's own. */
export const instant: Scenario<InstantResult> = {
	name: 'instant',
	title: `${tasks} instant tasks`,

	async measure(bench: Bench) {
		const bytes = await samplePicture('png', { width: 400, height: 400 });
		const script = (simulator: Simulator) => {
			simulator.nextTask({ times: Infinity, seconds: 0, delivery: { bytes } });
		};
		const contenders = listContenders();
		const rows = contenders.map(({ name }): Row => ({ name, runs: [] }));
		await withFreshN8n(bench, async (lab) => {
			for (const { design } of contenders) await lab.measure(design(10), script);
			for (let turn = 0; turn < repetitions; turn++) {
				for (const [index, { name, design, once }] of contenders.entries()) {
					if (once && turn > 0) continue;
					const { seconds, simulator } = await lab.measure(design(tasks), script);
					const requests = clientRequests(simulator).length;
					rows[index].runs.push({ wall: rounded(seconds, 3), requests });
					bench.log(`${name}: ${seconds} s, ${requests} requests`);
				}
			}
		});
		return { rows };
	},

	report({ rows }) {
		const loop = wallOf(rows[rows.length - 1]);
		const lines = rows.map((row, index) => [
			row.name,
			format(wallOf(row), 2),
			format(wallOf(row) / loop, 2),
			index === 0 ? '< 1' : '',
			format(median(row.runs.map(({ requests }) => requests)) / tasks, 2),
		]);
		return [
			`Every task is complete as soon as it is created, so the time is the client's own (and the simulator's, which is the same for all). ` +
				`The loop without its wait: create, ask once, download, one node after another. Medians of ${repetitions} runs, taken in turn; the default concurrency ran once.`,
			'',
			table(['', 'wall, s', 'wall ÷ loop', 'aim', 'requests per task'], lines),
		].join('\n');
	},

	plots: () => ({}),
};

interface Contender {
	name: string;
	/** Not repeated: it takes long, and no aim hangs on it. */
	once?: boolean;
	design: (count: number) => (surroundings: Surroundings) => Design;
}

function listContenders(): Contender[] {
	const input = (count: number) =>
		items(...Array.from({ length: count }, (_, index) => ({ prompt: `Row ${index}` })));
	const node =
		(options: { concurrency?: number }) => (count: number) => (surroundings: Surroundings) => {
			const url = `${surroundings.simulator.picturesUrl}/cat.png`;
			return withThisNode(surroundings, input(count), { source: 'url', url }, options);
		};
	return [
		{ name: 'This node, concurrency 100', design: node({ concurrency: 100 }) },
		{ name: 'This node, default concurrency', design: node({}), once: true },
		{
			name: 'HTTP Request loop without its wait',
			design: (count) => (surroundings) => {
				const imageUrl = `${surroundings.simulator.picturesUrl}/cat.png`;
				return withLoop(surroundings, input(count), { waitSeconds: null, imageUrl });
			},
		},
	];
}

function wallOf({ runs }: Row): number {
	return median(runs.map(({ wall }) => wall));
}
