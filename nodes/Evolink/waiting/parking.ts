import { createHmac } from 'crypto';

import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	IWebhookDescription,
} from 'n8n-workflow';

import type { EvolinkClient } from '../api/client';
import type { Clock } from '../api/clock';
import { hasEnded, type Task } from '../api/task';
import { ownCallbackUrl } from './callbackUrl';
import { readTasks } from './readTasks';

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

/** What the calls are held against; kept in the node's context, so n8n saves it with the execution. Plain JSON. */
export interface ParkedRun {
	runIndex: number;
	secret: string;
	taskIds: string[];
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

/** n8n looks for executions whose time is up once a minute. */
const SHORTEST_WAIT_MS = 60_000;
/** The service repeats a call that finds the execution still running for 7 s; creating may take longer than that. */
const CALLS_COME_AGAIN_WITHIN_MS = 4_000;

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

	private readonly memory: NodeContext;

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
		const input = this.memory.evolinkInput;
		this.isOver = input !== undefined && this.memory.evolinkParked?.runIndex === this.runIndex;
		if (input && this.isOver) {
			this.failures = input.failures;
			// Parked, the items stood for the tasks. Expressions and binary fields need what came in.
			for (const [index, item] of context.getInputData().entries()) {
				Object.assign(item, { binary: undefined }, input.items[index]);
			}
		}
	}

	/**
	 * Whether n8n can park this run: not as an agent's tool, nor in a sub-workflow, whose caller waits for its
	 * result.
	 */
	get isPossible(): boolean {
		const { context } = this;
		return (
			!this.isOver &&
			!isTool(context) &&
			context.getMode() !== 'integrated' &&
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
		const resumeUrl = String(this.context.evaluateExpression('{{ $execution.resumeUrl }}', 0));
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

	/** An item failed for good, and n8n continues. */
	noteFailure(itemIndex: number, item: INodeExecutionData): void {
		this.failures[itemIndex] = item;
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
		memory.evolinkParked = { runIndex: this.runIndex, secret: this.secret, taskIds };
		memory.evolinkInput = {
			items: items.map(({ json, binary }) => ({ json, ...(binary ? { binary } : {}) })),
			failures: this.failures,
		};
		if (this.mustPoll || (await this.allHaveEnded(client, clock, taskIds))) return false;

		// When the time is up, n8n hands on the input as it is in memory now.
		for (const [index, item] of items.entries()) {
			const { json, binary } = output[index];
			item.json = this.expected.has(index) ? { ...json, timed_out: true } : json;
			item.binary = binary;
		}
		await context.putExecutionToWait(new Date(clock.now() + this.timeoutMs));
		return true;
	}

	/** Calls that came long before the execution is parked are lost. */
	private async allHaveEnded(
		client: EvolinkClient,
		clock: Clock,
		taskIds: string[],
	): Promise<boolean> {
		if (clock.now() - this.firstTaskAt < CALLS_COME_AGAIN_WITHIN_MS) return false;
		const tasks = await readTasks(client, taskIds);
		return taskIds.every((taskId) => isEnded(tasks.get(taskId)));
	}

	/** Everything was handed on: the node will not run over these items again. */
	forget(): void {
		delete this.memory.evolinkParked;
		delete this.memory.evolinkInput;
	}
}

function isEnded(task: Task | undefined): boolean {
	return task !== undefined && hasEnded(task);
}

function isTool(context: IExecuteFunctions): boolean {
	return context.getNode().type.endsWith('Tool');
}
