import { isPrivateHost } from '../../../nodes/Evolink/api/http/privateHost';

const hostOf = (address: string) => new URL(address).hostname;

it.each([
	['for documentation, TEST-NET-1', 'https://192.0.2.1/'],
	['for documentation, TEST-NET-2', 'https://198.51.100.7/'],
	['for documentation, TEST-NET-3', 'https://203.0.113.9/'],
	['protocol assignments', 'https://192.0.0.8/'],
	['benchmarking, first', 'https://198.18.0.1/'],
	['benchmarking, last', 'https://198.19.255.255/'],
	['reserved for later', 'https://240.0.0.1/'],
	['6to4 of a private address', 'https://[2002:a00:1::1]/'],
	['6to4 of this machine', 'https://[2002:7f00:1::]/'],
	['6to4 of a documentation address', 'https://[2002:c000:201::]/'],
	['IPv6 for documentation', 'https://[2001:db8::1]/'],
	['IPv6 for documentation, the newer block', 'https://[3fff::1]/'],
	['IPv6 discard', 'https://[100::1]/'],
	['IPv6 benchmarking', 'https://[2001:2::1]/'],
	['Teredo', 'https://[2001:0:1::1]/'],
	['site-local, deprecated', 'https://[fec0::1]/'],
	['NAT64 inside a network', 'https://[64:ff9b:1::808:808]/'],
	['IPv4-compatible of a private address', 'https://[::a00:1]/'],
	['IPv6 that nobody has given out', 'https://[4000::1]/'],
	['.localdomain', 'https://printer.localdomain/'],
	['.intranet', 'https://files.intranet/'],
	['.home.arpa itself', 'https://home.arpa/'],
])('%s is private: %s', (_name, address) => {
	expect(isPrivateHost(hostOf(address))).toBe(true);
});

it.each([
	['6to4 of a public address', 'https://[2002:808:808::1]/'],
	['IPv4 in IPv6', 'https://[::ffff:8.8.8.8]/'],
	['NAT64 of a public address', 'https://[64:ff9b::808:808]/'],
	['IPv6', 'https://[2606:4700:4700::1111]/'],
	['beside the benchmarking block', 'https://198.20.0.1/'],
	['beside TEST-NET-3', 'https://203.0.114.1/'],
	['a name', 'https://n8n.example.com/'],
	['a reserved name, which is not ours to judge', 'https://pictures.example/'],
	['a name that begins like an address', 'https://10.0.0.1.nip.io/'],
	['a name that ends like one of those', 'https://notlocal.com/'],
])('%s is public: %s', (_name, address) => {
	expect(isPrivateHost(hostOf(address))).toBe(false);
});
