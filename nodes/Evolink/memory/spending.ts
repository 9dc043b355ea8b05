import type { IDataObject } from 'n8n-workflow';

import { isRecord } from '../api/http/json';
import type { RunIdentity } from './runIdentity';

/** What a node has spent in all its runs of an execution. Plain JSON: n8n saves it with the execution. */
export interface Spending {
	version: 1;
	executionId: string;
	/** Credits of tasks that the service has accepted. */
	credits: number;
	/** What the last task of a kind cost. */
	prices: Record<string, number>;
	/** Requests of which it is not known whether, or for how much, they are paid: at most so much, null for no idea. */
	open: Record<string, number | null>;
}

/**
 * The node's record of this execution, from its context, which n8n keeps from run to run of a loop and
 * through Retry On Fail.
 *
 * @param kept what n8n keeps for the node
 * @param reserved credits of the tasks that an earlier execution has left to this one, or a node of an earlier version
 */
export function spendingOf(
	{ executionId }: RunIdentity,
	kept: IDataObject,
	reserved: number[],
): Spending {
	const memory = kept as { evolinkSpending?: unknown };
	const { evolinkSpending: known } = memory;
	if (isRecord(known) && known.version === 1 && known.executionId === executionId) {
		return known as unknown as Spending;
	}
	const credits = reserved.reduce((sum, one) => sum + one, 0);
	const spending: Spending = { version: 1, executionId, credits, prices: {}, open: {} };
	memory.evolinkSpending = spending;
	return spending;
}
