import { createHash, randomUUID } from 'crypto';

import type { IBinaryData, IDataObject, INodeExecutionData } from 'n8n-workflow';

import type { CreateTaskBody } from '../api/client';
import {
	ApiError,
	BudgetError,
	InvalidInputError,
	OutcomeUnknownError,
	ImageLostError,
	StoppedError,
	TaskFailedError,
	type TaskTrace,
} from '../api/errors/errors';
import { shortened } from '../api/errors/shortened';
import type { RunIdentity } from './runIdentity';

/** A paid request that n8n may repeat. Plain JSON: it is saved with the execution. */
export interface RememberedRequest {
	executionId: string;
	/** Digest of what was asked, as the user put it: model, prompt, images and the rest. */
	fingerprint: string;
	idempotencyKey: string;
	/** Set just before it is sent; a repetition must send the same. */
	body?: CreateTaskBody;
	/** Set when an earlier try left open whether it was paid; a refusal of a later try settles nothing. */
	mayBePaid?: boolean;
	/** What was uploaded for it and is to be deleted once it is not needed any more. */
	uploads?: RememberedUpload[];
	/** Set once the service has named the task. */
	taskId?: string;
	/** What the service reserved for it, where it said so. */
	creditsReserved?: number;
	/** What the item gives, where its neighbours may be tried again. */
	output?: RememberedOutput;
	/** Where an images gateway that has accepted the request is asked for its images. */
	pollUrl?: string;
	/** Set once an images gateway has answered. */
	edit?: RememberedEdit;
	/** Set when an images gateway did, or may have, billed an image that did not arrive: why there is none. */
	lost?: { message: string; advice: string } & TaskTrace;
}

/** A file on EvoLink's files host. */
export interface RememberedUpload {
	/** The same for the same image of a run. */
	name: string;
	/** What it is deleted by, where the host told. */
	fileId?: string;
}

/** What the node gives for an item. */
export type RememberedOutput =
	| Pick<INodeExecutionData, 'json' | 'binary'>
	| Array<Pick<INodeExecutionData, 'json' | 'binary'>>;

/** What an images gateway was paid for. It cannot be asked for it again. */
export interface RememberedEdit {
	/** In order: links, or what n8n has stored of images that came in the answer itself. */
	pictures: Array<{ link: string } | { stored: IBinaryData }>;
	/** Unix milliseconds. */
	createdAt?: number;
	/** The gateway's own answer, without the images. */
	raw: IDataObject;
}

/** The requests of one place: of an item in a run or, as a tool, of everything that asks the same. */
interface Place {
	/** How many requests were ever made here; part of the next idempotency key. */
	made: number;
	open: RememberedRequest[];
}

/** A request that an item of this run works on, and its place. */
interface Claim {
	request: RememberedRequest;
	placeName: string;
}

/** Requests that a running `execute()` works on, so that parallel calls of a tool do not share one. */
const claimedRequests = new WeakSet<RememberedRequest>();

/**
 * Remembers paid requests where n8n keeps them while it repeats a node (Retry On Fail) or a failed
 * execution: in the node's context. A repetition then continues the task instead of paying for another.
 *
 * The idempotency key is derived from the place alone (n8n, workflow, execution, node and its name, run, item, how often
 * asked), so that a re-run of the same execution without this memory – n8n 1.x in queue mode after the
 * death of a worker – makes the same key, and every new execution makes a new one.
 *
 * An open request is found again by its place. In the same execution that is enough: n8n runs the same
 * item of the same run twice only to repeat it, even if an expression in the prompt gives something else
 * each time. In another execution (a failed one that the user retries, perhaps after editing) what was
 * asked must be the same too. As an agent's tool run and item say nothing, so the place is what was asked.
 */
export class RequestMemory {
	private readonly places: Record<string, Place>;

	private readonly executionId: string;

	private readonly instanceId: string;

	private readonly keyScope: string[];

	/** Run index, or undefined as a tool. */
	private readonly runIndex: number | undefined;

	/** What each job of this run asks. */
	private readonly jobs = new Map<string, string>();

	/** Whether n8n may run this again at once. */
	private readonly keepsOutput: boolean;

	/** What this run works on, by item. */
	private readonly claims = new Map<number, Claim[]>();

	/** @param kept what n8n keeps for the node */
	constructor(
		{
			instanceId,
			workflowId,
			executionId,
			nodeId,
			nodeName,
			isTool,
			runIndex,
			retryOnFail,
		}: RunIdentity,
		kept: IDataObject,
	) {
		const memory = kept as { evolinkRequests?: Record<string, Place>; evolinkExecution?: string };
		this.places = memory.evolinkRequests ??= {};
		// Every execution has an id; should it be missing, keys of two executions must still differ.
		this.executionId = executionId || (memory.evolinkExecution ??= randomUUID());
		// Two n8n may share an account, and a copied workflow its id; execution ids are small numbers everywhere.
		// Workflows made by hand or by a program can have two nodes with one id; their names differ.
		this.keyScope = [instanceId, workflowId, this.executionId, nodeId, nodeName];
		this.instanceId = instanceId;
		this.keepsOutput = retryOnFail;
		this.runIndex = isTool ? undefined : runIndex;
	}

	/**
	 * Checks an item before anything is sent.
	 *
	 * @throws {InvalidInputError} another item of this run asks something else under the same job key
	 */
	requireSameJob(jobKey: string, fingerprint: string): void {
		const known = this.jobs.get(jobKey) ?? fingerprint;
		this.jobs.set(jobKey, known);
		if (known === fingerprint) return;
		throw new InvalidInputError(
			`Job Key '${shortened(jobKey)}' is already used for a different request by an earlier item of this run`,
			'Items with the same job key must have the same request. Use a different key for each job.',
		);
	}

	/**
	 * The request of an item: the open one of an earlier try, or a new one.
	 *
	 * @param jobKey makes it the same request wherever it is asked in this n8n
	 */
	claim(itemIndex: number, fingerprint: string, jobKey?: string): RememberedRequest {
		const placeName =
			this.runIndex === undefined ? `tool ${fingerprint}` : this.placeNameOf(itemIndex);
		const place = (this.places[placeName] ??= { made: 0, open: [] });
		place.open = place.open.filter(
			(request) => request.fingerprint === fingerprint || request.executionId === this.executionId,
		);
		const keyOfJob = jobKey === undefined ? undefined : this.keyOfJob(jobKey);
		let request = place.open.find(
			(candidate) =>
				!claimedRequests.has(candidate) &&
				(keyOfJob === undefined || candidate.idempotencyKey === keyOfJob),
		);
		if (!request) {
			request = {
				executionId: this.executionId,
				fingerprint,
				idempotencyKey: keyOfJob ?? `n8n-${digestOf([...this.keyScope, placeName, place.made])}`,
			};
			place.made++;
			place.open.push(request);
		}
		claimedRequests.add(request);
		const claims = this.claimsOf(itemIndex);
		// A run that goes over its items again claims the same.
		if (!claims.some((claim) => claim.request === request)) {
			this.claims.set(itemIndex, [...claims, { request, placeName }]);
		}
		return request;
	}

	/** The same in every execution of every workflow. */
	private keyOfJob(jobKey: string): string {
		return `n8n-job-${digestOf([this.instanceId, jobKey])}`;
	}

	/**
	 * How the upload of an image is called: the same in a re-run of the execution, because the service compares what is
	 * asked under one key, addresses of images included. The same for all items of a run, which share an upload, but
	 * not for calls of a tool: n8n may make them at the same time, and each of them deletes what it has uploaded.
	 */
	uploadNameOf(
		{ idempotencyKey }: RememberedRequest,
		contentDigest: string,
		isJob: boolean,
	): string {
		const isShared = !isJob && this.runIndex !== undefined;
		const owner = isShared
			? `n8n-${digestOf([...this.keyScope, `run ${this.runIndex}`])}`
			: idempotencyKey;
		return `${owner.slice(0, 36)}-${contentDigest.slice(0, 12)}`;
	}

	/** The output of an earlier try, where its images are stored already. */
	outputOf(request: RememberedRequest): RememberedOutput | undefined {
		return request.executionId === this.executionId ? request.output : undefined;
	}

	/** Remembers what an item gives: Retry On Fail, which is for its neighbours, then fetches nothing again. */
	keepOutput(request: RememberedRequest, output: RememberedOutput): void {
		if (this.keepsOutput) request.output = output;
	}

	/** Draws from an item's error what its next try may do. */
	noteError(itemIndex: number, error: unknown): void {
		for (const { request, placeName } of this.claimsOf(itemIndex)) {
			if (error instanceof TaskFailedError && error.mayBeCreatedAnew) {
				this.forget(request, placeName); // The next try asks anew.
			} else if (request.taskId !== undefined) {
				continue;
			} else if (error instanceof ImageLostError) {
				const { message, advice, trace } = error;
				request.lost = { message, advice, ...trace };
			} else if (error instanceof OutcomeUnknownError) {
				request.mayBePaid = true;
			} else if (
				error instanceof ApiError ||
				error instanceof StoppedError ||
				error instanceof BudgetError
			) {
				// Refused or never sent, so not paid: there is nothing to continue.
				if (!request.mayBePaid) {
					delete request.body;
					delete request.uploads;
				}
			}
		}
	}

	/**
	 * What is paid, or may be, item by item: by this run, or by an earlier try of it for items that this
	 * one did not come to.
	 */
	paid(): Array<{ itemIndex: number; request: RememberedRequest }> {
		const items =
			this.runIndex === undefined
				? [...this.claims.keys()]
				: Object.keys(this.places).flatMap((placeName) => this.itemIndexOf(placeName) ?? []);
		return items
			.sort((a, b) => a - b)
			.flatMap((itemIndex) => this.paidFor(itemIndex).map((request) => ({ itemIndex, request })));
	}

	/** The same for one item; its neighbours are not looked at, of which there may be thousands. */
	paidFor(itemIndex: number): RememberedRequest[] {
		const open =
			this.runIndex === undefined
				? // Others may have asked the same tool the same.
					this.claimsOf(itemIndex)
						.filter(({ request, placeName }) => this.places[placeName].open.includes(request))
						.map(({ request }) => request)
				: (this.places[this.placeNameOf(itemIndex)]?.open ?? []);
		return open.filter(isPaid);
	}

	/** The task that is paid for an item, where there is one. */
	traceOf(itemIndex: number): TaskTrace {
		const taskId = this.paidFor(itemIndex).at(-1)?.taskId;
		return taskId === undefined ? {} : { taskId };
	}

	/** What was reserved for each task of this run, by earlier tries too. */
	get reservedCredits(): number[] {
		return this.paid().flatMap(({ request }) => request.creditsReserved ?? []);
	}

	/**
	 * Ends this run of the node. What was asked is forgotten only when every item was handed on:
	 * otherwise n8n may repeat the run, and items that were done already must not be paid again.
	 */
	endRun(everythingWasHandedOn: boolean): void {
		for (const { request, placeName } of [...this.claims.values()].flat()) {
			claimedRequests.delete(request);
			if (!everythingWasHandedOn) continue;
			this.forget(request, placeName);
			// A tool may be asked the same again, which must make another key; a run never comes back.
			if (this.runIndex !== undefined) delete this.places[placeName];
		}
	}

	private claimsOf(itemIndex: number): Claim[] {
		return this.claims.get(itemIndex) ?? [];
	}

	private placeNameOf(itemIndex: number): string {
		return `run ${this.runIndex} item ${itemIndex}`;
	}

	/** @returns undefined for a place of another run, or of a tool */
	private itemIndexOf(placeName: string): number | undefined {
		const [, runIndex, itemIndex] = /^run (\d+) item (\d+)$/.exec(placeName) ?? [];
		return Number(runIndex) === this.runIndex ? Number(itemIndex) : undefined;
	}

	private forget(request: RememberedRequest, placeName: string): void {
		const place = this.places[placeName];
		place.open = place.open.filter((candidate) => candidate !== request);
	}
}

function isPaid({ body, pollUrl, edit, lost }: RememberedRequest): boolean {
	return [body, pollUrl, edit, lost].some((trace) => trace !== undefined);
}

/** SHA-256 in hex over anything that JSON can express. */
export function digestOf(parts: unknown): string {
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
