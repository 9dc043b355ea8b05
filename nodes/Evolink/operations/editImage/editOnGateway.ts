import type { IBinaryData, IDataObject } from 'n8n-workflow';

import {
	DownloadError,
	EvolinkError,
	InvalidInputError,
	ImageLostError,
	StoppedError,
} from '../../api/errors/errors';
import { shortened } from '../../api/errors/shortened';
import { type ByteStream, held } from '../../api/http/bytes';
import { form, type FormFile } from '../../api/http/multipart';
import type { GatewayEdit, GatewayRequest } from '../../api/imagesGateway';
import {
	decodeImage,
	downloadImages,
	FETCHED_IMAGE,
	type ImageFile,
} from '../../images/downloadImages';
import { fileStems } from '../../images/fileNames';
import { jsonWithDataUrls } from '../../images/dataUrls';
import type { Fetcher } from '../../images/linkProblems';
import {
	DATA_URL,
	identityOf,
	problemsOfReference,
	readForUpload,
	type Reference,
} from '../../images/inputImages';
import { isAgentTool } from '../../memory/runIdentity';
import { digestOf, type RememberedEdit, type RememberedRequest } from '../../memory/requestMemory';
import type { Violation } from '../../models/violations';
import type { BodyPart } from '../../models/parameters';
import { adviseOnAnyModel } from '../../models/wayOut';
import { storeIn } from '../../run/binaryFields';
import { AnswerRoom } from '../../run/limits';
import { resultItems } from '../../run/resultItems';
import {
	readAdditionalFields,
	requireNoConflict,
	textsOfFields,
} from '../../parameters/additionalFields';
import {
	type GatewayDialect,
	readGatewayDialect,
	readGatewayMask,
	readGeneratingDialect,
	USUAL_PATH,
} from '../../parameters/gateway';
import { readImages } from '../../parameters/images';
import { readGatewayModel } from '../../parameters/model';
import { type OutputSettings, readOutputSettings, textsOfOutput } from '../../parameters/output';
import { readPrompt } from '../../parameters/prompt';
import { problemsOfTexts } from '../../parameters/texts';
import { settle } from '../../parameters/validation';
import { readTimeout } from '../../parameters/waiting';
import { type GatewayRun, inTwoSteps, type ItemResult } from '../../run/run';
import { rawJson } from '../../run/taskItem';

interface GatewayPlan {
	model: string;
	prompt: string;
	references: Reference[];
	mask?: Reference;
	dialect: GatewayDialect;
	additionalFields: IDataObject;
	timeoutSeconds: number;
	output: OutputSettings;
}

/** Where the service is an images gateway: one request, whose answer has the images. */
const onGateway = (takesImages: boolean) =>
	inTwoSteps<GatewayPlan, GatewayRun>({
		async plan({ context, isServicePrivate }, itemIndex) {
			const mask = takesImages ? await readGatewayMask(context, itemIndex) : undefined;
			const plan: GatewayPlan = {
				model: readGatewayModel(context, itemIndex),
				prompt: readPrompt(context, itemIndex),
				references: takesImages
					? await readImages(context, itemIndex, adviseOnAnyModel, DATA_URL)
					: [],
				...(mask ? { mask } : {}),
				dialect: takesImages
					? readGatewayDialect(context, itemIndex)
					: readGeneratingDialect(context, itemIndex),
				additionalFields: readAdditionalFields(context, itemIndex),
				timeoutSeconds: readTimeout(context, itemIndex),
				output: readOutputSettings(context, itemIndex),
			};
			requireFewImages(plan);
			if (takesImages) requireFreeImageField(plan);
			settle(context, itemIndex, problemsOfPlan(plan, isServicePrivate));
			requireNoConflict(ownFields(plan), plan.additionalFields);
			return plan;
		},

		async perform(run, plan, itemIndex) {
			const request = run.memory.claim(itemIndex, fingerprintOf(plan));
			if (request.lost) {
				const { message, advice, ...trace } = request.lost;
				throw new ImageLostError(message, advice, trace);
			}
			const known = run.memory.outputOf(request);
			if (known) return known;
			const taskName = `edited-${request.idempotencyKey.slice(-12)}`;
			request.edit ??= await run.slots.run(
				async () => await edit(run, plan, itemIndex, taskName, request),
			);
			await run.clock.sleep(0); // What is edited is remembered; after a stop nothing more is fetched.
			const output = await editItems(run, plan, request.edit, taskName, itemIndex);
			run.memory.keepOutput(request, output);
			return output;
		},
	});

export const editOnGateway = onGateway(true);
export const generateOnGateway = onGateway(false);

function problemsOfPlan(plan: GatewayPlan, isServicePrivate: boolean): Violation[] {
	const { model, prompt, dialect, additionalFields, output } = plan;
	const fetcher: Fetcher = {
		name: 'the images gateway',
		// For a form n8n itself fetches what is behind a link.
		reachesPrivateHosts: isServicePrivate || dialect.request === 'editsMultipart',
	};
	return [
		...problemsOfTexts([
			['Model', model],
			['Prompt', prompt],
			['Gateway Path', dialect.path],
			['Gateway Image Field', dialect.imageField],
			...textsOfFields(additionalFields),
			...textsOfOutput(output),
		]),
		...imagesOf(plan).flatMap((reference) => problemsOfReference(reference, fetcher)),
	];
}

/** All that goes in: images first, then the mask. */
function imagesOf({ references, mask }: GatewayPlan): Reference[] {
	return mask ? [...references, mask] : references;
}

/** **Costs money**, each time, unless the gateway has accepted it in an earlier try. */
async function edit(
	run: GatewayRun,
	plan: GatewayPlan,
	itemIndex: number,
	taskName: string,
	remembered: RememberedRequest,
): Promise<RememberedEdit> {
	const timeoutMs = plan.timeoutSeconds * 1_000;
	const { pollUrl } = remembered;
	const room = new AnswerRoom(run.inAnswers);
	try {
		const edited =
			pollUrl === undefined
				? await withRoomFor(run, plan, async () => {
						const request = await buildRequest(run, plan, itemIndex);
						const onAccepted = (accepted: string) => {
							remembered.pollUrl = accepted;
						};
						return await orLost(run.gateway.edit(request, timeoutMs, onAccepted, room));
					})
				: await orLost(run.gateway.collect(pollUrl, timeoutMs, room));
		hintAtFailures(run, edited, itemIndex);
		return await storeContents(run, plan, edited, itemIndex, taskName).catch((error: Error) => {
			throw lostOnArrival(error);
		});
	} finally {
		room.end();
	}
}

/** Images that stand in the request are held until it is answered. */
async function withRoomFor<T>(
	{ inRequests }: GatewayRun,
	plan: GatewayPlan,
	work: () => Promise<T>,
): Promise<T> {
	const sizes = imagesOf(plan).map((image) => (image.kind === 'binary' ? image.bytes : undefined));
	const held = sizes.filter((bytes) => bytes !== undefined);
	const fetched = plan.dialect.request === 'editsMultipart' ? sizes.length - held.length : 0;
	const count = held.length + fetched;
	if (count === 0) return await work();
	return await inRequests.run(work, count, held.length > 0 ? Math.max(...held) : undefined);
}

function hintAtFailures(
	{ context }: GatewayRun,
	{ images, failures = [] }: GatewayEdit,
	itemIndex: number,
): void {
	if (failures.length === 0) return;
	context.addExecutionHints({
		message: `Item ${itemIndex}: the gateway made ${images.length} of ${images.length + failures.length} images; the others: ${failures.join('; ')}`,
		location: 'outputPane',
	});
}

async function buildRequest(
	run: GatewayRun,
	plan: GatewayPlan,
	itemIndex: number,
): Promise<GatewayRequest> {
	const { model, prompt, references, mask, dialect, additionalFields } = plan;
	const { path, imageField } = dialect;
	if (dialect.request === 'editsMultipart') {
		const files: FormFile[] = [];
		for (const [position, reference] of references.entries()) {
			const name = references.length > 1 ? `${imageField}[]` : imageField;
			const stem = `image-${position + 1}`;
			files.push({ name, ...(await readContent(run, reference, itemIndex, stem)) });
		}
		if (mask) files.push({ name: 'mask', ...(await readContent(run, mask, itemIndex, 'mask')) });
		const fields = Object.entries({ ...additionalFields, model, prompt }).map(
			([name, value]): [string, string] => [name, fieldText(value)],
		);
		return { path, ...(await form(fields, files)) };
	}
	const body = await jsonWithDataUrls(run.context, itemIndex, imagesOf(plan), (all) => {
		const images = all.slice(0, references.length);
		const masks = all.slice(references.length);
		return {
			...additionalFields,
			model,
			prompt,
			...imageFields(images, dialect),
			...(masks.length > 0 ? { mask: asObject(masks[0], dialect) } : {}),
		};
	});
	return { path, body, ...(Buffer.isBuffer(body) ? { contentType: 'application/json' } : {}) };
}

/** How an image stands in JSON. */
function asObject(image: string, { severalImages }: GatewayDialect): string | IDataObject {
	if (severalImages === 'objects') return { image_url: image };
	return severalImages === 'parts' ? { type: 'image_url', image_url: { url: image } } : image;
}

function imageFields(images: string[], dialect: GatewayDialect): IDataObject {
	const { severalImages, imageField } = dialect;
	if (severalImages !== 'none' && severalImages !== 'numbered') {
		return images.length === 0
			? {}
			: { [imageField]: images.map((image) => asObject(image, dialect)) };
	}
	return Object.fromEntries(
		images.map((image, position) => [
			position === 0 ? imageField : `${imageField}${position + 1}`,
			image,
		]),
	);
}

/** A form knows texts alone. */
function fieldText(value: unknown): string {
	return typeof value === 'string' ? value : JSON.stringify(value);
}

/** An input image; a link is fetched, without the key. */
async function readContent(
	{ context, plainSend, clock, inRequests }: GatewayRun,
	reference: Reference,
	itemIndex: number,
	stem: string,
): Promise<Omit<FormFile, 'name'>> {
	if (reference.kind === 'link') {
		const hold = async (file: ImageFile<Buffer | ByteStream>, bytes: number) => ({
			...file,
			content: Buffer.isBuffer(file.content)
				? file.content
				: await held(file.content as AsyncIterable<Buffer>, bytes),
		});
		try {
			const links = [reference.link];
			const fetched = await downloadImages(plainSend, clock, links, MAX_INPUT_MB, [stem], hold);
			inRequests.noteSize(fetched[0].content.length);
			return fetched[0];
		} catch (error) {
			throw inputNotFetched(error as Error, reference.label);
		}
	}
	return await readForUpload(context, itemIndex, reference, stem);
}

function inputNotFetched(error: Error, label: string): Error {
	if (error instanceof StoppedError) return error;
	return new InvalidInputError(
		error.message.replace(FETCHED_IMAGE, label),
		"Check that the URL is public and points to the image file itself, or set 'Source' to 'Binary Field'. Nothing was sent to the gateway.",
	);
}

/** Larger input images are not fetched for a form. */
const MAX_INPUT_MB = 50;

/**
 * Puts images that came in the answer where n8n keeps binary data. What is remembered then is what n8n
 * itself would save with the item: a reference where it has a store, the content where it has none.
 */
async function storeContents(
	{ context }: GatewayRun,
	{ output: { fileName } }: GatewayPlan,
	{ images, createdAt, raw }: GatewayEdit,
	itemIndex: number,
	taskName: string,
): Promise<RememberedEdit> {
	const remembered: RememberedEdit['pictures'] = [];
	const stems = fileStems(
		images.map((image) => (image.kind === 'link' ? image.link : undefined)),
		{ fileName, taskName },
	);
	for (const [position, image] of images.entries()) {
		if (image.kind === 'link') {
			remembered.push({ link: image.link });
		} else {
			const decoded = await decodeImage(image.base64, stems[position]);
			const { content, mimeType, hint } = decoded;
			if (hint !== undefined) {
				context.addExecutionHints({
					message: `Item ${itemIndex}: the edited image '${shortened(decoded.fileName)}' ${hint}`,
					location: 'outputPane',
				});
			}
			const stored = await context.helpers.prepareBinaryData(content, decoded.fileName, mimeType);
			remembered.push({ stored });
		}
	}
	return { pictures: remembered, ...(createdAt === undefined ? {} : { createdAt }), raw };
}

/** Whatever else goes wrong once the gateway has the request: it must not be sent, and billed, again. */
async function orLost<T>(work: Promise<T>): Promise<T> {
	return await work.catch((error: Error) => {
		throw error instanceof EvolinkError ? error : lostOnArrival(error);
	});
}

function lostOnArrival(error: Error): ImageLostError {
	return new ImageLostError(
		`The images gateway edited the image and bills it, but: ${error.message}`,
		"It isn't requested again, because the gateway would bill it again. To request it, and pay for it, again, run the workflow again.",
	);
}

/** n8n drops the files of an agent's tool. Said as an error, because another call would be billed, too. */
function inlineForAgent(): ImageLostError {
	return new ImageLostError(
		"The images gateway edited the image and bills it, but sent it within its response, and an agent's tool can't hand on files",
		"Don't call the tool again. In the workflow, use a gateway that responds with URLs, where it can by 'response_format': 'url' in 'Additional Fields', or use EvoLink.",
	);
}

/** Images that came in the answer go to binary fields in any case: there is no link to fetch them by. */
async function editItems(
	run: GatewayRun,
	plan: GatewayPlan,
	{ pictures: remembered, createdAt, raw }: RememberedEdit,
	taskName: string,
	itemIndex: number,
): Promise<ItemResult[]> {
	const { output, model } = plan;
	if (isAgentTool(run.context.getNode()) && remembered.some((image) => 'stored' in image)) {
		throw inlineForAgent();
	}
	const links = remembered.flatMap((image) => ('link' in image ? [image.link] : []));
	const stems = fileStems(
		remembered.map((image) => ('link' in image ? image.link : undefined)),
		{ fileName: output.fileName, taskName },
	).filter((_, position) => 'link' in remembered[position]);
	const fetch = async () => await fetchAndStore(run, links, stems, output);
	const fetched = output.download ? await run.downloads.run(fetch, links.length) : [];
	const images = remembered.map((image) =>
		'stored' in image ? { file: { ...image.stored } } : { link: image.link, file: fetched.shift() },
	);
	const json: IDataObject = output.simplify
		? {
				id: '',
				status: 'completed',
				model,
				progress: 100,
				results: links,
				...(createdAt === undefined ? {} : { created_at: new Date(createdAt).toISOString() }),
			}
		: rawJson(raw);
	return resultItems(run.context, itemIndex, json, images, output);
}

async function fetchAndStore(
	run: GatewayRun,
	links: string[],
	stems: string[],
	{ maxDownloadMegabytes }: OutputSettings,
): Promise<IBinaryData[]> {
	try {
		const { plainSend, clock } = run;
		const store = storeIn(run);
		return await downloadImages(plainSend, clock, links, maxDownloadMegabytes, stems, store);
	} catch (error) {
		throw notFetched(error as Error, links);
	}
}

function notFetched(error: Error, links: string[]): DownloadError {
	return new DownloadError(
		`The images gateway edited the image and bills it, but: ${error.message}`,
		"Download it soon from its URL, e.g. with an HTTP Request node: some gateways' URLs expire after an hour. " +
			"'Retry On Fail' downloads it again free of charge.",
		{ results: links },
	);
}

/** What was asked, as the user put it; the content of binary images counts. */
function fingerprintOf({
	model,
	prompt,
	references,
	mask,
	dialect,
	additionalFields,
}: GatewayPlan): string {
	const { severalImages, ...more } = dialect;
	const isUsual = more.path === USUAL_PATH && more.imageField === 'image';
	return digestOf([
		'imagesGateway',
		model,
		prompt,
		references.map(identityOf),
		severalImages,
		additionalFields,
		...(isUsual ? [] : [more]),
		...(mask ? [identityOf(mask)] : []),
	]);
}

/** @throws {InvalidInputError} more images than the gateway takes in this way */
function requireFewImages({ references, dialect }: GatewayPlan): void {
	const takesOne = dialect.severalImages === 'none' && dialect.request !== 'editsMultipart';
	if (!takesOne || references.length <= 1) return;
	throw new InvalidInputError(
		`${references.length} images provided, but an images gateway accepts one, unless its documentation says otherwise`,
		"Remove images, or set the option 'Several Images' to the way your gateway accepts them.",
	);
}

function requireFreeImageField({ dialect: { imageField }, mask }: GatewayPlan): void {
	const taken = ['model', 'prompt', ...(mask ? ['mask'] : [])];
	if (!taken.includes(imageField)) return;
	throw new InvalidInputError(
		`'Gateway Image Field' is '${imageField}', which the request needs for something else`,
		"Enter the name of the gateway's field for images, e.g. 'image'.",
	);
}

/** Fields of the request that the node itself makes. */
function ownFields({ dialect: { imageField }, mask }: GatewayPlan): BodyPart[] {
	return [
		...(mask ? [{ displayName: 'Mask', path: ['mask'], value: true }] : []),
		{ displayName: 'Model', path: ['model'], value: true },
		{ displayName: 'Prompt', path: ['prompt'], value: true },
		{ displayName: 'Images', path: [imageField], value: true },
	];
}
