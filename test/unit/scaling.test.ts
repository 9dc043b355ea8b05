/** What `npm run bench:scale` runs and counts, without n8n: its workflows, and that a wrong count does not pass. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INodeTypeDescription } from 'n8n-workflow';
import { Evolink } from '../../nodes/Evolink/Evolink.node';
import { EvolinkTrigger } from '../../nodes/EvolinkTrigger/EvolinkTrigger.node';
import { MemoryMeter } from '../../tools/bench/memory';
import type { Surroundings } from '../../tools/bench/workflows';
import type { WorkflowJson } from '../../tools/host/rest';
import type { Outcome } from '../../tools/scale/outcome';
import { faults } from '../../tools/scale/scenarios/faults';
import { items } from '../../tools/scale/scenarios/items';
import { parked } from '../../tools/scale/scenarios/parked';
import { soak } from '../../tools/scale/scenarios/soak';
import { upgrade } from '../../tools/scale/scenarios/upgrade';
import type { Stage } from '../../tools/scale/stage';
import { startDuring, starts } from '../../tools/scale/starter';
import {
	HAND_BUILT_KINDS,
	type Kind,
	NODE_KINDS,
	sweepWorkflow,
	workflowsOf,
} from '../../tools/scale/workflows';
import { until } from '../../tools/until';
import { problemsOf } from '../examples/describe';

const types = [new Evolink(), new EvolinkTrigger()].map(({ description }): INodeTypeDescription => {
	return { ...description, name: `n8n-nodes-evolink.${description.name}` };
});

const surroundings = {
	simulator: {
		apiUrl: 'http://127.0.0.1:1',
		filesUrl: 'http://127.0.0.1:2',
		picturesUrl: 'http://127.0.0.1:3',
	},
	credentials: {
		evolinkApi: { id: '1', name: 'EvoLink' },
		httpHeaderAuth: { id: '2', name: 'Header' },
	},
} as unknown as Surroundings;

/** Names that a connection leads to or comes from and that no node has. */
function danglingEnds({ nodes, connections }: WorkflowJson): string[] {
	const names = new Set(nodes.map(({ name }) => name));
	const targets = Object.values(connections).flatMap(({ main }) =>
		main.flatMap((ends) => (ends ?? []).map(({ node }) => node)),
	);
	return [...Object.keys(connections), ...targets].filter((name) => !names.has(name));
}

describe('Workflows under load', () => {
	const kinds: Kind[] = [...NODE_KINDS, ...HAND_BUILT_KINDS];
	const all = [true, false].flatMap((marks) =>
		kinds.flatMap((kind) => workflowsOf(kind, surroundings, { marks })),
	);

	it.each([...all, sweepWorkflow(surroundings, ['task-1'])].map((one) => [one.name, one] as const))(
		'%s has nodes as this release describes them, all connected',
		(_, workflow) => {
			const own = workflow.nodes.filter(({ type }) => type.startsWith('n8n-nodes-evolink.'));
			expect(problemsOf({ ...workflow, nodes: own }, types)).toEqual([]);
			expect(danglingEnds(workflow)).toEqual([]);
		},
	);

	it('come in turn, with all sizes, and one item where n8n wakes at the first call', () => {
		const plan = starts(60, ['poll', 'waitNode'], 5);
		const sizes = (kind: Kind) =>
			new Set(plan.filter((start) => start.kind === kind).map((start) => start.items));
		expect([...sizes('poll')].sort()).toEqual([1, 2, 3, 4, 5]);
		expect([...sizes('waitNode')]).toEqual([1]);
	});
});

describe('Starts at a pace', () => {
	it('go on as long as something lasts, and say why a call was not taken', async () => {
		const paths: string[] = [];
		const server = createServer((request, response) => {
			paths.push(request.url ?? '');
			response.writeHead(request.url === '/webhook/scale-loop' ? 404 : 200).end();
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		const stage = { cluster: { process: () => ({ baseUrl }) } } as unknown as Stage;
		const load = { kinds: ['poll', 'loop'] as const, mostItems: 3, perMinute: 1200 };
		const seen = await startDuring(stage, load, sleep(400));
		expect(seen.executions).toBe(paths.length);
		expect(seen.executions).toBeGreaterThan(1);
		expect(seen.refused).toEqual({ 'status 404': Math.floor(seen.executions / 2) });

		await new Promise((resolve) => server.close(resolve));
		const { executions, refused } = await startDuring(stage, load, sleep(100));
		expect(refused).toEqual({ 'no connection': executions });
	});
});

describe('The memory of a process', () => {
	it('is looked at until the process has ended, as one without memory does', async () => {
		const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
		const meter = new MemoryMeter(child.pid as number);
		await until(() => meter.samples.length > 2);
		child.kill('SIGKILL');
		await once(child, 'exit');
		const seen = meter.samples.length;
		// Several looks later: one that throws would end the tests.
		await sleep(300);
		expect(meter.samples).toHaveLength(seen);
	});
});

const outcome: Outcome = {
	paid: 10,
	withImage: 8,
	named: 1,
	logged: 0,
	unknown: 1,
	swept: 2,
	lost: 0,
	paidTwice: 0,
};
const visits = { tasks: 10, twice: 0 };

describe('Counts that must not be', () => {
	const clean = {
		executions: 12,
		ended: { poll: { success: 12 } },
		refused: { 'no connection': 2 },
		outcome,
		stuck: 0,
		visits: { poll: visits, callback: visits, trigger: visits, loop: visits, waitNode: visits },
		seconds: 100,
	};
	const withVisits = (twice: Partial<Record<Kind, number>>) => ({
		...clean,
		visits: Object.fromEntries(
			Object.keys(clean.visits).map((kind) => [
				kind,
				{ tasks: 10, twice: twice[kind as Kind] ?? 0 },
			]),
		) as typeof clean.visits,
	});

	it('let a run pass in which all is accounted for', () => {
		expect(faults.failings(clean, '2.41')).toEqual([]);
		expect(faults.report([{ version: '2.41', result: clean, sizes: faults.short }])).toContain(
			'2 no connection',
		);
	});

	it.each([
		['lost', { outcome: { ...outcome, lost: 1 } }],
		['paid twice', { outcome: { ...outcome, paidTwice: 1 } }],
		['never ended', { stuck: 1 }],
	])('fail a run with faults: %s', (word, wrong) => {
		const [failing] = faults.failings({ ...clean, ...wrong }, '1.123');
		expect(failing).toContain(word);
	});

	it('allow what runs twice on n8n 1.x alone, and there no more than by hand in the same way of waiting', () => {
		expect(faults.failings(withVisits({ poll: 1, loop: 1 }), '2.41')).toHaveLength(1);
		expect(faults.failings(withVisits({ poll: 1, loop: 1 }), '1.123')).toEqual([]);
		expect(faults.failings(withVisits({ callback: 1, loop: 1 }), '1.123')).toHaveLength(1);
	});

	it('fail parked executions that cost requests or lack an image', () => {
		const row = {
			kind: 'callback' as const,
			parked: 5,
			requests: 0,
			heap: 1,
			resident: 1,
			atOnceSeconds: 1,
			otherSeconds: 1,
			failed: 0,
			images: 5,
		};
		const rowsWith = (wrong: object) => ({ rows: [{ ...row, ...wrong }] });
		expect(parked.failings(rowsWith({}), '2.41')).toEqual([]);
		expect(parked.failings(rowsWith({ requests: 1 }), '2.41')).toHaveLength(1);
		expect(parked.failings(rowsWith({ images: 4 }), '2.41')).toHaveLength(1);
	});

	it('fail an upgrade that leaves a parked execution behind', () => {
		const result = {
			parked: 3,
			succeeded: 3,
			stuck: 0,
			outcome: { ...outcome, withImage: 10 },
			visits,
		};
		expect(upgrade.failings(result, '2.41')).toEqual([]);
		expect(upgrade.failings({ ...result, succeeded: 2, stuck: 1 }, '2.41')).toHaveLength(2);
	});

	it('fail items that take longer than the loop, or do not pass', () => {
		const row = (name: string, wall: number | null) => {
			return { name, heap: 512, items: 10, wall, requests: 30, peak: 50 };
		};
		const result = (wall: number | null) => ({
			rows: [row('This node, Concurrency 1,000', wall), row('The loop', 4)],
		});
		expect(items.failings(result(4), '2.41')).toEqual([]);
		expect(items.failings(result(5), '2.41')).toHaveLength(1);
		expect(items.failings(result(null), '2.41')).toHaveLength(1);
	});

	it('fail a process that keeps memory or timers', () => {
		const row = {
			process: 'worker-1',
			heapBefore: 100,
			heapAfter: 101,
			residentBefore: 200,
			residentAfter: 201,
			slope: 0.1,
			slopeError: 0.2,
			timersBefore: 10,
			timersAfter: 11,
			socketsBefore: 5,
			socketsAfter: 5,
		};
		const resultWith = (wrong: object) => ({
			executions: 10,
			tasks: 30,
			failed: 0,
			rows: [{ ...row, ...wrong }],
			measuredMinutes: 5,
			staticData: 1000,
		});
		expect(soak.failings(resultWith({}), '2.41')).toEqual([]);
		expect(soak.failings(resultWith({ slope: 2 }), '2.41')).toEqual([
			'the resident memory of worker-1 grows by 2 MiB a minute',
		]);
		expect(soak.failings(resultWith({ slope: 2, slopeError: 1 }), '2.41')).toEqual([]);
		expect(soak.failings(resultWith({ heapAfter: 150 }), '2.41')).toHaveLength(1);
		expect(soak.failings(resultWith({ timersAfter: 40 }), '2.41')).toHaveLength(1);
	});
});
