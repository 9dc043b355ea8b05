import type { IDataObject } from 'n8n-workflow';

import { StreamedBytes } from './http/bytes';
import { type NotCreated, readCreateOutcome } from './createOutcome';
import type { Clock } from './http/clock';
import {
	ApiError,
	type EvolinkError,
	KeyConflictError,
	NO_HISTORY,
	OutcomeUnknownError,
	type TaskTrace,
	TOP_UP,
	TRY_LATER,
} from './errors/errors';
import { type HttpRequest, isSuccess, type Send } from './http/http';
import { isRecord, listIn, parseJson, textOf } from './http/json';
import {
	isPassingStatus,
	repeatRead,
	retryAfterMs,
	retryDelayMs,
	type ReadResult,
} from './http/retry';
import { apiErrorOf, errorAnswer, failedExchange, refusalIn, saysItFailed } from './errors/advice';
import { type FileUpload, multipart } from './http/multipart';
import {
	explainQuoteFault,
	parsePriceRule,
	parseQuote,
	type PriceRule,
	type Quote,
	type QuoteRequest,
} from './quotes';
import { parseTask, type Task } from './task';
import { parseTaskPage, type TaskFilters, type TaskPage, type TaskSummary } from './taskHistory';

export interface ServiceAddresses {
	/** For instance `https://api.evolink.ai`, without a slash at the end. */
	baseUrl: string;
	/** For instance `https://files-api.evolink.ai`, without a slash at the end. */
	filesBaseUrl: string;
}

/** A file on the files host. Source: docs.evolink.ai, file series, upload-stream. */
export interface UploadedFile {
	/** Its public address. */
	url: string;
	/** What it is deleted by, where the host told. */
	fileId?: string;
	fileName?: string;
	mimeType?: string;
	/** Unix milliseconds, where the host told. */
	expiresAt?: number;
}

const TOP_UP_TO_READ =
	'Top up the EvoLink account at https://evolink.ai/dashboard/credits. Tasks that were created before stay, and can be read again then.';

/** Body of `POST /v1/images/generations`. */
export interface CreateTaskBody extends IDataObject {
	model: string;
	/** Only a few models work without. */
	prompt?: string;
	/** Models that generate from a prompt alone have none. */
	image_urls?: string[];
	/** Which parts of the first image to repaint. */
	mask_url?: string;
	/** How many images to make; only for models that make several. */
	n?: number;
	callback_url?: string;
}

const SECOND = 1_000;
/** Timeouts of the vendor's own clients: 15 s for reads, 120 s for writes. */
const READ_TIMEOUT_MS = 15 * SECOND;
const WRITE_TIMEOUT_MS = 120 * SECOND;
const MAX_JSON_BYTES = 4 * 1024 * 1024;

/** Tasks in one question. Source: deeplearning-goethe/evolink-cli, api-client. */
export const MAX_BATCH = 50;

/** What was refused because of load, or never sent, is certain not to be paid: patience costs nothing but time. */
const UNPAID_CREATE_TRIES = 6;
const UNKNOWN_CREATE_TRIES = 4;

/**
 * Waits after the service refused a create because it is busy.
 *
 * @returns false when it is not to be sent again
 * @throws {StoppedError}
 */
export type WaitForRoom = (refusal: {
	error: EvolinkError;
	/** What the service asks for. */
	retryAfterMs?: number;
}) => Promise<boolean>;

/** The most that the vendor's own clients ask for at once. */
const HISTORY_PAGE_SIZE = 50;

/**
 * EvoLink's task, files and credits API. What may be repeated, and when, is decided here and nowhere else.
 * Sources: docs.evolink.ai (tasks, files, credits); Idempotency-Key: EvoLinkAI/evolink-mcp, api-client.
 */
export class EvolinkClient {
	constructor(
		private readonly send: Send,
		private readonly clock: Clock,
		private readonly addresses: ServiceAddresses,
	) {}

	/**
	 * Creates a task. **Costs money.** Repeated only with the same key and body, and only after the
	 * service refused because of load (429, 503), was not reached, or left the outcome open (connection
	 * lost, no answer in time, 5xx, unreadable answer): the service answers a repetition with the
	 * first task and charges nothing.
	 *
	 * @param idempotencyKey 16 to 96 characters of `[A-Za-z0-9._-]`
	 * @param mayBePaid an earlier call with this key left the outcome open, so a refusal now settles nothing
	 * @param waitForRoom decides how long to wait while the service is busy; without, it is tried some times
	 * @throws {ApiError} the service refused; nothing was paid
	 * @throws {OutcomeUnknownError} it may have been paid
	 * @throws {StoppedError} nothing was paid
	 */
	async createTask(
		body: CreateTaskBody,
		idempotencyKey: string,
		mayBePaid = false,
		waitForRoom: WaitForRoom = patience(this.clock),
	): Promise<Task> {
		let inDoubt = mayBePaid;
		let lastTry = mayBePaid ? UNKNOWN_CREATE_TRIES : UNPAID_CREATE_TRIES;
		const unknown = (reason: string, trace: TaskTrace = {}) =>
			new OutcomeUnknownError(whatIsUnknown(reason), idempotencyKey, trace);
		const untilStopped = async <T>(waiting: Promise<T>) =>
			await waiting.catch((stopped: EvolinkError) => {
				throw inDoubt ? unknown(stopped.message) : stopped;
			});
		const pause = async (milliseconds: number) =>
			await untilStopped(this.clock.sleep(milliseconds));
		let lostBefore = mayBePaid;
		for (let tries = 1; ; tries++) {
			await pause(0); // Nothing is paid after a stop.
			const result = await this.send({
				method: 'POST',
				url: `${this.addresses.baseUrl}/v1/images/generations`,
				headers: { 'Idempotency-Key': idempotencyKey },
				body,
				timeoutMs: WRITE_TIMEOUT_MS,
				maxBytes: MAX_JSON_BYTES,
				hasOwnPace: true,
			});
			const outcome = readCreateOutcome(result, this.clock.now());
			if (outcome.kind === 'created') {
				// After an answer that was lost, it is this very request that was carried out.
				return inDoubt ? { ...outcome.task, isReplay: false } : outcome.task;
			}
			const { kind, reason, error, trace } = outcome;
			inDoubt ||= !CERTAINLY_UNPAID.has(kind);
			if (kind === 'throttled' || kind === 'busy') {
				const isTimeLeft = await untilStopped(waitForRoom(outcome));
				if (!isTimeLeft) throw inDoubt ? unknown(reason, trace) : error;
				tries--; // However long that takes, it is no fault.
				continue;
			}
			if (kind === 'unknown' && !lostBefore) {
				lostBefore = true;
				lastTry = tries + UNKNOWN_CREATE_TRIES - 1; // However long the service refused before.
			}
			if (kind === 'conflict') {
				throw new KeyConflictError(whatIsUnknown(reason), idempotencyKey, trace);
			}
			const isFinal = kind === 'refused' || kind === 'undecidable';
			if (isFinal || tries >= lastTry) throw inDoubt ? unknown(reason, trace) : error;
			await pause(retryDelayMs(tries, outcome.retryAfterMs));
		}
	}

	/** Asks once for a task. Polling decides itself what to do about faults. */
	async pollTask(taskId: string, timeoutMs = READ_TIMEOUT_MS): Promise<ReadResult<Task>> {
		const answer = await this.read(
			'Could not get the task',
			{
				method: 'GET',
				url: `${this.addresses.baseUrl}/v1/tasks/${encodeURIComponent(taskId)}`,
				timeoutMs: Math.min(timeoutMs, READ_TIMEOUT_MS),
			},
			// The answer for another task would hand an image to the wrong item.
			(body) => parseTask(body, taskId),
		);
		if (!answer.ok) answer.error.trace.taskId = taskId; // The task is paid: no error may lose it.
		return answer;
	}

	/**
	 * Asks once for several tasks; those that the service does not know are missing in the answer. The endpoint
	 * has no docs page (source: deeplearning-goethe/evolink-cli, api-client): a host may not have it.
	 *
	 * @param taskIds at most `MAX_BATCH`
	 * @returns a fault that will not pass where the host does not answer such questions
	 */
	async pollTasks(
		taskIds: string[],
		timeoutMs = READ_TIMEOUT_MS,
	): Promise<ReadResult<Map<string, Task>>> {
		return await this.read(
			'Could not get the tasks',
			{
				method: 'POST',
				url: `${this.addresses.baseUrl}/v1/tasks/batch`,
				body: { task_ids: taskIds },
				timeoutMs: Math.min(timeoutMs, READ_TIMEOUT_MS),
			},
			parseTasks,
			{ unreadableMayPass: false },
		);
	}

	/**
	 * The task as it is now.
	 *
	 * @throws {EvolinkError}
	 */
	async getTask(taskId: string): Promise<Task> {
		return await repeatRead(this.clock, async () => await this.pollTask(taskId));
	}

	/**
	 * The account's tasks, newest first. Free. New tasks push older ones to later pages while they are
	 * read, so a task may come twice; it is given once.
	 *
	 * @throws {EvolinkError}
	 */
	async listTasks(filters: TaskFilters, limit = Infinity): Promise<TaskSummary[]> {
		const tasks = new Map<string, TaskSummary>();
		const pageSize = Math.min(HISTORY_PAGE_SIZE, limit);
		for (let page = 1; ; page++) {
			const known = tasks.size;
			const { tasks: lines, isLast } = await repeatRead(
				this.clock,
				async () => await this.readTaskPage(filters, page, pageSize),
			);
			for (const task of lines) if (!tasks.has(task.id)) tasks.set(task.id, task);
			// A page without anything new comes from a host that does not turn pages.
			if (isLast || tasks.size === known || tasks.size >= limit) break;
		}
		return [...tasks.values()].slice(0, limit);
	}

	/**
	 * The `data` of the account's credits: `{token, user}`, each with `remaining_credits` and
	 * `used_credits`. Free.
	 *
	 * @throws {EvolinkError}
	 */
	async getCredits(): Promise<IDataObject> {
		return await repeatRead(
			this.clock,
			async () =>
				await this.read(
					'Could not get the credits',
					{
						method: 'GET',
						url: `${this.addresses.baseUrl}/v1/credits`,
						timeoutMs: READ_TIMEOUT_MS,
					},
					(body) =>
						isRecord(body) && body.success !== false && isRecord(body.data)
							? (body.data as IDataObject)
							: undefined,
				),
		);
	}

	/** Asks once how a model is priced. No key is needed for it, and hosts need not tell. */
	async readPriceRule(model: string): Promise<ReadResult<PriceRule>> {
		const id = encodeURIComponent(model);
		return await this.read(
			`Could not get the price rule of ${model}`,
			{
				method: 'GET',
				url: `${this.addresses.baseUrl}/v1/catalog/models/${id}/pricing-rules?view=full`,
				timeoutMs: READ_TIMEOUT_MS,
			},
			parsePriceRule,
		);
	}

	/** Asks once what a task would cost. Free. Use `Quotes`, which knows how to ask. */
	async readQuote(request: QuoteRequest): Promise<ReadResult<Quote>> {
		const answer = await this.read(
			'Could not get a price estimate',
			{
				method: 'POST',
				url: `${this.addresses.baseUrl}/v1/agent-estimates`,
				body: request,
				timeoutMs: READ_TIMEOUT_MS,
			},
			parseQuote,
		);
		if (answer.ok || !(answer.error instanceof ApiError)) return answer;
		return { ...answer, error: explainQuoteFault(answer.error) };
	}

	/**
	 * Puts an image on EvoLink's files host, where the models can fetch it for 72 hours. Free. A file of
	 * the same name is overwritten, which makes a repetition harmless and unique names a must.
	 *
	 * @throws {EvolinkError}
	 */
	async uploadFile(file: FileUpload): Promise<UploadedFile> {
		const { body, contentType } = multipart(file);
		let tries = 0;
		return await repeatRead(this.clock, async () => {
			// An answer that comes before a streamed body is read is lost with the connection: the next try gets it.
			const isHeld = tries++ > 0 && body instanceof StreamedBytes;
			return await this.read(
				'Could not upload the image',
				{
					method: 'POST',
					url: `${this.addresses.filesBaseUrl}/api/v1/files/upload/stream`,
					headers: { 'Content-Type': contentType },
					body: isHeld ? await body.hold() : body,
					timeoutMs: WRITE_TIMEOUT_MS,
				},
				parseUpload,
			);
		});
	}

	/**
	 * Deletes a file from the files host. Free. The endpoint has no docs page (source: deeplearning-goethe/evolink-cli,
	 * skill file): a host may not have it.
	 *
	 * @throws {EvolinkError}
	 */
	async deleteFile(fileId: string): Promise<void> {
		let mayBeGone = false;
		await repeatRead(this.clock, async () => {
			const answer = await this.read(
				'Could not delete the file',
				{
					method: 'DELETE',
					url: `${this.addresses.filesBaseUrl}/api/v1/files/${encodeURIComponent(fileId)}`,
					timeoutMs: READ_TIMEOUT_MS,
				},
				(body) => (isRecord(body) && saysItFailed(body) ? undefined : true),
			);
			if (answer.ok) return answer;
			const isUnknown = answer.error instanceof ApiError && answer.error.status === 404;
			if (isUnknown && mayBeGone) return { ok: true, value: true };
			mayBeGone = true; // The answer may be all that was lost.
			return answer;
		});
	}

	private async readTaskPage(
		{ status, model }: TaskFilters,
		page: number,
		pageSize: number,
	): Promise<ReadResult<TaskPage>> {
		const query = new URLSearchParams({
			...(status === undefined ? {} : { status }),
			...(model === undefined ? {} : { model }),
			page: String(page),
			page_size: String(pageSize),
		});
		const answer = await this.read(
			'Could not get the tasks of the account',
			{
				method: 'GET',
				url: `${this.addresses.baseUrl}/v1/tasks?${query.toString()}`,
				timeoutMs: READ_TIMEOUT_MS,
			},
			(body) => parseTaskPage(body, page, pageSize),
		);
		if (answer.ok || !(answer.error instanceof ApiError)) return answer;
		const { error } = answer;
		if (!error.isNotOffered) return answer;
		return { ...answer, error: error.inOtherWords(error.message, NO_HISTORY) };
	}

	/** Sends a request that costs nothing and is safe to repeat, and reads its answer. */
	private async read<T>(
		what: string,
		request: Omit<HttpRequest, 'maxBytes'>,
		parse: (body: unknown) => T | undefined,
		{ unreadableMayPass } = { unreadableMayPass: true },
	): Promise<ReadResult<T>> {
		const result = await this.send({ ...request, maxBytes: MAX_JSON_BYTES });
		if (result.kind !== 'answer') return failedExchange(what, result);
		const body = parseJson(result.body.toString('utf8'));
		const value = isSuccess(result) ? parse(body) : undefined;
		if (value !== undefined) return { ok: true, value };

		const isUnreadable = isSuccess(result) && !(isRecord(body) && saysItFailed(body));
		const said = refusalIn(errorAnswer(result));
		const refusal = { ...said, advice: said.advice.replace(TOP_UP, TOP_UP_TO_READ) };
		return {
			ok: false,
			error: isUnreadable
				? new ApiError(`${what}: the response couldn't be read`, TRY_LATER, {
						requestId: refusal.requestId,
					})
				: apiErrorOf(what, refusal),
			mayPass: isUnreadable
				? unreadableMayPass
				: isPassingStatus(refusal.status) || filesFaultMayPass(body),
			retryAfterMs: retryAfterMs(result, this.clock.now()),
		};
	}
}

function parseTasks(body: unknown): Map<string, Task> | undefined {
	const list = listIn(body);
	const tasks = list?.map((entry) => parseTask(entry)).filter((task) => task !== undefined);
	if (!tasks) return undefined;
	return new Map(tasks.map((task) => [task.id, task]));
}

const CERTAINLY_UNPAID = new Set<NotCreated['kind']>(['throttled', 'unsent', 'refused']);

const whatIsUnknown = (reason: string) =>
	`It's unknown whether EvoLink created the task: ${reason}`;

/** How a single create waits that knows of no others. */
function patience(clock: Clock): WaitForRoom {
	let tries = 0;
	return async ({ retryAfterMs: wantedMs }) => {
		if (++tries >= UNPAID_CREATE_TRIES) return false;
		await clock.sleep(retryDelayMs(tries, wantedMs));
		return true;
	};
}

/** The files service reports faults of its own with status 200 and these codes. */
function filesFaultMayPass(body: unknown): boolean {
	return isRecord(body) && [500, 50001, '500', '50001'].includes(body.code as number | string);
}

/** @returns undefined where the answer names no public address */
function parseUpload(answer: unknown): UploadedFile | undefined {
	if (!isRecord(answer) || answer.success === false || !isRecord(answer.data)) return undefined;
	const { file_url, file_id, file_name, mime_type, expires_at } = answer.data;
	const url = textOf(file_url);
	if (url === undefined || !/^https?:\/\//i.test(url)) return undefined;
	const fileId = textOf(file_id);
	const fileName = textOf(file_name);
	const mimeType = textOf(mime_type);
	const expiresAt = Date.parse(textOf(expires_at) ?? '');
	return {
		url,
		...(fileId === undefined ? {} : { fileId }),
		...(fileName === undefined ? {} : { fileName }),
		...(mimeType === undefined ? {} : { mimeType }),
		...(Number.isNaN(expiresAt) ? {} : { expiresAt }),
	};
}
