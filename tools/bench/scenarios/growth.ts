import { items } from '../../host/sketch';
import { samplePicture, type Simulator } from '../../simulator';
import { format, MEBIBYTE, rounded, table } from '../figures';
import { type Bench, clientRequests, withFreshN8n } from '../lab';
import { peakOf } from '../memory';
import { lineChart } from '../plot';
import type { Scenario } from '../scenario';
import { type Surroundings, withThisNode } from '../workflows';

const counts = [1, 10, 100, 1000];
const taskSeconds = 3;
const concurrency = 100;

interface Row {
	items: number;
	/** Seconds. */
	wall: number;
	requests: number;
	/** MiB over idle. */
	peak: number;
}

export interface GrowthResult {
	rows: Row[];
}

/** (4) How time, requests and memory grow with the number of items. */
export const growth: Scenario<GrowthResult> = {
	name: 'growth',
	title: `From ${counts[0]} to ${format(counts[counts.length - 1])} items`,

	async measure(bench: Bench) {
		const bytes = await samplePicture('png', { width: 400, height: 400 });
		const script = (simulator: Simulator) => {
			simulator.nextTask({ times: Infinity, seconds: taskSeconds, delivery: { bytes } });
		};
		const design = (count: number) => (surroundings: Surroundings) => {
			const url = `${surroundings.simulator.picturesUrl}/cat.png`;
			const rows = Array.from({ length: count }, (_, index) => ({ prompt: `Row ${index}` }));
			const image = { source: 'url', url };
			return withThisNode(surroundings, items(...rows), image, { concurrency });
		};
		return await withFreshN8n(bench, async (lab) => {
			await lab.measure(design(1), script);
			// One idle for all: what a smaller run leaves behind counts against the larger ones.
			const idle = await lab.idle();
			const rows: Row[] = [];
			for (const count of counts) {
				const { seconds, simulator, memory } = await lab.measure(design(count), script);
				const row: Row = {
					items: count,
					wall: rounded(seconds, 3),
					requests: clientRequests(simulator).length,
					peak: rounded((peakOf(memory) - idle) / MEBIBYTE, 1),
				};
				rows.push(row);
				bench.log(`${count} items: ${row.wall} s, ${row.requests} requests, ${row.peak} MiB`);
			}
			return { rows };
		});
	},

	report({ rows }) {
		const lines = rows.map(({ items: count, wall, requests, peak }, index) => {
			const before = rows[index - 1];
			const grown = (figure: keyof Row) =>
				before ? `× ${format(rows[index][figure] / before[figure], 2)}` : '';
			return [
				format(count),
				format(wall, 2),
				grown('wall'),
				format(requests),
				grown('requests'),
				format(peak),
				grown('peak'),
				before ? '≤ × 10 each' : '',
			];
		});
		return [
			`Tasks of ${taskSeconds} s with right estimates, option Concurrency at ${concurrency}, small images. Each step has ten times the items; ` +
				'growth up to × 10 is linear or better. Requests are all of the node: create, status, download. ' +
				'Memory is the peak of the n8n process over its idle before the first of these runs.',
			'',
			'![Time, requests and memory by number of items](benchmark-growth.svg)',
			'',
			table(['items', 'wall, s', '', 'requests', '', 'peak over idle, MiB', '', 'aim'], lines),
		].join('\n');
	},

	plots({ rows }) {
		const panel = (title: string, figure: keyof Row) => ({
			title,
			xTitle: 'items',
			logarithmic: true,
			text: (value: number) => format(value, value < 1 ? 1 : 0),
			lines: [
				{
					label: 'This node (dotted: linear growth from one item)',
					series: 'node' as const,
					points: rows.map((row) => ({ x: row.items, y: row[figure] })),
				},
			],
		});
		return {
			'benchmark-growth.svg': lineChart([
				panel('Wall time, s', 'wall'),
				panel('Requests', 'requests'),
				panel('Peak memory over idle, MiB', 'peak'),
			]),
		};
	},
};
