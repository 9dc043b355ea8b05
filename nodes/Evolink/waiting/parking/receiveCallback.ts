import { timingSafeEqual } from 'crypto';

import type {
	IDataObject,
	IExecuteData,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

import type { EvolinkClient } from '../../api/client';
import { type Clock, realClock } from '../../api/http/clock';
import { isRecord, textOf } from '../../api/http/json';
import { saysEnded, type Task } from '../../api/task';
import { type ParkedRun, SECRET_PARAMETER, WOKEN_BY } from './parking';
import { readTasks } from '../polling/batchReader';

/** EvoLink waits 10 s for an answer, which is given after one question for one task. */
const READ_TIMEOUT_MS = 4_000;
/** So few tasks are asked for with each call: one of their own calls may have been lost. */
const FEW_TASKS = 10;
/** More of them not more often than this, once for all calls that come in between. */
const SHORTEST_GAP_MS = 1_000;
/** How often tasks that could not be read are asked for again, the caller being answered already. */
const READ_TRIES = 3;
/** After this, a run that n8n still takes for parked may be woken again. */
const WAKING_MS = 30_000;
/** n8n 1.123 does not notice that a call wakes a run at the moment at which it does so itself. */
const LIMIT_MARGIN_MS = 2_000;
const MAX_REMEMBERED_RUNS = 1_000;

/** What this process knows of a parked run: calls cannot write into the execution. */
interface Sleeper {
	/** The tasks that have ended, and how. */
	ended: Map<string, IDataObject>;
	/** When all of its open tasks were last asked for. Unix milliseconds. */
	askedAt: number;
	/** A call is about to ask for all open tasks; those that come before it does need not. */
	isAskedSoon: boolean;
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
		if (!parked) return answer(409, 'Nothing is waited for');
		if (!isAuthentic(context, parked)) return answer(403, 'This address is not known');
		const body: unknown = context.getBodyData();
		const taskId = isRecord(body) ? textOf(body.id) : undefined;
		if (taskId === undefined) return answer(400, 'The body is not a task');
		if (!parked.taskIds.includes(taskId)) return answer(404, 'This task is not waited for');

		const sleeper = sleeperFor(context, parked);
		const isWaking = () => clock.now() - sleeper.wokenAt < WAKING_MS;
		if (isWaking()) return answer(200, 'Received before');
		const client = await makeClient();
		await ask(client, sleeper, [taskId]);
		if (isWaking()) return answer(200, 'Received before');
		if (!sleeper.ended.has(taskId)) return answer(503, 'The end of the task is not known yet');
		answer(200, 'Received');

		await askForOthers(client, clock, parked, sleeper);
		if (sleeper.ended.size < parked.taskIds.length || isWaking()) return answered;
		if (Math.abs(clock.now() - parked.until) < LIMIT_MARGIN_MS) return answered;
		const { ended } = sleeper;
		Object.assign(sleeper, { wokenAt: clock.now(), ended: new Map() });
		return { ...answered, workflowData: [wakeUp(context, ended, parked.taskIds.indexOf(taskId))] };
	} catch (error) {
		context.logger.warn(
			`${context.getNode().name} could not take a call: ${(error as Error).message}`,
		);
		return answer(503, 'The task cannot be asked for now');
	}
}

/** What is needed of the response of Express, whose types n8n-workflow does not bring along. */
interface CallerResponse {
	readonly headersSent: boolean;
	status(code: number): this;
	json(body: object): this;
}

function readParkedRun(context: IWebhookFunctions): ParkedRun | undefined {
	// Braces in the name would end the expression.
	const name = JSON.stringify(context.getNode().name).replace(/[{}]/g, escapeCharacter);
	const parked: unknown = context.evaluateExpression(
		`{{ JSON.stringify($(${name}).context.evolinkParked ?? null) }}`,
	);
	return (JSON.parse(textOf(parked) ?? 'null') as ParkedRun | null) ?? undefined;
}

function escapeCharacter(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
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
	const sleeper = sleepers.get(key) ?? {
		ended: new Map<string, IDataObject>(),
		askedAt: 0,
		isAskedSoon: false,
		wokenAt: 0,
	};
	sleepers.delete(key);
	sleepers.set(key, sleeper);
	const [oldest] = sleepers.keys();
	if (sleepers.size > MAX_REMEMBERED_RUNS) sleepers.delete(oldest);
	return sleeper;
}

/**
 * Asks for the tasks whose own calls have not come: they may be lost, or have come to another process of n8n.
 * Tasks that the service does not tell now are asked for again.
 */
async function askForOthers(
	client: EvolinkClient,
	clock: Clock,
	{ taskIds }: ParkedRun,
	sleeper: Sleeper,
): Promise<void> {
	const openOnes = () => taskIds.filter((taskId) => !sleeper.ended.has(taskId));
	for (let tries = 1; tries <= READ_TRIES && !sleeper.isAskedSoon; tries++) {
		const isSoon = openOnes().length > FEW_TASKS || tries > 1;
		const pauseMs = isSoon ? sleeper.askedAt + SHORTEST_GAP_MS - clock.now() : 0;
		if (pauseMs > 0) {
			sleeper.isAskedSoon = true;
			await clock.sleep(pauseMs);
			sleeper.isAskedSoon = false;
		}
		sleeper.askedAt = clock.now();
		if (await ask(client, sleeper, openOnes())) return;
	}
}

/** @returns whether the service told all of them, ended or not */
async function ask(client: EvolinkClient, sleeper: Sleeper, taskIds: string[]): Promise<boolean> {
	const unknown = taskIds.filter((taskId) => !sleeper.ended.has(taskId));
	const tasks = await readTasks(client, unknown, READ_TIMEOUT_MS);
	for (const [id, task] of tasks) if (saysEnded(task)) sleeper.ended.set(id, outcomeOf(task));
	return tasks.size === unknown.length;
}

/**
 * n8n has disabled the node, so that it passes on what it is given; enabled again, it runs once more, with
 * everything that n8n does for a running node: errors, retries, pictures. That is not public. Should it cease to
 * work, what is passed on are the tasks as they ended, without pictures.
 */
function wakeUp(
	context: IWebhookFunctions,
	ended: Sleeper['ended'],
	position: number,
): INodeExecutionData[] {
	const { executeData } = context as unknown as { executeData?: IExecuteData };
	if (executeData) executeData.node.disabled = false;
	// n8n 2 signs its addresses, and lets one call through.
	const isSigned = 'signature' in (context.getQueryData() as IDataObject);
	const mark = executeData && !isSigned ? { [WOKEN_BY]: position } : {};
	const input: unknown = context.evaluateExpression('{{ JSON.stringify($input.all()) }}');
	const items = JSON.parse(textOf(input) ?? '[]') as INodeExecutionData[];
	return items.map((parked, item) => {
		const json: IDataObject = { ...parked.json, ...(item === 0 ? mark : {}) };
		delete json.timed_out;
		Object.assign(json, ended.get(textOf(json.id) ?? ''));
		return { ...parked, json, pairedItem: { item } };
	});
}

function outcomeOf({ status, progress, results, failure }: Task): IDataObject {
	return { status, progress, results, ...(failure ? { failure: { ...failure } } : {}) };
}
