import {
	apiErrorOf,
	errorAnswer,
	errorFromFailure,
	refusalIn,
	saysItFailed,
	shown,
} from './errors/advice';
import { ApiError, type EvolinkError, type TaskTrace, TRY_LATER } from './errors/errors';
import { tellPaidAnswer } from './errors/paidAnswer';
import type { HttpFailure } from './http/failures';
import { type HttpAnswer, isSuccess } from './http/http';
import { isRecord, parseJson, textOf } from './http/json';
import { retryAfterMs } from './http/retry';
import { parseTask, type Task } from './task';

/** What became of a create, for the money above all. */
export type CreateOutcome = { kind: 'created'; task: Task } | NotCreated;

export interface NotCreated {
	/**
	 * - `throttled`: not paid; the same request will be taken later.
	 * - `unsent`: not paid; it did not reach the service.
	 * - `refused`: not paid; it will be refused again.
	 * - `busy`: as good as certainly not paid, but the service does not promise it (503).
	 * - `unknown`: it may have been paid; the same request under the same key will tell.
	 * - `conflict`: not carried out, because its key is known from another request, which may have been paid.
	 * - `undecidable`: it may have been paid, and asking again will not tell.
	 */
	kind: 'throttled' | 'unsent' | 'refused' | 'busy' | 'unknown' | 'conflict' | 'undecidable';
	/** What happened, without a headline. */
	reason: string;
	/** For the case that it is certain that nothing was paid. */
	error: EvolinkError;
	trace: TaskTrace;
	retryAfterMs?: number;
}

const REFUSED = 'EvoLink rejected the request';
const UNKNOWN_MODEL = "Check 'Model', and the base URL in the 'EvoLink API' credential.";
const NOT_REACHED = "The request didn't reach EvoLink";

/** Codes that other services put into an answer of success although they mean a fault with status 5xx. */
const SERVER_FAULTS =
	/^(paid_outcome_unknown|(internal_)?(server_)?error|internal_server_error|api_error|service_error|unknown_error|upstream_error|bad_gateway|(gateway_|request_|generation_)?timeout)$/;

/** So long a busy service is left alone if it asks for that; more than that is more than most runs wait in all. */
const LONGEST_WAIT_MS = 600_000;

/** Some gateways answer 429 for these too; no patience helps. Source: EvoLinkAI/evolink-mcp, error-handler. */
const NOT_A_MATTER_OF_TIME = new Set([
	'insufficient_quota',
	'insufficient_user_quota',
	'quota_not_enough',
	'account_balance_insufficient',
	'insufficient_token_quota',
	'key_quota_exhausted',
	'token_daily_quota_exceeded',
	'key_daily_quota_exhausted',
]);

/** What an answer to a create, or the lack of one, means for the money. */
export function readCreateOutcome(result: HttpAnswer | HttpFailure, nowMs: number): CreateOutcome {
	if (result.kind !== 'answer') return outcomeOfFailure(result);
	const body = isSuccess(result) ? parseJson(result.body.toString('utf8')) : undefined;
	const task = taskIn(body);
	if (task) {
		const isReplay = result.headers['idempotency-replayed'] === 'true';
		return { kind: 'created', task: isReplay ? { ...task, isReplay } : task };
	}
	const isBusy = result.status === 429 || result.status === 503;
	const waiting = {
		retryAfterMs: retryAfterMs(result, nowMs, isBusy ? LONGEST_WAIT_MS : undefined),
	};
	if (isSuccess(result) && !(isRecord(body) && saysItFailed(body))) {
		const { told, trace } = tellPaidAnswer(result);
		const reason = `the response couldn't be read; ${told}`;
		return { kind: 'unknown', reason, error: new ApiError(reason, TRY_LATER), trace, ...waiting };
	}

	const said = refusalIn(errorAnswer(result));
	const isUnknownModel = said.status === 404 && !said.isFromBetween;
	const refusal = isUnknownModel ? { ...said, advice: UNKNOWN_MODEL } : said;
	const { status, code = '', isFromBetween, reason } = refusal;
	const error = apiErrorOf(isFromBetween ? NOT_REACHED : REFUSED, refusal);
	const outcome = (kind: NotCreated['kind']): NotCreated => ({
		kind,
		reason,
		error,
		trace: error.trace,
		...waiting,
	});
	if (code === 'paid_outcome_unknown') return outcome('unknown');
	if (status === 409 || code === 'idempotency_conflict') return outcome('conflict');
	if (status === 429) return outcome(NOT_A_MATTER_OF_TIME.has(code) ? 'refused' : 'throttled');
	if (status === 503) return outcome('busy');
	if (status === 408 || status === 499 || status >= 500) return outcome('unknown');
	if (isSuccess(result) && SERVER_FAULTS.test(code)) return outcome('unknown');
	return outcome('refused');
}

function outcomeOfFailure(failure: HttpFailure): NotCreated {
	const kinds = {
		notSent: 'unsent',
		blocked: 'refused',
		noAnswer: 'unknown',
		tooLarge: 'unknown',
		stopped: 'undecidable',
	} as const;
	const isBlocked = failure.kind === 'blocked';
	return {
		kind: kinds[failure.kind],
		reason: isBlocked ? `n8n didn't send it again: ${shown(failure.reason)}` : failure.reason,
		error: errorFromFailure(isBlocked ? NOT_REACHED : REFUSED, failure),
		trace: {},
	};
}

/** EvoLink's own tasks, wherever they stand in an answer. */
const OWN_TASK_ID = /^task-unified-[\w.:-]{1,100}$/;
const MAX_DEPTH = 6;
const MAX_RECORDS = 1_000;

/** The task in an answer to a create: as documented, wrapped, or anywhere at all where its ID cannot be mistaken. */
function taskIn(body: unknown): Task | undefined {
	const isRefusal = isRecord(body) && textOf(body.status) === undefined && saysItFailed(body);
	const task = isRefusal ? undefined : parseTask(body);
	if (task !== undefined && OWN_TASK_ID.test(task.id)) return task;
	return ownTaskIn(body) ?? task;
}

function ownTaskIn(body: unknown): Task | undefined {
	let layer = [body];
	let seen = 0;
	for (let depth = 0; depth < MAX_DEPTH && layer.length > 0 && seen < MAX_RECORDS; depth++) {
		seen += layer.length;
		for (const record of layer.filter(isRecord)) {
			const id = [record.id, record.task_id, record.taskId].find(
				(value) => typeof value === 'string' && OWN_TASK_ID.test(value),
			);
			if (id === undefined) continue;
			const task = parseTask({ ...record, id });
			// What it wraps may have an ID of its own, of an image for instance, or none.
			return task?.id === id ? task : parseTask({ ...record, id, data: null });
		}
		layer = layer.flatMap((value) =>
			typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : [],
		);
	}
	return undefined;
}
