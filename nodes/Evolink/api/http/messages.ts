import type { IDataObject, IHttpRequestMethods } from 'n8n-workflow';

import { redacted } from '../errors/redaction';
import type { StreamedBytes, TakeBytes } from './bytes';
import type { HttpFailure } from './failures';
import { textOf } from './json';

export type MakeRoom = (announced: number) => Promise<void>;

/** What several answers to the same question share, one after another. */
export interface Room {
	make: MakeRoom;
	/** Nobody needs the last answer any more. */
	free(): void;
}

export interface HttpRequest {
	method: IHttpRequestMethods;
	url: string;
	headers?: Record<string, string>;
	/** An object goes out as JSON, bytes as they are. */
	body?: IDataObject | Buffer | StreamedBytes;
	/** Limit for the whole exchange, body included, without what `makeRoom` takes. */
	timeoutMs: number;
	/** A longer answer is cut off before it fills the memory. */
	maxBytes: number;
	/**
	 * Gets the first bytes of a successful answer and says who takes its body while it arrives, so that it is never
	 * held as a whole. Without, or for a very short body, the body comes with the answer.
	 */
	take?: (beginning: Buffer) => TakeBytes | undefined;
	/**
	 * Waited for before the body of a successful answer is read, so that not too many are held at a time.
	 *
	 * @param announced how long the answer claims to be; 0 where it does not say
	 */
	makeRoom?: MakeRoom;
	/** A refusal because of load is for the sender alone: it slows no other request down. */
	hasOwnPace?: boolean;
}

export interface HttpAnswer {
	kind: 'answer';
	status: number;
	/** Names in lower case. */
	headers: Record<string, string>;
	/** Only its beginning where somebody took it. */
	body: Buffer;
}

export function isSuccess({ status }: Pick<HttpAnswer, 'status'>): boolean {
	return status >= 200 && status < 300;
}

/**
 * Sends one request once. Failures come back as values, because what they mean (was it paid? may it be
 * repeated?) is for the caller to decide. Rejects only where a body to send cannot be opened.
 */
export type Send = (request: HttpRequest) => Promise<HttpAnswer | HttpFailure>;

const MAX_REQUEST_ID_CHARACTERS = 128;

/** The service's own name of the request, which its support asks for. */
export function requestIdOf({ headers }: Pick<HttpAnswer, 'headers'>): string | undefined {
	const id = textOf(headers['x-request-id']) ?? textOf(headers['x-oneapi-request-id']);
	return id === undefined
		? undefined
		: redacted(id.trim())
				.replace(/[^\x21-\x7e]/g, '')
				.slice(0, MAX_REQUEST_ID_CHARACTERS);
}
