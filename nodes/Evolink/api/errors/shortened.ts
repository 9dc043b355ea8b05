const MAX_CHARACTERS = 100;

/** A value that a message quotes: at most 100 characters of it, whatever comes. Every message that quotes one uses this. */
export function shortened(text: string): string {
	return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
