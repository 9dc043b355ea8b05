import type { IExecuteFunctions } from 'n8n-workflow';

import type { ServiceAddresses } from '../api/client';
import { InvalidInputError } from '../api/errors/errors';
import { shortened } from '../api/errors/shortened';
import { textOf } from '../api/http/json';
import { isPrivateHost } from '../api/http/privateHost';
import { isHttpUrl, parseUrl } from '../api/http/url';

export const CREDENTIAL = 'evolinkApi';
export const GATEWAY_CREDENTIAL = 'imagesGatewayApi';

const CORRECT_IT = 'Correct it in the credential; the default is right for most accounts.';

/** @throws {InvalidInputError} a base URL is no address */
export async function readCredential(
	context: Pick<IExecuteFunctions, 'getCredentials'>,
): Promise<{ apiKey: string; addresses: ServiceAddresses }> {
	const { apiKey, baseUrl, filesBaseUrl } = await context.getCredentials(CREDENTIAL);
	return {
		apiKey: readKey(apiKey, 'EvoLink API'),
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
		apiKey: readKey(apiKey, 'Images Gateway API'),
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

/** Without blanks, quotes and 'Authorization: Bearer ' around it, as it is often copied; as the credential sends it. */
function readKey(value: unknown, credential: string): string {
	const key = (textOf(value) ?? '')
		.replace(/^[\s"']*(authorization\s*:\s*)?(bearer\s+)?["']*/i, '')
		.replace(/[\s"']+$/, '');
	if (!/\s/.test(key)) return key;
	throw new InvalidInputError(
		`'API Key' in the credential '${credential}' contains blanks or line breaks`,
		'Copy the key again, by itself and as a whole.',
	);
}

/** Without blanks, slashes and /v1 at its end. */
function readAddress(value: unknown, field: string, advice: string): string {
	const address = (textOf(value) ?? '').trim().replace(/(\/+v1)?\/*$/i, '');
	const url = isHttpUrl(address) ? parseUrl(address) : undefined;
	if (!url || /\s/.test(address)) {
		throw new InvalidInputError(`${field} is not an http or https address`, advice);
	}
	if (/[?#]/.test(address) || /\/v1\//i.test(`${url.pathname}/`)) {
		throw new InvalidInputError(
			`${field} is more than the address of the API: ${shortened(`${url.origin}${url.pathname}`)}`,
			`Enter it up to and without /v1, without ? and #. ${advice}`,
		);
	}
	if (url.protocol === 'http:' && !isPrivateHost(url.hostname)) {
		throw new InvalidInputError(
			`${field} starts with http://, so the API key would be sent without encryption. Nothing was sent`,
			'Use https:// in the credential. http:// is for this machine and private networks only.',
		);
	}
	return address;
}
