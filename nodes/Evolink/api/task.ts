import type { IDataObject } from 'n8n-workflow';

import { isNo, isRecord, numberOf, textOf } from './http/json';
import { redacted } from './errors/redaction';
import { isRetryableFailure } from './errors/taskFailures';

export type TaskStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled';

export interface TaskFailure {
	code: string;
	message: string;
	/** Whether the same request may succeed another time. */
	retryable: boolean;
	/** What to do about it, where more is known than the code says. */
	advice?: string;
}

/**
 * What a task has cost, as the service tells it: `charge_status` (unknown, reserved, charged, released),
 * `refund_status` (unknown, not_required, pending, failed, completed), `charged_credits`,
 * `refunded_credits`, … Source: deeplearning-goethe/evolink-cli, task-billing; no docs page.
 */
export type Billing = IDataObject;

/** A task as the service tells it, in one shape whatever generation of the API answered. */
export interface Task {
	id: string;
	status: TaskStatus;
	model: string;
	/** 0 to 100. */
	progress: number;
	/** Links of the edited images; empty until the task is complete, and for some seconds after that. */
	results: string[];
	/** Unix milliseconds. */
	createdAt?: number;
	/** When a completed task ended, where the service tells that. Unix milliseconds. */
	endedAt?: number;
	/** Seconds that the service expects the task to take from now on. */
	estimatedSeconds?: number;
	creditsReserved?: number;
	/** What the service says that it charged. */
	creditsUsed?: number;
	billing?: Billing;
	/** On a failed or cancelled task, and on a complete one whose images never came. */
	failure?: TaskFailure;
	/** The service had made it for an earlier request of the same key: this one cost nothing. */
	isReplay?: boolean;
	/** The service's own answer. */
	raw: IDataObject;
}

/**
 * What can be asked for again. Source: the vendor's own command line client. Dots alone would be another
 * address of the API.
 */
export const TASK_ID = /^(?!\.+$)[\w.:-]{1,128}$/;

/** Whether the service calls the task completed, but has not given its images (yet). */
export function lacksImages(task: Task): boolean {
	return task.status === 'completed' && task.results.length === 0;
}

/** Whether the service is done with a task, apart from images of a complete one that may still come. */
export function saysEnded(task: Task): boolean {
	return task.status !== 'pending' && task.status !== 'processing';
}

/**
 * Whether nothing more is to come. "Completed" alone is not the end: images have been seen to follow some
 * seconds later (source: aihubmax.com, a white label of the service).
 */
export function hasEnded(task: Task): boolean {
	return saysEnded(task) && !lacksImages(task);
}

/** The failure of a complete task whose images did not come. Trying again reads the same task. */
export const NO_IMAGES = 'no_images';

/** How long a task may be complete without images before that is a failure. */
export const IMAGES_COME_WITHIN_MS = 60_000;

/** A complete task whose images did not come, as a failed one. */
export function withoutImages(task: Task): Task {
	return {
		...task,
		failure: {
			code: NO_IMAGES,
			message: "It is complete and may have been charged, but EvoLink hasn't delivered its images",
			retryable: false,
		},
	};
}

/**
 * Whether the service says that a task was charged and the credits were not given back (yet). Without
 * `billing` that is not known.
 */
export function isCharged({ billing }: Pick<Task, 'billing'>): boolean {
	if (billing === undefined) return false;
	const charged = numberOf(billing.charged_credits);
	const isRefunded =
		statusOf(billing.refund_status) === 'completed' ||
		(numberOf(billing.refunded_credits) ?? 0) >= (charged ?? Infinity);
	return statusOf(billing.charge_status) === 'charged' && charged !== 0 && !isRefunded;
}

/**
 * Reads a task from an answer of the service, forgiving what the documentation leaves open: missing
 * fields, both spellings of cancelled, `failed` with `request_cancelled`, `result_data` instead of
 * `results`, a task wrapped in `data`. A state that is not known counts as `processing`, so that waiting goes on,
 * unless the answer has all that an ended task has.
 * Source: docs.evolink.ai, get task detail; fields beyond it: EvoLinkAI/evolink-mcp, task-format.
 *
 * @param expectedId the task that was asked for: an answer without an ID is then taken for it, one with another is not
 * @returns undefined where the answer is no (such) task at all
 */
export function parseTask(body: unknown, expectedId?: string): Task | undefined {
	const layers = layersOf(body);
	// An envelope may have an ID of its own (of the request), and hardly a task's state.
	const told = layers.filter(
		(layer, depth) => depth === layers.length - 1 || typeof layer.status === 'string',
	);
	const isNamed = (layer: Record<string, unknown>) => idsOf(layer).length > 0;
	// What names its task says more than what only has a state, which may be that of the answer.
	const nameless = told.filter(
		(layer, depth) => !isNamed(layer) && !told.slice(depth).some(isNamed),
	);
	for (const layer of [...told.filter(isNamed), ...nameless]) {
		const task = readTask(layer, expectedId);
		if (task) return task;
	}
	return undefined;
}

/** The answer and what it wraps in `data`, alone or in a list, the outermost first. A refusal wraps nothing. */
function layersOf(body: unknown): Array<Record<string, unknown>> {
	const layers: Array<Record<string, unknown>> = [];
	let layer = body;
	while (isRecord(layer) && !isNo(layer.success) && layers.length < MAX_DEPTH) {
		layers.push(layer);
		const { data } = layer;
		layer = Array.isArray(data) && data.length === 1 ? (data[0] as unknown) : data;
	}
	return layers;
}

/** Under whichever names: an answer that gives another task's must not be taken for the one that was asked for. */
function idsOf({ id, task_id: taskId, taskId: camelCased }: Record<string, unknown>): unknown[] {
	return [id, taskId, camelCased].filter((one) => one !== undefined && one !== null && one !== '');
}

/** The task that an object names, EvoLink's own kind of ID before others. */
export function taskIdOf(body: Record<string, unknown>): string | undefined {
	const ids = idsOf(body).map(textOf);
	const valid = ids.filter((id) => id !== undefined && TASK_ID.test(id));
	return valid.find((id) => id?.startsWith('task-unified-')) ?? valid[0];
}

function readTask(body: Record<string, unknown>, expectedId?: string): Task | undefined {
	const ids = idsOf(body);
	const isExpected = ids.some((id) => textOf(id) === expectedId);
	const isIt = isExpected || (ids.length === 0 && isToldWithoutId(body));
	const id = expectedId === undefined ? taskIdOf(body) : isIt ? expectedId : undefined;
	if (id === undefined) return undefined;
	// A refusal with an ID, of the request for instance, is no task.
	const isRefusal = typeof body.status !== 'string' && saysWhy(body.error);
	if (isRefusal && expectedId === undefined) return undefined;

	const links = parseResults(body);
	const status = parseStatus(body, links);
	const completed = status === 'completed';
	const info = isRecord(body.task_info) ? body.task_info : {};
	const usage = isRecord(body.usage) ? body.usage : {};
	const cost = isRecord(usage.cost) ? usage.cost : {};
	const billing = isRecord(body.billing) ? body.billing : {};
	const createdAt = dateOf(body.created);
	const progress = numberOf(body.progress) ?? 0;

	return {
		id,
		status,
		model: textOf(body.model) ?? '',
		progress: completed ? 100 : Math.min(100, Math.max(0, progress)),
		results: completed ? links : [],
		...optional('createdAt', createdAt),
		...optional('endedAt', completed ? endOf(createdAt, body.duration) : undefined),
		...optional('estimatedSeconds', numberOf(info.estimated_time)),
		...optional('creditsReserved', numberOf(usage.credits_reserved ?? billing.reserved_credits)),
		...optional(
			'creditsUsed',
			numberOf(usage.credits_used ?? cost.credits ?? billing.charged_credits),
		),
		...(Object.keys(billing).length > 0 ? { billing: billing as Billing } : {}),
		...(status === 'failed' || status === 'cancelled'
			? { failure: parseFailure(body, status) }
			: {}),
		raw: body as IDataObject,
	};
}

/** Refusals have no ID either, and may have a `status` of their own. */
function isToldWithoutId(body: Record<string, unknown>): boolean {
	return KNOWN_STATUSES.has(statusOf(body.status) ?? '');
}

/** As the documentation has them, and both spellings of the callbacks' third end. */
const KNOWN_STATUSES = new Set([
	'pending',
	'processing',
	'completed',
	'failed',
	'cancelled',
	'canceled',
]);
/** Other words for open states; an `error` there need not be the end. */
const OPEN_STATUSES = new Set([
	'pending',
	'processing',
	'queued',
	'submitted',
	'in_progress',
	'running',
]);

function parseStatus(body: Record<string, unknown>, links: string[]): TaskStatus {
	const status = statusOf(body.status) ?? '';
	switch (status) {
		case 'canceled':
		case 'cancelled':
			return 'cancelled';
		case 'failed':
			return endOfFailure(body.error);
		case 'pending':
		case 'processing':
			return status;
		case 'completed':
			return links.length === 0 && saysWhy(body.error) ? endOfFailure(body.error) : status;
	}
	const progress = numberOf(body.progress) ?? 0;
	if (links.length > 0 && progress >= 100) return 'completed';
	return saysWhy(body.error) && !OPEN_STATUSES.has(status)
		? endOfFailure(body.error)
		: 'processing';
}

function endOfFailure(error: unknown): 'failed' | 'cancelled' {
	return isRecord(error) && codeOf(error) === 'request_cancelled' ? 'cancelled' : 'failed';
}

/** Whether an `error` is one: not the empty one that other answers have. */
function saysWhy(error: unknown): boolean {
	if (!isRecord(error)) return typeof error === 'string' && error.trim() !== '';
	return textOf(error.message) !== undefined || (codeOf(error) ?? '0') !== '0';
}

function parseFailure(body: Record<string, unknown>, status: TaskStatus): TaskFailure {
	const { error, fail_reason: failReason, message } = body;
	const given = isRecord(error) ? error : {};
	const fallback = status === 'cancelled' ? 'request_cancelled' : 'unknown_error';
	const code = codeOf(given) ?? fallback;
	return {
		code,
		message: redacted(
			[given.message, error, failReason, message].map(textOf).find(Boolean) ??
				'EvoLink gave no reason',
		),
		retryable: isRetryableFailure(code),
	};
}

function codeOf(error: Record<string, unknown>): string | undefined {
	return statusOf(error.code);
}

/** States and codes come in any case. */
function statusOf(value: unknown): string | undefined {
	return textOf(value)?.trim().toLowerCase();
}

/** Seen in recorded answers: `duration` is the whole time of the task in seconds. */
function endOf(createdAt: number | undefined, duration: unknown): number | undefined {
	const seconds = numberOf(duration);
	if (createdAt === undefined || seconds === undefined || seconds < 0) return undefined;
	return dateOf(createdAt / 1_000 + seconds);
}

/** Links stand in a list, or in objects in a list; a broken answer may be nested without end. */
const MAX_DEPTH = 5;

function parseResults(body: Record<string, unknown>): string[] {
	const links = (value: unknown, depth = 0): string[] => {
		if (depth > MAX_DEPTH) return [];
		if (Array.isArray(value)) return value.flatMap((entry) => links(entry, depth + 1));
		if (isRecord(value)) return links(value.image_url || value.url, depth + 1);
		const link = textOf(value);
		return link ? [link] : [];
	};
	const results = links(body.results);
	return results.length > 0 ? results : links(body.result_data);
}

/**
 * Reads a date in Unix seconds.
 *
 * @returns Unix milliseconds; undefined for what ISO 8601 does not write with four digits, with room for
 * what is added to it
 */
export function dateOf(seconds: unknown): number | undefined {
	const milliseconds = (numberOf(seconds) ?? Number.NaN) * 1_000;
	return milliseconds >= 0 && milliseconds < Date.UTC(9000, 0) ? milliseconds : undefined;
}

function optional<K extends string>(key: K, value: number | undefined) {
	return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, number>>;
}
