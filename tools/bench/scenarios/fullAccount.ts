import { samplePicture } from '../../simulator';
import { format, rounded, table } from '../figures';
import { type Bench, secondsToNotice, withFreshN8n } from '../lab';
import { longestSeconds, rowsOf, scriptRows, shortestSeconds } from '../rows';
import type { Scenario } from '../scenario';
import { withNewNode } from '../workflows';

const tasks = 100;
const tasksAtATime = 5;
/** The share of what the account can do, and the creates that may be refused for each task. */
const aims = { throughput: 0.9, refused: 2 };

export interface FullAccountResult {
	wall: number;
	/** What the tasks take if the account is never idle: the sum of their seconds by the tasks at a time. */
	ideal: number;
	refused: number;
	/** Mean seconds from the end of a task to the request that found it ended. */
	noticed: number;
}

/** (8) An account that takes a few tasks at a time and refuses the others, without a word on when to come back. */
export const fullAccount: Scenario<FullAccountResult> = {
	name: 'full-account',
	title: `A full account: ${tasks} tasks, ${tasksAtATime} at a time`,

	async measure(bench: Bench) {
		const bytes = await samplePicture('png', { width: 400, height: 400 });
		const rows = rowsOf(tasks);
		return await withFreshN8n(bench, async (lab) => {
			const { seconds, simulator } = await lab.measure(
				(surroundings) => withNewNode(surroundings, rows),
				(service) => scriptRows(service, rows, bytes),
				{ tasksAtATime },
			);
			if (simulator.paidTasks() !== tasks) throw new Error(`${simulator.paidTasks()} were paid`);
			const refused = simulator.requests.filter(({ status }) => status === 429).length;
			const noticed = secondsToNotice(simulator);
			const sum = rows.reduce((total, row) => total + row.seconds, 0);
			bench.log(`${seconds} s, ${refused} creates refused`);
			return {
				wall: rounded(seconds, 3),
				ideal: rounded(sum / tasksAtATime, 3),
				refused,
				noticed: rounded(noticed.reduce((total, each) => total + each, 0) / tasks, 3),
			};
		});
	},

	report({ wall, ideal, refused, noticed }) {
		return [
			`Tasks of ${shortestSeconds}–${longestSeconds} s as in (1), right estimates, a new node with the option Concurrency not set. ` +
				`The service takes ${tasksAtATime} unfinished tasks and answers each further create with 429, without \`Retry-After\`. All items succeed. ` +
				`At its best the account needs ${format(ideal, 1)} s: the sum of all tasks by ${tasksAtATime}. Measured once.`,
			'',
			table(
				['', 'measured', 'aim'],
				[
					['Wall time, s', format(wall, 1), ''],
					[
						'Throughput by what the account can do',
						format(ideal / wall, 3),
						`≥ ${aims.throughput}`,
					],
					['Items that failed', '0', '0'],
					['Refused creates per task', format(refused / tasks, 2), `≤ ${aims.refused}`],
					['A task noticed as ended after, s (mean)', format(noticed, 2), ''],
				],
			),
		].join('\n');
	},

	plots: () => ({}),
};
