import { isRecord, textOf } from './json';

/**
 * Why no answer came.
 * - `notSent`: no connection came about, so the request did not reach the service. It may the next time.
 * - `blocked`: n8n itself did not send it (its protection of private networks, a credential that cannot be read, a
 *   header that cannot be written). It will not the next time either.
 * - `noAnswer`: it may have reached the service.
 */
export interface HttpFailure {
	kind: 'notSent' | 'blocked' | 'noAnswer' | 'tooLarge' | 'stopped';
	/** A few plain words without addresses or headers; for `blocked`, n8n's own. */
	reason: string;
	/** What n8n says can be done about it. */
	advice?: string;
}

/** Codes of Node.js and axios for faults of the request itself, found before a connection is tried. */
const NEVER_LEAVES =
	/^ERR_(INVALID_(CHAR|URL|PROTOCOL|HTTP_TOKEN|ARG_TYPE|ARG_VALUE)|UNESCAPED_CHARACTERS|HTTP_INVALID_HEADER_VALUE|BAD_OPTION|BAD_OPTION_VALUE|NOT_SUPPORT)$/;

/** System calls that come before a connection stands. */
const CONNECTING = new Set(['connect', 'getaddrinfo']);

/** Codes that tell by themselves that no connection came about. */
const NOT_CONNECTED: ReadonlyMap<string, string> = new Map([
	['ECONNREFUSED', 'the connection was refused'],
	['ENOTFOUND', 'the host name is unknown'],
	['EAI_AGAIN', "the host name couldn't be resolved"],
	['CERT_HAS_EXPIRED', 'the certificate of the host has expired'],
	['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate of the host is self-signed'],
	['SELF_SIGNED_CERT_IN_CHAIN', 'the certificate of the host is self-signed'],
	['UNABLE_TO_VERIFY_LEAF_SIGNATURE', "the certificate of the host can't be verified"],
	['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate is for another host'],
]);

/** Codes that tell so only of an attempt to connect; on a connection that stood they mean that it was lost. */
const COULD_NOT_CONNECT: ReadonlyMap<string, string> = new Map([
	['EHOSTUNREACH', "the host can't be reached"],
	['ENETUNREACH', "the network can't be reached"],
	['ETIMEDOUT', "the host didn't respond in time"],
]);

/** What a request ended with that n8n gave up on with an error. */
export function describeFailure(error: unknown, timedOut: boolean): HttpFailure {
	const causes = causesOf(error);
	const find = (read: (cause: Record<string, unknown>) => unknown) =>
		causes.map((cause) => textOf(read(cause))).find((text) => text !== undefined);
	const code = find((cause) => cause.code ?? cause.httpCode);
	const syscall = find((cause) => cause.syscall);
	const isConnecting = syscall !== undefined && CONNECTING.has(syscall);

	if (code === undefined ? !timedOut : NEVER_LEAVES.test(code)) return blocked(causes);
	const notConnected = NOT_CONNECTED.get(code ?? '');
	if (isConnecting || (syscall === undefined && notConnected !== undefined)) {
		const reason = notConnected ?? COULD_NOT_CONNECT.get(code ?? '');
		return { kind: 'notSent', reason: reason ?? 'no connection could be established' };
	}
	if (timedOut || code === 'ETIMEDOUT' || code === 'ECONNABORTED') {
		return { kind: 'noAnswer', reason: 'there was no response in time' };
	}
	if (code === 'ERR_FR_TOO_MANY_REDIRECTS') {
		return { kind: 'noAnswer', reason: 'there were too many redirects' };
	}
	return { kind: 'noAnswer', reason: 'the connection was lost' };
}

/** n8n's own words: the innermost, because what is around them is n8n's guess at what they mean. */
function blocked(causes: Array<Record<string, unknown>>): HttpFailure {
	const told = [...causes].reverse().find(({ message }) => textOf(message) !== undefined);
	const advice = textOf(told?.description);
	return {
		kind: 'blocked',
		reason: textOf(told?.message) ?? 'n8n gave no reason',
		...(advice === undefined ? {} : { advice }),
	};
}

const MAX_CAUSES = 10;

/**
 * An error and what caused it, the outermost first. n8n wraps errors differently from version to version, and
 * Node.js gathers the attempts at several addresses of a host.
 */
function causesOf(error: unknown): Array<Record<string, unknown>> {
	const causes: Array<Record<string, unknown>> = [];
	let open: unknown[] = [error];
	while (open.length > 0 && causes.length < MAX_CAUSES) {
		const [current, ...others] = open;
		open = others;
		if (!isRecord(current) || causes.includes(current)) continue;
		causes.push(current);
		open.push(current.cause, current.errorResponse);
		if (Array.isArray(current.errors)) open.push(...(current.errors as unknown[]));
	}
	return causes;
}
