import { timingSafeEqual } from 'crypto';

import type {
	IDataObject,
	IExecuteData,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

import type { EvolinkClient } from '../api/client';
import { isRecord, textOf } from '../api/json';
import { hasEnded, type Task } from '../api/task';
import { type ParkedRun, SECRET_PARAMETER } from './parking';
import { readTasks } from './readTasks';

/** EvoLink waits 10 s for an answer. */
const READ_TIMEOUT_MS = 4_000;
/** So few tasks are all asked for with each call: one of their calls may have been lost. */
const FEW_TASKS = 10;
/** More of them, but not more often than the vendor's clients ask for a task. */
const SHORTEST_GAP_MS = 3_000;
/** After this, a run that n8n still takes for parked may be woken again. */
const WAKING_MS = 30_000;
const MAX_REMEMBERED_RUNS = 1_000;

/** What this process knows of a parked run: calls cannot write into the execution. */
interface Sleeper {
	ended: Map<string, Task>;
	/** When all of its open tasks were last asked for. Unix milliseconds. */
	askedAt: number;
	wokenAt: number;
}

/** By execution, node and run; the oldest first. */
const sleepers = new Map<string, Sleeper>();

/**
 * Takes a call for a parked execution, and wakes it when all of its tasks have ended. What the call says is never
 * believed: the tasks are asked for. Anybody who does not know the address is turned away, and whatever comes
 * twice, late or early changes nothing.
 *
 * Two calls at one moment would make n8n 1.123 run everything after the node twice, so only one of them wakes it.
 *
 * Never rejects: n8n would let the execution go on as failed.
 */
export async function receiveCallback(
	context: IWebhookFunctions,
	makeClient: () => Promise<EvolinkClient>,
): Promise<IWebhookResponseData> {
	const answer = (status: number, message: string): IWebhookResponseData => {
		const response = context.getResponseObject() as unknown as CallerResponse;
		response.status(status).json({ message });
		return { noWebhookResponse: true };
	};
	try {
		const parked = readParkedRun(context);
		if (!parked) return answer(409, 'Nothing is waited for');
		if (!isAuthentic(context, parked)) return answer(403, 'This address is not known');
		const body: unknown = context.getBodyData();
		const taskId = isRecord(body) ? textOf(body.id) : undefined;
		if (taskId === undefined) return answer(400, 'The body is not a task');
		if (!parked.taskIds.includes(taskId)) return answer(404, 'This task is not waited for');

		const sleeper = sleeperFor(context, parked);
		await askFor(taskId, parked, sleeper, makeClient);
		if (!sleeper.ended.has(taskId)) return answer(503, 'The end of the task is not known yet');
		if (sleeper.ended.size < parked.taskIds.length) return answer(200, 'Received');
		if (Date.now() - sleeper.wokenAt < WAKING_MS) return answer(200, 'Received before');
		sleeper.wokenAt = Date.now();
		return { ...answer(200, 'Received'), workflowData: [wakeUp(context, sleeper)] };
	} catch (error) {
		context.logger.warn(
			`${context.getNode().name} could not take a call: ${(error as Error).message}`,
		);
		return answer(503, 'The task cannot be asked for now');
	}
}

/** What is needed of the response of Express, whose types n8n-workflow does not bring along. */
interface CallerResponse {
	status(code: number): this;
	json(body: object): this;
}

function readParkedRun(context: IWebhookFunctions): ParkedRun | undefined {
	const name = JSON.stringify(context.getNode().name);
	const parked: unknown = context.evaluateExpression(
		`{{ JSON.stringify($(${name}).context.evolinkParked ?? null) }}`,
	);
	return (JSON.parse(String(parked)) as ParkedRun | null) ?? undefined;
}

function isAuthentic(context: IWebhookFunctions, { secret }: ParkedRun): boolean {
	const given = Buffer.from(
		textOf((context.getQueryData() as IDataObject)[SECRET_PARAMETER]) ?? '',
	);
	const wanted = Buffer.from(secret);
	return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function sleeperFor(context: IWebhookFunctions, { runIndex, secret }: ParkedRun): Sleeper {
	const key = `${context.getExecutionId()} ${context.getNode().id} ${runIndex} ${secret}`;
	const sleeper = sleepers.get(key) ?? { ended: new Map<string, Task>(), askedAt: 0, wokenAt: 0 };
	sleepers.delete(key);
	sleepers.set(key, sleeper);
	const [oldest] = sleepers.keys();
	if (sleepers.size > MAX_REMEMBERED_RUNS) sleepers.delete(oldest);
	return sleeper;
}

/** Asks for the task that the call names and, lest one whose call was lost is waited for in vain, for others. */
async function askFor(
	taskId: string,
	{ taskIds }: ParkedRun,
	sleeper: Sleeper,
	makeClient: () => Promise<EvolinkClient>,
): Promise<void> {
	const { ended } = sleeper;
	const others = taskIds.filter((other) => other !== taskId && !ended.has(other));
	const now = Date.now();
	const asksForAll = others.length <= FEW_TASKS || now - sleeper.askedAt >= SHORTEST_GAP_MS;
	const open = [...(ended.has(taskId) ? [] : [taskId]), ...(asksForAll ? others : [])];
	if (open.length === 0) return;
	if (asksForAll) sleeper.askedAt = now;
	const tasks = await readTasks(await makeClient(), open, READ_TIMEOUT_MS);
	for (const [id, task] of tasks) if (hasEnded(task)) ended.set(id, task);
}

/**
 * n8n has disabled the node, so that it passes on what it is given; enabled again, it runs once more, with
 * everything that n8n does for a running node: errors, retries, pictures. That is not public. Should it cease to
 * work, what is passed on are the tasks as they ended, without pictures.
 */
function wakeUp(context: IWebhookFunctions, { ended }: Sleeper): INodeExecutionData[] {
	const { executeData } = context as unknown as { executeData?: IExecuteData };
	if (executeData) executeData.node.disabled = false;
	const items = JSON.parse(
		String(context.evaluateExpression('{{ JSON.stringify($input.all()) }}')),
	) as INodeExecutionData[];
	return items.map((parked, item) => {
		const json = { ...parked.json };
		delete json.timed_out;
		const task = ended.get(textOf(json.id) ?? '');
		Object.assign(json, task ? outcomeOf(task) : {});
		return { ...parked, json, pairedItem: { item } };
	});
}

function outcomeOf({ status, progress, results, failure }: Task): IDataObject {
	return { status, progress, results, ...(failure ? { failure: { ...failure } } : {}) };
}
