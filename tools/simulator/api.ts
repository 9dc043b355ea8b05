import type { Clock } from './clock';
import { refusal, type ErrorStyle, type RefusalDetails, type RefusalKind } from './errors';
import type { RecordedRequest } from './journal';
import type { Ledger } from './ledger';
import { priceOf, type CreateBody, type ModelLimits } from './models';
import { findComplaint } from './requestChecks';
import type { Answer } from './server';
import type { Task } from './tasks';

export interface ApiSetup {
	apiKey: string;
	errorStyle: ErrorStyle;
	models: Record<string, ModelLimits>;
	ledger: Ledger;
	clock: Clock;
	tasks: Map<string, Task>;
	/** Creates the task, which then runs. */
	startTask: (body: CreateBody, limits: ModelLimits, credits: number) => Task;
	/** Whether several tasks can be asked for at once. */
	batchQuery: boolean;
	/** Whether prices are told. */
	quotes: boolean;
	/** Whether tasks are wrapped in `data`. */
	wrapAnswers: boolean;
	/** Whether each create is a task of its own, whatever its key. */
	ignoresKeys: boolean;
	/** Requests that are answered within any second. */
	requestsPerSecond: number;
	/** Unfinished tasks of the account. */
	tasksAtATime: number;
	/** Refunds what has failed by now. */
	settle: () => void;
}

const MAX_BATCH = 50;

/** What a create with some Idempotency-Key was answered, to be repeated word by word. */
interface Answered {
	body: Buffer;
	answer: object;
}

/** The API host: create a task, query it, list tasks and models, ask for the balance. */
export class Api {
	private readonly answered = new Map<string, Answered>();
	/** When the last requests were let through. Milliseconds since the epoch. */
	private letThrough: number[] = [];

	constructor(private readonly setup: ApiSetup) {}

	async answer(request: RecordedRequest): Promise<Answer> {
		const { method, path, headers } = request;
		const [, pricedModel] = /^\/v1\/catalog\/models\/([^/]+)\/pricing-rules$/.exec(path) ?? [];
		if (method === 'GET' && pricedModel !== undefined && this.setup.quotes) {
			return this.priceRule(decodeURIComponent(pricedModel));
		}
		if (headers.authorization !== `Bearer ${this.setup.apiKey}`) {
			return this.refuse('unauthorized');
		}
		if (this.isTooFast(request.at)) {
			return this.refuse('rateLimited', { headers: { 'retry-after': '1' } });
		}
		const [, taskId] = /^\/v1\/tasks\/([^/]+)$/.exec(path) ?? [];
		if (method === 'POST' && path === '/v1/images/generations') {
			return this.wrapped(this.create(request));
		}
		if (method === 'POST' && path === '/v1/tasks/batch' && this.setup.batchQuery) {
			return await this.queryBatch(request.json);
		}
		if (method === 'GET' && taskId !== undefined) return this.wrapped(await this.query(taskId));
		if (method === 'POST' && path === '/v1/agent-estimates' && this.setup.quotes) {
			return this.quote(request.json);
		}
		if (method === 'GET' && path === '/v1/credits') return this.credits();
		if (method === 'GET' && path === '/v1/tasks') return this.history(request.query);
		if (method === 'GET' && path === '/v1/models') return this.modelList();
		return this.refuse('routeNotFound', { message: `Invalid URL (${method} ${path})` });
	}

	private wrapped(answer: Answer): Answer {
		if (!this.setup.wrapAnswers || answer.status !== 200) return answer;
		return { ...answer, body: { code: 200, msg: 'success', data: answer.body } };
	}

	private isTooFast(at: number): boolean {
		this.letThrough = this.letThrough.filter((earlier) => earlier > at - 1000);
		if (this.letThrough.length >= this.setup.requestsPerSecond) return true;
		this.letThrough.push(at);
		return false;
	}

	private isFull(): boolean {
		const { tasks, tasksAtATime } = this.setup;
		if (tasksAtATime === Infinity) return false;
		return [...tasks.values()].filter(({ ended }) => !ended).length >= tasksAtATime;
	}

	private create(request: RecordedRequest): Answer {
		const { models, ledger, clock, startTask, settle } = this.setup;
		const key = this.setup.ignoresKeys ? undefined : request.headers['idempotency-key'];
		const body = request.json as CreateBody | undefined;
		if (key !== undefined && !/^[\w.-]{16,96}$/.test(String(key))) {
			return this.refuse('invalidRequest', {
				message: 'Idempotency-Key must be 16 to 96 of A-Z a-z 0-9 . _ -',
			});
		}
		const idempotencyKey = key === undefined ? undefined : String(key);
		const earlier = this.answered.get(idempotencyKey ?? '');
		if (earlier) {
			if (!earlier.body.equals(request.body)) return this.refuse('idempotencyConflict');
			return { status: 200, headers: { 'idempotency-replayed': 'true' }, body: earlier.answer };
		}
		if (typeof body !== 'object' || body === null || Array.isArray(body)) {
			return this.refuse('invalidRequest', { message: 'The body must be a JSON object' });
		}
		if (typeof body.model !== 'string' || body.model === '') {
			return this.refuse('invalidRequest', { message: 'model is required', param: 'model' });
		}
		if (!Object.hasOwn(models, body.model)) {
			return this.refuse('modelAccessDenied', { param: 'model' });
		}
		const limits = models[body.model];
		const complaint = findComplaint(body, limits);
		if (complaint) return this.refuse('invalidRequest', complaint);
		if (this.isFull()) return this.refuse('rateLimited');
		const credits = priceOf(limits, body);
		settle();
		if (!ledger.canPay(credits)) return this.refuse('insufficientCredits');

		const task = startTask(body, limits, credits);
		ledger.charge({ taskId: task.id, idempotencyKey, model: body.model, credits, at: clock.now() });
		request.charged = credits;
		const answer = task.creation();
		if (idempotencyKey) this.answered.set(idempotencyKey, { body: request.body, answer });
		return { status: 200, body: answer };
	}

	private async query(taskId: string): Promise<Answer> {
		if (!taskId.startsWith('task-unified-')) {
			return this.refuse('invalidTaskId', { param: 'task_id' });
		}
		const task = this.setup.tasks.get(taskId);
		if (!task) return this.refuse('taskNotFound', { param: 'task_id' });
		await task.catchUp();
		this.setup.settle();
		return { status: 200, body: task.view() };
	}

	/**
	 * Up to 50 tasks in one call; ids that are unknown or of other accounts are silently left out. No docs
	 * page: known from the api-client of https://github.com/deeplearning-goethe/evolink-cli.
	 */
	private async queryBatch(body: unknown): Promise<Answer> {
		const ids: unknown = (body as { task_ids?: unknown } | undefined)?.task_ids;
		if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_BATCH) {
			return this.refuse('invalidRequest', {
				message: `task_ids takes 1 to ${MAX_BATCH} task IDs`,
				param: 'task_ids',
			});
		}
		const tasks = ids
			.map((id) => this.setup.tasks.get(String(id)))
			.filter((task) => task !== undefined);
		await Promise.all(tasks.map(async (task) => await task.catchUp()));
		this.setup.settle();
		return { status: 200, body: { data: tasks.map((task) => task.view()) } };
	}

	/** Known from pricing-rules-client of https://github.com/deeplearning-goethe/evolink-cli. */
	private priceRule(modelId: string): Answer {
		const { models } = this.setup;
		if (!Object.hasOwn(models, modelId)) return this.refuse('routeNotFound');
		return {
			status: 200,
			body: { meta: { schema_version: '2' }, model: ruleFor(modelId, models[modelId]) },
		};
	}

	/** Known from pricing-quote-client and the fixtures of https://github.com/deeplearning-goethe/evolink-cli. */
	private quote(body: unknown): Answer {
		const { models, clock } = this.setup;
		const { model_id, operation, parameters } = (body ?? {}) as Record<string, unknown>;
		const modelId = String(model_id);
		if (!Object.hasOwn(models, modelId))
			return this.refuse('modelAccessDenied', { param: 'model_id' });
		const rule = ruleFor(modelId, models[modelId]);
		if (operation !== rule.operation) return this.refuse('invalidRequest', { param: 'operation' });
		const given = Object.entries((parameters ?? {}) as Record<string, unknown>);
		const stranger = given.find(([name]) => !rule.parameters.some((known) => known.name === name));
		if (stranger) return this.refuse('invalidRequest', { param: stranger[0] });
		const { image_count: n } = Object.fromEntries(given);
		const credits = priceOf(models[modelId], {
			model: modelId,
			image_urls: [],
			...(n === undefined ? {} : { n: Number(n) }),
		});
		const usd = String(Math.round((credits / 68) * 1e8) / 1e8);
		return {
			status: 200,
			body: {
				estimate_id: `est_${modelId}`,
				price_scope: 'account',
				model_id: modelId,
				operation,
				settlement_basis: rule.settlement_basis,
				currency: 'USD',
				amount: usd,
				amounts: { credits: String(credits), usd },
				components: [],
				expires_at: new Date(clock.now() + 300_000).toISOString(),
			},
		};
	}

	/** https://docs.evolink.ai, get-credits: `token` is this key, `user` the account. */
	private credits(): Answer {
		this.setup.settle();
		const { remainingCredits, usedCredits } = this.setup.ledger;
		const balance = { remaining_credits: remainingCredits, used_credits: usedCredits };
		return {
			status: 200,
			body: {
				data: { token: { ...balance, unlimited_credits: false }, user: balance },
				message: '',
				success: true,
			},
		};
	}

	/**
	 * The account's tasks, newest first; `processing` includes `pending`. No docs page: this and the
	 * list of models are known from the api-client of https://github.com/EvoLinkAI/evolink-mcp.
	 */
	private history(query: Record<string, string>): Answer {
		this.setup.settle();
		const page = positive(query.page, 1);
		const pageSize = Math.min(positive(query.page_size, 20), 100);
		const { status, model, type } = query;
		const states = status === 'processing' ? ['pending', 'processing'] : [status];
		const tasks = [...this.setup.tasks.values()].reverse().filter((task) => {
			return (
				(!status || states.includes(task.state)) &&
				(!model || task.request.model === model) &&
				(!type || type === 'image')
			);
		});
		const shown = tasks.slice((page - 1) * pageSize, page * pageSize);
		return {
			status: 200,
			body: {
				data: shown.map((task) => task.summary()),
				total: tasks.length,
				page,
				page_size: pageSize,
			},
		};
	}

	private modelList(): Answer {
		const ids = [...Object.keys(this.setup.models), 'gpt-5', 'veo3'];
		return { status: 200, body: { data: ids.map((id) => ({ id })) } };
	}

	private refuse(kind: RefusalKind, details?: RefusalDetails): Answer {
		return refusal(this.setup.errorStyle, kind, details);
	}
}

function ruleFor(modelId: string, { parameters, results, maxImages }: ModelLimits) {
	return {
		model_id: modelId,
		operation: maxImages > 0 ? 'image_edit' : 'image_generation',
		modality: 'image',
		settlement_basis: 'request_only',
		parameters: [
			{ name: 'image_count', type: 'integer', minimum: '1', default: String(results ?? 1) },
			...('quality' in parameters ? [{ name: 'quality', type: 'enum' }] : []),
		],
	};
}

function positive(text: string | undefined, otherwise: number): number {
	const number = Number(text);
	return Number.isInteger(number) && number > 0 ? number : otherwise;
}
