import {
	type IDataObject,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	NodeApiError,
	NodeOperationError,
} from 'n8n-workflow';

import { ApiError, EvolinkError, STOPPED_MESSAGE, type TaskTrace } from '../api/errors/errors';
import { isAgentTool } from '../memory/runIdentity';

/** The one place where errors of this package become n8n's. */
export function nodeErrorFor(
	node: INode,
	error: unknown,
	itemIndex: number,
	note = '',
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) {
		error.context.itemIndex ??= itemIndex;
		if (note !== '') error.description = [error.description, note].filter(Boolean).join(' ');
		return error;
	}
	if (!(error instanceof EvolinkError)) {
		const bug = error as Error;
		const description = note === '' ? undefined : note;
		const nodeError = new NodeOperationError(node, bug, { itemIndex, description });
		nodeError.stack = bug.stack; // n8n saves and shows the stack of its own error only.
		return nodeError;
	}
	// n8n takes an execution whose error says 'canceled' for one that the user stopped: only then may it say so.
	const message = error.message.toLowerCase().includes(STOPPED_MESSAGE.toLowerCase())
		? error.message
		: error.message.replaceAll('canceled', 'cancelled');
	const description = [error.advice, traceOf(error.trace), note]
		.filter((part) => part !== '')
		.join(' ');
	const nodeError =
		error instanceof ApiError && error.status !== undefined
			? new NodeApiError(
					node,
					{ message },
					{ message, description, httpCode: String(error.status), itemIndex },
				)
			: new NodeOperationError(node, message, { description, itemIndex });
	// n8n takes words such as ENOTFOUND or "preexisting" for faults of Node.js and writes a text of its own instead.
	nodeError.message = message;
	nodeError.messages = nodeError.messages.filter((other) => other !== message);
	Object.assign(nodeError.context, contextOf(error));
	return nodeError;
}

/** What an error workflow can read of an error, beside its text. */
function contextOf({ trace: { taskId, requestId, answer, code } }: EvolinkError): IDataObject {
	return {
		...(taskId === undefined ? {} : { taskId }),
		...(requestId === undefined ? {} : { requestId }),
		...(code === undefined ? {} : { code }),
		...(answer === undefined ? {} : { answer }),
	};
}

/**
 * The item that stands for a failed one when n8n shall continue. "Continue (using error output)" moves only
 * items that have nothing but `error` (and `message`), so there everything is in the text. An agent is told what to do, too.
 *
 * @param paid what is known of a task that is paid for this item, where the error itself knows of none
 * @param note more that is to be told of what is paid
 */
export function errorItem(
	context: IExecuteFunctions,
	error: unknown,
	itemIndex: number,
	paid: TaskTrace = {},
	note = '',
): INodeExecutionData {
	const { message } = nodeErrorFor(context.getNode(), error, itemIndex);
	const pairedItem = { item: itemIndex };
	const trace = { ...paid, ...(error instanceof EvolinkError ? error.trace : {}) };
	if (context.getNode().onError === 'continueErrorOutput') {
		return { json: { error: sentences(sentences(message, traceOf(trace)), note) }, pairedItem };
	}
	const { taskId, code, results, expiresAt } = trace;
	// Such an item has no description, and a workflow may branch by the code.
	const named = code === undefined ? message : `${message.replace(/\.$/, '')} (${code})`;
	const advice =
		isAgentTool(context.getNode()) && error instanceof EvolinkError ? error.advice : '';
	const json: IDataObject = {
		error: sentences(sentences(named, advice), note),
		...(taskId === undefined ? {} : { id: taskId }),
		...(results === undefined ? {} : { results }),
		...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
	};
	return { json, pairedItem };
}

/** A message may end with the service's own full stop. */
function sentences(message: string, more: string): string {
	return more === '' ? message : `${message.replace(/\.$/, '')}. ${more}`;
}

function traceOf({ taskId, code, results, expiresAt, requestId }: TaskTrace): string {
	return [
		codeAndTask(taskId, code),
		results === undefined ? '' : `Image URLs: ${results.join(' , ')}.`,
		expiresAt === undefined ? '' : `They expire at ${expiresAt}.`,
		requestId === undefined ? '' : `Request ID: ${requestId}.`,
	]
		.filter((part) => part !== '')
		.join(' ');
}

function codeAndTask(taskId: string | undefined, code: string | undefined): string {
	if (taskId === undefined) return code === undefined ? '' : `Error code: ${code}.`;
	return `Task ID: ${taskId}${code === undefined ? '' : ` (${code})`}.`;
}
