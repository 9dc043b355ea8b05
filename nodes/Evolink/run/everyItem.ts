import { type INodeExecutionData, NodeOperationError } from 'n8n-workflow';

import { StoppedError } from '../api/errors/errors';
import type { RememberedRequest, RequestMemory } from '../memory/requestMemory';
import { errorItem, nodeErrorFor } from './nodeError';
import type { ItemWork, RunBasics } from './run';
import { Progress } from './progress';

/**
 * Runs an operation for every input item: as many at a time as the run's limits allow, started in input order,
 * results in input order, each paired with its item.
 *
 * Every item is checked before anything is sent. With "Continue" on errors, a bad item gives an error item
 * and its neighbours go on. Otherwise the first error ends the run, nothing more is started, and the error
 * names the tasks of the other items that are paid.
 *
 * @param halt ends the waiting of all items
 * @throws {NodeApiError | NodeOperationError}
 */
export async function forEveryItem<R extends RunBasics>(
	run: R,
	operation: ItemWork<R>,
	halt: AbortController,
): Promise<INodeExecutionData[]> {
	const { context, memory, parking } = run;
	const goesOn = context.continueOnFail();
	const stop = context.getExecutionCancelSignal?.();
	const items = context.getInputData();
	const output: INodeExecutionData[][] = [];
	const progress = new Progress(context, items.length);
	let failures = 0;
	let firstFailure: { error: unknown; itemIndex: number } | undefined;

	const attempt = async (itemIndex: number, work: () => Promise<void>) => {
		try {
			await work();
		} catch (error) {
			failures++;
			memory.noteError(itemIndex, error);
			if (goesOn && !stop?.aborted) {
				const item = errorItem(context, error, itemIndex);
				parking.noteFailure(itemIndex, item);
				output[itemIndex] = [item];
				return;
			}
			// A stop makes all items fail at once; one that may be paid says more than the others.
			if (firstFailure?.error instanceof StoppedError) firstFailure = undefined;
			firstFailure ??= { error, itemIndex };
			halt.abort();
		}
	};

	try {
		const jobs: Array<{ itemIndex: number; perform: Awaited<ReturnType<ItemWork<R>['prepare']>> }> =
			[];
		for (const itemIndex of items.keys()) {
			const failed = parking.failureOf(itemIndex);
			if (failed) {
				failures++;
				output[itemIndex] = [failed];
				continue;
			}
			await attempt(itemIndex, async () => {
				jobs.push({ itemIndex, perform: await operation.prepare(run, itemIndex) });
			});
		}
		const work = (firstFailure ? [] : jobs).map(async ({ itemIndex, perform }) => {
			await attempt(itemIndex, async () => {
				const result = await perform();
				output[itemIndex] = [result].flat().map((item) => ({
					...item,
					pairedItem: { item: itemIndex },
				}));
			});
			progress.noteItem();
		});
		await Promise.all(work);
		if (firstFailure) throw toRunError(run, firstFailure);
		if (!parking.isWanted) progress.end(failures, run.tally);
		return output.flat();
	} finally {
		memory.endRun(failures === 0 && !parking.isWanted);
		parking.endRun(failures === 0);
	}
}

function toRunError(
	{ context, memory }: RunBasics,
	{ error, itemIndex }: { error: unknown; itemIndex: number },
) {
	// An item's own error names its task, but a stop comes from outside and knows of none.
	const stopped = error instanceof StoppedError;
	const paid = memory.paid().filter((other) => stopped || other.itemIndex !== itemIndex);
	const note = noteOfPaid(paid, stopped ? '' : 'of other items ');
	if (stopped) {
		return new NodeOperationError(context.getNode(), error.message, {
			description: note || error.advice,
		});
	}
	return nodeErrorFor(context.getNode(), error, itemIndex, note);
}

/** What the user can still have of what is paid. A run works with one service, so all have one kind of trace. */
function noteOfPaid(paid: ReturnType<RequestMemory['paid']>, whose: string): string {
	if (paid.length === 0) return '';
	if (paid.some(({ request }) => request.edit ?? request.lost)) {
		const traces = paid.map(
			({ itemIndex, request }) => `item ${itemIndex}: ${traceOfEdit(request)}`,
		);
		return `Edits ${whose}that are billed by the gateway: ${traces.join('; ')}. With Retry On Fail this node hands on by itself what has arrived.`;
	}
	const traces = paid.map(
		({ itemIndex, request }) =>
			`item ${itemIndex}: ${request.taskId ?? `outcome unknown, idempotency key ${request.idempotencyKey}`}`,
	);
	return `Tasks ${whose}that are paid: ${traces.join('; ')}. Fetch them with Get Task or Wait for Completion; with Retry On Fail this node continues them by itself.`;
}

function traceOfEdit({ edit }: RememberedRequest): string {
	if (!edit) return 'outcome unknown';
	const links = edit.pictures.flatMap((picture) => ('link' in picture ? [picture.link] : []));
	return links.length > 0 ? links.join(' , ') : 'arrived';
}
