import type { IDataObject } from 'n8n-workflow';

import { isRecord, numberOf, textOf } from './http/json';
import { isRetryableFailure } from './errors/taskFailures';

export type TaskStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled';

export interface TaskFailure {
	code: string;
	message: string;
	/** Whether the same request may succeed another time. */
	retryable: boolean;
}

/** A task as the service tells it, in one shape whatever generation of the API answered. */
export interface Task {
	id: string;
	status: TaskStatus;
	model: string;
	/** 0 to 100. */
	progress: number;
	/** Links of the edited pictures; empty until the task is complete. */
	results: string[];
	/** Unix milliseconds. */
	createdAt?: number;
	/** Seconds that the service expects the task to take from now on. */
	estimatedSeconds?: number;
	creditsReserved?: number;
	/** Only on a failed or cancelled task. */
	failure?: TaskFailure;
	/** The service's own answer. */
	raw: IDataObject;
}

/**
 * What can be asked for again. Source: the vendor's own command line client. Dots alone would be another
 * address of the API.
 */
export const TASK_ID = /^(?!\.+$)[\w.:-]{1,128}$/;

export function hasEnded(task: Task): boolean {
	return task.status !== 'pending' && task.status !== 'processing';
}

/**
 * Reads a task from an answer of the service, forgiving what the documentation leaves open: missing
 * fields, both spellings of cancelled, `failed` with `request_cancelled`, `result_data` instead of
 * `results`. A state that is not known counts as `processing`, so that waiting goes on.
 * Source: docs.evolink.ai, get task detail; fields beyond it: EvoLinkAI/evolink-mcp, task-format.
 *
 * @returns undefined where the answer is no task at all
 */
export function parseTask(body: unknown): Task | undefined {
	if (!isRecord(body)) return undefined;
	const id = textOf(body.id);
	if (!id || !TASK_ID.test(id)) return undefined;

	const status = parseStatus(body);
	const completed = status === 'completed';
	const info = isRecord(body.task_info) ? body.task_info : {};
	const usage = isRecord(body.usage) ? body.usage : {};
	const createdAt = dateOf(body.created);
	const progress = numberOf(body.progress) ?? 0;

	return {
		id,
		status,
		model: textOf(body.model) ?? '',
		progress: completed ? 100 : Math.min(100, Math.max(0, progress)),
		results: completed ? parseResults(body) : [],
		...optional('createdAt', createdAt),
		...optional('estimatedSeconds', numberOf(info.estimated_time)),
		...optional('creditsReserved', numberOf(usage.credits_reserved)),
		...(status === 'failed' || status === 'cancelled'
			? { failure: parseFailure(body.error, status) }
			: {}),
		raw: body as IDataObject,
	};
}

function parseStatus(body: Record<string, unknown>): TaskStatus {
	const status = textOf(body.status)?.toLowerCase();
	switch (status) {
		case 'canceled':
		case 'cancelled':
			return 'cancelled';
		case 'failed':
			return isRecord(body.error) && body.error.code === 'request_cancelled'
				? 'cancelled'
				: 'failed';
		case 'pending':
		case 'completed':
			return status;
		default:
			return 'processing';
	}
}

function parseFailure(error: unknown, status: TaskStatus): TaskFailure {
	const given = isRecord(error) ? error : {};
	const fallback = status === 'cancelled' ? 'request_cancelled' : 'unknown_error';
	const code = textOf(given.code) ?? fallback;
	return {
		code,
		message: textOf(given.message) ?? textOf(error) ?? 'The service gave no reason',
		retryable: isRetryableFailure(code),
	};
}

/** Links stand in a list, or in objects in a list; a broken answer may be nested without end. */
const MAX_DEPTH = 5;

function parseResults(body: Record<string, unknown>): string[] {
	const links = (value: unknown, depth = 0): string[] => {
		if (depth > MAX_DEPTH) return [];
		if (Array.isArray(value)) return value.flatMap((entry) => links(entry, depth + 1));
		if (isRecord(value)) return links(value.image_url ?? value.url, depth + 1);
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
