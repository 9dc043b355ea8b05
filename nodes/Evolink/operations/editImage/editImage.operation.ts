import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { CreateTaskBody } from '../../api/client';
import { OutcomeUnknownError, TaskFailedError } from '../../api/errors/errors';
import { adviceForTaskFailure } from '../../api/errors/taskFailures';
import type { QuoteSubject } from '../../api/quotes';
import type { Task } from '../../api/task';
import type { Fetcher } from '../../images/linkProblems';
import {
	identityOf,
	noteTransparency,
	problemsOfReference,
	readForUpload,
	readMaskPixels,
	type Reference,
} from '../../images/inputImages';
import type { ImageFacts } from '../../images/format';
import {
	digestOf,
	type RememberedRequest,
	type RememberedUpload,
} from '../../memory/requestMemory';
import { findModel } from '../../models/catalogue';
import {
	violationsOfLink,
	violationsOfMask,
	violationsOfImage,
	violationsOfRequest,
} from '../../models/checkRequest';
import type { Violation } from '../../models/violations';
import type { ImageModel, ParameterName, ParameterValues } from '../../models/model';
import { PARAMETERS } from '../../models/parameters';
import { adviceAfterFailure } from '../../models/imageFailures';
import { wayOut } from '../../models/wayOut';
import type { Parking } from '../../waiting/parking/park';
import { assertSucceeded, type SeenTask } from '../../waiting/polling/taskWatch';
import { readAdditionalFields, textsOfFields } from '../../parameters/additionalFields';
import { readBodyFields } from '../../parameters/bodyFields';
import { readDeleteUploads } from '../../parameters/deleteUploads';
import { notSent, readImageOptions } from '../../parameters/imageOptions';
import { readImages } from '../../parameters/images';
import { readJobKey } from '../../parameters/jobKey';
import { readMask } from '../../parameters/mask';
import { readModel } from '../../parameters/model';
import { readNumberOfImages } from '../../parameters/numberOfImages';
import { type OutputSettings, readOutputSettings, textsOfOutput } from '../../parameters/output';
import { readPrompt } from '../../parameters/prompt';
import { retriesCharged } from '../../parameters/spending';
import { problemsOfTexts, type SetText } from '../../parameters/texts';
import { settle } from '../../parameters/validation';
import {
	givesFailureAsData,
	readCallbackUrl,
	readTimeout,
	readWait,
	type Wait,
} from '../../parameters/waiting';
import { asJob, NEW_JOB_KEY } from '../../run/jobs';
import {
	defineOperation,
	type GatewayRun,
	type ItemResult,
	type ItemWork,
	type Operation,
	type Run,
} from '../../run/run';
import { startTask } from '../../run/startTask';
import { assertLinksWork, taskItem } from '../../run/taskItem';
import type { TaskSlot } from '../../run/taskSlots';
import { editOnGateway } from './editOnGateway';

interface ImageTaskPlan {
	model: string;
	/** Empty only for models that work without one. */
	prompt: string;
	references: Reference[];
	mask?: Reference;
	/** What the body has beside model, prompt, images and callback. */
	bodyFields: IDataObject;
	wait: Wait;
	callbackUrl?: string;
	timeoutSeconds: number;
	failureAsData: boolean;
	/** What makes it the same request wherever it is asked. */
	jobKey?: string;
	retryCharged: boolean;
	deletesUploads: boolean;
	output: OutputSettings;
}

/**
 * Sends a prompt to a model, with or without images, waits for the task and fetches the images that it made.
 *
 * @param takesImages whether images go in, and a mask with them
 */
export function imageOperation(takesImages: boolean, onGateway: ItemWork<GatewayRun>): Operation {
	return defineOperation<ImageTaskPlan>({
		onGateway,
		plan: async (run, itemIndex) => await planImageTask(run, itemIndex, takesImages),
		perform: performImageTask,
	});
}

export const editImage = imageOperation(true, editOnGateway);

async function planImageTask(
	{ context, memory, parking, isServicePrivate }: Run,
	itemIndex: number,
	takesImages: boolean,
): Promise<ImageTaskPlan> {
	const model = readModel(context, itemIndex);
	const facts = findModel(model);
	// Some models that are not in the list take none, and only the service knows which.
	const prompt = readPrompt(context, itemIndex, facts ? facts.prompt.optional : true);
	const references = takesImages
		? await readImages(context, itemIndex, (image, surroundings) =>
				wayOut(facts, image, surroundings),
			)
		: [];
	const mask = takesImages ? await readMask(context, itemIndex) : undefined;
	const { values, hints } = readImageOptions(context, itemIndex, facts, references[0]);
	const numberOfImages = readNumberOfImages(context, itemIndex);
	const jobKey = readJobKey(context, itemIndex);
	const wait = readPossibleWait(context, itemIndex, parking, jobKey);
	const callbackUrl = wait === 'none' ? await readCallbackUrl(context, itemIndex) : undefined;
	const output = readOutputSettings(context, itemIndex);
	const additionalFields = readAdditionalFields(context, itemIndex);

	if (facts && !facts.images.transparency) {
		for (const reference of references) await noteTransparency(context, itemIndex, reference);
	}
	const [first] = references;
	const firstImage = first?.kind === 'binary' ? first.facts : undefined;
	const fetcher: Fetcher = { name: 'EvoLink', reachesPrivateHosts: isServicePrivate };
	const violations: Violation[] = [
		...problemsOfTexts([
			['Model', model],
			['Prompt', facts?.prompt.unused ? undefined : prompt],
			...textsOfValues(values),
			['Callback URL', callbackUrl],
			['Job Key', jobKey],
			...textsOfFields(additionalFields),
			...textsOfOutput(output),
		]),
		...[...references, ...(mask ? [mask] : [])].flatMap((reference) =>
			problemsOfReference(reference, fetcher),
		),
		...violationsOfRequest(facts, {
			prompt,
			imageCount: references.length,
			numberOfImages,
			parameters: values,
			...(firstImage ? { firstImage } : {}),
		}),
		...references.flatMap((reference) =>
			violationsOfReference(facts, reference, references.length),
		),
		...(mask ? await violationsOfGivenMask(context, itemIndex, facts, mask, firstImage) : []),
		...hints,
		...(facts || numberOfImages === 1 ? [] : [notSent('Number of Images', facts)]),
	];
	settle(context, itemIndex, violations);
	const usesMask = mask && facts?.mask;

	const plan: ImageTaskPlan = {
		model,
		prompt: facts?.prompt.unused ? '' : prompt,
		references,
		...(usesMask ? { mask } : {}),
		bodyFields: readBodyFields(context, itemIndex, facts, {
			values,
			numberOfImages,
			hasMask: usesMask !== undefined,
		}),
		wait,
		...(callbackUrl === undefined ? {} : { callbackUrl }),
		...(wait === 'callback' ? { callbackUrl: parking.callbackUrl } : {}),
		timeoutSeconds: readTimeout(context, itemIndex),
		failureAsData: givesFailureAsData(context, itemIndex),
		retryCharged: retriesCharged(context, itemIndex),
		deletesUploads: takesImages && jobKey === undefined && readDeleteUploads(context, itemIndex),
		...(jobKey === undefined ? {} : { jobKey }),
		output: { ...output, download: output.download && wait === 'poll' },
	};
	if (jobKey !== undefined) memory.requireSameJob(jobKey, fingerprintOf(plan));
	return plan;
}

async function violationsOfGivenMask(
	context: IExecuteFunctions,
	itemIndex: number,
	model: ImageModel | undefined,
	mask: Reference,
	firstImage: ImageFacts | undefined,
): Promise<Violation[]> {
	const pixels = model?.mask
		? await readMaskPixels(context, itemIndex, mask, model.mask.repaints)
		: undefined;
	return violationsOfMask(model, mask.kind === 'link' ? mask : mask.facts, firstImage, pixels);
}

async function performImageTask(
	run: Run,
	plan: ImageTaskPlan,
	itemIndex: number,
): Promise<ItemResult | ItemResult[]> {
	const request = run.memory.claim(itemIndex, fingerprintOf(plan), plan.jobKey);
	const known = run.memory.outputOf(request);
	if (known) return known;
	const uploads = request.uploads ?? uploadsOf(run, plan, request);
	run.uploadedFiles.hold(uploads);
	const release = (isOver: boolean) => {
		const areDeleted = isOver && plan.deletesUploads;
		run.uploadedFiles.release(uploads, areDeleted);
		if (areDeleted) request.uploads = []; // A later try has nothing to delete.
	};
	return await asJob(plan.jobKey, async () => await edit(run, plan, itemIndex, request)).then(
		(output) => {
			if (plan.wait !== 'callback') run.memory.keepOutput(request, output);
			release(plan.wait === 'poll');
			return output;
		},
		async (error: Error) => {
			release(needsNoUploads(request, error));
			return await Promise.reject(error);
		},
	);
}

/** What is uploaded for an item that is asked for the first time. */
function uploadsOf(
	{ memory }: Run,
	{ references, mask, jobKey }: ImageTaskPlan,
	request: RememberedRequest,
): RememberedUpload[] {
	const digests = [...references, ...(mask ? [mask] : [])].flatMap((reference) =>
		reference.kind === 'binary' ? [reference.contentDigest] : [],
	);
	return [...new Set(digests)].map((digest) => ({
		name: memory.uploadNameOf(request, digest, jobKey !== undefined),
	}));
}

/** The task has ended, or there certainly is none; otherwise it may still fetch them. */
function needsNoUploads({ taskId, mayBePaid }: RememberedRequest, error: unknown): boolean {
	if (error instanceof TaskFailedError) return true;
	return taskId === undefined && !mayBePaid && !(error instanceof OutcomeUnknownError);
}

async function edit(
	run: Run,
	plan: ImageTaskPlan,
	itemIndex: number,
	request: RememberedRequest,
): Promise<ItemResult | ItemResult[]> {
	let created: Task | undefined;
	let seen: SeenTask;
	let slot: TaskSlot | undefined;
	const isSentAgain = request.mayBePaid ?? false;
	const askedAt = run.clock.now();
	try {
		if (request.taskId === undefined) {
			({ task: created, slot } = await startTask(run, request, {
				price: priceSubjectOf(plan),
				isJob: plan.jobKey !== undefined,
				timeoutSeconds: plan.timeoutSeconds,
				uploadBytes: largestUpload(plan),
				buildBody: async () => await buildBody(run, plan, itemIndex, request),
			}));
		}
		// What the service answers for a task that it knows already is how it was when it was created.
		const justCreated = created?.isReplay ? undefined : created;
		seen = await followTask(run, plan, request.taskId as string, justCreated);
	} finally {
		slot?.leave();
	}
	run.tally.note(seen.task);
	if (plan.wait === 'callback') {
		run.parking.expect(itemIndex, {
			taskId: seen.task.id,
			// One whose answer was lost may have ended, and called, long before it is known here.
			...(created && !created.isReplay && !isSentAgain ? { createdAt: askedAt } : {}),
			executionId: request.executionId,
			timeoutSeconds: plan.timeoutSeconds,
		});
	}
	if (plan.wait === 'poll' && !plan.failureAsData) assertEdited(seen.task, plan);
	// Where nothing is downloaded, nobody else notices that the images of a job of another day are gone.
	if (plan.jobKey !== undefined && !plan.output.download) assertLinksWork(run.clock, seen);
	return await taskItem(run, withAdvice(seen, plan), plan.output, itemIndex);
}

/** A task that failed because of an image, with the way out, for a workflow that takes failures as data. */
function withAdvice({ task, ...seen }: SeenTask, plan: ImageTaskPlan): SeenTask {
	if (!task.failure) return { task, ...seen };
	const advice = adviceOnImages(task, plan);
	const failure = {
		...task.failure,
		...(advice === undefined ? {} : { advice }),
		...(plan.jobKey === undefined ? {} : { retryable: false }),
	};
	return { ...seen, task: { ...task, failure } };
}

/** @returns undefined where the service's code has to do */
function adviceOnImages({ failure }: Task, { model, references }: ImageTaskPlan) {
	const facts = findModel(model);
	return facts && failure && adviceAfterFailure(facts, failure, references);
}

/** @throws {TaskFailedError} with the way out, where an image is the cause */
function assertEdited(task: Task, plan: ImageTaskPlan): void {
	const { retryCharged, jobKey } = plan;
	const advice = adviceOnImages(task, plan);
	if (task.failure && jobKey !== undefined) {
		const anew = `${advice ?? adviceForTaskFailure(task.failure.code)} ${NEW_JOB_KEY}`;
		throw new TaskFailedError(task, { ...task.failure, retryable: false }, false, anew);
	}
	if (task.failure && advice !== undefined) {
		throw new TaskFailedError(task, task.failure, retryCharged, advice);
	}
	assertSucceeded(task, retryCharged);
}

function priceSubjectOf({ model, references, mask, bodyFields }: ImageTaskPlan): QuoteSubject {
	return {
		model,
		imageCount: Number(bodyFields.n ?? 1),
		inputImages: references.length + (mask ? 1 : 0),
		fields: bodyFields,
	};
}

/** Bytes of the largest image that is uploaded; 0 where all are links. */
function largestUpload({ references, mask }: ImageTaskPlan): number {
	const images = mask ? [...references, mask] : references;
	return Math.max(
		0,
		...images.map((reference) => (reference.kind === 'binary' ? reference.bytes : 0)),
	);
}

async function followTask(
	run: Run,
	{ wait, timeoutSeconds }: ImageTaskPlan,
	taskId: string,
	created: Task | undefined,
): Promise<SeenTask> {
	if (wait === 'poll') return await run.watch.untilEnded(taskId, timeoutSeconds, created);
	return { task: created ?? (await run.client.getTask(taskId)) };
}

/** Uploads what is not a link yet. The same key makes the same body, see `uploadNameOf`. */
async function buildBody(
	{ context, memory, uploadedFiles, clock }: Run,
	plan: ImageTaskPlan,
	itemIndex: number,
	request: RememberedRequest,
): Promise<CreateTaskBody> {
	await clock.sleep(0); // Nothing more is sent after a stop.
	const uploads = new Map<string, RememberedUpload>();
	const linkTo = async (reference: Reference) => {
		if (reference.kind === 'link') return reference.link;
		const name = memory.uploadNameOf(request, reference.contentDigest, plan.jobKey !== undefined);
		const { url, fileId } = await uploadedFiles.upload(
			name,
			async () => await readForUpload(context, itemIndex, reference, name),
		);
		uploads.set(name, { name, ...(fileId === undefined ? {} : { fileId }) });
		return url;
	};
	const imageUrls: string[] = [];
	for (const reference of plan.references) imageUrls.push(await linkTo(reference));
	const maskUrl = plan.mask ? await linkTo(plan.mask) : undefined;
	if (plan.deletesUploads) request.uploads = [...uploads.values()];
	return {
		model: plan.model,
		...(plan.prompt === '' ? {} : { prompt: plan.prompt }),
		...(imageUrls.length > 0 ? { image_urls: imageUrls } : {}),
		...(maskUrl === undefined ? {} : { mask_url: maskUrl }),
		...plan.bodyFields,
		...(plan.callbackUrl === undefined ? {} : { callback_url: plan.callbackUrl }),
	};
}

/** What was asked, as the user put it; the content of binary images counts, not where it was uploaded. */
function fingerprintOf(plan: ImageTaskPlan): string {
	return digestOf([
		plan.model,
		plan.prompt,
		plan.references.map(identityOf),
		plan.mask ? identityOf(plan.mask) : null,
		plan.bodyFields,
		// The address of a parked execution is not the user's, and differs when n8n repeats the execution.
		plan.wait === 'none' && plan.jobKey === undefined ? (plan.callbackUrl ?? null) : null,
	]);
}

function readPossibleWait(
	context: IExecuteFunctions,
	itemIndex: number,
	parking: Parking,
	jobKey: string | undefined,
): Wait {
	const wait = readWait(context, itemIndex);
	if (wait !== 'callback') return wait;
	if (jobKey !== undefined) {
		context.addExecutionHints({
			message: `Item ${itemIndex}: with 'Job Key' the node polls instead of suspending, because the callback URL is part of what EvoLink compares`,
			location: 'outputPane',
		});
		return 'poll';
	}
	return parking.isPossible ? 'callback' : 'poll';
}

function textsOfValues(values: ParameterValues): SetText[] {
	return Object.entries(values).flatMap(([name, value]): SetText[] =>
		typeof value === 'string' ? [[PARAMETERS[name as ParameterName].displayName, value]] : [],
	);
}

function violationsOfReference(
	model: ImageModel | undefined,
	reference: Reference,
	imageCount: number,
): Violation[] {
	if (reference.kind === 'link') return violationsOfLink(model, reference.label, reference.link);
	const { label, fieldName } = reference;
	return violationsOfImage(model, label, reference, { fieldName, imageCount });
}
