import fc from 'fast-check';
import type { IDataObject, IExecuteFunctions, INode, INodeExecutionData } from 'n8n-workflow';

import { EvolinkClient } from '../../nodes/Evolink/api/client';
import { Quotes } from '../../nodes/Evolink/api/quotes';
import { paced } from '../../nodes/Evolink/api/http/pace';
import { RequestMemory } from '../../nodes/Evolink/memory/requestMemory';
import { spendingOf } from '../../nodes/Evolink/memory/spending';
import { editImage } from '../../nodes/Evolink/operations/editImage/editImage.operation';
import { Budget } from '../../nodes/Evolink/run/budget';
import { forEveryItem } from '../../nodes/Evolink/run/everyItem';
import { Limit } from '../../nodes/Evolink/api/http/limit';
import { ImageLimit } from '../../nodes/Evolink/run/limits';
import { TaskSlots } from '../../nodes/Evolink/run/taskSlots';
import { UploadedFiles } from '../../nodes/Evolink/run/uploadedFiles';
import { PaidTasks } from '../../nodes/Evolink/run/paidTasks';
import { Progress } from '../../nodes/Evolink/run/progress';
import { runErrorFor } from '../../nodes/Evolink/run/runError';
import { Parking } from '../../nodes/Evolink/waiting/parking/park';
import { Tally } from '../../nodes/Evolink/run/tally';
import { TaskWatch } from '../../nodes/Evolink/waiting/polling/taskWatch';
import { samplePicture } from '../simulator';
import { askEvent, createEvent, lastAskEvent } from './arbitraries';
import { ModelService } from './modelService';
import { runIdentity } from './runIdentity';
import { answer, type Step } from './scriptedSend';
import { VirtualClock } from './virtualClock';

/**
 * The node as n8n runs it: several items at a time, again and again (Retry On Fail), with what it keeps in
 * the node's context in between; against a service, and a host of results, that do what they like.
 */

const NODE: INode = {
	id: 'n',
	name: 'EvoLink',
	type: 'n8n-nodes-evolink.evolink',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

interface Try {
	/** Expressions give something else each time. */
	prompt: string;
	/** Saved and loaded before, as a failed execution is. */
	reloaded: boolean;
	stopAfterMs: number;
}

const script = fc.record({
	items: fc.integer({ min: 1, max: 4 }),
	concurrency: fc.integer({ min: 1, max: 4 }),
	goesOn: fc.boolean(),
	errorOutput: fc.boolean(),
	waits: fc.boolean(),
	maxCredits: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 3, nil: undefined }),
	timeoutSeconds: fc.integer({ min: 1, max: 120 }),
	creates: fc.array(createEvent, { maxLength: 12 }),
	asks: fc.array(askEvent, { maxLength: 25 }),
	afterScript: lastAskEvent,
	downloads: fc.array(fc.constantFrom(200, 403, 404, 502), { maxLength: 6 }),
	tries: fc.array(
		fc.record({
			prompt: fc.constantFrom('Beach', 'Beach at noon'),
			reloaded: fc.boolean(),
			stopAfterMs: fc.option(fc.nat(100_000), { freq: 6, nil: Number.POSITIVE_INFINITY }),
		}),
		{ minLength: 1, maxLength: 4 },
	),
});

type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

function linkOf(item: number): string {
	return `https://pictures.example.com/${item}.png`;
}

function contextFor(given: Script, { prompt }: Try, stop: AbortSignal) {
	const parameters = (item: number): IDataObject => ({
		model: 'qwen-image-edit',
		prompt,
		'images.image': [{ source: 'url', url: linkOf(item) }],
		wait: given.waits ? 'poll' : 'none',
		'options.timeout': given.timeoutSeconds,
	});
	const onError = given.errorOutput ? 'continueErrorOutput' : 'continueRegularOutput';
	const context = {
		getExecutionId: () => '7',
		getNode: () => ({ ...NODE, ...(given.goesOn ? { onError } : {}) }),
		getInputData: () => Array.from({ length: given.items }, () => ({ json: {} })),
		getExecutionCancelSignal: () => stop,
		addExecutionHints: () => undefined,
		sendMessageToUI: () => undefined,
		logger: { info: () => undefined },
		getNodeParameter: (name: string, item: number, fallback: unknown) =>
			parameters(item)[name] ?? fallback,
		helpers: {
			prepareBinaryData: async (data: Buffer, fileName: string, mimeType: string) => ({
				data: data.toString('base64'),
				fileName,
				mimeType,
			}),
		},
	};
	return context as unknown as IExecuteFunctions;
}

interface RunResult {
	items?: INodeExecutionData[];
	/** The error of the whole run, as n8n shows it. */
	text?: string;
}

/** One call of the node's execute(), and all that it tells the user. */
async function runOnce(
	given: Script,
	service: ModelService,
	clock: VirtualClock,
	kept: object,
	attempt: Try,
	plainSteps: Step[],
): Promise<RunResult> {
	const halt = new AbortController();
	clock.stopSignal = halt.signal;
	clock.stopAt = clock.now() + attempt.stopAfterMs;
	// n8n's own signal: set when the virtual time has come.
	const stop = {
		get aborted() {
			return clock.now() >= clock.stopAt;
		},
	} as AbortSignal;
	const context = contextFor(given, attempt, stop);
	const addresses = { baseUrl: 'https://api.example.com', filesBaseUrl: '' };
	service.startTry();
	const client = new EvolinkClient(paced(service.send, clock), clock, addresses);
	const identity = runIdentity({ continueOnFail: given.goesOn });
	const memory = new RequestMemory(identity, kept as IDataObject);
	const run = {
		context,
		identity,
		paidTasks: new PaidTasks(context, identity),
		progress: new Progress(clock, () => undefined, context, given.items),
		client,
		isServicePrivate: false,
		clock,
		plainSend: async () => plainSteps.shift() ?? answer(404),
		memory,
		watch: new TaskWatch(client, clock),
		slots: new Limit(given.concurrency),
		quotes: new Quotes(client, clock),
		taskSlots: new TaskSlots(clock, given.concurrency),
		uploads: new ImageLimit(),
		uploadedFiles: new UploadedFiles(context, client, client),
		downloads: new ImageLimit(),
		tally: new Tally(),
		budget: new Budget(
			{ maxCredits: given.maxCredits },
			spendingOf(identity, kept as IDataObject, memory.reservedCredits),
			async () => 1_000,
		),
		parking: new Parking(context, identity, client, clock, 'secret', false),
	};
	let isDone = false;
	try {
		const { outputs, failures } = await forEveryItem(run, editImage, halt);
		isDone = Object.keys(failures).length === 0;
		return { items: outputs.flat() };
	} catch (error) {
		const { message, description } = runErrorFor(NODE, memory, error);
		return { text: `${message} ${description ?? ''}` };
	} finally {
		memory.endRun(isDone);
	}
}

/** What the user reads of an item: its own output, or the error of the whole run. */
function toldOf(item: number, result: RunResult): string {
	return JSON.stringify(result.items?.[item].json) ?? result.text;
}

it('however often n8n repeats it: each item is paid once, and every paid task is handed on or named', async () => {
	const image = answer(200, await samplePicture('gif', { width: 16, height: 16 }));
	await fc.assert(
		fc.asyncProperty(script, async (given) => {
			const clock = new VirtualClock();
			const service = new ModelService(
				clock,
				[...given.creates],
				[...given.asks],
				given.afterScript,
			);
			const downloads = given.downloads.map((status) => (status === 200 ? image : answer(status)));
			let kept: object = {};
			let result: RunResult = {};
			for (const attempt of given.tries) {
				if (attempt.reloaded) kept = JSON.parse(JSON.stringify(kept)) as object;
				result = await runOnce(given, service, clock, kept, attempt, downloads);
				clock.stopAt = Number.POSITIVE_INFINITY;
				await clock.pass(5_000); // n8n waits between tries.
				const failed = result.items?.some(({ json }) => 'error' in json) ?? true;
				if (!failed) break;
			}

			// Items push one virtual clock forward together here; payOnce checks the pace of one alone.
			const isPace = (violation: string) => violation.startsWith('asked again');
			expect(service.violations.filter((text) => !isPace(text))).toEqual([]);
			if (result.items) {
				expect(result.items.map(({ pairedItem }) => pairedItem)).toEqual(
					Array.from({ length: given.items }, (_, item) => ({ item })),
				);
			}
			for (let item = 0; item < given.items; item++) {
				const tasks = service.charged.filter(({ sentBody }) => sentBody.includes(linkOf(item)));
				expect(tasks.length).toBeLessThanOrEqual(1);
				for (const { id, key } of tasks) {
					const told = toldOf(item, result);
					expect([id, key].some((name) => told.includes(name)) ? '' : told).toBe('');
				}
			}
		}),
		{ numRuns: 250 },
	);
});
