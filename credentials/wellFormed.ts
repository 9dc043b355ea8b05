import type {
	ICredentialDataDecryptedObject,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';

/** What both credentials share: what is certainly meant is mended, and the key goes to its own host alone. */

/**
 * Hosts to which the key may travel without encryption: this machine, or a network of one's own. In short what
 * `isPrivateHost` of the node says.
 */
const PRIVATE_HOST = [
	'[^./:@]+',
	'([^/:@]+[.])?(local|localhost|localdomain|internal|intranet|private|corp|home|lan|home[.]arpa)',
	'(10|127)([.][0-9]+){3}',
	'(192[.]168|169[.]254|172[.](1[6-9]|2[0-9]|3[01])|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))([.][0-9]+){2}',
	'[[](::1|f[cde][^/@]*)]',
].join('|');
const PUBLIC_HTTP = `^http://(?!(${PRIVATE_HOST})[.]?(:[0-9]*)?(/|$))`;

/** How addresses in a private network begin. For the notice, which can't look further. */
const PRIVATE_BEGINNINGS = [
	...['localhost', '127.', '10.', '192.168.', '169.254.', '['],
	...Array.from({ length: 16 }, (_, index) => `172.${16 + index}.`),
];

/** The key without what is often copied with it: blanks, quotes, 'Authorization: Bearer '. */
export function keyIn(text: string): string {
	return text
		.replace(/[\u200b-\u200d\u2060\ufeff]/g, '') // They cannot be seen.
		.replace(/^[\s"'\u2018-\u201d]*(authorization\s*:\s*)?(bearer\s+)?["'\u2018-\u201d]*/i, '')
		.replace(/[\s"'\u2018-\u201d]+$/, '');
}

/** A function, because n8n 2 evaluates an expression in a sandbox with every request: more than a millisecond each. */
export async function sendKey(
	{ apiKey }: ICredentialDataDecryptedObject,
	request: IHttpRequestOptions,
): Promise<IHttpRequestOptions> {
	const Authorization = `Bearer ${keyIn(`${apiKey as string}`)}`;
	return { ...request, headers: { ...request.headers, Authorization } };
}

/**
 * The address that a credential test asks: without blanks, slashes and /v1 at its end. A public address without encryption
 * becomes one that n8n cannot ask, and names.
 */
export const TESTED_BASE_URL = `={{ $credentials.baseUrl.trim().replace(new RegExp("(/+v1)?/*$", "i"), "").replace(new RegExp("${PUBLIC_HTTP}", "i"), "use-https-instead-of-http://") }}`;

const startsWith = (text: string) => ({ _cnd: { startsWith: text } });

/**
 * Shown under the address that the field of this name holds.
 *
 * n8n decides with every request that sends the key whether fields of its credential show, and runs a regex in a sandbox:
 * 6 ms each (n8n 2.41), and an error where it takes longer than n8n allows. So there is none, and a name without a dot
 * shows the notice, too.
 */
export function unencryptedNotice(field: string): INodeProperties {
	return {
		displayName:
			'This URL starts with http://, so the API key would be sent without encryption. Use https://: the node only sends the key to an http:// address in a private network.',
		name: `${field}Notice`,
		type: 'notice',
		default: '',
		displayOptions: {
			show: { [field]: [startsWith('http://')] },
			hide: { [field]: PRIVATE_BEGINNINGS.map((host) => startsWith(`http://${host}`)) },
		},
	};
}

/**
 * Rules of a credential test: an address that redirects is not the API's. Following would take the key to the other
 * address, so the test's request must have `disableFollowRedirect` as well.
 */
export const REDIRECTS_ARE_ERRORS = [301, 302, 303, 307, 308].map((value) => ({
	type: 'responseCode' as const,
	properties: {
		value,
		message:
			"The Base URL redirects to another host, which the API key isn't sent to. Enter the API's own URL.",
	},
}));
