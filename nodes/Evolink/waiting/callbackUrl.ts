import { InvalidInputError } from '../api/errors/errors';
import { isPrivateHost } from '../api/http/privateHost';
import { parseUrl } from '../api/http/url';

const MAX_CHARACTERS = 2048;

/**
 * Refuses a callback address that the service would refuse, or could never reach.
 * Source: docs.evolink.ai, callback_url of every image model (HTTPS only, no private addresses, 2048 characters).
 *
 * @throws {InvalidInputError}
 */
export function checkCallbackUrl(address: string): void {
	if (address.length > MAX_CHARACTERS) {
		throw new InvalidInputError(
			`'Callback URL' has ${address.length} characters; EvoLink takes at most ${MAX_CHARACTERS}`,
			'Use a shorter address.',
		);
	}
	const url = parseUrl(address);
	if (url?.protocol !== 'https:') {
		throw new InvalidInputError(
			`'Callback URL' is not an https address: ${address}`,
			'EvoLink calls https addresses only. Enter the public https address of a webhook.',
		);
	}
	if (isPrivateHost(url.hostname)) {
		throw new InvalidInputError(
			`'Callback URL' points to the private host ${url.hostname}, which EvoLink does not call`,
			"Enter an address that the internet can reach. If it is this n8n, set n8n's WEBHOOK_URL to its public address.",
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
			`'Wait' is 'Suspend Until Callback', but EvoLink cannot call this n8n: its own address is ${url?.origin ?? 'not known'}`,
			"Set n8n's WEBHOOK_URL to its public https address (in queue mode on the workers too), or set 'Wait' to 'Poll Until Complete'.",
		);
	}
	extend(url);
	checkCallbackUrl(url.href);
	return url.href;
}
