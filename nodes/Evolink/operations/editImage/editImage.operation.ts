import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { CreateTaskBody } from '../../api/client';
import { InvalidInputError, TaskFailedError } from '../../api/errors/errors';
import type { Task } from '../../api/task';
import {
	identityOf,
	readForUpload,
	readReferences,
	type Reference,
} from '../../images/inputImages';
import { digestOf } from '../../memory/requestMemory';
import { DEFAULT_MODEL_ID, findModel } from '../../models/catalogue';
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
import { checkCallbackUrl } from '../../waiting/callbackUrl';
import type { Parking } from '../../waiting/parking/park';
import { assertSucceeded, type SeenTask } from '../../waiting/polling/taskWatch';
import {
	binaryPropertyNameField,
	downloadField,
	givesFailureAsData,
	optionsField,
	type OutputSettings,
	readChoice,
	readOutputSettings,
	readPrompt,
	readText,
	readTimeout,
	retriesCharged,
	simplifyField,
} from '../../parameters/fields';
import { gatewayOptions } from './editOnGateway';
import {
	additionalFieldsOption,
	modelOptions,
	numberOfImagesField,
	promptField,
} from '../../parameters/modelFields';
import {
	notSent,
	readBodyFields,
	readMask,
	readParameters,
} from '../../parameters/modelParameters';
import { defineOperation, type Run } from '../../run/run';
import { startTask } from '../../run/startTask';
import { taskItem } from '../../run/taskItem';
import type { TaskSlot } from '../../run/taskSlots';

/** How the node waits for a task: by asking, by letting n8n park the execution, or not at all. */
type Wait = 'poll' | 'callback' | 'none';

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

const validationOption: INodeProperties = {
	displayName: 'Validation',
	name: 'validation',
	type: 'options',
	options: [
		{
			name: 'Strict',
			value: 'strict',
			description: 'Refuse what breaks the documented limits of the model, before anything is paid',
		},
		{
			name: 'Warn',
			value: 'warn',
			description: 'Send it all the same and show a hint',
		},
	],
	default: 'strict',
	description: "What to do with prompts, pictures and options outside the model's limits",
	displayOptions: { show: { '/service': ['evolink'] } },
};

/** Sends pictures and a prompt to a model, waits for the task and fetches the edited pictures. */
export const editImage = defineOperation<EditImagePlan>({
	fields: [
		{
			displayName: 'Service',
			name: 'service',
			type: 'options',
			noDataExpression: true,
			options: [
				{
					name: 'EvoLink',
					value: 'evolink',
					description: 'Works with tasks: create, wait, fetch',
				},
				{
					name: 'Images Gateway',
					value: 'imagesGateway',
					description: 'A host that answers a request with the edited picture itself',
				},
			],
			default: 'evolink',
			description: 'Who edits the pictures',
		},
		{
			displayName: 'Model',
			name: 'gatewayModel',
			type: 'string',
			default: 'qwen-image-edit-2509',
			required: true,
			placeholder: 'e.g. qwen-image-edit-2509',
			description: "The model's ID, as the gateway calls it",
			displayOptions: { show: { service: ['imagesGateway'] } },
		},
		{
			displayName: 'Model',
			name: 'model',
			type: 'resourceLocator',
			default: {
				mode: 'list',
				value: DEFAULT_MODEL_ID,
				cachedResultName: findModel(DEFAULT_MODEL_ID)?.name,
			},
			required: true,
			description: 'The model that edits the pictures',
			displayOptions: { show: { service: ['evolink'] } },
			modes: [
				{
					displayName: 'From List',
					name: 'list',
					type: 'list',
					placeholder: 'Select a model…',
					typeOptions: { searchListMethod: 'searchModels', searchable: true },
				},
				{
					displayName: 'By ID',
					name: 'id',
					type: 'string',
					placeholder: 'e.g. qwen-image-edit',
					hint: "For a model that is not in the list: the service checks its limits, and its own fields go into 'Additional Fields'",
				},
			],
		},
		promptField,
		{
			displayName: 'Images',
			name: 'images',
			type: 'fixedCollection',
			typeOptions: { multipleValues: true, sortable: true },
			default: { image: [{ source: 'binary', url: '', binaryPropertyName: 'data' }] },
			placeholder: 'Add image',
			description:
				'The pictures to edit, in order: prompts can speak of the first, second and third picture',
			options: [
				{
					displayName: 'Image',
					name: 'image',
					values: [
						{
							displayName: 'Source',
							name: 'source',
							type: 'options',
							options: [
								{
									name: 'Binary Field',
									value: 'binary',
									description:
										'A picture that comes in with the item, from a storage node for instance',
								},
								{
									name: 'URL',
									value: 'url',
									description: 'A public link, which EvoLink fetches itself',
								},
							],
							default: 'url',
						},
						{
							displayName: 'URL',
							name: 'url',
							type: 'string',
							default: '',
							placeholder: 'e.g. https://example.com/image.png',
							hint: 'Several links: separate them by commas or line breaks, or give an array by expression',
							description: 'Public http or https link of the picture',
							displayOptions: { show: { source: ['url'] } },
						},
						{
							displayName: 'Input Data Field Name',
							name: 'binaryPropertyName',
							type: 'string',
							default: 'data',
							placeholder: 'e.g. data',
							hint: 'Several fields: separate them by commas',
							description: 'The name of the binary field that holds the picture',
							displayOptions: { show: { source: ['binary'] } },
						},
					],
				},
			],
		},
		numberOfImagesField,
		{
			displayName: 'Wait',
			name: 'wait',
			type: 'options',
			options: [
				{
					name: 'Do Not Wait',
					value: 'none',
					description: 'Return the task at once; fetch it later by its ID',
				},
				{
					name: 'Poll Until Complete',
					value: 'poll',
					description: 'Ask the service until the pictures are ready',
				},
				{
					name: 'Suspend Until Callback',
					value: 'callback',
					description:
						'Park the execution until EvoLink calls; n8n must be reachable by public https',
				},
			],
			default: 'poll',
			description: 'What to do while the service works',
			displayOptions: { show: { service: ['evolink'] } },
		},
		{
			displayName: 'Callback URL',
			name: 'callbackUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://n8n.example.com/webhook/…',
			description:
				'The public https address that EvoLink calls when the task ends, for instance the production URL of an EvoLink Trigger',
			displayOptions: { show: { service: ['evolink'], wait: ['none'] } },
		},
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
			[
				'concurrency',
				'keepCredits',
				'maxCredits',
				'maxDownloadSize',
				'onTaskFailure',
				'retryCharged',
				'timeout',
			],
			validationOption,
			additionalFieldsOption,
			...modelOptions,
			...gatewayOptions,
		),
	],

	async plan({ context, parking }, itemIndex) {
		const model = readText(context, 'model', itemIndex);
		const facts = findModel(model);
		// Some models that are not in the list take none, and only the service knows which.
		const prompt = readPrompt(context, itemIndex, facts ? facts.prompt.optional : true);
		const references = await readReferences(context, itemIndex);
		const mask = await readMask(context, itemIndex);
		const { values, hints } = readParameters(context, itemIndex, facts);
		const numberOfImages = Number(context.getNodeParameter('numberOfImages', itemIndex, 1));
		const wait = readWait(context, itemIndex, parking);
		const callbackUrl = wait === 'none' ? readText(context, 'callbackUrl', itemIndex) : '';

		if (model === '') {
			throw new InvalidInputError(
				"'Model' is empty",
				'Pick a model from the list or enter its ID.',
			);
		}
		if (callbackUrl !== '') checkCallbackUrl(callbackUrl);
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
		const strict = context.getNodeParameter('options.validation', itemIndex, 'strict') !== 'warn';
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
			prompt,
			references,
			...(usesMask ? { mask } : {}),
			bodyFields: readBodyFields(context, itemIndex, facts, {
				values,
				numberOfImages,
				hasMask: usesMask !== undefined,
			}),
			wait,
			...(callbackUrl === '' ? {} : { callbackUrl }),
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
		return await taskItem(run, seen, plan.output);
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

function readWait(context: IExecuteFunctions, itemIndex: number, parking: Parking): Wait {
	const wait = readChoice(context, 'wait', itemIndex, 'Wait', [
		'poll',
		'callback',
		'none',
	] as const);
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
