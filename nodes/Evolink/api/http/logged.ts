import type { Logger } from 'n8n-workflow';

import { type Clock, realClock } from './clock';
import type { HttpFailure } from './failures';
import { type HttpAnswer, requestIdOf, type Send } from './messages';
import { parseUrl } from './url';

/**
 * Tells n8n's log, at its level debug, of each request: method, host, path, status, milliseconds and the service's
 * name of the request. Never a key, a query, a prompt or a body.
 *
 * @param showPath off for links of images, whose path is all that keeps them from strangers
 */
export function logged(
	send: Send,
	logger: Pick<Logger, 'debug'>,
	showPath: boolean,
	clock: Pick<Clock, 'now'> = realClock(),
): Send {
	return async (request) => {
		const startedAt = clock.now();
		const result = await send(request);
		const url = parseUrl(request.url);
		const address = `${url?.host ?? '?'}${showPath ? (url?.pathname ?? '') : ''}`;
		logger.debug(
			`EvoLink node: ${request.method} ${address} ${outcomeOf(result)} in ${clock.now() - startedAt} ms`,
		);
		return result;
	};
}

function outcomeOf(result: HttpAnswer | HttpFailure): string {
	if (result.kind !== 'answer') return `${result.kind} (${result.reason})`;
	const requestId = requestIdOf(result);
	return `${result.status}${requestId === undefined ? '' : ` (request ID ${requestId})`}`;
}
