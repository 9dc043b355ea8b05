import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { EvolinkClient, type ServiceAddresses } from '../api/client';
import { realClock } from '../api/clock';
import { InvalidInputError } from '../api/errors';
import { keyedSend, plainSend } from '../api/http';
import { textOf } from '../api/json';
import { isHttpUrl } from '../api/url';
import { RequestMemory } from '../memory/requestMemory';
import { forEveryItem } from './everyItem';
import { readConcurrency } from './fields';
import { operations } from './index';
import { nodeErrorFor } from './report';

const CREDENTIAL = 'evolinkApi';

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
