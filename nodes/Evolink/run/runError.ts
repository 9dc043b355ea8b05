import {
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	type NodeApiError,
	NodeOperationError,
} from 'n8n-workflow';

import {
	DownloadError,
	EvolinkError,
	OutcomeUnknownError,
	ImageLateError,
	ImageLostError,
	StoppedError,
} from '../api/errors/errors';
import type { RememberedRequest, RequestMemory } from '../memory/requestMemory';
import { errorItem, nodeErrorFor } from './nodeError';

type Paid = ReturnType<RequestMemory['paid']>;

/** The error of an item that ends the run. */
export class ItemError extends Error {
	constructor(
		readonly reason: unknown,
		readonly itemIndex: number,
	) {
		super((reason as Error).message);
	}
}

/**
 * The error of a run, as n8n shows it. It names all tasks that are paid, unless an item's own error does.
 *
 * @param error what ended the run: an item's error, or one before the first item
 */
export function runErrorFor(
	node: INode,
	memory: RequestMemory,
	error: unknown,
): NodeApiError | NodeOperationError {
	const { reason, itemIndex } =
		error instanceof ItemError ? error : { reason: error, itemIndex: undefined };
	// A stop comes from outside and knows of no task.
	const isStop = reason instanceof StoppedError;
	const paid = memory
		.paid()
		.filter((other) => isStop || other.itemIndex !== itemIndex || !isNamed(other.request, reason));
	const areOthers = itemIndex !== undefined && paid.every((other) => other.itemIndex !== itemIndex);
	const note = noteOfPaid(paid, areOthers && !isStop ? ' of other items' : '');
	if (isStop) {
		const unknown = paid.find(({ request }) => request.mayBePaid);
		if (unknown) {
			const message = `It's unknown whether EvoLink created the task: ${reason.message}`;
			const lost = new OutcomeUnknownError(message, unknown.request.idempotencyKey);
			return runErrorFor(node, memory, new ItemError(lost, unknown.itemIndex));
		}
		return new NodeOperationError(node, reason.message, { description: note || reason.advice });
	}
	return nodeErrorFor(node, reason, itemIndex ?? 0, note);
}

function isNamed({ taskId, idempotencyKey }: RememberedRequest, error: unknown): boolean {
	if (!(error instanceof EvolinkError)) return false;
	const { message, advice, trace } = error;
	// What a gateway has billed has no name; these say where it is, or that it is lost.
	if (
		error instanceof DownloadError ||
		error instanceof ImageLostError ||
		error instanceof ImageLateError
	)
		return true;
	return JSON.stringify([message, advice, trace]).includes(taskId ?? idempotencyKey);
}

/** The item that stands for a failed one when n8n shall continue. It names what is paid for it, by earlier tries too. */
export function errorItemOf(
	context: IExecuteFunctions,
	memory: RequestMemory,
	error: unknown,
	itemIndex: number,
): INodeExecutionData {
	const withoutId = memory
		.paidFor(itemIndex)
		.filter((request) => request.taskId === undefined && !isNamed(request, error))
		.map((request) => ({ itemIndex, request }));
	const trace = memory.traceOf(itemIndex);
	return errorItem(context, error, itemIndex, trace, noteOfPaid(withoutId));
}

/** What the user can still have of what is paid. A run works with one service, so all have one kind of trace. */
export function noteOfPaid(paid: Paid, whose = ''): string {
	if (paid.length === 0) return '';
	if (paid.some(({ request }) => request.edit ?? request.lost ?? request.pollUrl)) {
		const traces = paid.map(
			({ itemIndex, request }) => `item ${itemIndex}: ${traceOfEdit(request)}`,
		);
		return `Edits${whose} that the gateway bills: ${traces.join('; ')}. With 'Retry On Fail', the node automatically outputs what has arrived.`;
	}
	const traces = paid.map(
		({ itemIndex, request }) =>
			`item ${itemIndex}: ${request.taskId ?? `outcome unknown, idempotency key ${request.idempotencyKey}`}`,
	);
	return `Already charged tasks${whose}: ${traces.join('; ')}. Get their images with 'Get Task' or 'Wait for Completion'. With 'Retry On Fail', the node continues them automatically.`;
}

function traceOfEdit({ edit, lost, pollUrl }: RememberedRequest): string {
	if (!edit) return pollUrl === undefined || lost ? 'outcome unknown' : `accepted, at ${pollUrl}`;
	const links = edit.pictures.flatMap((image) => ('link' in image ? [image.link] : []));
	return links.length > 0 ? links.join(' , ') : 'arrived';
}
