import type {
	IDataObject,
	IExecuteData,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

import type { EvolinkClient } from '../../api/client';
import { type Clock, realClock } from '../../api/http/clock';
import { textOf } from '../../api/http/json';
import { saysEnded, type Task } from '../../api/task';
import { BoundedMap } from '../../memory/boundedMap';
import { readCallback } from '../callbackBody';
import { readTasks } from '../polling/batchReader';
import { wakeMark } from './duplicateResume';
import { type ParkedRun, readParkedRun } from './parkedRun';
import { knowsSecret } from './resumeAddress';

/** EvoLink waits 10 s for an answer, which is given after one poll of one task. */
const READ_TIMEOUT_MS = 4_000;
/** So few open tasks are polled with each call: one of their own calls may have been lost. */
const FEW_TASKS = 10;
/** More of them not more often than this, once for all calls that come in between. */
const SHORTEST_GAP_MS = 1_000;
/** How often tasks that could not be read are polled again, the caller being answered already. */
const READ_TRIES = 3;
/** After this, a run that n8n still takes for parked may be woken again. */
const WAKING_MS = 30_000;
/** n8n 1.123 does not notice that a call wakes a run at the moment at which it does so itself. */
const LIMIT_MARGIN_MS = 2_000;
const MAX_REMEMBERED_RUNS = 1_000;

/** What this process knows of a parked run: calls cannot write into the execution. */
interface ParkedProgress {
	/** The tasks that have ended, and how. */
	ended: Map<string, IDataObject>;
	/** When all of its open tasks were last polled. Unix milliseconds. */
	polledAt: number;
	/** A call is about to poll all open tasks; those that come before it does need not. */
	isPolledSoon: boolean;
	wokenAt: number;
}

/** By execution, node and run. */
const parkedProgress = new BoundedMap<ParkedProgress>(MAX_REMEMBERED_RUNS);

/**
 * Takes a call for a parked execution, and wakes it when all of its tasks have ended. What the call says is never
 * believed: the tasks are polled. Anybody who does not know the address is turned away, and whatever comes
 * twice, late or early changes nothing.
 *
 * Two calls at one moment would make n8n 1.123 run everything after the node twice, so only one of them wakes it.
 *
 * Never rejects: n8n would let the execution go on as failed.
 */
export async function receiveCallback(
	context: IWebhookFunctions,
	makeClient: () => Promise<EvolinkClient>,
	clock: Clock = realClock(),
): Promise<IWebhookResponseData> {
	const answered: IWebhookResponseData = { noWebhookResponse: true };
	const answer = (status: number, message: string): IWebhookResponseData => {
		const response = context.getResponseObject() as unknown as CallerResponse;
		if (!response.headersSent) response.status(status).json({ message });
		return answered;
	};
	try {
		const parked = readParkedRun(context);
		if (!parked) return answer(409, 'No task is expected here');
		if (!knowsSecret(context.getQueryData(), parked.secret)) {
			return answer(403, 'This URL is unknown');
		}
		const call = readCallback(context);
		if (!call.ok) return answer(call.status, call.message);
		const { taskId } = call;
		if (!parked.taskIds.includes(taskId)) return answer(404, 'This task is not expected here');

		const progress = progressOf(context, parked);
		const isWaking = () => clock.now() - progress.wokenAt < WAKING_MS;
		if (isWaking()) return answer(200, 'Received before');
		const client = await makeClient();
		await poll(client, progress, [taskId]);
		if (isWaking()) return answer(200, 'Received before');
		if (!progress.ended.has(taskId)) return answer(503, "The task isn't finished yet");
		answer(200, 'Received');

		await pollOthers(client, clock, parked, progress);
		if (progress.ended.size < parked.taskIds.length || isWaking()) return answered;
		if (Math.abs(clock.now() - parked.until) < LIMIT_MARGIN_MS) return answered;
		const { ended } = progress;
		Object.assign(progress, { wokenAt: clock.now(), ended: new Map() });
		const mark = wakeMark(context, parked.taskIds.indexOf(taskId));
		return { ...answered, workflowData: [wakeUp(context, ended, mark)] };
	} catch (error) {
		context.logger.warn(
			`${context.getNode().name} could not process a callback: ${(error as Error).message}`,
		);
		return answer(503, "The task can't be read at the moment");
	}
}

/** What is needed of the response of Express, whose types n8n-workflow does not bring along. */
interface CallerResponse {
	readonly headersSent: boolean;
	status(code: number): this;
	json(body: object): this;
}

function progressOf(context: IWebhookFunctions, { runIndex, secret }: ParkedRun): ParkedProgress {
	const key = `${context.getExecutionId()} ${context.getNode().id} ${runIndex} ${secret}`;
	return parkedProgress.getOrAdd(key, () => ({
		ended: new Map(),
		polledAt: 0,
		isPolledSoon: false,
		wokenAt: 0,
	}));
}

/**
 * Polls the tasks whose own calls have not come: they may be lost, or have come to another process of n8n.
 * Tasks that the service does not tell now are polled again.
 */
async function pollOthers(
	client: EvolinkClient,
	clock: Clock,
	{ taskIds }: ParkedRun,
	progress: ParkedProgress,
): Promise<void> {
	const openOnes = () => taskIds.filter((taskId) => !progress.ended.has(taskId));
	for (let tries = 1; tries <= READ_TRIES && !progress.isPolledSoon; tries++) {
		const isSoon = openOnes().length > FEW_TASKS || tries > 1;
		const pauseMs = isSoon ? progress.polledAt + SHORTEST_GAP_MS - clock.now() : 0;
		if (pauseMs > 0) {
			progress.isPolledSoon = true;
			await clock.sleep(pauseMs);
			progress.isPolledSoon = false;
		}
		progress.polledAt = clock.now();
		if (await poll(client, progress, openOnes())) return;
	}
}

/** @returns whether the service told all of them, ended or not */
async function poll(
	client: EvolinkClient,
	{ ended }: ParkedProgress,
	taskIds: string[],
): Promise<boolean> {
	const open = taskIds.filter((taskId) => !ended.has(taskId));
	const tasks = await readTasks(client, open, READ_TIMEOUT_MS);
	for (const [id, task] of tasks) if (saysEnded(task)) ended.set(id, outcomeOf(task));
	return tasks.size === open.length;
}

/**
 * n8n has disabled the node, so that it passes on what it is given; enabled again, it runs once more, with
 * everything that n8n does for a running node: errors, retries, images. That is not public. Should it cease to
 * work, what is passed on are the tasks as they ended, without images.
 */
function wakeUp(
	context: IWebhookFunctions,
	ended: ParkedProgress['ended'],
	mark: IDataObject,
): INodeExecutionData[] {
	const { executeData } = context as unknown as { executeData?: IExecuteData };
	if (executeData) executeData.node.disabled = false;
	const input: unknown = context.evaluateExpression('{{ JSON.stringify($input.all()) }}');
	const items = JSON.parse(textOf(input) ?? '[]') as INodeExecutionData[];
	return items.map((parked, item) => {
		const json: IDataObject = { ...parked.json, ...(executeData && item === 0 ? mark : {}) };
		delete json.timed_out;
		Object.assign(json, ended.get(textOf(json.id) ?? ''));
		return { ...parked, json, pairedItem: { item } };
	});
}

function outcomeOf({ status, progress, results, failure }: Task): IDataObject {
	return { status, progress, results, ...(failure ? { failure: { ...failure } } : {}) };
}
