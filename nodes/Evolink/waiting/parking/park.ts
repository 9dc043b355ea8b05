import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { EvolinkClient } from '../../api/client';
import type { Clock } from '../../api/http/clock';
import { textOf } from '../../api/http/json';
import { saysEnded } from '../../api/task';
import type { RunIdentity } from '../../memory/runIdentity';
import { readTasks } from '../polling/batchReader';
import type { FlowContext } from './canPark';
import { type KeptInput, type NodeContext, saveParkedRun } from './parkedRun';
import { resumeAddress } from './resumeAddress';

/** n8n looks for executions whose time is up once a minute. */
const SHORTEST_WAIT_MS = 60_000;
/** The service repeats a call that finds the execution still running for 7 s; creating may take longer than that. */
const CALLS_COME_AGAIN_WITHIN_MS = 4_000;
/** Lest a service that does not answer keeps the execution from being parked. */
const READ_TIMEOUT_MS = 4_000;

/** A task that will call. */
interface ExpectedTask {
	taskId: string;
	/** Unix milliseconds; undefined for a task of an earlier try. */
	createdAt?: number;
	/** The execution that created it, and that it calls. */
	executionId: string;
	timeoutSeconds: number;
}

/** What a run of the node needs to know to be parked, gathered while it creates its tasks; and the parking itself. */
export class Parking {
	private readonly expected = new Map<number, string>();

	private firstTaskAt = Number.POSITIVE_INFINITY;

	private timeoutMs = SHORTEST_WAIT_MS;

	private mustPoll = false;

	/**
	 * @param secret see `resumeSecret`
	 * @param isPossible see `canPark`; a run that was woken is never parked again
	 */
	constructor(
		private readonly context: IExecuteFunctions,
		private readonly identity: RunIdentity,
		private readonly client: EvolinkClient,
		private readonly clock: Clock,
		private readonly secret: string,
		readonly isPossible: boolean,
	) {}

	/** @throws {InvalidInputError} EvoLink cannot call this n8n */
	get callbackUrl(): string {
		const resumeUrl = this.context.evaluateExpression('{{ $execution.resumeUrl }}', 0);
		return resumeAddress(textOf(resumeUrl) ?? '', this.secret);
	}

	/** An item has a task to wait for. */
	expect(
		itemIndex: number,
		{ taskId, createdAt, executionId, timeoutSeconds }: ExpectedTask,
	): void {
		this.expected.set(itemIndex, taskId);
		this.firstTaskAt = Math.min(this.firstTaskAt, createdAt ?? 0);
		this.timeoutMs = Math.max(this.timeoutMs, timeoutSeconds * 1_000);
		if (executionId !== this.identity.executionId) this.mustPoll = true;
	}

	get isWanted(): boolean {
		return this.expected.size > 0;
	}

	/**
	 * Parks the execution, unless there is nothing left to wait for.
	 *
	 * @param output what each item gives as long as its task has not ended
	 * @param failures of the items that have no task to wait for
	 * @returns whether it is parked; otherwise the node has to run over its items again, as if it had been woken
	 */
	async park(
		output: Array<Pick<INodeExecutionData, 'json' | 'binary'>>,
		failures: KeptInput['failures'],
	): Promise<boolean> {
		const { context, clock, secret } = this;
		const { runIndex } = this.identity;
		const taskIds = [...new Set(this.expected.values())];
		const items = context.getInputData();
		const input = {
			items: items.map(({ json, binary }) => ({ json, ...(binary ? { binary } : {}) })),
			failures,
		};
		const save = () => {
			const until = clock.now() + this.timeoutMs;
			const kept = context.getContext('node') as NodeContext;
			saveParkedRun(kept, { runIndex, secret, taskIds, until }, input);
			return until;
		};
		save();
		if (this.mustPoll || (await this.mayAllHaveEnded(taskIds))) return false;

		// When the time is up, n8n hands on the input as it is in memory now.
		for (const [index, item] of items.entries()) {
			const { json, binary } = output[index];
			item.json = this.expected.has(index) ? { ...json, timed_out: true } : json;
			item.binary = binary;
		}
		// With 'Execute Once' n8n would hand on the items that the node did not look at, too.
		context.getExecuteData().data.main[0]?.splice(items.length);
		const until = save();
		(context.getContext('flow') as FlowContext).evolinkWaitedUntil = until;
		await context.putExecutionToWait(new Date(until));
		return true;
	}

	/** Calls that came long before the execution is parked are lost. @returns true also where that is not known */
	private async mayAllHaveEnded(taskIds: string[]): Promise<boolean> {
		if (this.clock.now() - this.firstTaskAt < CALLS_COME_AGAIN_WITHIN_MS) return false;
		const tasks = await readTasks(this.client, taskIds, READ_TIMEOUT_MS);
		// Where the service does not tell, polling goes on asking; parked, nobody would.
		return tasks.size < taskIds.length || [...tasks.values()].every(saysEnded);
	}
}

/** Parked, the items stood for the tasks: expressions and binary fields need what came in. Changes the items. */
export function giveInputBack(items: INodeExecutionData[], input: KeptInput): void {
	for (const [index, item] of items.entries()) {
		Object.assign(item, { binary: undefined }, input.items[index]);
	}
}
