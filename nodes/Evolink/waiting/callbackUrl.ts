import { InvalidInputError } from '../api/errors/errors';
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

/** @param hostname as `URL` gives it: lower case, IPv4 in dotted decimal, IPv6 compressed in brackets */
export function isPrivateHost(hostname: string): boolean {
	const host = hostname.replace(/\.+$/, '');
	if (host.startsWith('[')) return isPrivateIpv6(ipv6Groups(host.slice(1, -1)));
	const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
	if (octets) return isPrivateIpv4(Number(octets[1]), Number(octets[2]));
	// A name without a dot (localhost, a container, a machine in the same network) means nothing outside.
	return !host.includes('.') || /\.(local|localhost|internal|lan|home\.arpa)$/.test(host);
}

/** Special-purpose addresses (RFC 6890) that no public service answers on. */
function isPrivateIpv4(a: number, b: number): boolean {
	return (
		a === 0 ||
		a === 10 ||
		a === 127 ||
		(a === 100 && b >= 64 && b <= 127) ||
		(a === 169 && b === 254) ||
		(a === 172 && b >= 16 && b <= 31) ||
		(a === 192 && b === 168) ||
		a >= 224
	);
}

function isPrivateIpv6(groups: number[]): boolean {
	const startsWithZeros = (count: number) => groups.slice(0, count).every((group) => group === 0);
	const ipv4 = () => isPrivateIpv4(groups[6] >> 8, groups[6] & 0xff);
	if (startsWithZeros(7) && groups[7] <= 1) return true; // unspecified, loopback
	if (startsWithZeros(5) && groups[5] === 0xffff) return ipv4(); // IPv4-mapped
	if (startsWithZeros(6)) return ipv4(); // IPv4-compatible, deprecated
	if (groups[0] === 0x64 && groups[1] === 0xff9b) return ipv4(); // NAT64
	return (
		(groups[0] & 0xfe00) === 0xfc00 || // unique local
		(groups[0] & 0xffc0) === 0xfe80 || // link-local
		(groups[0] & 0xff00) === 0xff00 // multicast
	);
}

function ipv6Groups(address: string): number[] {
	const parse = (part: string) =>
		part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
	const [head, tail] = address.split('::');
	const first = parse(head);
	if (tail === undefined) return first;
	const last = parse(tail);
	return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}
