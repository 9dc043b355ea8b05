import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import {
	type CreateTaskBody,
	EvolinkClient,
	type UploadedFile,
} from '../../nodes/Evolink/api/client';
import { realClock } from '../../nodes/Evolink/api/http/clock';
import { isSuccess } from '../../nodes/Evolink/api/http/messages';
import { type Quote, Quotes } from '../../nodes/Evolink/api/quotes';
import { hasEnded, parseTask, saysEnded, type Task } from '../../nodes/Evolink/api/task';
import { samplePicture } from '../simulator/samples';
import type { Receiver } from './receiver';
import { type Answer, Wire } from './wire';

/** What is bought: the cheapest model whose limits are documented best. */
export const MODEL = 'qwen-image-edit';
export const PROMPT = 'Replace the background with a beach';

export interface Settings {
	apiKey: string;
	/** Without a slash at the end. */
	baseUrl: string;
	/** Without a slash at the end. */
	filesBaseUrl: string;
	/** A public https address that leads to `receiver`. */
	callbackUrl?: string;
	receiver?: Receiver;
	/** What the files host is said to take at most, in bytes. Default 100 MB. */
	largestUpload?: number;
	/** Between two reads of a task. Default 1,000. */
	pollMs?: number;
	/** How long a task may take. Default 5 minutes. */
	taskTimeoutMs?: number;
	/** How long a callback is waited for after its task has ended. Default 60 s. */
	callbackTimeoutMs?: number;
}

/** A task that was bought here, from its create to its end. */
export interface Bought {
	key: string;
	body: CreateTaskBody;
	/** The answer to its create. */
	created: Answer;
	task: Task;
	/** All answers to reads, the last one tells the end. */
	reads: Answer[];
	ended: Task;
	/** Unix milliseconds: when it was first seen as ended. */
	seenEndedAt: number;
}

/** What becomes of a create: refused, or a task that has ended. */
export type Attempt = { key: string; body: CreateTaskBody } & (
	| { refused: Answer }
	| { ended: Task }
);

/** The service, and what rows share: what one of them has bought or uploaded, others look at. */
export class Live {
	readonly wire: Wire;
	readonly client: EvolinkClient;

	private readonly quotes: Quotes;

	constructor(readonly settings: Settings) {
		const { apiKey, baseUrl, filesBaseUrl } = settings;
		this.wire = new Wire(apiKey);
		const clock = realClock();
		this.client = new EvolinkClient(this.wire.send, clock, { baseUrl, filesBaseUrl });
		this.quotes = new Quotes(this.client, clock);
	}

	/** A file on the files host, by a name that nothing else has. */
	readonly upload = once(async () => await this.uploadImage(await samplePicture()));

	/** The task that most rows look at. With a callback where there is a public address. */
	readonly bought = once(async (): Promise<Bought> => {
		const { callbackUrl } = this.settings;
		const key = newKey();
		const body = await this.body(callbackUrl === undefined ? {} : { callback_url: callbackUrl });
		const created = await this.create(body, key);
		const task = taskIn(created);
		const { reads, ended } = await this.follow(task.id);
		const last = reads[reads.length - 1];
		return { key, body, created, task, reads, ended, seenEndedAt: last.sentAt + last.milliseconds };
	});

	/** A create whose only image is an address with nothing there. */
	readonly failing = once(async (): Promise<Attempt> => {
		const { url } = await this.upload();
		const nowhere = new URL(`/check-live-nothing-here-${randomUUID()}.png`, url).href;
		return await this.attempt(await this.body({ image_urls: [nowhere] }));
	});

	/** What one task costs, as the service itself says. @throws {EvolinkError} it does not say */
	readonly quote = once(async (): Promise<Quote> => {
		return await this.quotes.quote({ model: MODEL, imageCount: 1, inputImages: 1, fields: {} });
	});

	/** Free. */
	async uploadImage(
		content: Buffer,
		fileName = `check-live-${randomUUID()}.png`,
		mimeType = 'image/png',
	): Promise<UploadedFile> {
		return await this.client.uploadFile({ content, fileName, mimeType });
	}

	/** A body that is in order, apart from these changes. */
	async body(changes: Partial<CreateTaskBody> = {}): Promise<CreateTaskBody> {
		return {
			model: MODEL,
			prompt: PROMPT,
			image_urls: [(await this.upload()).url],
			...changes,
		};
	}

	/** **Costs money**: sends a create once, as it is. */
	async create(body: object, key: string): Promise<Answer> {
		return await this.wire.ask('POST', `${this.settings.baseUrl}/v1/images/generations`, {
			body,
			headers: { 'Idempotency-Key': key },
		});
	}

	async read(taskId: string): Promise<Answer> {
		return await this.wire.ask('GET', `${this.settings.baseUrl}/v1/tasks/${taskId}`);
	}

	/** **Costs money** where it is taken. Waits for the end of what was made. */
	async attempt(body: CreateTaskBody): Promise<Attempt> {
		const key = newKey();
		const created = await this.create(body, key);
		if (!isSuccess(created)) return { key, body, refused: created };
		const { ended } = await this.follow(taskIn(created).id);
		return { key, body, ended };
	}

	/** Reads a task until nothing more is to come, or it is complete without images for a minute. */
	private async follow(taskId: string) {
		const { pollMs = 1_000, taskTimeoutMs = 300_000 } = this.settings;
		const reads: Answer[] = [];
		const deadline = Date.now() + taskTimeoutMs;
		let withoutImagesSince: number | undefined;
		for (;;) {
			const read = await this.read(taskId);
			reads.push(read);
			const task = isSuccess(read) ? parseTask(read.json, taskId) : undefined;
			if (task && hasEnded(task)) return { reads, ended: task };
			if (task && saysEnded(task)) withoutImagesSince ??= Date.now();
			if (task && Date.now() - (withoutImagesSince ?? Infinity) > 60_000) {
				return { reads, ended: task };
			}
			if (Date.now() > deadline)
				throw new Error(`a task did not end within ${taskTimeoutMs / 1_000} s`);
			await sleep(pollMs);
		}
	}
}

/** As the node's own keys: 16 to 96 characters of `[A-Za-z0-9._-]`. */
export function newKey(): string {
	return `check-live-${randomUUID()}`;
}

/** @throws Error the answer is no task */
export function taskIn(answer: Answer): Task {
	const task = isSuccess(answer) ? parseTask(answer.json) : undefined;
	if (!task) throw new Error(`a create was answered with ${answer.status} and no task`);
	return task;
}

/** Does something when it is first asked for, and never again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
	let result: Promise<T> | undefined;
	return async () => await (result ??= work());
}
