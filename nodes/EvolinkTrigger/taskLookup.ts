import { type EvolinkClient, MAX_BATCH } from '../Evolink/api/client';
import { ApiError, TRY_LATER } from '../Evolink/api/errors/errors';
import type { Clock } from '../Evolink/api/http/clock';
import { Limit } from '../Evolink/api/http/limit';
import type { ReadResult } from '../Evolink/api/http/retry';
import { lacksImages, type Task } from '../Evolink/api/task';

/** So long deliveries are gathered, and so much time is between two batch queries. */
const GATHER_MS = 150;
const BATCHES_AT_A_TIME = 4;
/** Single reads, where a batch query does not do: so far apart, so many at a time. */
const SINGLE_GAP_MS = 20;
const SINGLES_AT_A_TIME = 10;
/** More tasks do not wait at a moment: EvoLink delivers those again, and a flood ends here. */
const MAX_WAITING = 2_000;

export const TOO_MANY = 'too_many_deliveries';

type Client = Pick<EvolinkClient, 'pollTask' | 'pollTasks'>;
type Answer = ReadResult<Task>;

interface Waiting {
	taskId: string;
	/** Of the delivery that was the first to ask. */
	client: Client;
	answered: Promise<Answer>;
	answer: (answer: Answer) => void;
}

/**
 * Looks up the tasks of all deliveries to this process together: what they cost EvoLink is bounded, however many come
 * and whoever sends them. At most one batch query of 50 tasks in 150 ms, or, where the host has none, 50 reads a second.
 */
export class TaskLookup {
	/** Asked for and not answered, by task. */
	private readonly open = new Map<string, Waiting>();

	private readonly gathered: Waiting[] = [];

	private isGathering = false;

	private readonly batchLimit = new Limit(BATCHES_AT_A_TIME);

	private readonly singleLimit = new Limit(SINGLES_AT_A_TIME);

	private nextSingleAt = 0;

	/** Whether the host answers batch queries. */
	private batches: 'untested' | 'answered' | 'missing' = 'untested';

	constructor(private readonly clock: Clock) {}

	/** The task as it is now; the same answer for all that ask at a time. */
	async poll(taskId: string, client: Client): Promise<Answer> {
		const known = this.open.get(taskId);
		if (known) return await known.answered;
		if (this.open.size >= MAX_WAITING) {
			const error = new ApiError('Too many deliveries at once', TRY_LATER, { code: TOO_MANY });
			return failed(error, true);
		}
		let answer: Waiting['answer'] = () => undefined;
		const answered = new Promise<Answer>((resolve) => {
			answer = resolve;
		});
		const waiting: Waiting = { taskId, client, answered, answer };
		this.open.set(taskId, waiting);
		this.gathered.push(waiting);
		if (!this.isGathering) void this.gather();
		return await answered;
	}

	private async gather(): Promise<void> {
		this.isGathering = true;
		while (this.gathered.length > 0) {
			await this.clock.sleep(GATHER_MS);
			const leave = await this.batchLimit.enter();
			const some = this.gathered.splice(0, MAX_BATCH);
			void this.lookUp(some)
				.catch((error: Error) => {
					const answer = failed(new ApiError(error.message, TRY_LATER), true);
					for (const waiting of some) this.settle(waiting, answer);
				})
				.finally(leave);
		}
		this.isGathering = false;
	}

	private async lookUp(some: Waiting[]): Promise<void> {
		const [{ client }] = some;
		const isBatch = some.length > 1 && this.batches !== 'missing';
		const answer = isBatch ? await client.pollTasks(some.map(({ taskId }) => taskId)) : undefined;
		if (answer?.ok) return await this.takeList(some, answer.value);
		if (answer?.mayPass) {
			for (const waiting of some) this.settle(waiting, answer);
			return;
		}
		if (answer) this.batches = 'missing';
		await this.readSingly(some);
	}

	/** A list leaves out what the account does not know, and may tell less than the answer for a single task. */
	private async takeList(some: Waiting[], tasks: Map<string, Task>): Promise<void> {
		const missing: Waiting[] = [];
		const imageless: Waiting[] = [];
		for (const waiting of some) {
			const task = tasks.get(waiting.taskId);
			if (!task) missing.push(waiting);
			else if (lacksImages(task)) imageless.push(waiting);
			else this.settle(waiting, { ok: true, value: task });
		}
		if (tasks.size > 0) this.batches = 'answered';
		const unknown = this.batches === 'answered' ? missing : await this.probe(missing);
		for (const waiting of unknown) this.settle(waiting, NOT_KNOWN);
		await this.readSingly(imageless);
	}

	/** An empty list may come from a host that has none: one of its tasks tells. @returns those that are not known */
	private async probe([first, ...others]: Waiting[]): Promise<Waiting[]> {
		const answer = await this.readSingle(first);
		if (answer.ok) {
			this.batches = 'missing';
			await this.readSingly(others);
			return [];
		}
		if (!answer.mayPass) return others;
		for (const waiting of others) this.settle(waiting, answer);
		return [];
	}

	private async readSingly(some: Waiting[]): Promise<void> {
		await Promise.all(some.map(async (waiting) => await this.readSingle(waiting)));
	}

	private async readSingle(waiting: Waiting): Promise<Answer> {
		const answer = await this.singleLimit.run(async () => {
			const now = this.clock.now();
			const at = Math.max(now, this.nextSingleAt);
			this.nextSingleAt = at + SINGLE_GAP_MS;
			await this.clock.sleep(at - now);
			return await waiting.client.pollTask(waiting.taskId);
		});
		this.settle(waiting, answer);
		return answer;
	}

	private settle({ taskId, answer }: Waiting, result: Answer): void {
		this.open.delete(taskId);
		answer(result);
	}
}

function failed(error: ApiError, mayPass: boolean): Answer {
	return { ok: false, error, mayPass };
}

const NOT_KNOWN = failed(
	new ApiError("This task doesn't exist", 'Check the ID.', { status: 404 }),
	false,
);
