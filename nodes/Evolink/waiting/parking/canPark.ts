import type { WorkflowExecuteMode } from 'n8n-workflow';

import type { RunIdentity } from '../../memory/runIdentity';

/** A sub-workflow, whose caller waits for its result; n8n's evaluations and its command line do so too. */
const MODES_THAT_CANNOT_PARK: WorkflowExecuteMode[] = ['cli', 'evaluation', 'integrated'];

/**
 * So long before the end of a wait n8n sets a timer, which goes on when a call wakes the execution: it would then
 * cut the next wait of the same execution short.
 */
const RESUME_TIMER_LEAD_MS = 70_000;

/** What n8n keeps for all nodes of an execution; shared with other nodes of this package. */
export interface FlowContext {
	/** The end of the last wait. Unix milliseconds. */
	evolinkWaitedUntil?: number;
}

/**
 * Whether n8n can park this run: not as an agent's tool, nor where somebody waits for the result of the
 * execution itself, nor while n8n may still wake it because of an earlier wait.
 */
export function canPark(
	{ isTool, mode, executionId }: RunIdentity,
	flow: FlowContext,
	now: number,
): boolean {
	return (
		!isTool &&
		!MODES_THAT_CANNOT_PARK.includes(mode) &&
		executionId !== '' &&
		!resumeTimerMayFire(flow, now)
	);
}

function resumeTimerMayFire({ evolinkWaitedUntil = 0 }: FlowContext, now: number): boolean {
	const leftMs = evolinkWaitedUntil - now;
	return leftMs > 0 && leftMs < RESUME_TIMER_LEAD_MS;
}
