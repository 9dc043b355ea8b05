import type { IExecuteFunctions } from 'n8n-workflow';

import type { ServiceAddresses } from '../api/client';
import { InvalidInputError } from '../api/errors/errors';
import { textOf } from '../api/http/json';
import { isHttpUrl } from '../api/http/url';

export const CREDENTIAL = 'evolinkApi';
export const GATEWAY_CREDENTIAL = 'imagesGatewayApi';

const CORRECT_IT = 'Correct it in the credential; the default is right for most accounts.';

/** @throws {InvalidInputError} a base URL is no address */
export async function readCredential(
	context: Pick<IExecuteFunctions, 'getCredentials'>,
): Promise<{ apiKey: string; addresses: ServiceAddresses }> {
	const { apiKey, baseUrl, filesBaseUrl } = await context.getCredentials(CREDENTIAL);
	return {
		apiKey: textOf(apiKey) ?? '',
		addresses: {
			baseUrl: readAddress(baseUrl, "'Base URL' in the credential 'EvoLink API'", CORRECT_IT),
			filesBaseUrl: readAddress(
				filesBaseUrl,
				"'Files Base URL' in the credential 'EvoLink API'",
				CORRECT_IT,
			),
		},
	};
}

/** @throws {InvalidInputError} the base URL is no address */
export async function readGatewayCredential(
	context: IExecuteFunctions,
): Promise<{ apiKey: string; baseUrl: string }> {
	const { apiKey, baseUrl } = await context.getCredentials(GATEWAY_CREDENTIAL);
	return {
		apiKey: textOf(apiKey) ?? '',
		baseUrl: readAddress(
			baseUrl,
			"'Base URL' in the credential 'Images Gateway API'",
			'Enter the address of the gateway, up to and without /v1, in the credential.',
		),
	};
}

/**
 * Who has only a gateway's credential is told why most operations are not for gateways.
 *
 * @throws {InvalidInputError}
 */
export function checkHasEvolink(context: IExecuteFunctions): void {
	const { credentials = {} } = context.getNode();
	if (credentials[CREDENTIAL] || !credentials[GATEWAY_CREDENTIAL]) return;
	throw new InvalidInputError(
		'This operation needs EvoLink: an images gateway has no tasks, no history and no credits to ask for',
		"A gateway gives the edited picture in the output of Edit Image itself. For EvoLink pick a credential 'EvoLink API'.",
	);
}

function readAddress(value: unknown, field: string, advice: string): string {
	const address = (textOf(value) ?? '').trim().replace(/\/+$/, '');
	if (!isHttpUrl(address)) {
		throw new InvalidInputError(`${field} is not an http or https address`, advice);
	}
	return address;
}
