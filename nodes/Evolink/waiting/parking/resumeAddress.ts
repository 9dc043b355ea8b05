import { createHmac, timingSafeEqual } from 'crypto';

import { textOf } from '../../api/http/json';
import type { RunIdentity } from '../../memory/runIdentity';
import { ownCallbackUrl } from '../callbackUrl';
import { PARKING_WEBHOOKS } from './webhooks';

/** n8n 1.x resume URLs carry no secret and execution ids are small numbers, so the address carries one of ours. */
const SECRET_PARAMETER = 'evolink';

/**
 * The secret of a run's address. The same in each try of the same execution, because the address is part of the paid
 * request; nobody without the API key can make it.
 */
export function resumeSecret(
	{ instanceId, workflowId, executionId, nodeId, runIndex }: RunIdentity,
	apiKey: string,
): string {
	const place = [instanceId, workflowId, executionId, nodeId, runIndex];
	return createHmac('sha256', apiKey).update(JSON.stringify(place)).digest('hex').slice(0, 40);
}

/**
 * The address that EvoLink calls.
 *
 * @param resumeUrl n8n's own of this execution; n8n 2 signs it by a parameter
 * @throws {InvalidInputError} EvoLink cannot call this n8n
 */
export function resumeAddress(resumeUrl: string, secret: string): string {
	return ownCallbackUrl(resumeUrl, (url) => {
		url.pathname = `${url.pathname.replace(/\/+$/, '')}/${PARKING_WEBHOOKS[0].path}`;
		url.searchParams.set(SECRET_PARAMETER, secret);
	});
}

/** Whether a call came to the run's own address: only EvoLink was told it. */
export function knowsSecret(query: object, secret: string): boolean {
	const given = Buffer.from(textOf((query as Record<string, unknown>)[SECRET_PARAMETER]) ?? '');
	const wanted = Buffer.from(secret);
	return given.length === wanted.length && timingSafeEqual(given, wanted);
}
