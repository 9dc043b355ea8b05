import type { RunIdentity } from '../../nodes/Evolink/memory/runIdentity';

/** A run of the node in an execution that n8n can park, but for what the test says. */
export function runIdentity(more: Partial<RunIdentity> = {}): RunIdentity {
	return {
		instanceId: 'i',
		workflowId: 'w',
		executionId: '7',
		nodeId: 'n',
		nodeName: 'EvoLink',
		isTool: false,
		runIndex: 0,
		mode: 'trigger',
		continueOnFail: false,
		retryOnFail: false,
		...more,
	};
}
