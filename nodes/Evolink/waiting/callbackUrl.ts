import { InvalidInputError } from '../api/errors/errors';
import { shortened } from '../api/errors/shortened';
import { adviceIfUnevaluated } from '../api/errors/unevaluated';
import { isPrivateHost } from '../api/http/privateHost';
import { parseUrl } from '../api/http/url';

const MAX_CHARACTERS = 2048;

/**
 * Refuses a callback address that the service would refuse, or could never reach.
 * Source: docs.evolink.ai, callback_url of every image model (HTTPS only, no private addresses, 2048 characters).
 *
 * @throws {InvalidInputError}
 */
export function requireCallableUrl(address: string): void {
	if (address.length > MAX_CHARACTERS) {
		throw new InvalidInputError(
			`'Callback URL' has ${address.length} characters, but EvoLink accepts at most ${MAX_CHARACTERS}`,
			'Use a shorter URL.',
		);
	}
	const url = parseUrl(address);
	if (url?.protocol !== 'https:') {
		throw new InvalidInputError(
			`'Callback URL' is not an HTTPS URL: ${shortened(address)}`,
			`EvoLink calls HTTPS URLs only. Enter the public HTTPS URL of a webhook.${adviceIfUnevaluated('Callback URL', address)}`,
		);
	}
	if (isPrivateHost(url.hostname)) {
		throw new InvalidInputError(
			`'Callback URL' points to the private host ${shortened(url.hostname)}, which EvoLink can't reach`,
			"Enter a URL that the internet can reach. If it is this n8n's, set WEBHOOK_URL to n8n's public URL.",
		);
	}
}

/**
 * Makes a callback address from one that n8n gives out for itself.
 *
 * @param extend makes the rest of the address
 * @throws {InvalidInputError} the service cannot call this n8n; the error tells no more of the address than its origin
 */
export function ownCallbackUrl(address: string, extend: (url: URL) => void): string {
	const url = parseUrl(address);
	if (url?.protocol !== 'https:' || isPrivateHost(url.hostname)) {
		throw new InvalidInputError(
			`'Wait' is 'Suspend Until Callback', but EvoLink can't reach this n8n, because its URL is ${url?.origin ?? 'unknown'}`,
			"Set n8n's WEBHOOK_URL to its public HTTPS URL (in queue mode on the workers, too), or set 'Wait' to 'Poll Until Complete'.",
		);
	}
	extend(url);
	requireCallableUrl(url.href);
	return url.href;
}
