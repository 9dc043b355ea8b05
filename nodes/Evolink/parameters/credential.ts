import type { IExecuteFunctions } from 'n8n-workflow';

import { keyIn } from '../../../credentials/wellFormed';
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
			baseUrl: readAddress(baseUrl, "'Base URL' in the 'EvoLink API' credential", CORRECT_IT),
			filesBaseUrl: readAddress(
				filesBaseUrl,
				"'Files Base URL' in the 'EvoLink API' credential",
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
			"'Base URL' in the 'Images Gateway API' credential",
			'Enter the base URL of the gateway, without /v1, in the credential.',
		),
	};
}

/**
 * Who has only a gateway's credential is told why most operations are not for gateways.
 *
 * @throws {InvalidInputError}
 */
export function requireEvolink(context: IExecuteFunctions): void {
	const { credentials = {} } = context.getNode();
	if (credentials[CREDENTIAL] || !credentials[GATEWAY_CREDENTIAL]) return;
	throw new InvalidInputError(
		'This operation is only available for EvoLink: an images gateway has no tasks, history or credits',
		"With a gateway, 'Edit Image' itself returns the edited image. For EvoLink, select an 'EvoLink API' credential.",
	);
}

/** As the credential sends it. */
function readKey(value: unknown, credential: string): string {
	const key = keyIn(textOf(value) ?? '');
	if (/^[\x21-\x7e]*$/.test(key)) return key;
	const what = /\s/.test(key) ? 'spaces or line breaks' : 'characters that no key has';
	throw new InvalidInputError(
		`'API Key' in the '${credential}' credential contains ${what}`,
		'Copy the whole key again, without any other text, and not shortened.',
	);
}

/** Without blanks, slashes and /v1 at its end. */
function readAddress(value: unknown, field: string, advice: string): string {
	const address = (textOf(value) ?? '').trim().replace(/(\/+v1)?\/*$/i, '');
	const url = isHttpUrl(address) ? parseUrl(address) : undefined;
	if (!url || /\s/.test(address)) {
		throw new InvalidInputError(`${field} is not a valid URL`, advice);
	}
	if (/[?#]/.test(address) || /\/v1\//i.test(`${url.pathname}/`)) {
		throw new InvalidInputError(
			`${field} contains more than a base URL: ${shortened(`${url.origin}${url.pathname}`)}`,
			`Enter the URL that starts with https:// and ends before /v1, without ? and #. ${advice}`,
		);
	}
	if (url.protocol === 'http:' && !isPrivateHost(url.hostname)) {
		throw new InvalidInputError(
			`${field} starts with http://, so the API key would be sent without encryption. Nothing was sent`,
			'Use https:// in the credential. http:// is only allowed for this machine and private networks.',
		);
	}
	return address;
}
