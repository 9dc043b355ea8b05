import type { IExecuteFunctions } from 'n8n-workflow';

/** Nodes saved by 0.1: some options that are not set mean something else there. */
export function isFirstVersion(context: Pick<IExecuteFunctions, 'getNode'>): boolean {
	return context.getNode().typeVersion < 1.1;
}
