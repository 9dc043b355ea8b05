import { createHmac, randomUUID } from 'crypto';

import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	IWebhookDescription,
	WorkflowExecuteMode,
} from 'n8n-workflow';

import type { EvolinkClient } from '../../api/client';
import type { Clock } from '../../api/http/clock';
import { numberOf, textOf } from '../../api/http/json';
import { saysEnded } from '../../api/task';
import { ownCallbackUrl } from '../callbackUrl';
import { readTasks } from '../polling/batchReader';

/**
 * Parks an execution in n8n's database until EvoLink calls back, and gives the node its input back when it
 * runs again. The other half, which takes the calls, is in `wakeUp.ts`. What both rely on was tried with n8n
 * 1.123 and 2.41.
 */

/** Where the calls go: a path below the execution's resume URL. */
export const PARKING_WEBHOOKS: IWebhookDescription[] = [
	{
		name: 'default',
		httpMethod: 'POST',
		responseMode: 'onReceived',
		responseData: '',
		path: 'callback',
		restartWebhook: true,
		isFullPath: true,
	},
];

/** n8n 1.x resume URLs carry no secret and execution ids are small numbers, so the address carries one of ours. */
export const SECRET_PARAMETER = 'evolink';

/**
 * Set in the first item of a run that a call wakes: the place of its task among the tasks. Only on n8n 1.x, and only
 * until the node has its input back.
 */
export const WOKEN_BY = 'evolink_woken_by';

/** What the calls are held against; kept in the node's context, so n8n saves it with the execution. Plain JSON. */
export interface ParkedRun {
	runIndex: number;
	secret: string;
	taskIds: string[];
	/** When n8n stops waiting. Unix milliseconds. */
	until: number;
	/** Set by the first copy of the run that works on after its end, see `Parking.isCopy`. */
	copy?: string;
}

/** What the node needs when it runs again; apart from `ParkedRun`, because it can be large. */
interface KeptInput {
	items: Array<Pick<INodeExecutionData, 'json' | 'binary'>>;
	/** The outcome of items that have no task to wait for. */
	failures: Record<number, INodeExecutionData>;
}

interface NodeContext extends IDataObject {
	evolinkParked?: ParkedRun & IDataObject;
	evolinkInput?: KeptInput & IDataObject;
}

/** A sub-workflow, whose caller waits for its result; n8n's evaluations and its command line do so too. */
const MODES_THAT_CANNOT_PARK: WorkflowExecuteMode[] = ['cli', 'evaluation', 'integrated'];

/** n8n looks for executions whose time is up once a minute. */
const SHORTEST_WAIT_MS = 60_000;
/** The service repeats a call that finds the execution still running for 7 s; creating may take longer than that. */
const CALLS_COME_AGAIN_WITHIN_MS = 4_000;

/**
 * So long before the end of a wait n8n sets a clock, which goes on when a call wakes the execution: it would then
 * cut the next wait of the same execution short.
 */
const CLOCK_IS_SET_MS = 70_000;
/** Lest a service that does not answer keeps the execution from being parked. */
const READ_TIMEOUT_MS = 4_000;
const MAX_REMEMBERED_RUNS = 1_000;
/** Reading and writing n8n's list of processed data takes some 10 ms; a turn is longer. */
const TURN_MS = 150;
const TURNS = 8;
/** From so long to twice as long, a second copy is told by that list: less than n8n needs to start again after a crash. */
const COPIES_COME_WITHIN_MS = 4_000;

/** Which copy of a woken run this process works on, by execution and secret; the oldest first. */
const firstCopies = new Map<string, string>();

/** A task that will call. */
interface ExpectedTask {
	taskId: string;
	/** Unix milliseconds; undefined for a task of an earlier try. */
	createdAt?: number;
	/** The execution that created it, and that it calls. */
	executionId: string;
	timeoutSeconds: number;
}

/** What parking means for one run of the node. */
export class Parking {
	/** The node runs again after its tasks have ended: now it only asks and fetches, and never parks. */
	readonly isOver: boolean;

	/**
	 * n8n 1.123 starts a run again that is no longer parked: when two calls reach two of its processes at one moment,
	 * or when the time limit passes soon after a call has woken the run. Then this process has the run already,
	 * and nothing of it must be handed on twice.
	 */
	readonly isCopy: boolean;

	private readonly wokenBy?: number;

	private readonly memory: NodeContext;

	/** Shared with other nodes of this package in the same execution. */
	private readonly execution: { evolinkWaitedUntil?: number };

	private readonly clockMayStrike: boolean;

	private readonly runIndex: number;

	private readonly failures: Record<number, INodeExecutionData> = {};

	private readonly expected = new Map<number, string>();

	private firstTaskAt = Number.POSITIVE_INFINITY;

	private timeoutMs = SHORTEST_WAIT_MS;

	private mustPoll = false;

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly apiKey: string,
	) {
		this.memory = context.getContext('node') as NodeContext;
		this.runIndex = isTool(context) ? 0 : Number(context.evaluateExpression('{{ $runIndex }}', 0));
		this.execution = context.getContext('flow');
		const clockMs = (this.execution.evolinkWaitedUntil ?? 0) - Date.now();
		this.clockMayStrike = clockMs > 0 && clockMs < CLOCK_IS_SET_MS;
		const { evolinkInput: input, evolinkParked: parked } = this.memory;
		this.isOver = input !== undefined && parked?.runIndex === this.runIndex;
		this.isCopy = parked !== undefined && this.isOver && isCopy(context, parked);
		if (input && this.isOver) {
			this.failures = input.failures;
			this.wokenBy = numberOf(context.getInputData()[0]?.json[WOKEN_BY]);
			// Parked, the items stood for the tasks. Expressions and binary fields need what came in.
			for (const [index, item] of context.getInputData().entries()) {
				Object.assign(item, { binary: undefined }, input.items[index]);
			}
		}
	}

	/**
	 * Whether another process (in queue mode) has the same run: as far as n8n 1.123 lets a node find out, which it does
	 * by a list in its database that two processes can read before either writes. So the copies come one after the
	 * other, each when its call's turn is: by the time of day, because one may start later than the other.
	 */
	async isCopyElsewhere(clock: Clock): Promise<boolean> {
		const { context, memory, wokenBy } = this;
		if (wokenBy === undefined) return false;
		const roundMs = TURNS * TURN_MS;
		const turnAt = ((wokenBy % TURNS) + Math.random() / 2) * TURN_MS;
		await clock.sleep((turnAt - (clock.now() % roundMs) + roundMs) % roundMs);
		const name = (time: number) => `${memory.evolinkParked?.secret} ${time}`;
		// Not for long: the run may be woken again because the process that had it has died.
		const now = Math.floor(clock.now() / COPIES_COME_WITHIN_MS);
		const own = randomUUID();
		const record = async () =>
			await context.helpers.checkProcessedAndRecord([name(now), name(now + 1), own], 'node', {
				mode: 'entries',
				maxEntries: MAX_REMEMBERED_RUNS,
			});
		// Two that begin the list at one moment make the second fail. Without a list, all is as n8n does it.
		const seen = await record()
			.catch(record)
			.catch(() => undefined);
		// With its own entry there, it is its first try that has come through after all.
		if (seen?.processed.includes(name(now)) && !seen.processed.includes(own)) return true;
		// The last copy to end writes the record that the user sees: let the others be done.
		await clock.sleep((TURNS + 2) * TURN_MS);
		return false;
	}

	/**
	 * Whether n8n can park this run: not as an agent's tool, nor where somebody waits for the result of the
	 * execution itself, nor while n8n may still wake it because of an earlier wait.
	 */
	get isPossible(): boolean {
		const { context } = this;
		return (
			!this.isOver &&
			!this.clockMayStrike &&
			!isTool(context) &&
			!MODES_THAT_CANNOT_PARK.includes(context.getMode()) &&
			Boolean(context.getExecutionId())
		);
	}

	/**
	 * The address that EvoLink calls. The same in each try of the same execution, because it is part of the
	 * paid request.
	 *
	 * @throws {InvalidInputError} EvoLink cannot call this n8n
	 */
	get callbackUrl(): string {
		const resumeUrl =
			textOf(this.context.evaluateExpression('{{ $execution.resumeUrl }}', 0)) ?? '';
		return ownCallbackUrl(resumeUrl, (url) => {
			url.pathname = `${url.pathname.replace(/\/+$/, '')}/${PARKING_WEBHOOKS[0].path}`;
			url.searchParams.set(SECRET_PARAMETER, this.secret);
		});
	}

	private get secret(): string {
		const { context } = this;
		const place = [
			context.getInstanceId(),
			context.getWorkflow().id ?? '',
			context.getExecutionId(),
			context.getNode().id,
			this.runIndex,
		];
		return createHmac('sha256', this.apiKey)
			.update(JSON.stringify(place))
			.digest('hex')
			.slice(0, 40);
	}

	/** An item has a task to wait for. */
	expect(
		itemIndex: number,
		{ taskId, createdAt, executionId, timeoutSeconds }: ExpectedTask,
	): void {
		this.expected.set(itemIndex, taskId);
		this.firstTaskAt = Math.min(this.firstTaskAt, createdAt ?? 0);
		this.timeoutMs = Math.max(this.timeoutMs, timeoutSeconds * 1_000);
		if (executionId !== this.context.getExecutionId()) this.mustPoll = true;
	}

	get isWanted(): boolean {
		return this.expected.size > 0;
	}

	/** An item failed, and n8n continues: if the run is parked after that, the item is not tried again. */
	noteFailure(itemIndex: number, item: INodeExecutionData): void {
		if (!this.isOver) this.failures[itemIndex] = item;
	}

	/** The outcome of an item that failed before the run was parked: it is not tried again. */
	failureOf(itemIndex: number): INodeExecutionData | undefined {
		return this.isOver ? this.failures[itemIndex] : undefined;
	}

	/**
	 * Parks the execution, unless there is nothing left to wait for.
	 *
	 * @param output what each item gives as long as its task has not ended
	 * @returns whether it is parked; otherwise the node has to run over its items again
	 */
	async park(
		client: EvolinkClient,
		clock: Clock,
		output: Array<Pick<INodeExecutionData, 'json' | 'binary'>>,
	): Promise<boolean> {
		const { context, memory } = this;
		const taskIds = [...new Set(this.expected.values())];
		const items = context.getInputData();
		const until = () => clock.now() + this.timeoutMs;
		memory.evolinkParked = {
			runIndex: this.runIndex,
			secret: this.secret,
			taskIds,
			until: until(),
		};
		memory.evolinkInput = {
			items: items.map(({ json, binary }) => ({ json, ...(binary ? { binary } : {}) })),
			failures: this.failures,
		};
		if (this.mustPoll || (await this.mayAllHaveEnded(client, clock, taskIds))) return false;

		// When the time is up, n8n hands on the input as it is in memory now.
		for (const [index, item] of items.entries()) {
			const { json, binary } = output[index];
			item.json = this.expected.has(index) ? { ...json, timed_out: true } : json;
			item.binary = binary;
		}
		memory.evolinkParked.until = until();
		// With 'Execute Once' n8n would hand on the items that the node did not look at, too.
		context.getExecuteData().data.main[0]?.splice(items.length);
		this.execution.evolinkWaitedUntil = memory.evolinkParked.until;
		await context.putExecutionToWait(new Date(memory.evolinkParked.until));
		return true;
	}

	/** Calls that came long before the execution is parked are lost. @returns true also where that is not known */
	private async mayAllHaveEnded(
		client: EvolinkClient,
		clock: Clock,
		taskIds: string[],
	): Promise<boolean> {
		if (clock.now() - this.firstTaskAt < CALLS_COME_AGAIN_WITHIN_MS) return false;
		const tasks = await readTasks(client, taskIds, READ_TIMEOUT_MS);
		// Where the service does not tell, polling goes on asking; parked, nobody would.
		return tasks.size < taskIds.length || [...tasks.values()].every(saysEnded);
	}

	/**
	 * Ends a run that is not to be parked. If not everything was handed on, n8n may repeat it, even where it continues
	 * on errors: the repetition must not park again, because its tasks have called already.
	 */
	endRun(everythingWasHandedOn: boolean): void {
		if (this.isWanted || !everythingWasHandedOn) return;
		delete this.memory.evolinkParked;
		delete this.memory.evolinkInput;
	}
}

function isCopy(context: IExecuteFunctions, parked: ParkedRun): boolean {
	const copy = (parked.copy ??= randomUUID());
	const key = `${context.getExecutionId()} ${parked.secret}`;
	const first = firstCopies.get(key) ?? copy;
	firstCopies.set(key, first);
	const [oldest] = firstCopies.keys();
	if (firstCopies.size > MAX_REMEMBERED_RUNS) firstCopies.delete(oldest);
	return first !== copy;
}

function isTool(context: IExecuteFunctions): boolean {
	return context.getNode().type.endsWith('Tool');
}
