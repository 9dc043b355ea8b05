import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { EvolinkClient } from '../api/client';
import { realClock } from '../api/clock';
import { keyedSend, plainSend } from '../api/http';
import { ImagesGatewayClient } from '../api/imagesGateway';
import { paced } from '../api/pace';
import { RequestMemory } from '../memory/requestMemory';
import { TaskWatch } from '../waiting/taskWatch';
import { Budget } from './budget';
import {
	checkHasEvolink,
	CREDENTIAL,
	GATEWAY_CREDENTIAL,
	readCredential,
	readGatewayCredential,
} from './credential';
import { editOnGateway } from './editOnGateway';
import { forEveryItem } from './everyItem';
import { readConcurrency, readMaxCredits } from './fields';
import { operations } from './index';
import { Limit } from './limit';
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
	try {
		const halt = new AbortController();
		const clock = realClock(context.getExecutionCancelSignal?.(), halt.signal);
		const basics = {
			context,
			clock,
			plainSend: paced(plainSend(context), clock),
			memory: new RequestMemory(context),
			slots: new Limit(readConcurrency(context)),
			downloads: new Limit(DOWNLOADS_AT_A_TIME),
		};
		if (context.getNodeParameter('service', 0, 'evolink') === 'imagesGateway') {
			const { apiKey, baseUrl } = await readGatewayCredential(context);
			const send = paced(keyedSend(context, GATEWAY_CREDENTIAL, apiKey), clock);
			const run = { ...basics, gateway: new ImagesGatewayClient(send, clock, baseUrl) };
			return await forEveryItem(run, editOnGateway, halt);
		}
		checkHasEvolink(context);
		const { apiKey, addresses } = await readCredential(context);
		const send = paced(keyedSend(context, CREDENTIAL, apiKey), clock);
		const client = new EvolinkClient(send, clock, addresses);
		const run = {
			...basics,
			client,
			watch: new TaskWatch(client, clock),
			uploads: new Limit(UPLOADS_AT_A_TIME),
			budget: new Budget(readMaxCredits(context), basics.memory.reservedCredits),
		};
		return await forEveryItem(run, operations[context.getNodeParameter('operation', 0)], halt);
	} catch (error) {
		throw nodeErrorFor(context.getNode(), error, 0);
	}
}
