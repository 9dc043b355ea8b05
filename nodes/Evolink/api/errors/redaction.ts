import { breaks } from '../http/breaks';

/**
 * Secrets that a service may quote in what it says, and that must not be shown: the address that wakes a parked run
 * (its parameters `evolink` and n8n's `signature`) and tokens.
 */

/** Of a query as it is, escaped in JSON (Go writes & so), in HTML or in another address. */
const START = '(?:[?&;]|\\\\u0026|%3F|%26)';
const SECRET_PARAMETERS = new RegExp(
	`(${START}(?:evolink|signature)(?:=|%3D))(?:(?!%26|\\\\)[^\\s&"'<>;,)\\]}])+`,
	'gi',
);
const TOKENS = /\b(Bearer|Basic)(\s+|%20)[\w.~+/=-]{8,}/gi;
/** What keys of this service and of most gateways look like. */
const KEYS = /\bsk-[\w-]{16,}/g;

/** A text of a service without its secrets. */
export function redacted(text: string): string {
	return withoutKeys(text.replace(SECRET_PARAMETERS, '$1[redacted]'));
}

/** As `redacted`, but the links of images keep their signatures, without which nobody can fetch them. */
export function redactedAroundLinks(text: string): string {
	return withoutKeys(withoutResumeAddresses(text));
}

function withoutKeys(text: string): string {
	return text.replace(TOKENS, '$1$2[redacted]').replace(KEYS, '[API key]');
}

/** Addresses and other words; in pieces, because answers with images have words of many megabytes. */
const WORD = /[^\s"'<>]{1,5000}/g;
const RESUME_PARAMETERS = ['evolink=', 'evolink%3D', 'evolink%3d'];

/** A shorter key (gateways of one's own take any word) stands by chance in texts and base64, and is no secret. */
const SHORTEST_KEY = 8;

/**
 * An answer as it may be shown and kept: without the API key, in whichever form a service quotes it, and without
 * what would let somebody wake a parked run. Everything else stays, the signatures of result links above all.
 */
export async function withoutSecrets(body: Buffer, apiKey: string): Promise<Buffer> {
	const keys =
		apiKey.length < SHORTEST_KEY
			? []
			: [apiKey, encodeURIComponent(apiKey), JSON.stringify(apiKey).slice(1, -1)];
	const named = await namesIn(body, [...keys, ...RESUME_PARAMETERS]);
	const found = keys.filter((key) => named.has(key));
	const hasAddress = RESUME_PARAMETERS.some((parameter) => named.has(parameter));
	if (found.length === 0 && !hasAddress) return body;
	let text = body.toString('utf8');
	for (const key of found) text = text.replaceAll(key, '[API key]');
	return Buffer.from(hasAddress ? withoutResumeAddresses(text) : text);
}

function withoutResumeAddresses(text: string): string {
	return text.replace(WORD, (word) => (isResumeAddress(word) ? redacted(word) : word));
}

const SEARCHED_AT_A_TIME = 4 * 1024 * 1024;

/** Which of them stand in it; n8n comes to its other work while it is long. */
async function namesIn(body: Buffer, names: string[]): Promise<Set<string>> {
	const rest = breaks(SEARCHED_AT_A_TIME);
	const overlap = Math.max(...names.map((name) => Buffer.byteLength(name)));
	const found = new Set<string>();
	for (let start = 0; start < body.length; start += SEARCHED_AT_A_TIME) {
		const piece = body.subarray(start, start + SEARCHED_AT_A_TIME + overlap);
		for (const name of names) if (piece.includes(name)) found.add(name);
		await rest(piece.length);
	}
	return found;
}

function isResumeAddress(word: string): boolean {
	return RESUME_PARAMETERS.some((parameter) => word.includes(parameter));
}
