import { randomBytes } from 'node:crypto';

import type { Clock } from './clock';
import type { ResultFormat } from './editing';
import type { CreateBody, ModelLimits } from './models';
import { TaskFailure, fetchSources, type SourceImage } from './sources';

/** How the results host hands out a result. */
export interface Delivery {
	/** Instead of the image, for instance 404, or 403 as after expiry. */
	status?: number;
	/** How many requests for the image `status` hits. Default Infinity. */
	statusTimes?: number;
	/** A web page with status 200 in place of the image. */
	html?: boolean;
	/** Redirects on the way to the image; Infinity for a loop. */
	redirects?: number;
	/** Where the last redirect leads: 'same' origin (default), the 'other' (images), or any URL. */
	redirectTo?: string;
	/** These bytes in place of the edited image; costs no drawing, for measurements. */
	bytes?: Buffer;
	/** A body of so many bytes that starts like a PNG, made while it is sent. */
	hugeBytes?: number;
	/** Whether the huge body is announced in content-length. Default true. */
	announceLength?: boolean;
	/** A content type that need not be true; null for none at all. */
	contentType?: string | null;
	/** Whether the link ends in a file extension. Default true. */
	extension?: boolean;
	/**
	 * Half an image: 'connection' breaks after it, 'stall' stays silent after it,
	 * 'file' is complete by HTTP but not as an image.
	 */
	truncated?: 'connection' | 'stall' | 'file';
	/** Milliseconds before the answer. */
	slow?: number;
}

/** What becomes of a task. Everything is optional; the default is a task that succeeds. */
export interface TaskScript {
	/** How many tasks it is for. Default 1. */
	times?: number;
	/** Only for tasks with such a prompt. */
	prompt?: RegExp;
	/** Seconds from creation to the end. */
	seconds?: number;
	/** `task_info.estimated_time` in seconds, which need not be true; null leaves it out. */
	estimatedTime?: number | null;
	/** The estimate stays the same however much time has passed. */
	estimateStands?: boolean;
	end?: 'completed' | 'failed' | 'cancelled' | 'canceled' | 'never';
	/** Code of a failed task. Default `generation_failed_no_content`. */
	code?: string;
	message?: string;
	/** A failed task is not refunded, as two models' pages say of results that moderation filters. Default false. */
	charged?: boolean;
	/** As in the documented example: a failed task without created, type, task_info, error.type. */
	bareFailure?: boolean;
	/** The states shown before the end, evenly spread. Default pending for a fifth, processing. */
	statuses?: string[];
	/** Leaves `progress` out. */
	omitProgress?: boolean;
	/** Shows `error: null` on a task that has not failed. */
	errorNull?: boolean;
	/** How many images a completed task has; 0 for an empty list. Default: `n` of the request, or the model's own. */
	results?: number;
	/**
	 * Seconds for which the completed task has no images yet: `progress: 50, results: null`, as seen in practice
	 * (aihubmax.com, a white label of the service). Default: the simulator's own `imagesAfterSeconds`.
	 */
	imagesAfter?: number;
	/** The word for the end, for instance `succeeded`, which the documents do not know. Default: `end`. */
	endStatus?: string;
	/** Where the links stand. Default 'results'. */
	resultsIn?: 'results' | 'result_data' | 'result_data_object';
	/** Default: jpeg and webp as the last source image, else png. */
	format?: ResultFormat;
	/** For all results, or one entry per result. */
	delivery?: Delivery | Delivery[];
	/** How often its callback is sent: 0 loses it, 2 sends it twice at once. Default 1. */
	callbackCopies?: number;
	/** Seconds by which its callback comes late, so that others overtake it. Default 0. */
	callbackLate?: number;
}

/** The states from which a task does not move on. */
export type EndState = 'completed' | 'failed' | 'cancelled' | 'canceled';

/** The part of a task's time in which it is pending by default. */
const PENDING_SHARE = 0.2;

/** Result links live 24 hours (docs.evolink.ai, every image page). */
export const RESULT_LIFETIME_SECONDS = 24 * 3600;

export interface TaskSetup {
	request: CreateBody;
	limits: ModelLimits;
	script: TaskScript;
	/** Used when the script says nothing. */
	defaultSeconds: number;
	imagesAfterSeconds: number;
	/** Whether it tells what it cost, and how long it took. */
	tellsBilling: boolean;
	credits: number;
	resultsOrigin: string;
	clock: Clock;
	signal: AbortSignal;
}

/**
 * One image task. Its state is computed from the clock whenever somebody asks; the only work that
 * goes on by itself is fetching the source images, and the task does not end before that.
 */
export class Task {
	readonly id: string;
	readonly request: CreateBody;
	readonly script: TaskScript;
	readonly credits: number;
	/** Milliseconds since the epoch, on the service's clock. */
	readonly createdAt: number;
	/** Seconds from creation to the end, if the sources arrive in time. */
	readonly seconds: number;
	/** The reference images, once fetched. */
	sources: SourceImage[] = [];
	/** Requests for each result, by its number. */
	readonly fetches: number[] = [];

	/** Fetches the sources; never rejects. */
	readonly work: Promise<void>;
	private workDoneAt?: number;
	private workFailure?: TaskFailure;

	constructor(private readonly setup: TaskSetup) {
		const { request, script, clock, credits, defaultSeconds } = setup;
		this.request = request;
		this.script = script;
		this.credits = credits;
		this.seconds = script.seconds ?? defaultSeconds;
		this.createdAt = clock.now();
		const suffix = randomBytes(6).toString('base64url').replace(/[-_]/g, '0').toLowerCase();
		this.id = `task-unified-${Math.floor(this.createdAt / 1000)}-${suffix}`;
		this.work = this.fetchSources();
	}

	/** When it ended or is going to, on the service's clock; Infinity if never. */
	get endsAt(): number {
		if (this.script.end === 'never') return Infinity;
		const planned = this.createdAt + this.seconds * 1000;
		return Math.max(planned, this.workDoneAt ?? Infinity);
	}

	get ended(): boolean {
		return this.setup.clock.now() >= this.endsAt;
	}

	/** Completed, but its images are not there yet. */
	private get lacksImages(): boolean {
		const { imagesAfter = this.setup.imagesAfterSeconds } = this.script;
		return this.state === 'completed' && this.setup.clock.now() < this.endsAt + imagesAfter * 1000;
	}

	/** When its results stop working, on the service's clock. */
	get expiresAt(): number {
		return this.endsAt + RESULT_LIFETIME_SECONDS * 1000;
	}

	get state(): string {
		if (this.ended) return this.endState;
		const { statuses } = this.script;
		const share = this.share;
		if (!statuses) return share < PENDING_SHARE ? 'pending' : 'processing';
		return statuses[Math.min(Math.floor(share * statuses.length), statuses.length - 1)];
	}

	get resultCount(): number {
		return this.script.results ?? this.request.n ?? this.setup.limits.results ?? 1;
	}

	get format(): ResultFormat {
		const last = this.sources.at(-1)?.format;
		return this.script.format ?? (last === 'jpeg' || last === 'webp' ? last : 'png');
	}

	delivery(index: number): Delivery {
		const { delivery = {} } = this.script;
		return Array.isArray(delivery) ? (delivery[index] ?? {}) : delivery;
	}

	/** Waits for work that is a little late, so that a task whose time is up shows its end. */
	async catchUp(): Promise<void> {
		const isLate = this.setup.clock.now() >= this.createdAt + this.seconds * 1000;
		if (isLate && this.workDoneAt === undefined) await this.work;
	}

	/** The answer to the create request. */
	creation(): object {
		return {
			...this.frame('pending'),
			...(this.script.omitProgress ? {} : { progress: 0 }),
			task_info: { can_cancel: true, ...this.estimate(0) },
			usage: {
				billing_rule: 'per_call',
				credits_reserved: this.credits,
				user_group: 'default',
			},
		};
	}

	/** The answer to a query, and the body of a callback. */
	view(): object {
		return this.setup.tellsBilling ? { ...this.plainView(), ...this.billing() } : this.plainView();
	}

	private plainView(): object {
		const { script, state } = this;
		if (!this.ended) {
			const elapsed = (this.setup.clock.now() - this.createdAt) / 1000;
			return {
				...this.frame(state),
				...this.progress(this.percent),
				...(script.errorNull ? { error: null } : {}),
				task_info: { can_cancel: true, ...this.estimate(elapsed) },
			};
		}
		if (state === 'failed') return this.failedView();
		if (this.lacksImages) {
			return {
				...this.frame(state),
				progress: 50,
				results: null,
				task_info: { can_cancel: false },
			};
		}
		return {
			...this.frame(script.endStatus ?? state),
			...this.progress(state === 'completed' ? 100 : 0),
			...(state === 'completed' ? this.resultLinks() : {}),
			...(script.errorNull ? { error: null } : {}),
			task_info: { can_cancel: false },
		};
	}

	/** Known from the vendor's newest client (deeplearning-goethe/evolink-cli, task-billing) and from recorded answers. */
	private billing(): object {
		const { credits, script } = this;
		if (!this.ended) {
			const billing = {
				charge_status: 'reserved',
				refund_status: 'not_required',
				reserved_credits: credits,
			};
			return { billing };
		}
		const isCharged = this.state === 'completed' || script.charged === true;
		const refund = {
			refund_status: 'completed',
			refunded_credits: credits,
			refunded_at: new Date(this.endsAt).toISOString(),
		};
		return {
			duration: Math.round((this.endsAt - this.createdAt) / 1000),
			usage: { credits_used: isCharged ? credits : 0 },
			billing: {
				refund_scope: 'account_balance',
				charge_status: isCharged ? 'charged' : 'released',
				reserved_credits: credits,
				charged_credits: isCharged ? credits : 0,
				...(isCharged ? { refund_status: 'not_required', refunded_credits: 0 } : refund),
			},
		};
	}

	/**
	 * Its line in the account's history, which has no links
	 * (api-client of https://github.com/EvoLinkAI/evolink-mcp; no docs page).
	 */
	summary(): object {
		const { state } = this;
		const isComplete = state === 'completed';
		return {
			id: this.id,
			status: state,
			model: this.request.model,
			type: 'image',
			progress: isComplete ? 100 : this.ended ? 0 : this.percent,
			created_at: Math.floor(this.createdAt / 1000),
			has_results: isComplete && this.resultCount > 0,
			has_error: state === 'failed',
			credits_used: isComplete ? this.credits : 0,
		};
	}

	private get endState(): EndState {
		const { end = 'completed' } = this.script;
		if (end === 'never') throw new Error('This task never ends');
		return end === 'completed' && this.workFailure ? 'failed' : end;
	}

	/** The part of its time that is over, from 0 to 1. */
	private get share(): number {
		const elapsed = this.setup.clock.now() - this.createdAt;
		return this.seconds === 0 ? 1 : Math.min(1, elapsed / (this.seconds * 1000));
	}

	/** Progress of a task that has not ended. */
	private get percent(): number {
		return Math.min(99, Math.floor(this.share * 100));
	}

	private async fetchSources(): Promise<void> {
		const { request, limits, signal, clock } = this.setup;
		try {
			this.sources = await fetchSources(request, limits, signal);
		} catch (error) {
			this.workFailure =
				error instanceof TaskFailure
					? error
					: new TaskFailure('unknown_error', (error as Error).message);
		}
		this.workDoneAt = clock.now();
	}

	private failedView(): object {
		const { bareFailure, code, message } = this.script;
		const failure = {
			code: code ?? this.workFailure?.code ?? 'generation_failed_no_content',
			message: message ?? this.workFailure?.message ?? 'The model produced no image.',
		};
		const { id, object, status, model, ...rest } = this.frame('failed');
		if (bareFailure) return { id, object, status, model, ...this.progress(0), error: failure };
		return {
			...{ id, object, status, model, ...rest },
			...this.progress(0),
			error: { ...failure, type: 'task_error' },
			task_info: { can_cancel: false },
		};
	}

	private frame(status: string) {
		return {
			created: Math.floor(this.createdAt / 1000),
			id: this.id,
			model: this.request.model,
			object: 'image.generation.task',
			status,
			type: 'image',
		};
	}

	private progress(progress: number): object {
		return this.script.omitProgress ? {} : { progress };
	}

	private estimate(elapsedSeconds: number): object {
		const { estimatedTime = Math.ceil(this.seconds), estimateStands } = this.script;
		if (estimatedTime === null) return {};
		if (estimateStands) return { estimated_time: estimatedTime };
		return { estimated_time: Math.max(0, Math.ceil(estimatedTime - elapsedSeconds)) };
	}

	private resultLinks(): object {
		const links = Array.from({ length: this.resultCount }, (_, index) => this.resultLink(index));
		const data = links.map((image_url, index) => ({
			result_id: `${this.id}-${index + 1}`,
			image_url,
		}));
		switch (this.script.resultsIn ?? 'results') {
			case 'results':
				return { results: links };
			case 'result_data':
				return { result_data: data };
			case 'result_data_object':
				return { result_data: data[0] };
		}
	}

	private resultLink(index: number): string {
		const extension = this.format === 'jpeg' ? 'jpg' : this.format;
		const suffix = this.delivery(index).extension === false ? '' : `.${extension}`;
		return `${this.setup.resultsOrigin}/${this.id}/${index + 1}${suffix}`;
	}
}
