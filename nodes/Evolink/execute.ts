import type {
	IExecuteFunctions,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

import { EvolinkClient } from './api/client';
import { realClock } from './api/http/clock';
import { keyedSend, plainSend } from './api/http/http';
import { ImagesGatewayClient } from './api/imagesGateway';
import { paced } from './api/http/pace';
import { RequestMemory } from './memory/requestMemory';
import { spendingOf } from './memory/spending';
import { Parking } from './waiting/parking/parking';
import { TaskWatch } from './waiting/polling/taskWatch';
import { receiveCallback } from './waiting/parking/receiveCallback';
import { balanceIn, Budget } from './run/budget';
import {
	checkHasEvolink,
	CREDENTIAL,
	GATEWAY_CREDENTIAL,
	readCredential,
	readGatewayCredential,
} from './parameters/credential';
import { editOnGateway } from './operations/editImage/editOnGateway';
import { forEveryItem } from './run/everyItem';
import {
	readChoice,
	readConcurrency,
	readKeepCredits,
	readMaxCredits,
	readTaskConcurrency,
} from './parameters/fields';
import { operations } from './operations';
import { Limit } from './api/http/limit';
import { PictureLimit } from './run/limits';
import { logOfWaiting } from './run/progress';
import { TaskSlots } from './run/taskSlots';
import type { GatewayRun, Run, RunBasics } from './run/run';
import { errorItem, nodeErrorFor } from './run/nodeError';
import { Tally } from './run/tally';

const OPERATION_NAMES = Object.keys(operations) as [string, ...string[]];
const SERVICES = ['evolink', 'imagesGateway'] as const;

/**
 * Runs the chosen operation for all input items. Where the user wants to go on after errors, an error before the first
 * item is one of every item: if it were thrown, n8n would pass the input on as if it were edited.
 *
 * @throws {NodeApiError | NodeOperationError}
 */
export async function runOperation(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	try {
		const operation = readChoice(context, 'operation', 0, 'Operation', OPERATION_NAMES);
		const service = readChoice(context, 'service', 0, 'Service', SERVICES);
		if (service === 'imagesGateway') {
			const { run, halt } = await setUpGateway(context);
			return await forEveryItem(run, editOnGateway, halt);
		}
		const { run, halt } = await setUp(context);
		if (run.parking.isCopy || (await run.parking.isCopyElsewhere(run.clock))) return [];
		const output = await forEveryItem(run, operations[operation], halt);
		if (!run.parking.isWanted) return output;
		if (await run.parking.park(run.client, run.clock, output)) {
			// Shown meanwhile, and the answer to a web request that waits for the last node. n8n 1.123 would try again
			// at once for an item with an error.
			return output.filter(({ json }) => json.error === undefined);
		}
	} catch (error) {
		const goesOn = context.continueOnFail() && !context.getExecutionCancelSignal?.()?.aborted;
		if (!goesOn) throw nodeErrorFor(context.getNode(), error, 0);
		return context.getInputData().map((_, itemIndex) => errorItem(context, error, itemIndex));
	}
	return await runOperation(context);
}

async function setUp(context: IExecuteFunctions): Promise<{ run: Run; halt: AbortController }> {
	checkHasEvolink(context);
	const { apiKey, addresses } = await readCredential(context);
	const { basics, halt } = setUpBasics(context, apiKey);
	const { clock, memory } = basics;
	const client = new EvolinkClient(
		paced(keyedSend(context, CREDENTIAL, apiKey), clock),
		clock,
		addresses,
	);
	const run = {
		...basics,
		client,
		watch: new TaskWatch(client, clock),
		uploads: new PictureLimit(),
		budget: new Budget(
			{ maxCredits: readMaxCredits(context), keepCredits: readKeepCredits(context) },
			spendingOf(context, memory.reservedCredits),
			async () => balanceIn(await client.getCredits()),
		),
		taskSlots: new TaskSlots(clock, readTaskConcurrency(context), logOfWaiting(context)),
	};
	return { run, halt };
}

async function setUpGateway(
	context: IExecuteFunctions,
): Promise<{ run: GatewayRun; halt: AbortController }> {
	const { apiKey, baseUrl } = await readGatewayCredential(context);
	const { basics, halt } = setUpBasics(context, apiKey);
	const send = paced(keyedSend(context, GATEWAY_CREDENTIAL, apiKey), basics.clock);
	const gateway = new ImagesGatewayClient(send, basics.clock, baseUrl);
	return { run: { ...basics, gateway }, halt };
}

function setUpBasics(
	context: IExecuteFunctions,
	apiKey: string,
): { basics: RunBasics; halt: AbortController } {
	const halt = new AbortController();
	const clock = realClock(context.getExecutionCancelSignal?.(), halt.signal);
	const basics = {
		context,
		clock,
		plainSend: paced(plainSend(context), clock),
		memory: new RequestMemory(context),
		slots: new Limit(readConcurrency(context)),
		downloads: new PictureLimit(),
		tally: new Tally(),
		parking: new Parking(context, apiKey),
	};
	return { basics, halt };
}

/** Takes EvoLink's calls for a parked execution. */
export async function takeCallback(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	return await receiveCallback(context, async () => {
		const { apiKey, addresses } = await readCredential(context);
		return new EvolinkClient(keyedSend(context, CREDENTIAL, apiKey), realClock(), addresses);
	});
}
