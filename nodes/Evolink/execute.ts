import type {
	IExecuteFunctions,
	INodeExecutionData,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

import { EvolinkClient } from './api/client';
import { type Clock, realClock } from './api/http/clock';
import { keyedSend, plainSend } from './api/http/http';
import { Limit } from './api/http/limit';
import { paced } from './api/http/pace';
import { isPrivateHost } from './api/http/privateHost';
import { parseUrl } from './api/http/url';
import { ImagesGatewayClient } from './api/imagesGateway';
import { Quotes } from './api/quotes';
import { RequestMemory } from './memory/requestMemory';
import { readRunIdentity } from './memory/runIdentity';
import { spendingOf } from './memory/spending';
import { readOperation } from './operations';
import {
	requireEvolink,
	CREDENTIAL,
	GATEWAY_CREDENTIAL,
	readCredential,
	readGatewayCredential,
} from './parameters/credential';
import { readService } from './parameters/service';
import {
	readConcurrency,
	readKeepCredits,
	readMaxCredits,
	readTaskConcurrency,
} from './parameters/spending';
import { balanceIn, Budget } from './run/budget';
import { forEveryItem, type ItemOutcomes } from './run/everyItem';
import { BYTES_IN_ANSWERS, BYTES_IN_REQUESTS, ImageLimit } from './run/limits';
import { PaidTasks } from './run/paidTasks';
import { logOf, logOfWaiting, Progress } from './run/progress';
import type { GatewayRun, ItemWork, Run, RunBasics } from './run/run';
import { errorItemOf, noteOfPaid, runErrorFor } from './run/runError';
import { TaskSlots } from './run/taskSlots';
import { Tally } from './run/tally';
import { asOneItem } from './run/resultItems';
import { UploadedFiles } from './run/uploadedFiles';
import { canPark } from './waiting/parking/canPark';
import {
	claimResume,
	claimResumeAcrossProcesses,
	handNothingOn,
	readWakeMark,
} from './waiting/parking/duplicateResume';
import { giveInputBack, Parking } from './waiting/parking/park';
import { clearParkedRun, loadParkedRun } from './waiting/parking/parkedRun';
import { receiveCallback } from './waiting/parking/receiveCallback';
import { resumeSecret } from './waiting/parking/resumeAddress';
import { TaskWatch } from './waiting/polling/taskWatch';

/** What one round over the items comes to; all states are drawn in `waiting/parking/README.md`. */
type Round =
	/** Every item was handed on, or gave an error item. */
	| { says: 'done'; output: INodeExecutionData[] }
	/** n8n has parked the execution; the output is shown meanwhile. */
	| { says: 'parked'; output: INodeExecutionData[] }
	/** n8n 1.x has resumed a run a second time. */
	| { says: 'duplicate'; output: INodeExecutionData[] }
	/** All tasks may have ended before n8n parked the run: it goes on as if it had been woken. */
	| { says: 'again' };

/**
 * Runs the chosen operation for all input items. Where the user wants to go on after errors, an error before the first
 * item is one of every item: if it were thrown, n8n would pass the input on as if it were edited.
 *
 * @throws {NodeApiError | NodeOperationError}
 */
export async function runOperation(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const identity = readRunIdentity(context);
	const memory = new RequestMemory(identity, context.getContext('node'));
	const paidTasks = new PaidTasks(context, identity);
	try {
		for (;;) {
			const round = await runRound({ context, identity, memory, paidTasks });
			if (round.says !== 'again') return round.output;
		}
	} catch (error) {
		const isStopped = context.getExecutionCancelSignal?.()?.aborted ?? false;
		if (isStopped) paidTasks.noteStop(noteOfPaid(memory.paid()));
		if (!identity.continueOnFail || isStopped) {
			throw runErrorFor(context.getNode(), memory, error);
		}
		return context
			.getInputData()
			.map((_, itemIndex) => errorItemOf(context, memory, error, itemIndex));
	}
}

/** What stays the same from round to round. */
type Rounds = Pick<RunBasics, 'context' | 'identity' | 'memory' | 'paidTasks'>;

async function runRound(rounds: Rounds): Promise<Round> {
	const { context, identity } = rounds;
	const resumed = loadParkedRun(context.getContext('node'), identity.runIndex);
	if (resumed) {
		const items = context.getInputData();
		const wokenBy = readWakeMark(items);
		giveInputBack(items, resumed.input);
		const clock = realClock(context.getExecutionCancelSignal?.());
		const isClaimed =
			claimResume(identity.executionId, resumed.parked) &&
			(wokenBy === undefined ||
				(await claimResumeAcrossProcesses(context, resumed.parked, wokenBy, clock)));
		if (!isClaimed) {
			handNothingOn(context);
			return { says: 'duplicate', output: [] };
		}
	}
	const operation = await readOperation(context);
	const gatewayWork =
		operation.onGateway && readService(context) === 'imagesGateway'
			? operation.onGateway
			: undefined;
	const runAbort = new AbortController();
	const basics = setUp(rounds, runAbort.signal);
	if (gatewayWork) {
		return await overItems(await onGateway(basics), gatewayWork, runAbort);
	}
	const run = await onEvolink(basics, resumed !== undefined);
	return await overItems(run, operation, runAbort, run, resumed?.input.failures);
}

/** @param settled see `forEveryItem` */
async function overItems<R extends RunBasics>(
	run: R,
	work: ItemWork<R>,
	runAbort: AbortController,
	{ parking, uploadedFiles }: Partial<Pick<Run, 'parking' | 'uploadedFiles'>> = {},
	settled?: ItemOutcomes['failures'],
): Promise<Round> {
	const { context, memory, progress } = run;
	let everythingWasHandedOn = false;
	try {
		const { outputs, failures } = await deleting(
			uploadedFiles,
			forEveryItem(run, work, runAbort, settled),
		);
		if (parking?.isWanted) {
			if (!(await parking.park(outputs.map(asOneItem), failures))) return { says: 'again' };
			// Shown meanwhile, and the answer to a web request that waits for the last node. n8n 1.123 would try again
			// at once for an item with an error.
			return {
				says: 'parked',
				output: outputs.flat().filter(({ json }) => json.error === undefined),
			};
		}
		const failed = Object.keys(failures).length;
		everythingWasHandedOn = failed === 0;
		// n8n may repeat a run with an error, even where it goes on; what was woken then stays woken.
		if (everythingWasHandedOn) clearParkedRun(context.getContext('node'));
		progress.end(failed, run.tally);
		return { says: 'done', output: outputs.flat() };
	} finally {
		memory.endRun(everythingWasHandedOn);
	}
}

/** The outcome of the work, once the uploads that it no longer needs are deleted. */
async function deleting<T>(uploadedFiles: Run['uploadedFiles'] | undefined, work: Promise<T>) {
	try {
		return await work;
	} finally {
		await uploadedFiles?.settled();
	}
}

function setUp(rounds: Rounds, abortSignal: AbortSignal): RunBasics {
	const { context, identity } = rounds;
	const clock = realClock(context.getExecutionCancelSignal?.(), abortSignal);
	return {
		...rounds,
		clock,
		plainSend: paced(plainSend(context), clock),
		progress: new Progress(
			clock,
			logOf(context.logger, identity),
			context,
			context.getInputData().length,
		),
		slots: new Limit(readConcurrency(context)),
		downloads: new ImageLimit(),
		tally: new Tally(),
	};
}

async function onEvolink(basics: RunBasics, isResumed: boolean): Promise<Run> {
	const { context, identity, clock, memory } = basics;
	requireEvolink(context);
	const { apiKey, addresses } = await readCredential(context);
	const clientWith = (pace: Clock) =>
		new EvolinkClient(paced(keyedSend(context, CREDENTIAL, apiKey), pace), pace, addresses);
	const client = clientWith(clock);
	const deletingClient = clientWith(realClock(context.getExecutionCancelSignal?.()));
	const isPossible = !isResumed && canPark(identity, context.getContext('flow'), clock.now());
	return {
		...basics,
		client,
		isServicePrivate: isPrivateAddress(addresses.baseUrl),
		watch: new TaskWatch(client, clock),
		uploads: new ImageLimit(),
		uploadedFiles: new UploadedFiles(context, client, deletingClient),
		budget: new Budget(
			{ maxCredits: readMaxCredits(context), keepCredits: readKeepCredits(context) },
			spendingOf(identity, context.getContext('node'), memory.reservedCredits),
			async () => balanceIn(await client.getCredits()),
		),
		quotes: new Quotes(client, clock),
		taskSlots: new TaskSlots(
			clock,
			readTaskConcurrency(context),
			logOfWaiting(clock, logOf(context.logger, identity)),
		),
		parking: new Parking(
			context,
			identity,
			client,
			clock,
			resumeSecret(identity, apiKey),
			isPossible,
		),
	};
}

async function onGateway(basics: RunBasics): Promise<GatewayRun> {
	const { context, clock } = basics;
	const { apiKey, baseUrl } = await readGatewayCredential(context);
	const send = paced(keyedSend(context, GATEWAY_CREDENTIAL, apiKey), clock);
	return {
		...basics,
		gateway: new ImagesGatewayClient(send, clock, baseUrl),
		inRequests: new ImageLimit(BYTES_IN_REQUESTS),
		inAnswers: new Limit(BYTES_IN_ANSWERS),
		isServicePrivate: isPrivateAddress(baseUrl),
	};
}

function isPrivateAddress(address: string): boolean {
	return isPrivateHost(parseUrl(address)?.hostname ?? '');
}

/** Takes EvoLink's calls for a parked execution. */
export async function takeCallback(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	return await receiveCallback(context, async () => {
		const { apiKey, addresses } = await readCredential(context);
		return new EvolinkClient(keyedSend(context, CREDENTIAL, apiKey), realClock(), addresses);
	});
}
