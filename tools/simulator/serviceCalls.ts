/** Short ways to call the simulator, for its own tests. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Simulator } from '.';

/** What the API answers: fields of a task, of an error, of a list. Tests know which to look at. */
export interface ApiBody {
	id: string;
	status: string;
	progress: number;
	results: string[];
	error: { code: string | number; message: string; type?: string; param?: string };
	task_info: { can_cancel: boolean; estimated_time?: number };
	usage: { credits_reserved: number };
	data: unknown;
}

export interface ApiAnswer {
	status: number;
	headers: Headers;
	body: ApiBody;
}

/** What the files host answers. */
export interface FilesBody {
	success: boolean;
	code: number;
	msg: string;
	data: { file_url: string; download_url: string; upload_time: string; expires_at: string };
}

export async function callApi(
	simulator: Simulator,
	method: 'GET' | 'POST',
	path: string,
	{ body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<ApiAnswer> {
	const response = await fetch(`${simulator.apiUrl}${path}`, {
		method,
		headers: {
			authorization: `Bearer ${simulator.apiKey}`,
			...(body === undefined ? {} : { 'content-type': 'application/json' }),
			...headers,
		},
		body: body === undefined ? undefined : JSON.stringify(body),
	});
	const answer = (await response.json()) as ApiBody;
	return { status: response.status, headers: response.headers, body: answer };
}

/** A create that is in order, apart from the given changes. */
export async function create(
	simulator: Simulator,
	changes: Record<string, unknown> = {},
	headers: Record<string, string> = {},
): Promise<ApiAnswer> {
	const body = {
		model: 'qwen-image-edit',
		prompt: 'Replace the background with a beach',
		image_urls: [`${simulator.picturesUrl}/cat.png`],
		...changes,
	};
	return await callApi(simulator, 'POST', '/v1/images/generations', { body, headers });
}

export async function query(simulator: Simulator, taskId: string): Promise<ApiAnswer> {
	return await callApi(simulator, 'GET', `/v1/tasks/${taskId}`);
}

/** The task once it has ended. */
export async function waitForEnd(simulator: Simulator, taskId: string): Promise<ApiBody> {
	for (;;) {
		const { body } = await query(simulator, taskId);
		if (simulator.tasks.get(taskId)?.ended) return body;
		await sleep(20);
	}
}

/** Creates a task and waits for its end. */
export async function createAndWait(
	simulator: Simulator,
	changes: Record<string, unknown> = {},
): Promise<ApiBody> {
	return await waitForEnd(simulator, (await create(simulator, changes)).body.id);
}
