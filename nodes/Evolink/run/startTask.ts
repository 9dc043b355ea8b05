import type { CreateTaskBody } from '../api/client';
import type { QuoteSubject } from '../api/quotes';
import type { Task } from '../api/task';
import type { RememberedRequest } from '../memory/requestMemory';
import type { Run } from './run';
import type { TaskSlot } from './taskSlots';

/** What a task needs before it can be created. */
export interface TaskStart {
	/** What its price can depend on. */
	price: QuoteSubject;
	isJob: boolean;
	/** How long a busy service is waited for. */
	timeoutSeconds: number;
	/** Bytes of the largest image that `buildBody` uploads. */
	uploadBytes: number;
	/** Uploads what must be uploaded. Called once, unless an earlier try has done it. */
	buildBody(): Promise<CreateTaskBody>;
}

/**
 * **Costs money**, unless the service knows the request's key already. Uploads, waits for room and creates the
 * task, within the credits that the user allows.
 *
 * @returns the task and its slot, to be left when the task has ended
 * @throws {EvolinkError}
 */
export async function startTask(
	run: Pick<Run, 'budget' | 'client' | 'paidTasks' | 'quotes' | 'taskSlots' | 'uploads'>,
	request: RememberedRequest,
	start: TaskStart,
): Promise<{ task: Task; slot: TaskSlot }> {
	const { idempotencyKey, mayBePaid } = request;
	const purchase = {
		kind: kindOf(start.price),
		idempotencyKey,
		mayBePaid: mayBePaid ?? false,
		isJob: start.isJob,
		quote: async () => (await run.quotes.quoteIfKnown(start.price))?.credits,
	};
	return await run.budget.spendOn(purchase, async () => {
		const enter = async () => {
			request.body ??= await start.buildBody();
			return await run.taskSlots.enter(start.timeoutSeconds * 1_000);
		};
		// Images are uploaded ahead of a free slot, but only those of a few items, one item after another.
		const slot = await run.uploads.run(enter, 1, start.uploadBytes);
		let isCreated = false;
		try {
			const task = await run.client.createTask(
				request.body as CreateTaskBody,
				idempotencyKey,
				mayBePaid,
				async (refusal) => await slot.again(refusal),
			);
			slot.accepted();
			isCreated = true;
			request.taskId = task.id;
			run.paidTasks.note(task.id);
			request.creditsReserved = task.creditsReserved;
			return { task, slot };
		} finally {
			if (!isCreated) slot.leave();
		}
	});
}

/** What has the same price, as far as is known: never the prompt. */
function kindOf({ model, imageCount, inputImages, fields }: QuoteSubject): string {
	const { size, quality, resolution } = fields;
	return JSON.stringify([model, imageCount, inputImages, size, quality, resolution]);
}
