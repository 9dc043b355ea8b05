import { setTimeout as sleep } from 'node:timers/promises';
import { format, listed, table } from '../../bench/figures';
import type { HostVersion } from '../../host/install';
import { type Simulator, samplePicture } from '../../simulator';
import { type Outcome, readOutcome, type Visits, visitsOf } from '../outcome';
import type { Bench, Scenario } from '../scenario';
import { onStage, type Stage } from '../stage';
import { startDuring, untilDrained } from '../starter';
import { HAND_BUILT_KINDS, type Kind, kindNames, NODE_KINDS } from '../workflows';

interface Fault {
	name: string;
	/** How long it lasts; a process that has ended is then started again, which takes some seconds more. */
	seconds: number;
	begin(stage: Stage): Promise<void> | void;
	end?(stage: Stage): Promise<void> | void;
}

interface FaultSizes {
	[name: string]: number;
	perMinute: number;
	mostItems: number;
	/** Seconds without a fault, before each. */
	gap: number;
	/** Seconds for which the service refuses. */
	refusals: number;
	/** Seconds for which a worker is frozen; 0: it is not. */
	frozen: number;
	/** Seconds after which Redis gives a worker's jobs to others. n8n's default is 60. */
	lock: number;
	taskSeconds: number;
}

export interface FaultResult {
	executions: number;
	/** Executions by workflow and how they ended. */
	ended: Record<string, Record<string, number>>;
	/** Calls to start an execution that n8n did not take, by reason: the process was down. */
	refused: Record<string, number>;
	outcome: Outcome;
	/** Executions that never ended. */
	stuck: number;
	/** How often what comes last ran, by kind of workflow. */
	visits: Record<Kind, Visits>;
	seconds: number;
}

/** A suspended execution whose call was lost goes on after so many seconds, and up to a minute more. */
const TIMEOUT_SECONDS = 60;
const DRAIN_SECONDS = 600;

export const faults: Scenario<FaultResult, FaultSizes> = {
	name: 'faults',
	title: 'Hard faults',
	versions: ['2.41', '1.123'],
	sizes: {
		perMinute: 60,
		mostItems: 6,
		gap: 40,
		refusals: 60,
		frozen: 100,
		lock: 60,
		taskSeconds: 8,
	},
	short: {
		perMinute: 40,
		mostItems: 4,
		gap: 8,
		refusals: 8,
		frozen: 25,
		lock: 12,
		taskSeconds: 5,
	},

	async measure(bench, sizes) {
		const { lock } = sizes;
		const env = {
			QUEUE_WORKER_LOCK_DURATION: String(lock * 1000),
			QUEUE_WORKER_LOCK_RENEW_TIME: String((lock * 1000) / 6),
			QUEUE_WORKER_STALLED_INTERVAL: String((lock * 1000) / 2),
			// Minutes. When the process that started an execution dies after the worker, only this ends it.
			N8N_EXECUTIONS_QUEUE_RECOVERY_INTERVAL: '5',
		};
		return await onStage(bench, { env }, async (stage) => await runThrough(bench, stage, sizes));
	},

	report(results) {
		const [{ sizes }] = results;
		const rows: Array<[string, (result: FaultResult) => string]> = [
			['calls to start an execution', ({ executions }) => format(executions)],
			['not taken', ({ refused }) => listed(refused)],
			['tasks paid', ({ outcome }) => format(outcome.paid)],
			['image in an execution', ({ outcome }) => format(outcome.withImage)],
			['no image, but an execution names the task', ({ outcome }) => format(outcome.named)],
			["only n8n's log names the task", ({ outcome }) => format(outcome.logged)],
			['only Get Many Tasks knows it', ({ outcome }) => format(outcome.unknown)],
			['of these, swept up afterwards', ({ outcome }) => format(outcome.swept)],
			['**lost**', ({ outcome }) => format(outcome.lost)],
			['**paid twice**', ({ outcome }) => format(outcome.paidTwice)],
			['**stuck executions**', ({ stuck }) => format(stuck)],
			...kinds.map((kind): [string, (result: FaultResult) => string] => [
				`what comes last ran twice: ${kindNames[kind]}`,
				({ visits }) => `${visits[kind].twice} of ${format(visits[kind].tasks)} tasks`,
			]),
			...Object.keys(results[0].result.ended).map(
				(workflow): [string, (result: FaultResult) => string] => [
					`executions of "${workflow}"`,
					({ ended }) => listed(ended[workflow] ?? {}),
				],
			),
		];
		return [
			`${sizes.perMinute} executions of 1 to ${sizes.mostItems} items are started a minute: a fifth each Poll Until Complete, Suspend Until Callback (Timeout ${TIMEOUT_SECONDS} s, then Wait for Completion), Do Not Wait with an EvoLink Trigger, and by hand: HTTP Request with n8n's Wait node for 2 s in a loop, and until the service calls. ` +
				`Tasks take ${sizes.taskSeconds} s; a tenth of the callbacks is lost, a tenth comes twice, a tenth comes 3 s late. Meanwhile, with ${sizes.gap} s in between:`,
			'',
			faultsOf(sizes)
				.map(({ name, seconds }) => `- ${name}, for ${seconds} s`)
				.join('\n'),
			'',
			table(
				['', ...results.map(({ version }) => `n8n ${version}`)],
				rows.map(([name, read]) => [name, ...results.map(({ result }) => read(result))]),
			),
		].join('\n');
	},

	failings({ outcome, stuck, visits }, version: HostVersion) {
		const share = ({ tasks, twice }: Visits) => (tasks === 0 ? 0 : twice / tasks);
		return [
			outcome.lost > 0 && `${outcome.lost} paid tasks are lost`,
			outcome.paidTwice > 0 && `${outcome.paidTwice} items were paid twice`,
			stuck > 0 && `${stuck} executions never ended`,
			...NODE_KINDS.map((kind) => {
				const { tasks, twice } = visits[kind];
				// n8n 1.x runs an execution again whose worker has died, with any node.
				const rival = visits[RIVALS[kind]];
				const mayBe = version === '1.123' && share(visits[kind]) <= share(rival);
				return (
					twice > 0 &&
					!mayBe &&
					`${kindNames[kind]}: what comes last ran twice for ${twice} of ${tasks} tasks (by hand ${rival.twice} of ${rival.tasks})`
				);
			}),
		].filter((failing) => failing !== false);
	},
};

const kinds = [...NODE_KINDS, ...HAND_BUILT_KINDS];

/** What people build by hand that waits in the same way: with a running execution, or with a parked one. */
const RIVALS = { poll: 'loop', callback: 'waitNode', trigger: 'waitNode' } as const;

async function runThrough(bench: Bench, stage: Stage, sizes: FaultSizes): Promise<FaultResult> {
	const { simulator } = stage;
	const began = Date.now();
	await stage.install(kinds, { timeout: TIMEOUT_SECONDS, marks: true });
	// n8n turns webhooks on in the background.
	await sleep(3000);
	await scriptTasks(simulator, sizes.taskSeconds);
	const { executions, refused } = await startDuring(
		stage,
		{ kinds, ...sizes },
		happen(bench, stage, faultsOf(sizes), sizes.gap),
	);
	bench.log(`Started; waiting for the end of all`);
	const stuck = await untilDrained(stage, DRAIN_SECONDS, bench.log);
	const ended = await countEnds(stage);
	const outcome = await readOutcome(stage);
	return {
		executions,
		ended,
		refused,
		outcome,
		stuck,
		visits: Object.fromEntries(kinds.map((kind) => [kind, visitsOf(stage, kind)])) as Record<
			Kind,
			Visits
		>,
		seconds: Math.round((Date.now() - began) / 1000),
	};
}

async function countEnds(stage: Stage): Promise<FaultResult['ended']> {
	const rows = await stage.executions();
	const ends = Object.entries(stage.workflowIds).map(([name, id]) => {
		const counts: Record<string, number> = {};
		for (const { workflowId, status } of rows) {
			if (workflowId === id) counts[status] = (counts[status] ?? 0) + 1;
		}
		return [name, counts] as const;
	});
	return Object.fromEntries(ends);
}

async function happen({ log }: Bench, stage: Stage, all: Fault[], gap: number): Promise<void> {
	const { cluster } = stage;
	// n8n ends itself when Redis has been away for 10 s, and may do so some seconds later.
	const pause = async () => {
		await cluster.restartEnded();
		await sleep(gap * 1000);
		await cluster.restartEnded();
	};
	for (const fault of all) {
		await pause();
		log(`Fault: ${fault.name}`);
		await fault.begin(stage);
		await sleep(fault.seconds * 1000);
		await fault.end?.(stage);
		log(`Over: ${fault.name}`);
	}
	await pause();
}

/** Callbacks that get lost, come twice and overtake each other; in turn, so that each run has the same number. */
async function scriptTasks(simulator: Simulator, seconds: number): Promise<void> {
	const bytes = await samplePicture('png', { width: 400, height: 400 });
	const fates = [{ callbackCopies: 0 }, { callbackCopies: 2 }, { callbackLate: 3 }];
	for (let digit = 0; digit < 10; digit++) {
		simulator.nextTask({
			prompt: new RegExp(`${digit} item`),
			times: Infinity,
			seconds: seconds + digit / 10,
			delivery: { bytes },
			...fates[digit],
		});
	}
}

function faultsOf({ refusals, frozen }: FaultSizes): Fault[] {
	const killed = (process: 'main' | 'worker-1' | 'webhook-1'): Fault => ({
		name: `\`kill -9\` of ${process}`,
		seconds: 2,
		begin: async ({ cluster }) => await cluster.kill(process),
	});
	const refused = (status: 429 | 503): Fault => {
		let lift = () => {};
		return {
			name: `the service answers every request with ${status}`,
			seconds: refusals,
			begin: ({ simulator }) => {
				const fault = simulator.refusal(status === 429 ? 'rateLimited' : 'unavailable');
				const injection = simulator.inject({ host: 'api', times: Infinity, fault });
				lift = () => injection.remove();
			},
			end: () => lift(),
		};
	};
	return [
		killed('worker-1'),
		killed('main'),
		killed('webhook-1'),
		{
			name: 'Redis is away',
			seconds: 10,
			begin: async ({ services }) => await services.stopRedis(),
			end: async ({ services }) => await services.startRedis(),
		},
		refused(429),
		refused(503),
		{
			name: 'worker-2 is frozen',
			seconds: frozen,
			begin: ({ cluster }) => cluster.process('worker-2').freeze(),
			end: ({ cluster }) => cluster.process('worker-2').thaw(),
		},
	];
}
