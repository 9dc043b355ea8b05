import type { IBinaryData, IDataObject } from 'n8n-workflow';

import { ApiError, DownloadError, EvolinkError } from '../api/errors/errors';
import type { Clock } from '../api/http/clock';
import { lacksImages, type Task } from '../api/task';
import { downloadImages } from '../images/downloadImages';
import { fileStems } from '../images/fileNames';
import type { SeenTask } from '../waiting/polling/taskWatch';
import { storeIn } from './binaryFields';
import type { OutputSettings } from '../parameters/output';
import { resultItems } from './resultItems';
import type { ItemResult, Run } from './run';

/** Result links work for 24 hours. Source: docs.evolink.ai, every image model. */
const LINK_LIFE_MS = 24 * 60 * 60 * 1_000;

/** How hosts answer for a link that has expired. */
const DEAD_LINK_STATUSES = new Set([401, 403, 404, 410]);

/**
 * The output of a task: what the service says of it and, where wanted, its images.
 *
 * @throws {DownloadError} an image could not be fetched; the error names task, links and expiry
 */
export async function taskItem(
	run: Pick<Run, 'context' | 'clock' | 'downloads' | 'plainSend'>,
	seen: SeenTask,
	settings: OutputSettings,
	itemIndex: number,
): Promise<ItemResult[]> {
	const { results } = seen.task;
	const json = taskJson(seen, settings.simplify);
	const fetch = async () => await fetchImages(run, seen, settings);
	const isWanted = settings.download && results.length > 0;
	const files = isWanted ? await run.downloads.run(fetch, results.length) : [];
	const images = results.map((link, index) => ({ link, file: files[index] }));
	return resultItems(run.context, itemIndex, json, images, settings);
}

/** What the service says of a task, as an item has it. */
export function taskJson(seen: SeenTask, simplify: boolean): IDataObject {
	const { task } = seen;
	if (simplify) return simplified(task, expiryOf(seen));
	// That images never came is not in the service's answer.
	return task.failure && lacksImages(task)
		? { ...rawJson(task.raw), failure: { ...task.failure } }
		: rawJson(task.raw);
}

async function fetchImages(
	run: Pick<Run, 'context' | 'clock' | 'downloads' | 'plainSend'>,
	seen: SeenTask,
	{ maxDownloadMegabytes, fileName }: OutputSettings,
): Promise<IBinaryData[]> {
	const { task } = seen;
	const { plainSend, clock } = run;
	try {
		return await downloadImages(
			plainSend,
			clock,
			task.results,
			maxDownloadMegabytes,
			fileStems(task.results, { fileName, taskName: task.id }),
			storeIn(run),
		);
	} catch (error) {
		throw withTask(error as Error, task, expiryOf(seen));
	}
}

/** @throws {DownloadError} the service says when the task ended, and its links work no longer */
export function assertLinksWork(clock: Clock, seen: SeenTask): void {
	const { id, endedAt, results } = seen.task;
	const expiresAt = expiryOf(seen);
	if (endedAt === undefined || expiresAt === undefined) return;
	if (clock.now() < endedAt + LINK_LIFE_MS) return;
	throw new DownloadError(
		`The task is complete and was charged, and its image URLs worked until ${expiresAt}`,
		'',
		{ taskId: id, results, expiresAt },
		true,
	);
}

function withTask(error: Error, task: Task, expiresAt: string | undefined): DownloadError {
	return new DownloadError(
		`The task is complete and has been charged, but ${error.message.replace(/^The /, 'the ')}`,
		`${error instanceof EvolinkError ? error.advice : ''} 'Get Task' downloads it again free of charge.`,
		{ taskId: task.id, results: task.results, ...(expiresAt === undefined ? {} : { expiresAt }) },
		error instanceof ApiError && DEAD_LINK_STATUSES.has(error.status ?? 0),
	);
}

function simplified(task: Task, expiresAt: string | undefined): IDataObject {
	return {
		id: task.id,
		status: task.status,
		model: task.model,
		progress: task.progress,
		results: task.results,
		...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
		...(task.createdAt === undefined ? {} : { created_at: new Date(task.createdAt).toISOString() }),
		...(task.creditsReserved === undefined ? {} : { credits_reserved: task.creditsReserved }),
		...(task.creditsUsed === undefined ? {} : { credits_used: task.creditsUsed }),
		...(task.billing === undefined ? {} : { billing: { ...task.billing } }),
		...(task.failure === undefined ? {} : { failure: { ...task.failure } }),
	};
}

/** The service's own answer; only `error` is called `failure`, because n8n takes an item with `error` for a failed one. */
export function rawJson({ error, ...rest }: IDataObject): IDataObject {
	return error === undefined || error === null ? rest : { ...rest, failure: error };
}

/**
 * Exact where the service tells when the task ended. Otherwise that was not before it was created, and not before it was
 * last seen unfinished: the links work at least until 24 h after the later of the two.
 */
function expiryOf({ task, unfinishedAt }: SeenTask): string | undefined {
	if (task.results.length === 0) return undefined;
	const completedAfter = task.endedAt ?? Math.max(task.createdAt ?? 0, unfinishedAt ?? 0);
	return completedAfter === 0 ? undefined : new Date(completedAfter + LINK_LIFE_MS).toISOString();
}
