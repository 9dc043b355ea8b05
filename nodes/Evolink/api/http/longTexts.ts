import { breaks } from './breaks';

/** JSON with its longest texts set aside. */
export interface ShortenedJson {
	/** The same JSON; in the place of each long text its beginning and a number. */
	json: Buffer;
	/** The long texts as they stand in the JSON, escapes included, by what is in their place. */
	long: Map<string, Buffer>;
}

/** Base64 of an image, above all. */
const LONG_BYTES = 64 * 1024;
const BEGINNING_BYTES = 200;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Finding the end of a text costs about as much as so many bytes of it. */
const TEXT_COST = 64;
const SEARCHED_AT_A_TIME = 8 * 1024 * 1024;

/**
 * Sets aside the texts of an answer that take longer to parse than n8n should be held up. The bytes need not be JSON.
 *
 * @param json is not copied: the long texts are parts of it
 */
export async function setLongTextsAside(json: Buffer): Promise<ShortenedJson> {
	const long = new Map<string, Buffer>();
	if (json.length <= LONG_BYTES) return { json, long };
	const rest = breaks(SEARCHED_AT_A_TIME);
	const kept: Buffer[] = [];
	let keptTo = 0;
	let start = -1;
	for (let quote = json.indexOf(QUOTE); quote !== -1; quote = json.indexOf(QUOTE, quote + 1)) {
		await rest(TEXT_COST);
		if (start === -1) {
			start = quote + 1;
			continue;
		}
		if (isEscaped(json, quote, start)) continue;
		const text = json.subarray(start, quote);
		start = -1;
		if (text.length <= LONG_BYTES) continue;
		const name = `${beginningOf(text)}… (text ${long.size + 1}, ${text.length} bytes)`;
		long.set(name, text);
		kept.push(json.subarray(keptTo, quote - text.length), Buffer.from(name));
		keptTo = quote;
		await rest(text.length);
	}
	return { json: Buffer.concat([...kept, json.subarray(keptTo)]), long };
}

/** Whether it is preceded by an odd number of backslashes. */
function isEscaped(json: Buffer, quote: number, start: number): boolean {
	let first = quote;
	while (first > start && json[first - 1] === BACKSLASH) first--;
	return (quote - first) % 2 === 1;
}

/** As far as it is the same in JSON and outside of it. */
function beginningOf(text: Buffer): string {
	return /^[\x20-\x5b\x5d-\x7e]*/.exec(text.toString('latin1', 0, BEGINNING_BYTES))?.[0] ?? '';
}
