import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { EvolinkClient, type ServiceAddresses } from '../api/client';
import { realClock } from '../api/clock';
import { InvalidInputError } from '../api/errors';
import { keyedSend, plainSend } from '../api/http';
import { ImagesGatewayClient } from '../api/imagesGateway';
import { textOf } from '../api/json';
import { isHttpUrl } from '../api/url';
import { RequestMemory } from '../memory/requestMemory';
import { editOnGateway } from './editOnGateway';
import { forEveryItem } from './everyItem';
import { readConcurrency } from './fields';
import { operations } from './index';
import { nodeErrorFor } from './report';

const CREDENTIAL = 'evolinkApi';
const GATEWAY_CREDENTIAL = 'imagesGatewayApi';

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
			plainSend: plainSend(context),
			memory: new RequestMemory(context),
		};
		const concurrency = readConcurrency(context);
		if (context.getNodeParameter('service', 0, 'evolink') === 'imagesGateway') {
			const { apiKey, baseUrl } = await readGatewayCredential(context);
			const send = keyedSend(context, GATEWAY_CREDENTIAL, apiKey);
			const run = { ...basics, gateway: new ImagesGatewayClient(send, clock, baseUrl) };
			return await forEveryItem(run, editOnGateway, concurrency, halt);
		}
		const { apiKey, addresses } = await readCredential(context);
		const send = keyedSend(context, CREDENTIAL, apiKey);
		const run = { ...basics, client: new EvolinkClient(send, clock, addresses) };
		const operation = operations[context.getNodeParameter('operation', 0)];
		return await forEveryItem(run, operation, concurrency, halt);
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
