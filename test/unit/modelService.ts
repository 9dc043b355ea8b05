import type { HttpAnswer, HttpFailure, HttpRequest, Send } from '../../nodes/Evolink/api/http/http';
import { parseJson } from '../../nodes/Evolink/api/http/json';
import { answer, deliver, type Step, stopped } from './scriptedSend';
import type { VirtualClock } from './virtualClock';

/** What the service does with a create; a key that is paid already is never paid again. */
export type CreateEvent =
	| { kind: 'accept'; more: object; takesMs: number }
	/** The caller cannot know from the answer whether it was paid. */
	| { kind: 'open'; paid: boolean; step: Step }
	/** Certainly not paid, and the same again would be refused again. */
	| { kind: 'refuse'; step: Step }
	/** Certainly not paid by this request, but another try may be taken. */
	| { kind: 'busy'; step: Step };

/** What the service does with the question for a task. */
export type AskEvent =
	/** Unfinished, or the end: then it stays so. */
	{ kind: 'state'; body: object; ends: boolean } | { kind: 'fault'; step: Step };

interface PaidTask {
	id: string;
	key: string;
	sentBody: string;
	/** The answer once the task has ended. */
	end?: object;
	askedAt?: number;
}

/**
 * A service that follows an arbitrary script, keeps the books, and notes everything that a client must
 * never do. What comes after the script: creates are accepted, tasks stay as `afterScript` says.
 */
export class ModelService {
	readonly tasks: PaidTask[] = [];

	/** What a client did that it must not do. */
	readonly violations: string[] = [];

	/** Bodies that were, or may have been, accepted under a key. */
	private readonly bodies = new Map<string, string>();

	/** Keys that were refused for good within one call of the client. */
	private readonly refusedKeys = new Set<string>();

	constructor(
		private readonly clock: VirtualClock,
		private readonly creates: CreateEvent[],
		private readonly asks: AskEvent[],
		private readonly afterScript: AskEvent,
	) {}

	/** A new call of the client: it may ask again for what was refused before. */
	startTry(): void {
		this.refusedKeys.clear();
	}

	/** Tasks that cost money in the end: failed and cancelled ones are refunded. */
	get charged(): PaidTask[] {
		return this.tasks.filter(({ end }) => {
			const status = (end as { status?: unknown } | undefined)?.status;
			return status !== 'failed' && status !== 'cancelled' && status !== 'canceled';
		});
	}

	readonly send: Send = async (request) => {
		await Promise.resolve();
		if (this.clock.isStopped) return stopped;
		const step = this.stepFor(request);
		return await this.arrive(step, request);
	};

	private async arrive(step: Step, request: HttpRequest): Promise<HttpAnswer | HttpFailure> {
		const result = await deliver(this.clock, step, request);
		return this.clock.isStopped ? stopped : result;
	}

	private stepFor(request: HttpRequest): Step {
		if (/pricing-rules|agent-estimates/.test(request.url)) return answer(404); // It quotes no prices.
		if (request.url.endsWith('/v1/tasks/batch')) return this.askBatch(request);
		if (request.method === 'POST') return this.create(request);
		return this.ask(request.url.split('/').pop());
	}

	/** The first fault among the answers is the answer to all. */
	private askBatch(request: HttpRequest): Step {
		const { task_ids: ids } = request.body as unknown as { task_ids: string[] };
		const steps = ids.map((id) => this.ask(id));
		const fault = steps.find((step) => parsedBody(step) === undefined);
		if (fault) return fault;
		const data = steps.map(parsedBody);
		return answer(200, { data });
	}

	private create(request: HttpRequest): Step {
		const key = request.headers?.['Idempotency-Key'] ?? '';
		const sentBody = JSON.stringify(request.body);
		if (!/^[A-Za-z0-9._-]{16,96}$/.test(key)) this.violations.push(`a bad key: ${key}`);
		if (this.refusedKeys.has(key)) this.violations.push('a create after it was refused for good');
		const known = this.bodies.get(key);
		if (known !== undefined && known !== sentBody) {
			this.violations.push(`another body under one key: ${known} and ${sentBody}`);
			return answer(409, { error: { code: 'idempotency_conflict', message: 'Another body' } });
		}
		const event: CreateEvent = this.creates.shift() ?? { kind: 'accept', more: {}, takesMs: 0 };
		switch (event.kind) {
			case 'accept': {
				const task = this.pay(key, sentBody);
				const created = { status: 'pending', ...event.more, id: task.id };
				return { ...answer(200, created), takesMs: event.takesMs };
			}
			case 'open':
				this.bodies.set(key, sentBody);
				if (event.paid) this.pay(key, sentBody);
				return event.step;
			case 'refuse':
				this.refusedKeys.add(key);
				return event.step;
			case 'busy':
				return event.step;
		}
	}

	private pay(key: string, sentBody: string): PaidTask {
		this.bodies.set(key, sentBody);
		const known = this.tasks.find((task) => task.key === key);
		if (known) return known;
		const id = `task-unified-${this.tasks.length + 1}`;
		const task = { id, key, sentBody };
		this.tasks.push(task);
		return task;
	}

	private ask(id: string | undefined): Step {
		const task = this.tasks.find((known) => known.id === id);
		if (!task) {
			this.violations.push(`a question for a task that nobody has: ${id}`);
			return answer(404);
		}
		this.checkPace(task);
		task.askedAt = this.clock.now();
		if (task.end) return answer(200, { ...task.end, id });
		const event = this.asks.shift() ?? this.afterScript;
		if (event.kind === 'fault') return event.step;
		if (event.ends) task.end = event.body;
		return answer(200, { ...event.body, id });
	}

	/** Not more often than every 3 s. */
	private checkPace({ askedAt, end }: PaidTask): void {
		if (askedAt === undefined || end) return;
		const gap = this.clock.now() - askedAt;
		if (gap < 3_000) this.violations.push(`asked again after ${gap} ms`);
	}
}

/** @returns undefined where the step is no readable success */
function parsedBody(step: Step): unknown {
	return step.kind === 'answer' && step.status === 200
		? parseJson(step.body.toString())
		: undefined;
}
