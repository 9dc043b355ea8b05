import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { EvolinkClient } from '../Evolink/api/client';
import { type Clock, realClock } from '../Evolink/api/http/clock';
import { ApiError, EvolinkError, TRY_LATER } from '../Evolink/api/errors/errors';
import { keyedSend } from '../Evolink/api/http/http';
import { repeatRead, type ReadResult } from '../Evolink/api/http/retry';
import { IMAGES_COME_WITHIN_MS, lacksImages, saysEnded, type Task } from '../Evolink/api/task';
import { CREDENTIAL, readCredential } from '../Evolink/parameters/credential';
import { readSimplify } from '../Evolink/parameters/output';
import { parametersOf, readTexts, toChoice } from '../Evolink/parameters/reader';
import { taskJson } from '../Evolink/run/taskItem';
import { readCallback } from '../Evolink/waiting/callbackBody';
import { BoundedMap } from '../Evolink/memory/boundedMap';
import { TaskWatch } from '../Evolink/waiting/polling/taskWatch';
import { DeliveredTasks } from './deliveredTasks';
import { TaskLookup, TOO_MANY } from './taskLookup';

/** The caller has its answer within a second, n8n's own part included. */
const ANSWER_WITHIN_MS = 600;
/** A test is one delivery: somebody who sends it again a little later wants to see it again. */
const TEST_KEPT_MS = 10_000;

const MAX_KEYS = 100;
/** A flood of deliveries is not to become one of warnings. */
const FLOOD_IS_TOLD_EVERY_MS = 60_000;

/** Statuses with which the API says that there is no such task; 400 is for an ID of another form. */
const UNKNOWN_TASK = new Set([400, 404, 410, 422]);
const NOT_ENDED = 'not_ended';

/** One for all trigger nodes of this n8n process. */
const deliveredTasks = new DeliveredTasks();

/** One for all trigger nodes of this process with the same key. */
const lookups = new BoundedMap<TaskLookup>(MAX_KEYS);

/** When the log last said that there are too many deliveries. Unix milliseconds. */
let floodToldAt = 0;

/**
 * Takes a call to the node's webhook address. The service signs nothing, so the call is but a hint which task to
 * ask for: what goes into the workflow is what the API says.
 *
 * The service calls again, after 1, 2 and 4 s, until it gets a 2xx. So that is the answer to all that is
 * settled, even if nothing starts; a passing fault of the API is answered with 503, and a task that has not ended
 * with 409. When the API is slow, or the images of a complete task are not there yet, the caller gets its 2xx before,
 * and it is on this node to ask until it knows.
 *
 * Never rejects: n8n would start an execution that fails.
 */
export async function receiveDelivery(
	context: IWebhookFunctions,
	clock: Clock = realClock(),
): Promise<IWebhookResponseData> {
	const response = context.getResponseObject() as unknown as CallerResponse;
	const answer: Answer = (status, message) => {
		if (!response.headersSent) response.status(status).json({ message });
		return { noWebhookResponse: true };
	};
	try {
		const delivery = readCallback(context);
		if (!delivery.ok) return answer(delivery.status, delivery.message);
		const settings = readSettings(context);
		const answerEarly = () => answer(202, 'Received');
		const asked = await pollUntilEnded(context, clock, delivery.taskId, answerEarly);
		if (asked.ok) return startFor(context, clock, asked.value, settings, answer);

		const status = statusFor(asked.error);
		const isLost = response.headersSent;
		if (isLost || status === 503) warn(context, clock, delivery.taskId, asked.error, isLost);
		return answer(status, STATUS_MESSAGES[status]);
	} catch (error) {
		// The credential cannot be read, or an expression in a parameter fails.
		warn(context, clock, 'that was not checked', error as Error, response.headersSent);
		return answer(503, STATUS_MESSAGES[503]);
	}
}

/** Starts an execution for a task that has ended, unless it is filtered out or has started one before. */
function startFor(
	context: IWebhookFunctions,
	clock: Clock,
	task: Task,
	settings: Settings,
	answer: Answer,
): IWebhookResponseData {
	if (!isWanted(task, settings)) return answer(200, 'Received; this node does not start for it');
	if (!isFirstOfItsKind(context, clock, task)) return answer(200, 'Received before');
	// n8n 2.41 saves static data only where the node has answered by itself. It saves the execution some
	// milliseconds later: should it die in between, Get Task still knows the task.
	return {
		...answer(200, 'Received'),
		workflowData: [[{ json: taskJson({ task }, settings.simplify) }]],
	};
}

/** Answers the caller, unless that was done before. */
type Answer = (status: number, message: string) => IWebhookResponseData;

/** What is needed of the response of Express, whose types n8n-workflow does not bring along. */
interface CallerResponse {
	headersSent: boolean;
	status(code: number): this;
	json(body: object): this;
}

/**
 * Asks the API until it tells that the task has ended: once as long as the caller waits, more often when it has
 * been answered.
 *
 * @param answerEarly called when the API takes its time
 */
async function pollUntilEnded(
	context: IWebhookFunctions,
	clock: Clock,
	taskId: string,
	answerEarly: () => void,
): Promise<ReadResult<Task>> {
	const { apiKey, addresses } = await readCredential(context);
	const client = new EvolinkClient(keyedSend(context, CREDENTIAL, apiKey), clock, addresses);
	const lookup = lookups.getOrAdd(`${addresses.baseUrl} ${apiKey}`, () => new TaskLookup(clock));
	const poll = async () => requireEnd(await lookup.poll(taskId, client));

	const first = poll();
	const soon = await Promise.race([first, clock.sleep(ANSWER_WITHIN_MS)]);
	if (soon && !(soon.ok && lacksImages(soon.value))) return soon;
	answerEarly();
	const pending = [first];
	try {
		const task = await repeatRead(clock, async () => await (pending.pop() ?? poll()));
		const pollTask = async () => await lookup.poll(taskId, client);
		const watch = new TaskWatch({ pollTask, pollTasks: client.pollTasks.bind(client) }, clock);
		const seen = await watch.untilEnded(taskId, IMAGES_COME_WITHIN_MS / 1_000, task);
		return { ok: true, value: seen.task };
	} catch (error) {
		return { ok: false, error: error as EvolinkError, mayPass: false };
	}
}

/**
 * What is worth asking again: all but an answer that there is no such task. Refusals of the node's own key
 * (401, 402, 403) say nothing of the call, and a call may come a moment before the API knows of the end.
 */
function requireEnd(answer: ReadResult<Task>): ReadResult<Task> {
	if (!answer.ok) return { ...answer, mayPass: statusFor(answer.error) !== 404 };
	if (saysEnded(answer.value)) return answer;
	const error = new ApiError("The task isn't finished", TRY_LATER, { code: NOT_ENDED });
	return { ok: false, error, mayPass: true };
}

type RefusalStatus = 404 | 409 | 503;

const STATUS_MESSAGES: Record<RefusalStatus, string> = {
	404: "This task doesn't exist",
	409: "The task isn't finished",
	503: "The task can't be read at the moment",
};

/** What the caller is told; all three make the service call again. */
function statusFor(error: Error): RefusalStatus {
	if (!(error instanceof ApiError)) return 503;
	if (error.code === NOT_ENDED) return 409;
	return error.status !== undefined && UNKNOWN_TASK.has(error.status) ? 404 : 503;
}

function warn(
	context: IWebhookFunctions,
	clock: Clock,
	task: string,
	error: Error,
	isLost: boolean,
): void {
	if (error instanceof ApiError && error.code === TOO_MANY) {
		if (clock.now() - floodToldAt < FLOOD_IS_TOLD_EVERY_MS) return;
		floodToldAt = clock.now();
	}
	const advice =
		error instanceof EvolinkError && error.advice !== TRY_LATER ? ` ${error.advice}` : '';
	const outcome = isLost
		? "No execution was started. Get the task with 'Get Task'."
		: 'EvoLink was told to call again.';
	context.logger.warn(
		`${context.getNode().name} was called for a task ${task}: ${error.message}.${advice} ${outcome}`,
		{ workflowId: context.getWorkflow().id },
	);
}

/** What the node starts for, and with what. */
interface Settings {
	events: string[];
	/** IDs; none for all. */
	models: string[];
	simplify: boolean;
}

/** @throws {InvalidInputError} */
function readSettings(context: IWebhookFunctions): Settings {
	const source = parametersOf(context);
	const events = { displayName: 'Trigger On', path: 'events' };
	return {
		events: readTexts(source, 0, events).map((event) =>
			toChoice(event, events.displayName, ['cancelled', 'completed', 'failed']),
		),
		models: readTexts(source, 0, { displayName: 'Models', path: 'options.models' }),
		simplify: readSimplify(source, 0),
	};
}

function isWanted(task: Task, { events, models }: Settings): boolean {
	// A complete task whose images never came is told to those that start for either.
	const kinds = task.failure ? [task.status, 'failed'] : [task.status];
	const isEvent = events.some((event) => kinds.includes(event));
	return isEvent && (models.length === 0 || models.includes(task.model));
}

function isFirstOfItsKind(context: IWebhookFunctions, clock: Clock, task: Task): boolean {
	const node = `${context.getWorkflow().id} ${context.getNode().id}`;
	const end = `${task.id} ${task.status}`;
	if (context.getMode() === 'manual') {
		return deliveredTasks.record(`${node} test`, end, {}, clock.now(), TEST_KEPT_MS) !== undefined;
	}
	const staticData = context.getWorkflowStaticData('node');
	const kept = deliveredTasks.record(node, end, staticData.delivered, clock.now());
	if (kept) staticData.delivered = kept;
	return kept !== undefined;
}
