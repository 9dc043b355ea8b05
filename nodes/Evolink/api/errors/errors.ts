import { isCharged, type Task, type TaskFailure } from '../task';
import { billingOf, priceOfNewTry } from './billing';
import { adviceForTaskFailure } from './taskFailures';

/** What is known of the task behind an error, so that nothing paid is lost with it. */
export interface TaskTrace {
	taskId?: string;
	/** Links of the edited images, where the task is complete. */
	results?: string[];
	/** ISO 8601; when the links stop working. */
	expiresAt?: string;
	/** The service's own name of the request, for its support. */
	requestId?: string;
	/** The service's own word for what is wrong. */
	code?: string;
	/** What the service answered, where it was paid for and could not be read. Without secrets. */
	answer?: string;
}

/**
 * Base of everything that this package reports. `message` says what happened, `advice` what the user
 * can do about it. Turned into n8n's own error classes in one place (`operations/report.ts`).
 */
export class EvolinkError extends Error {
	readonly advice: string;

	readonly trace: TaskTrace;

	constructor(message: string, advice: string, trace: TaskTrace = {}) {
		super(message);
		this.name = new.target.name;
		this.advice = advice;
		this.trace = trace;
	}
}

/** Input that the service would refuse. Thrown before anything is sent or paid. */
export class InvalidInputError extends EvolinkError {}

/** The item would go over the credits that the user allows. Nothing was sent for it. */
export class BudgetError extends EvolinkError {}

/** n8n shows an execution as canceled, rather than failed, by the very word 'canceled' in its error. */
export const STOPPED_MESSAGE = 'The execution was canceled';

/** The execution was stopped in n8n, or another item of the same run has failed. */
export class StoppedError extends EvolinkError {
	constructor() {
		super(STOPPED_MESSAGE, 'Nothing more was started.');
	}
}

const NOT_OFFERED_STATUSES = new Set([403, 404, 405, 501]);

/** The service refused, failed or could not be reached. Nothing is known to be paid by this request. */
export class ApiError extends EvolinkError {
	/** HTTP status; undefined where no answer came. */
	readonly status?: number;

	/** The service's own code, lower case. */
	readonly code?: string;

	constructor(
		message: string,
		advice: string,
		about: { status?: number; code?: string; requestId?: string } = {},
	) {
		const { requestId, code } = about;
		super(message, advice, {
			...(requestId === undefined ? {} : { requestId }),
			...(code === undefined ? {} : { code }),
		});
		this.status = about.status;
		this.code = about.code;
	}

	/** Whether it says that the host has no such endpoint, or keeps it from this account. */
	get isNotOffered(): boolean {
		return this.status !== undefined && NOT_OFFERED_STATUSES.has(this.status);
	}

	/** The same fault, where more is known of what it means. */
	inOtherWords(message: string, advice: string): ApiError {
		const { status, code, trace } = this;
		const error = new ApiError(message, advice, { status, code });
		Object.assign(error.trace, trace);
		return error;
	}
}

/** A paid request was sent and nobody can say whether it was carried out. It is never asked anew. */
export class OutcomeUnknownError extends EvolinkError {
	readonly idempotencyKey: string;

	constructor(
		message: string,
		idempotencyKey: string,
		trace: TaskTrace = {},
		advice = "It isn't sent again as a new request. With the task's ID, get the image with 'Get Task' or 'Wait for " +
			"Completion'. 'Retry On Fail' repeats the request with the same idempotency key, which EvoLink doesn't " +
			'charge twice.',
	) {
		// With "Continue" an item carries the message alone, so the way to the task stands there.
		super(
			`${message}. It may have been charged: look for it with 'Get Many Tasks' or in the task history of ` +
				`your EvoLink dashboard (idempotency key ${idempotencyKey})`,
			advice,
			trace,
		);
		this.idempotencyKey = idempotencyKey;
	}
}

const CAUSES_OF_CONFLICTS =
	'A different request has already been sent with this key. Either n8n ran this execution again after a crash, and an ' +
	'expression returned something else: look for the first task. Or a copy of this n8n, with the same ' +
	'encryption key and workflows, runs executions with the same IDs: give the copy another ' +
	'encryption key, or rename the node there. To send this request, run the workflow again.';

/** The service knows the key from another request. This one was not carried out. */
export class KeyConflictError extends OutcomeUnknownError {
	constructor(
		message: string,
		idempotencyKey: string,
		trace: TaskTrace,
		advice = CAUSES_OF_CONFLICTS,
	) {
		super(message, idempotencyKey, trace, advice);
	}
}

/**
 * A request to an images gateway is billed, or may be, and its image did not arrive. There is no way to
 * fetch it, and it is never sent again by itself.
 */
export class ImageLostError extends EvolinkError {}

/** A gateway has accepted a request, which is or may be billed, and its image can still be asked for. */
export class ImageLateError extends EvolinkError {}

/** The task ended without an image: it failed, was cancelled, or is complete and gives none. */
export class TaskFailedError extends EvolinkError {
	readonly failure: TaskFailure;

	/** Whether another try creates a new task; otherwise it reads this one again. */
	readonly mayBeCreatedAnew: boolean;

	/**
	 * @param retryCharged whether the user allows that though this one was charged
	 * @param advice for this request, where more is known than the service's code says
	 */
	constructor(
		task: Task,
		failure: TaskFailure,
		retryCharged = false,
		advice = adviceForTaskFailure(failure.code),
	) {
		const what = { completed: 'has no images', cancelled: 'was cancelled' }[task.status as string];
		super(
			[`The task ${what ?? 'failed'}: ${failure.message}`, billingOf(task)]
				.filter(Boolean)
				.join('. '),
			[advice, priceOfNewTry(task, failure, retryCharged)].filter(Boolean).join(' '),
			{ taskId: task.id, code: failure.code },
		);
		this.failure = failure;
		this.mayBeCreatedAnew = failure.retryable && (retryCharged || !isCharged(task));
	}
}

/** The task had not ended when the time limit passed. It goes on at the service. */
export class WaitTimeoutError extends EvolinkError {
	constructor(taskId: string, timeoutSeconds: number, lastCause?: EvolinkError) {
		const seconds = Math.round(timeoutSeconds * 100) / 100;
		super(
			`The task didn't finish within ${seconds} ${seconds === 1 ? 'second' : 'seconds'}` +
				(lastCause ? `; last response: ${lastCause.message}` : ''),
			"It keeps running and has been charged. Increase 'Timeout (Seconds)', or get the image later with 'Wait for Completion'.",
			{ taskId },
		);
	}
}

/** The task is complete and paid, but an image could not be fetched. */
export class DownloadError extends EvolinkError {
	/** @param linkIsDead the link was refused, and will be again */
	constructor(
		message: string,
		advice: string,
		trace: TaskTrace,
		readonly linkIsDead = false,
	) {
		super(message, advice, trace);
	}
}

export const TRY_LATER = 'Try again later.';

export const NO_QUOTES =
	"This account or host doesn't quote prices to API keys. Check the base URL in the 'EvoLink API' credential, or look up the model's price in the EvoLink dashboard.";

export const NO_HISTORY =
	"This account or host doesn't offer its task history to API keys. Check the task history in your " +
	"EvoLink dashboard, and the base URL in the 'EvoLink API' credential.";

/** For a create. */
export const TOP_UP =
	'Top up the EvoLink account at https://evolink.ai/dashboard/credits, then run the workflow again. Nothing was charged.';
const KEY_LIMIT =
	'Increase the limit of this API key in the EvoLink dashboard, or use another key.';
const CHECK_KEY =
	"Check the API key in the 'EvoLink API' credential, or create a new one in the EvoLink dashboard.";
const CHECK_ADDRESS = "Check the base URLs in the 'EvoLink API' credential.";
const NO_MODEL_ACCESS =
	"This API key doesn't have access to the model. Enable it for the key in the EvoLink dashboard, or select another model.";
const CONTENT = 'The content filter rejected the prompt or an image. Change them before you retry.';
const LATER = 'Try again later, or select another model.';

/**
 * Advice by the service's code. Source: error classifier of the vendor's public clients
 * (EvoLinkAI/evolink-mcp, error-handler).
 */
const ADVICE_BY_CODE: Readonly<Record<string, string>> = {
	insufficient_quota: TOP_UP,
	insufficient_user_quota: TOP_UP,
	quota_not_enough: TOP_UP,
	account_balance_insufficient: TOP_UP,
	insufficient_token_quota: KEY_LIMIT,
	key_quota_exhausted: KEY_LIMIT,
	token_daily_quota_exceeded:
		'This API key has reached its daily limit. Wait, or increase the limit in the EvoLink dashboard.',
	key_daily_quota_exhausted:
		'This API key has reached its daily limit. Wait, or increase the limit in the EvoLink dashboard.',
	key_disabled: 'This API key is disabled. Use another one.',
	key_expired: 'This API key has expired. Use another one.',
	key_model_not_allowed: NO_MODEL_ACCESS,
	user_disabled: 'The EvoLink account is disabled. Contact EvoLink support.',
	model_access_denied: NO_MODEL_ACCESS,
	content_policy_violation: CONTENT,
	content_filter: CONTENT,
	sensitive_content: CONTENT,
	moderation_blocked: CONTENT,
	input_moderation_failed: CONTENT,
	no_available_channel: LATER,
	model_unavailable: LATER,
	channel_selection_failed: LATER,
};

const ADVICE_BY_STATUS: Readonly<Record<number, string>> = {
	400: "Check the parameters of this node. EvoLink's message says what it didn't accept.",
	401: CHECK_KEY,
	402: TOP_UP,
	403: "This API key doesn't have permission for this. Check its permissions and models in the EvoLink dashboard.",
	404: "Check the ID and the base URL. Tasks of other accounts and expired tasks aren't found.",
	413: 'The request is too large. Use fewer or smaller images.',
	429: "EvoLink limits the number of requests. Lower the option 'Concurrency', or run the workflow again later.",
};

/** What the user can do about a refusal, by the service's code first, then by HTTP status. */
export function adviceForApiError(status: number | undefined, code: string | undefined): string {
	if (code !== undefined && Object.hasOwn(ADVICE_BY_CODE, code)) return ADVICE_BY_CODE[code];
	if (code?.startsWith('channel:')) return LATER;
	if (status !== undefined && ADVICE_BY_STATUS[status]) return ADVICE_BY_STATUS[status];
	if (status !== undefined && status >= 300 && status < 400) return CHECK_ADDRESS;
	return TRY_LATER;
}
