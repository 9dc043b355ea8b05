import type { IDataObject } from 'n8n-workflow';

import { isRecord, listIn, numberOf, textOf } from './http/json';
import { parseTask, type Task } from './task';

/** Which tasks of the account to list; what is left out does not matter. */
export interface TaskFilters {
	/** `processing` includes pending tasks. */
	status?: string;
	/** Model ID. */
	model?: string;
}

/** A line of the account's history. It has no result links. */
export interface TaskSummary
	extends Pick<Task, 'id' | 'status' | 'model' | 'progress' | 'createdAt'> {
	/** image, video, audio. */
	type?: string;
	creditsUsed?: number;
	/** The service's own line. */
	raw: IDataObject;
}

export interface TaskPage {
	tasks: TaskSummary[];
	/** Whether the service has nothing beyond this page. */
	isLast: boolean;
}

/**
 * Reads a page of the account's history: `{data: [{id, status, model, type, progress, created_at,
 * credits_used, …}], total, page, page_size}`, newest first. Lines without an ID are left out.
 * Source: EvoLinkAI/evolink-mcp, api-client and list-tasks; no page of the documentation.
 *
 * @param page number of the page that was asked for, from 1
 * @param pageSize how many lines were asked for
 * @returns undefined where the answer is no list
 */
export function parseTaskPage(body: unknown, page: number, pageSize: number): TaskPage | undefined {
	const lines = listIn(body);
	if (!lines) return undefined;
	const envelope = body as Record<string, unknown>;
	const about = isRecord(envelope.data) ? { ...envelope, ...envelope.data } : envelope;
	// A service that gives fewer lines per page than it was asked for says so.
	const lineLimit = Math.min(pageSize, numberOf(about.page_size) ?? pageSize);
	const total = numberOf(about.total) ?? Infinity;
	return {
		tasks: lines.map(parseSummary).filter((task) => task !== undefined),
		isLast: lines.length === 0 || lines.length < lineLimit || page * lineLimit >= total,
	};
}

function parseSummary(line: unknown): TaskSummary | undefined {
	if (!isRecord(line)) return undefined;
	const task = parseTask({ ...line, created: line.created_at ?? line.created });
	if (!task) return undefined;
	const { id, status, model, progress, createdAt } = task;
	const type = textOf(line.type);
	const creditsUsed = numberOf(line.credits_used);
	return {
		...{ id, status, model, progress },
		...(createdAt === undefined ? {} : { createdAt }),
		...(type === undefined ? {} : { type }),
		...(creditsUsed === undefined ? {} : { creditsUsed }),
		raw: line as IDataObject,
	};
}
