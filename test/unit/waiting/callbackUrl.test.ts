import { InvalidInputError } from '../../../nodes/Evolink/api/errors/errors';
import { requireCallableUrl } from '../../../nodes/Evolink/waiting/callbackUrl';

/** The refusal, or undefined where the address is taken. */
function refusalOf(address: string): InvalidInputError | undefined {
	try {
		requireCallableUrl(address);
		return undefined;
	} catch (error) {
		if (error instanceof InvalidInputError) return error;
		throw error;
	}
}

it.each([
	'https://n8n.example.com/webhook/abc?token=1',
	'https://n8n.example.com:8443/webhook/abc',
	'HTTPS://N8N.EXAMPLE.COM/webhook',
	'https://bücher.example/webhook',
	'https://local.example.com/',
	'https://notlocalhost.com/',
	'https://8.8.8.8/webhook',
	'https://172.15.255.255/',
	'https://172.32.0.1/',
	'https://192.167.1.1/',
	'https://100.63.0.1/',
	'https://100.128.0.1/',
	'https://11.0.0.1/',
	'https://[2606:4700:4700::1111]/webhook',
	'https://[::ffff:8.8.8.8]/',
	'https://[64:ff9b::8.8.8.8]/',
])('takes %s', (address) => {
	expect(refusalOf(address)).toBeUndefined();
});

it('takes an umlaut in the host however often it is asked', () => {
	// URL.canParse of Node.js 20 and 22 refuses it as soon as its fast version has taken over.
	const address = 'https://bücher.example/webhook';
	const refusals = Array.from({ length: 20_000 }, () => refusalOf(address)).filter(Boolean);
	expect(refusals).toEqual([]);
});

it.each([
	['this machine', 'https://127.0.0.1/'],
	['this machine, somewhere in the net', 'https://127.255.255.254/'],
	['this machine in hexadecimal', 'https://0x7f.1/'],
	['this machine as one number', 'https://2130706433/'],
	['this machine in short', 'https://127.1/'],
	['this machine in octal', 'https://0177.0.0.1/'],
	['this machine in full-width digits', 'https://１２７.０.０.１/'],
	['any address', 'https://0.0.0.0/'],
	['private 10/8', 'https://10.0.0.1/'],
	['private 172.16/12, first', 'https://172.16.0.1/'],
	['private 172.16/12, last', 'https://172.31.255.255/'],
	['private 192.168/16', 'https://192.168.1.10:5678/webhook'],
	['link-local, cloud metadata', 'https://169.254.169.254/latest'],
	['carrier NAT, first', 'https://100.64.0.1/'],
	['carrier NAT, last', 'https://100.127.255.255/'],
	['multicast', 'https://224.0.0.1/'],
	['broadcast', 'https://255.255.255.255/'],
	['IPv6 loopback', 'https://[::1]/'],
	['IPv6 loopback in full', 'https://[0:0:0:0:0:0:0:1]/'],
	['IPv6 any', 'https://[::]/'],
	['IPv6 unique local fc', 'https://[fc00::1]/'],
	['IPv6 unique local fd', 'https://[fd12:3456:789a::1]/'],
	['IPv6 link-local', 'https://[fe80::1]/'],
	['IPv6 link-local, end of the block', 'https://[febf::1]/'],
	['IPv6 multicast', 'https://[ff02::1]/'],
	['IPv4 in IPv6', 'https://[::ffff:10.0.0.1]/'],
	['IPv4 in IPv6, hexadecimal', 'https://[::ffff:7f00:1]/'],
	['IPv4 in IPv6, old form', 'https://[::192.168.0.1]/'],
	['IPv4 behind NAT64', 'https://[64:ff9b::10.0.0.1]/'],
	['localhost', 'https://localhost:5678/webhook'],
	['localhost with a dot', 'https://localhost./webhook'],
	['localhost with two dots', 'https://localhost../webhook'],
	['under localhost', 'https://n8n.localhost/'],
	['a container', 'https://n8n:5678/webhook'],
	['.local', 'https://printer.local/'],
	['.LOCAL. with a dot', 'https://Printer.LOCAL./'],
	['.internal', 'https://n8n.internal/'],
	['.lan', 'https://n8n.lan/'],
	['.home.arpa', 'https://n8n.home.arpa/'],
	['a user name in front', 'https://example.com@127.0.0.1/'],
])('refuses %s: %s', (_name, address) => {
	const refusal = refusalOf(address);
	expect(refusal?.message).toMatch(/^'Callback URL' points to the private host /);
	expect(refusal?.advice).toMatch(/internet can reach/);
});

it.each([
	['http', 'http://n8n.example.com/webhook'],
	['ftp', 'ftp://n8n.example.com/webhook'],
	['no scheme', 'n8n.example.com/webhook'],
	['a zone in IPv6', 'https://[fe80::1%25eth0]/'],
	['a number beyond IPv4', 'https://256.256.256.256/'],
	['nonsense', 'https://'],
	['words', 'my webhook'],
	['nothing', ''],
])('refuses %s: %s', (_name, address) => {
	expect(refusalOf(address)?.message).toMatch(/^'Callback URL' is not an HTTPS URL/);
});

it('takes 2048 characters and not one more', () => {
	const address = 'https://n8n.example.com/'.padEnd(2048, 'x');
	expect(refusalOf(address)).toBeUndefined();
	const refusal = refusalOf(`${address}x`);
	expect(refusal?.message).toBe(
		"'Callback URL' has 2049 characters, but EvoLink accepts at most 2048",
	);
	expect(refusal?.advice).toBe('Use a shorter URL.');
});
