import type { IExecuteFunctions } from 'n8n-workflow';

import type { ServiceAddresses } from '../api/client';
import { InvalidInputError } from '../api/errors';
import { textOf } from '../api/json';
import { isHttpUrl } from '../api/url';

export const CREDENTIAL = 'evolinkApi';

/** @throws {InvalidInputError} a base URL is no address */
export async function readCredential(
	context: Pick<IExecuteFunctions, 'getCredentials'>,
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
