import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { EvolinkClient } from '../api/client';
import { realClock } from '../api/clock';
import { keyedSend, plainSend } from '../api/http';
import { RequestMemory } from '../memory/requestMemory';
import { CREDENTIAL, readCredential } from './credential';
import { forEveryItem } from './everyItem';
import { readConcurrency } from './fields';
import { operations } from './index';
import { nodeErrorFor } from './report';

/**
 * Runs the chosen operation for all input items.
 *
 * @throws {NodeApiError | NodeOperationError}
 */
export async function runOperation(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const operation = operations[context.getNodeParameter('operation', 0)];
	try {
		const { apiKey, addresses } = await readCredential(context);
		const halt = new AbortController();
		const clock = realClock(context.getExecutionCancelSignal?.(), halt.signal);
		const run = {
			context,
			client: new EvolinkClient(keyedSend(context, CREDENTIAL, apiKey), clock, addresses),
			clock,
			plainSend: plainSend(context),
			memory: new RequestMemory(context),
		};
		return await forEveryItem(run, operation, readConcurrency(context), halt);
	} catch (error) {
		throw nodeErrorFor(context.getNode(), error, 0);
	}
}
