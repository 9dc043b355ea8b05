import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { EvolinkClient, type ServiceAddresses } from '../api/client';
import { realClock } from '../api/clock';
import { InvalidInputError } from '../api/errors';
import { keyedSend, plainSend } from '../api/http';
import { ImagesGatewayClient } from '../api/imagesGateway';
import { textOf } from '../api/json';
import { paced } from '../api/pace';
import { isHttpUrl } from '../api/url';
import { RequestMemory } from '../memory/requestMemory';
import { TaskWatch } from '../waiting/taskWatch';
import { Budget } from './budget';
import { editOnGateway } from './editOnGateway';
import { forEveryItem } from './everyItem';
import { readConcurrency, readMaxCredits } from './fields';
import { operations } from './index';
import { Limit } from './limit';
import { nodeErrorFor } from './report';

const CREDENTIAL = 'evolinkApi';
const GATEWAY_CREDENTIAL = 'imagesGatewayApi';

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

async function readCredential(
	context: IExecuteFunctions,
): Promise<{ apiKey: string; addresses: ServiceAddresses }> {
	const { credentials = {} } = context.getNode();
	if (credentials[GATEWAY_CREDENTIAL] && !credentials[CREDENTIAL]) {
		throw new InvalidInputError(
			'This operation needs EvoLink: an images gateway has no tasks, no history and no credits to ask for',
			"A gateway gives the edited picture in the output of Edit Image itself. For EvoLink pick a credential 'EvoLink API'.",
		);
	}
	const { apiKey, baseUrl, filesBaseUrl } = await context.getCredentials(CREDENTIAL);
	return {
		apiKey: textOf(apiKey) ?? '',
		addresses: {
			baseUrl: readAddress(baseUrl, 'Base URL', 'EvoLink API'),
			filesBaseUrl: readAddress(filesBaseUrl, 'Files Base URL', 'EvoLink API'),
		},
	};
}

async function readGatewayCredential(
	context: IExecuteFunctions,
): Promise<{ apiKey: string; baseUrl: string }> {
	const { apiKey, baseUrl } = await context.getCredentials(GATEWAY_CREDENTIAL);
	const address = readAddress(baseUrl, 'Base URL', 'Images Gateway API');
	return { apiKey: textOf(apiKey) ?? '', baseUrl: address };
}

function readAddress(value: unknown, fieldName: string, credentialName: string): string {
	const address = (textOf(value) ?? '').trim().replace(/\/+$/, '');
	if (!isHttpUrl(address)) {
		throw new InvalidInputError(
			`'${fieldName}' in the credential '${credentialName}' is not an http or https address`,
			credentialName === 'EvoLink API'
				? 'Correct it in the credential; the default is right for most accounts.'
				: 'Enter the address of the gateway up to and without /v1 in the credential.',
		);
	}
	return address;
}
