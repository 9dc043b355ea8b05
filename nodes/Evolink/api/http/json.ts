/** Small readers for JSON that is not trusted. */

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that is not blank; numbers count, because the service's codes come as both. */
export function textOf(value: unknown): string | undefined {
	if (typeof value === 'number' && Number.isFinite(value)) return String(value);
	return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** A finite number; numbers that come as text count too. */
export function numberOf(value: unknown): number | undefined {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Whether a flag is off, also where it comes as text. One that is missing is not. */
export function isNo(value: unknown): boolean {
	return value === false || (typeof value === 'string' && value.trim().toLowerCase() === 'false');
}

/** The list in `data`, which some hosts wrap in one more `data`. @returns undefined where there is none */
export function listIn(body: unknown): unknown[] | undefined {
	const data = isRecord(body) ? body.data : undefined;
	if (Array.isArray(data)) return data as unknown[];
	return isRecord(data) && Array.isArray(data.data) ? (data.data as unknown[]) : undefined;
}

/**
 * A byte order mark in front is left out, and so are names that would change what an object is: n8n copies
 * what it is given name by name.
 *
 * @returns undefined where the text is not JSON
 */
export function parseJson(text: string): unknown {
	const json = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
	try {
		return (
			MAY_NAME_PROTO.test(json) ? JSON.parse(json, withoutProto) : JSON.parse(json)
		) as unknown;
	} catch {
		return undefined;
	}
}

const BYTE_ORDER_MARK = 0xfeff;
/** Also with some of its letters escaped. */
const MAY_NAME_PROTO = /__proto__|\\u00/i;

function withoutProto(name: string, value: unknown): unknown {
	return name === '__proto__' ? undefined : value;
}
