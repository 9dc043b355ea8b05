import type { INodeExecutionData } from 'n8n-workflow';

import { StoppedError } from '../api/errors/errors';
import type { ItemResult, ItemWork, RunBasics } from './run';
import { errorItemOf, ItemError } from './runError';

/** While items are checked, whatever else n8n has to do waits no longer than this. */
const YIELD_AFTER_MS = 50;

/** What became of the items. */
export interface ItemOutcomes {
	/** By input item, and paired with it. */
	outputs: INodeExecutionData[][];
	/** The items of `outputs` that stand for an error, by input item. */
	failures: Record<number, INodeExecutionData>;
}

/**
 * Runs an operation for every input item: as many at a time as the run's limits allow, started in input order,
 * results in input order, each paired with its item.
 *
 * Every item is checked before anything is sent. With "Continue" on errors, a bad item gives an error item
 * and its neighbours go on. Otherwise the first error ends the run and nothing more is started.
 *
 * @param runAbort ends the waiting of all items
 * @param settled outcomes of items that are not tried again
 * @throws {ItemError}
 */
export async function forEveryItem<R extends RunBasics>(
	run: R,
	operation: ItemWork<R>,
	runAbort: AbortController,
	settled: ItemOutcomes['failures'] = {},
): Promise<ItemOutcomes> {
	const { context, identity, memory } = run;
	const userStop = context.getExecutionCancelSignal?.();
	const outputs: ItemOutcomes['outputs'] = [];
	const failures: ItemOutcomes['failures'] = {};
	let firstError: ItemError | undefined;

	const fail = (itemIndex: number, item: INodeExecutionData) => {
		failures[itemIndex] = item;
		outputs[itemIndex] = [item];
	};
	const attempt = async (itemIndex: number, work: () => Promise<void>) => {
		try {
			await work();
		} catch (error) {
			memory.noteError(itemIndex, error);
			if (identity.continueOnFail && !userStop?.aborted) {
				fail(itemIndex, errorItemOf(context, memory, error, itemIndex));
				return;
			}
			// A stop makes all items fail at once; one that may be paid says more than the others.
			if (firstError?.reason instanceof StoppedError) firstError = undefined;
			firstError ??= new ItemError(error, itemIndex);
			runAbort.abort();
		}
	};

	const jobs: Array<{ itemIndex: number; perform: () => Promise<ItemResult | ItemResult[]> }> = [];
	let isChecking = true;
	const checkAll = async () => {
		let yieldedAt = run.clock.now();
		for (const itemIndex of context.getInputData().keys()) {
			if (!isChecking) return;
			if (run.clock.now() - yieldedAt >= YIELD_AFTER_MS) {
				await run.clock.sleep(1);
				yieldedAt = run.clock.now();
			}
			const failed = settled[itemIndex];
			if (failed) {
				fail(itemIndex, failed);
				continue;
			}
			await attempt(itemIndex, async () => {
				jobs.push({ itemIndex, perform: await operation.prepare(run, itemIndex) });
			});
		}
	};
	// The stores of n8n know nothing of a stop, and may take their time.
	await attempt(0, async () => {
		const checked = checkAll();
		const isDone = checked.catch(() => undefined);
		try {
			await Promise.race([checked, run.clock.sleep(Number.POSITIVE_INFINITY, isDone)]);
			await checked;
		} finally {
			isChecking = false;
		}
	});
	const work = (firstError ? [] : jobs).map(async ({ itemIndex, perform }) => {
		await attempt(itemIndex, async () => {
			const result = await perform();
			outputs[itemIndex] = [result].flat().map((item) => ({
				...item,
				pairedItem: { item: itemIndex },
			}));
		});
		run.progress.noteItem();
	});
	await Promise.all(work);
	if (firstError) throw firstError;
	return { outputs, failures };
}
