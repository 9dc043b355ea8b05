/**
 * Reads an absolute address, or one that is relative to `base`. Not with `URL.canParse`: in Node.js 20 and 22 that refuses addresses with letters
 * such as ü in the host once it has run some thousand times.
 *
 * @returns undefined where the text is none
 */
export function parseUrl(text: string, base?: URL): URL | undefined {
	try {
		return new URL(text, base);
	} catch {
		return undefined;
	}
}

/** Whether a text is an http or https address, written out with its two slashes. */
export function isHttpUrl(text: string): boolean {
	return /^https?:\/\//i.test(text) && parseUrl(text) !== undefined;
}
