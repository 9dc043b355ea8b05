import type { IExecuteFunctions, INode, WorkflowExecuteMode } from 'n8n-workflow';

/** Which run of which node this is, and what n8n does with its errors: read once, so that nobody else has to. */
export interface RunIdentity {
	/** Of this n8n; the same after a restart. */
	instanceId: string;
	/** '' for a workflow that was never saved. */
	workflowId: string;
	/** '' where n8n gives none. */
	executionId: string;
	nodeId: string;
	nodeName: string;
	/** The node works for an AI agent, which may call it several times at once: the run index says nothing then. */
	isTool: boolean;
	/** How often the node ran before in this execution, in a loop for instance; 0 as a tool. */
	runIndex: number;
	mode: WorkflowExecuteMode;
	/**
	 * Whether an error is data. As a tool it is, unless n8n shall call the tool again: a thrown one reaches agents as an
	 * empty text, or ends them.
	 */
	continueOnFail: boolean;
	/** Whether n8n runs the node again after an error. */
	retryOnFail: boolean;
}

type Context = Pick<
	IExecuteFunctions,
	| 'continueOnFail'
	| 'evaluateExpression'
	| 'getExecutionId'
	| 'getInstanceId'
	| 'getMode'
	| 'getNode'
	| 'getWorkflow'
>;

export function readRunIdentity(context: Context): RunIdentity {
	const node = context.getNode();
	const { id, name, retryOnFail = false } = node;
	const isTool = isAgentTool(node);
	return {
		instanceId: context.getInstanceId(),
		workflowId: context.getWorkflow().id ?? '',
		executionId: context.getExecutionId() || '',
		nodeId: id,
		nodeName: name,
		isTool,
		runIndex: isTool ? 0 : Number(context.evaluateExpression('{{ $runIndex }}', 0)),
		mode: context.getMode(),
		continueOnFail: context.continueOnFail() || (isTool && !retryOnFail),
		retryOnFail,
	};
}

/** n8n makes the type of the tool from that of the node. */
export function isAgentTool({ type }: Pick<INode, 'type'>): boolean {
	return type.endsWith('Tool');
}
