import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { realClock } from '../Evolink/api/http/clock';
import { EvolinkError } from '../Evolink/api/errors/errors';
import { plainSend } from '../Evolink/api/http/http';
import { parseTask } from '../Evolink/api/task';
import { type OutputSettings, readOutputSettings } from '../Evolink/parameters/output';
import { ImageLimit } from '../Evolink/run/limits';
import { nodeErrorFor } from '../Evolink/run/nodeError';
import { taskItem } from '../Evolink/run/taskItem';

/**
 * Fetches the images of the task that started the execution, where that is wanted.
 *
 * @throws {NodeOperationError} a parameter is wrong, or the execution was stopped
 */
export async function addImages(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const items = context.getInputData();
	try {
		const settings = readOutputSettings(context, 0);
		if (!settings.download && !settings.itemPerImage) return items;
		const output = await Promise.all(
			items.map(async (item, index) => await withImages(context, item, settings, index)),
		);
		return output.flat();
	} catch (error) {
		throw nodeErrorFor(context.getNode(), error, 0);
	}
}

/**
 * Where an image cannot be fetched the item goes on without, with the reason in `download_error`: nobody would
 * start the workflow for this task again.
 */
async function withImages(
	context: IExecuteFunctions,
	item: INodeExecutionData,
	settings: OutputSettings,
	itemIndex: number,
): Promise<INodeExecutionData[]> {
	const userStop = context.getExecutionCancelSignal?.();
	const run = {
		context,
		clock: realClock(userStop),
		plainSend: plainSend(context),
		downloads: new ImageLimit(),
	};
	const task = parseTask(item.json); // Simplified or not, it says where the images are.
	if (!task) return [item];
	try {
		const results = await taskItem(run, { task }, settings, itemIndex);
		// What the item says of the task is what `webhook()` has made of it.
		return results.map(({ json, binary }) => {
			const { image_index } = json;
			const own = image_index === undefined ? {} : { results: json.results, image_index };
			return { ...item, json: { ...item.json, ...own }, ...(binary ? { binary } : {}) };
		});
	} catch (error) {
		if (userStop?.aborted) throw nodeErrorFor(context.getNode(), error, 0);
		const message = (error as Error).message;
		const advice = error instanceof EvolinkError ? error.advice.trim() : '';
		context.addExecutionHints({ message, location: 'outputPane' });
		const download_error = [message, advice].filter(Boolean).join('. ');
		return [{ ...item, json: { ...item.json, download_error } }];
	}
}
