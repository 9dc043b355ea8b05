import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from './clock';
import { renderEdit } from './editing';
import type { RecordedRequest } from './journal';
import type { Answer } from './server';
import type { Delivery, Task } from './tasks';

/** Paths under which the pictures origin serves results that were redirected to it. */
const ELSEWHERE = '/elsewhere';

export interface ResultsSetup {
	tasks: Map<string, Task>;
	clock: Clock;
	signal: AbortSignal;
	picturesOrigin: () => string;
}

/** Hands out finished images, without asking for a key, until their links expire. */
export class Results {
	constructor(private readonly setup: ResultsSetup) {}

	async answer(request: RecordedRequest): Promise<Answer> {
		const path = request.path.startsWith(ELSEWHERE)
			? request.path.slice(ELSEWHERE.length)
			: request.path;
		const [, taskId, number] = /^\/([^/]+)\/(\d+)(?:\.\w+)?$/.exec(path) ?? [];
		const index = Number(number) - 1;
		const task = this.setup.tasks.get(taskId);
		const exists = task?.ended && task.state === 'completed' && index < task.resultCount;
		if (!task || !exists || index < 0) return page(404, 'Not Found');
		if (this.setup.clock.now() >= task.expiresAt) return page(403, 'Request has expired');
		return await this.deliver(task, index, path, request);
	}

	private async deliver(
		task: Task,
		index: number,
		path: string,
		request: RecordedRequest,
	): Promise<Answer> {
		const delivery = task.delivery(index);
		if (delivery.slow) await sleep(delivery.slow, undefined, { signal: this.setup.signal });
		const hop = Number(request.query.hop ?? 0);
		if (hop < (delivery.redirects ?? 0)) return this.redirect(delivery, path, hop + 1);
		const fetches = (task.fetches[index] = (task.fetches[index] ?? 0) + 1);
		if (delivery.status && fetches <= (delivery.statusTimes ?? Infinity)) {
			return page(delivery.status, delivery.status === 403 ? 'Request has expired' : 'Error');
		}
		if (delivery.html) return page(200, 'Please sign in');
		const contentType =
			delivery.contentType === undefined ? `image/${task.format}` : delivery.contentType;
		const headers: Record<string, string> = contentType ? { 'content-type': contentType } : {};
		if (delivery.hugeBytes) return huge(delivery, headers);
		const image = delivery.bytes ?? (await renderResult(task, index));
		const half = image.subarray(0, Math.floor(image.length / 2));
		switch (delivery.truncated) {
			case 'connection':
				return { status: 200, headers, body: image, ending: 'break' };
			case 'stall':
				return { status: 200, headers, body: image, ending: 'hang' };
			default:
				return { status: 200, headers, body: delivery.truncated === 'file' ? half : image };
		}
	}

	private redirect(delivery: Delivery, path: string, hop: number): Answer {
		const { redirects = 0, redirectTo = 'same' } = delivery;
		const isLast = hop >= redirects;
		let location = `${path}?hop=${hop}`;
		if (isLast && redirectTo === 'other') {
			location = `${this.setup.picturesOrigin()}${ELSEWHERE}${location}`;
		} else if (isLast && redirectTo !== 'same') {
			location = redirectTo;
		}
		return { status: 302, headers: { location } };
	}
}

/** The bytes of one result. The output is as large as the last source image, or what the request asks for. */
async function renderResult(task: Task, index: number): Promise<Buffer> {
	const last = task.sources.at(-1) ?? sizeOf(task.request.size);
	return await renderEdit({
		sources: task.sources,
		prompt: task.request.prompt ?? '',
		index,
		format: task.format,
		width: last.width,
		height: last.height,
	});
}

function sizeOf(size: unknown): { width: number; height: number } {
	const [, width, height] = /^(\d+)x(\d+)$/.exec(String(size)) ?? [];
	return { width: Number(width ?? 768), height: Number(height ?? 768) };
}

function huge({ hugeBytes = 0, announceLength = true }: Delivery, headers: object): Answer {
	return {
		status: 200,
		headers: {
			...headers,
			...(announceLength ? { 'content-length': String(hugeBytes) } : {}),
		},
		body: Readable.from(hugeBody(hugeBytes), { objectMode: false }),
	};
}

function* hugeBody(length: number): Generator<Buffer> {
	const chunk = Buffer.alloc(64 * 1024);
	const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
	yield signature.subarray(0, length);
	for (let left = length - signature.length; left > 0; left -= chunk.length) {
		yield chunk.subarray(0, left);
	}
}

function page(status: number, title: string): Answer {
	return { status, body: `<!doctype html><title>${title}</title><h1>${title}</h1>` };
}
