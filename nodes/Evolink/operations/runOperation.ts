import type {
	IExecuteFunctions,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

import { EvolinkClient } from '../api/client';
import { realClock } from '../api/clock';
import { keyedSend, plainSend } from '../api/http';
import { paced } from '../api/pace';
import { RequestMemory } from '../memory/requestMemory';
import { Parking } from '../waiting/parking';
import { TaskWatch } from '../waiting/taskWatch';
import { receiveCallback } from '../waiting/wakeUp';
import { Budget } from './budget';
import { CREDENTIAL, readCredential } from './credential';
import { forEveryItem } from './everyItem';
import { readConcurrency, readMaxCredits } from './fields';
import { operations } from './index';
import { Limit } from './limit';
import type { Run } from './operation';
import { nodeErrorFor } from './report';

/** Pictures are held in memory while they are on their way, so only a few are at the same time. */
const UPLOADS_AT_A_TIME = 4;
const DOWNLOADS_AT_A_TIME = 4;

/**
 * Runs the chosen operation for all input items.
 *
 * @throws {NodeApiError | NodeOperationError}
 */
export async function runOperation(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const operation = operations[context.getNodeParameter('operation', 0)];
	try {
		const { run, halt } = await setUp(context);
		if (run.parking.isCopy || (await run.parking.isCopyElsewhere(run.clock))) return [];
		const output = await forEveryItem(run, operation, halt);
		if (!run.parking.isWanted) {
			run.parking.forget();
			return output;
		}
		if (await run.parking.park(run.client, run.clock, output)) {
			// Shown meanwhile, and the answer to a web request that waits for the last node. n8n 1.123 would try again
			// at once for an item with an error.
			return output.filter(({ json }) => json.error === undefined);
		}
	} catch (error) {
		throw nodeErrorFor(context.getNode(), error, 0);
	}
	return await runOperation(context);
}

async function setUp(context: IExecuteFunctions): Promise<{ run: Run; halt: AbortController }> {
	const { apiKey, addresses } = await readCredential(context);
	const halt = new AbortController();
	const clock = realClock(context.getExecutionCancelSignal?.(), halt.signal);
	const send = paced(keyedSend(context, CREDENTIAL, apiKey), clock);
	const client = new EvolinkClient(send, clock, addresses);
	const memory = new RequestMemory(context);
	const run = {
		context,
		client,
		clock,
		plainSend: paced(plainSend(context), clock),
		memory,
		watch: new TaskWatch(client, clock),
		slots: new Limit(readConcurrency(context)),
		uploads: new Limit(UPLOADS_AT_A_TIME),
		downloads: new Limit(DOWNLOADS_AT_A_TIME),
		budget: new Budget(readMaxCredits(context), memory.reservedCredits),
		parking: new Parking(context, apiKey),
	};
	return { run, halt };
}

/** Takes EvoLink's calls for a parked execution. */
export async function takeCallback(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	return await receiveCallback(context, async () => {
		const { apiKey, addresses } = await readCredential(context);
		return new EvolinkClient(keyedSend(context, CREDENTIAL, apiKey), realClock(), addresses);
	});
}
