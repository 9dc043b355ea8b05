import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { CreateTaskBody } from '../../api/client';
import { TaskFailedError } from '../../api/errors/errors';
import type { Task } from '../../api/task';
import {
	identityOf,
	readForUpload,
	readReferences,
	type Reference,
} from '../../images/inputImages';
import { digestOf } from '../../memory/requestMemory';
import { findModel } from '../../models/catalogue';
import {
	checkLink,
	checkMask,
	checkPicture,
	checkRequest,
	settleViolations,
	type Violation,
} from '../../models/checkRequest';
import type { ImageModel } from '../../models/model';
import { adviceAfterSizeFailure, isSizeFailure } from '../../models/sizeFailure';
import type { Parking } from '../../waiting/parking/park';
import { assertSucceeded, type SeenTask } from '../../waiting/polling/taskWatch';
import { additionalFieldsOption } from '../../parameters/additionalFields';
import { readBodyFields } from '../../parameters/bodyFields';
import { gatewayOptions } from '../../parameters/gateway';
import {
	imageOptionsField,
	imageOptionsOfFirstVersion,
	notSent,
	readImageOptions,
} from '../../parameters/imageOptions';
import { imagesFields } from '../../parameters/images';
import { readMask } from '../../parameters/mask';
import { gatewayModelField, modelField, readModel } from '../../parameters/model';
import { numberOfImagesField, readNumberOfImages } from '../../parameters/numberOfImages';
import { optionsField } from '../../parameters/options';
import {
	binaryPropertyNameField,
	downloadField,
	fileNameOption,
	includeInputFieldsOption,
	itemPerImageOption,
	maxDownloadSizeOption,
	type OutputSettings,
	readOutputSettings,
	simplifyField,
} from '../../parameters/output';
import { promptField, readPrompt } from '../../parameters/prompt';
import { serviceField } from '../../parameters/service';
import {
	concurrencyOption,
	keepCreditsOption,
	maxCreditsOption,
	retriesCharged,
	retryChargedOption,
} from '../../parameters/spending';
import { isStrict, validationOption } from '../../parameters/validation';
import {
	callbackUrlField,
	givesFailureAsData,
	onTaskFailureOption,
	readCallbackUrl,
	readTimeout,
	readWait,
	timeoutOption,
	type Wait,
	waitField,
} from '../../parameters/waiting';
import { defineOperation, type Run } from '../../run/run';
import { startTask } from '../../run/startTask';
import { taskItem } from '../../run/taskItem';
import type { TaskSlot } from '../../run/taskSlots';
import { editOnGateway } from './editOnGateway';

interface EditImagePlan {
	model: string;
	/** Empty only for models that work without one. */
	prompt: string;
	references: Reference[];
	mask?: Reference;
	/** What the body has beside model, prompt, pictures and callback. */
	bodyFields: IDataObject;
	wait: Wait;
	callbackUrl?: string;
	timeoutSeconds: number;
	failureAsData: boolean;
	retryCharged: boolean;
	output: OutputSettings;
}

/** Sends pictures and a prompt to a model, waits for the task and fetches the edited pictures. */
export const editImage = defineOperation<EditImagePlan>({
	menu: {
		name: 'Edit Image',
		description: 'Change one or more pictures as a prompt says',
		action: 'Edit an image',
	},

	onGateway: editOnGateway,

	fields: [
		gatewayModelField,
		modelField,
		promptField,
		...imagesFields,
		numberOfImagesField,
		imageOptionsField,
		waitField,
		callbackUrlField,
		{
			...downloadField,
			displayOptions: { show: { service: ['evolink'] }, hide: { wait: ['none'] } },
		},
		{
			...binaryPropertyNameField,
			displayOptions: {
				show: { service: ['evolink'], download: [true] },
				hide: { wait: ['none'] },
			},
		},
		// What a gateway sends within its answer goes to a binary field even without a download.
		...[downloadField, binaryPropertyNameField].map((field) => ({
			...field,
			displayOptions: { show: { service: ['imagesGateway'] } },
		})),
		simplifyField,
		optionsField(
			additionalFieldsOption,
			concurrencyOption,
			keepCreditsOption,
			maxCreditsOption,
			fileNameOption,
			includeInputFieldsOption,
			itemPerImageOption,
			maxDownloadSizeOption,
			onTaskFailureOption,
			retryChargedOption,
			timeoutOption,
			validationOption,
			...imageOptionsOfFirstVersion,
			...gatewayOptions,
		),
		serviceField,
	],

	async plan({ context, parking }, itemIndex) {
		const model = readModel(context, itemIndex);
		const facts = findModel(model);
		// Some models that are not in the list take none, and only the service knows which.
		const prompt = readPrompt(context, itemIndex, facts ? facts.prompt.optional : true);
		const references = await readReferences(context, itemIndex);
		const mask = await readMask(context, itemIndex);
		const { values, hints } = readImageOptions(context, itemIndex, facts, references[0]);
		const numberOfImages = readNumberOfImages(context, itemIndex);
		const wait = readPossibleWait(context, itemIndex, parking);
		const callbackUrl = wait === 'none' ? readCallbackUrl(context, itemIndex) : undefined;

		const firstPicture = references[0].kind === 'binary' ? references[0].facts : undefined;
		const violations = [
			...checkRequest(facts, {
				prompt,
				imageCount: references.length,
				numberOfImages,
				parameters: values,
				...(firstPicture ? { firstPicture } : {}),
			}),
			...references.flatMap((reference) => checkReference(facts, reference, references.length)),
			...(mask ? checkMask(facts, mask.kind === 'link' ? mask : mask.facts, firstPicture) : []),
			...hints,
			...(facts || numberOfImages === 1 ? [] : [notSent('Number of Images', facts)]),
		];
		const strict = isStrict(context, itemIndex);
		context.addExecutionHints(
			...settleViolations(violations, strict).map((message) => ({
				message: `Item ${itemIndex}: ${message}`,
				location: 'outputPane' as const,
			})),
		);
		const usesMask = mask && facts?.mask;

		const output = readOutputSettings(context, itemIndex);
		return {
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
			output: { ...output, download: output.download && wait === 'poll' },
		};
	},

	async perform(run, plan, itemIndex) {
		const request = run.memory.claim(itemIndex, fingerprintOf(plan));
		let created: Task | undefined;
		let seen: SeenTask;
		let slot: TaskSlot | undefined;
		try {
			if (request.taskId === undefined) {
				({ task: created, slot } = await startTask(run, request, {
					priceKind: priceKindOf(plan),
					timeoutSeconds: plan.timeoutSeconds,
					uploadBytes: largestUpload(plan),
					buildBody: async () => await buildBody(run, plan, itemIndex, request.idempotencyKey),
				}));
			}
			seen = await followTask(run, plan, created?.id ?? (request.taskId as string), created);
		} finally {
			slot?.leave();
		}
		run.tally.note(seen.task);
		if (plan.wait === 'callback') {
			run.parking.expect(itemIndex, {
				taskId: seen.task.id,
				...(created ? { createdAt: run.clock.now() } : {}),
				executionId: request.executionId,
				timeoutSeconds: plan.timeoutSeconds,
			});
		}
		if (plan.wait === 'poll' && !plan.failureAsData) assertEdited(seen.task, plan);
		return await taskItem(run, seen, plan.output, itemIndex);
	},
});

/** @throws {TaskFailedError} with the way out, where an image has the wrong size */
function assertEdited(task: Task, { model, references, retryCharged }: EditImagePlan): void {
	const facts = findModel(model);
	if (facts && task.failure && isSizeFailure(task.failure)) {
		const advice = adviceAfterSizeFailure(facts, task.failure, references);
		throw new TaskFailedError(task, task.failure, retryCharged, advice);
	}
	assertSucceeded(task, retryCharged);
}

/** What the prices of the models can depend on; never the prompt. */
function priceKindOf({ model, references, mask, bodyFields }: EditImagePlan): string {
	const { n = 1, size, quality, resolution } = bodyFields;
	const inputs = references.length + (mask ? 1 : 0);
	return JSON.stringify([model, n, size, quality, resolution, inputs]);
}

/** Bytes of the largest picture that is uploaded; 0 where all are links. */
function largestUpload({ references, mask }: EditImagePlan): number {
	const pictures = mask ? [...references, mask] : references;
	return Math.max(
		...pictures.map((reference) => (reference.kind === 'binary' ? reference.bytes : 0)),
	);
}

async function followTask(
	run: Run,
	{ wait, timeoutSeconds }: EditImagePlan,
	taskId: string,
	created: Task | undefined,
): Promise<SeenTask> {
	if (wait === 'poll') return await run.watch.untilEnded(taskId, timeoutSeconds, created);
	return { task: created ?? (await run.client.getTask(taskId)) };
}

/** Uploads what is not a link yet. The same key makes the same body: files are named after it. */
async function buildBody(
	{ context, client, clock }: Run,
	plan: EditImagePlan,
	itemIndex: number,
	idempotencyKey: string,
): Promise<CreateTaskBody> {
	await clock.sleep(0); // Nothing more is sent after a stop.
	const linkTo = async (reference: Reference, position: string) => {
		if (reference.kind === 'link') return reference.link;
		// The content counts too: a file of the same name would take the place of another picture.
		const content = reference.contentDigest.slice(0, 12);
		const stem = `${idempotencyKey.slice(0, 36)}-${position}-${content}`;
		return await client.uploadFile(await readForUpload(context, itemIndex, reference, stem));
	};
	const imageUrls: string[] = [];
	for (const [index, reference] of plan.references.entries()) {
		imageUrls.push(await linkTo(reference, String(index + 1)));
	}
	return {
		model: plan.model,
		...(plan.prompt === '' ? {} : { prompt: plan.prompt }),
		image_urls: imageUrls,
		...(plan.mask ? { mask_url: await linkTo(plan.mask, 'mask') } : {}),
		...plan.bodyFields,
		...(plan.callbackUrl === undefined ? {} : { callback_url: plan.callbackUrl }),
	};
}

/** What was asked, as the user put it; the content of binary pictures counts, not where it was uploaded. */
function fingerprintOf(plan: EditImagePlan): string {
	return digestOf([
		plan.model,
		plan.prompt,
		plan.references.map(identityOf),
		plan.mask ? identityOf(plan.mask) : null,
		plan.bodyFields,
		// The address of a parked execution is not the user's, and differs when n8n repeats the execution.
		plan.wait === 'none' ? (plan.callbackUrl ?? null) : null,
	]);
}

function readPossibleWait(context: IExecuteFunctions, itemIndex: number, parking: Parking): Wait {
	const wait = readWait(context, itemIndex);
	return wait === 'callback' && !parking.isPossible ? 'poll' : wait;
}

function checkReference(
	model: ImageModel | undefined,
	reference: Reference,
	imageCount: number,
): Violation[] {
	if (reference.kind === 'link') return checkLink(model, reference.label, reference.link);
	const { label, fieldName } = reference;
	return checkPicture(model, label, reference, { fieldName, imageCount });
}
