import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { EvolinkClient, type ServiceAddresses } from '../api/client';
import { realClock } from '../api/clock';
import { InvalidInputError } from '../api/errors';
import { keyedSend, plainSend } from '../api/http';
import { textOf } from '../api/json';
import { paced } from '../api/pace';
import { isHttpUrl } from '../api/url';
import { RequestMemory } from '../memory/requestMemory';
import { TaskWatch } from '../waiting/taskWatch';
import { Budget } from './budget';
import { forEveryItem } from './everyItem';
import { readConcurrency, readMaxCredits } from './fields';
import { operations } from './index';
import { Limit } from './limit';
import { nodeErrorFor } from './report';

const CREDENTIAL = 'evolinkApi';

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
		};
		return await forEveryItem(run, operation, halt);
	} catch (error) {
		throw nodeErrorFor(context.getNode(), error, 0);
	}
}

async function readCredential(
	context: IExecuteFunctions,
): Promise<{ apiKey: string; addresses: ServiceAddresses }> {
	const { apiKey, baseUrl, filesBaseUrl } = await context.getCredentials(CREDENTIAL);
	return {
		apiKey: textOf(apiKey) ?? '',
		addresses: {
			baseUrl: readAddress(baseUrl, 'Base URL'),
			filesBaseUrl: readAddress(filesBaseUrl, 'Files Base URL'),
		},
	};
}

function readAddress(value: unknown, fieldName: string): string {
	const address = (textOf(value) ?? '').trim().replace(/\/+$/, '');
	if (!isHttpUrl(address)) {
		throw new InvalidInputError(
			`'${fieldName}' in the credential 'EvoLink API' is not an http or https address`,
			'Correct it in the credential; the default is right for most accounts.',
		);
	}
	return address;
}
