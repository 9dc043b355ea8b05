import { IPv4, IPv6 } from 'ipaddr.js';

/** Names that mean something inside a network only. Sources: RFC 6761, 6762 (appendix G), 8375; ICANN (.internal). */
const INSIDE_NAME =
	/(^|\.)(local|localhost|localdomain|internal|intranet|private|corp|home|lan|home\.arpa)$/;
/** All of IPv6 that is given out for the internet (RFC 4291, section 2.4). */
const GLOBAL_UNICAST: [IPv6, number] = [IPv6.parse('2000::'), 3];
const IPV4_COMPATIBLE: [IPv6, number] = [IPv6.parse('::'), 96];
/** NAT64 of everybody (RFC 6052); the one beside it in ipaddr.js's range is for use inside a network (RFC 8215). */
const NAT64: [IPv6, number] = [IPv6.parse('64:ff9b::'), 96];

/**
 * Whether no public service answers at a host: this machine, a network of one's own, and what is reserved or for
 * documentation (RFC 6890). Names are judged by themselves, they are not looked up. `npm run build` puts the
 * library's code into the package.
 *
 * @param hostname as `URL` gives it: lower case, IPv4 in dotted decimal, IPv6 in brackets
 */
export function isPrivateHost(hostname: string): boolean {
	const host = hostname.replace(/\.+$/, '');
	if (host.startsWith('[')) return !isPublicIpv6(IPv6.parse(host.slice(1, -1)));
	if (IPv4.isValidFourPartDecimal(host)) return !isPublicIpv4(IPv4.parse(host));
	// A name without a dot (a container, a machine in the same network) means nothing outside.
	return !host.includes('.') || INSIDE_NAME.test(host);
}

function isPublicIpv4(address: IPv4): boolean {
	return address.range() === 'unicast';
}

/** An address that carries one of IPv4 is as public as that. */
function isPublicIpv6(address: IPv6): boolean {
	const { parts } = address;
	const range = address.range();
	if (range === '6to4') return isPublicIpv4(ipv4At(parts, 1));
	if (range === 'ipv4Mapped' || address.match(NAT64) || address.match(IPV4_COMPATIBLE)) {
		return isPublicIpv4(ipv4At(parts, 6));
	}
	return range === 'unicast' && address.match(GLOBAL_UNICAST);
}

function ipv4At(parts: number[], start: number): IPv4 {
	return new IPv4(parts.slice(start, start + 2).flatMap((part) => [part >> 8, part & 0xff]));
}
