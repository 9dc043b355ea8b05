import type { IWebhookFunctions } from 'n8n-workflow';

import { isRecord, parseJson } from '../api/http/json';
import { taskIdOf } from '../api/task';

/** A task with fifteen long links has a tenth of this. */
const MAX_BODY_BYTES = 256 * 1024;

/** What a call is about, or why it is refused: an HTTP status and what the caller is told. */
export type CallbackReading =
	| { ok: true; taskId: string }
	| { ok: false; status: number; message: string };

/**
 * Reads a call of the service. Nothing but the task's ID is taken from it: the task is then asked for. JSON is read
 * whatever its content type says.
 */
export function readCallback(
	context: Pick<IWebhookFunctions, 'getBodyData' | 'getRequestObject'>,
): CallbackReading {
	const { rawBody } = context.getRequestObject() as { rawBody?: Buffer };
	if (rawBody && rawBody.length > MAX_BODY_BYTES) {
		return { ok: false, status: 413, message: `More than ${MAX_BODY_BYTES / 1024} KB` };
	}
	// n8n makes an object of a form, too: of JSON that is called a form, one whose only key is all of it.
	const taskId = taskIdIn(context.getBodyData()) ?? taskIdIn(parseJson(rawBody?.toString() ?? ''));
	return taskId === undefined
		? { ok: false, status: 400, message: 'The body is not a task' }
		: { ok: true, taskId };
}

/** A task may be wrapped in `data`, in a list of one too; an envelope can have an ID of its own, but hardly a task's state. */
function taskIdIn(body: unknown): string | undefined {
	const wrapped = isRecord(body) ? [body.data].flat() : [];
	const named = [body, ...wrapped.slice(0, 1)].filter(
		(layer): layer is Record<string, unknown> => isRecord(layer) && taskIdOf(layer) !== undefined,
	);
	const task = named.find(({ status }) => typeof status === 'string') ?? named.at(0);
	return task && taskIdOf(task);
}
