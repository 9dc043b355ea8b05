import { setMaxListeners } from 'node:events';

import { Api } from './api';
import { Callbacks, type Delivery as CallbackDelivery } from './callbacks';
import { Clock } from './clock';
import { refusal, type ErrorStyle, type RefusalDetails, type RefusalKind } from './errors';
import { Faults, type FaultRule, type Injection, type StatusFault } from './faults';
import { Files, type StoredFile, MAX_FILE_BYTES } from './files';
import { Gateway, type GatewayScript } from './gateway';
import type { GatewayImages } from './gatewayDialects';
import { Journal, type RecordedRequest } from './journal';
import { Ledger, type Payment } from './ledger';
import { MODELS, type CreateBody, type ModelLimits } from './models';
import { GATEWAY_KEY, SIMULATOR_KEY, type SimulatorOptions } from './options';
import { answerImages } from './pictures';
import { Results } from './results';
import { Host, type Handler } from './server';
import { Task, type TaskScript } from './tasks';

/** Starts the stand-in for EvoLink, and one for an images gateway, on five origins of the loopback interface. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
	const simulator = new Simulator(options);
	await simulator.listen(options.port);
	return simulator;
}

/**
 * A strict stand-in for the EvoLink service that keeps account of everything that happens to it.
 * Tests script it with `inject` (what goes wrong on the wire) and `nextTask` (what becomes of the
 * tasks), and then look at `requests`, `ledger`, `tasks`, `callbacks` and `keyLeaks`.
 */
export class Simulator {
	readonly apiKey: string;
	/** Tasks by id, in order of creation. */
	readonly tasks = new Map<string, Task>();
	/** Where public callback hosts are really reached; may be changed at any time. */
	readonly callbackHosts: Record<string, string>;
	/** Seconds from creation to the end of tasks without a script. */
	taskSeconds: number;
	readonly gatewayKey = GATEWAY_KEY;
	/** How the gateway takes several images; may be changed at any time. */
	gatewayImages: GatewayImages = 'one';

	private readonly clock = new Clock();
	private readonly closing = new AbortController();
	private readonly journal: Journal;
	private readonly account: Ledger;
	private readonly faults = new Faults();
	private readonly scripts: Array<{ script: TaskScript; used: number }> = [];
	private readonly unsettled = new Set<Task>();
	private readonly callbackSender: Callbacks;
	private readonly filesService: Files;
	private readonly gateway: Gateway;
	private readonly hosts: Record<RecordedRequest['host'], Host>;

	constructor(private readonly options: SimulatorOptions = {}) {
		const { apiKey = SIMULATOR_KEY, errorStyle = 'B', taskSeconds = 1, credits = 1000 } = options;
		const { clock, tasks } = this;
		const { signal } = this.closing;
		setMaxListeners(0, signal); // One for each request under way, however many.
		this.apiKey = apiKey;
		this.taskSeconds = taskSeconds;
		this.journal = new Journal({ api: apiKey, files: apiKey, gateway: this.gatewayKey });
		this.account = new Ledger(credits);
		this.callbackHosts = { ...options.callbackHosts };
		this.callbackSender = new Callbacks({
			hosts: this.callbackHosts,
			retrySeconds: options.callbackRetrySeconds ?? [1, 2, 4],
			timeoutSeconds: options.callbackTimeoutSeconds ?? 10,
			signal,
			onDelivery: options.onCallback,
		});
		this.filesService = new Files({
			apiKey,
			clock,
			origin: () => this.filesUrl,
			language: options.language,
			refuseWithStatus200: options.filesRefuseWithStatus200 ?? false,
			deletion: options.fileDeletion ?? true,
			maxFileBytes: options.maxFileBytes ?? MAX_FILE_BYTES,
		});
		const api = new Api({
			apiKey,
			errorStyle,
			models: { ...MODELS, ...options.models },
			ledger: this.account,
			clock,
			tasks,
			startTask: (...args) => this.startTask(...args),
			batchQuery: options.batchQuery ?? true,
			quotes: options.quotes ?? false,
			wrapAnswers: options.wrapAnswers ?? false,
			ignoresKeys: options.ignoresKeys ?? false,
			requestsPerSecond: options.requestsPerSecond ?? Infinity,
			tasksAtATime: options.tasksAtATime ?? Infinity,
			settle: () => this.settle(),
		});
		this.gateway = new Gateway({
			apiKey: this.gatewayKey,
			ledger: this.account,
			clock,
			signal,
			resultsOrigin: () => this.resultsUrl,
			images: () => this.gatewayImages,
			dialect: options.gatewayDialect ?? 'generations',
		});
		const results = new Results({ tasks, clock, signal, picturesOrigin: () => this.picturesUrl });
		this.hosts = {
			api: this.host('api', async (request) => await api.answer(request)),
			files: this.host('files', (request) => this.filesService.answer(request)),
			results: this.host('results', async (request) => {
				const isGateways = request.path.startsWith('/gateway/');
				return isGateways
					? await this.gateway.picture(request.path)
					: await results.answer(request);
			}),
			pictures: this.host('pictures', async (request) => {
				const isResult = request.path.startsWith('/elsewhere/');
				return isResult ? await results.answer(request) : await answerImages(request);
			}),
			gateway: this.host('gateway', async (request) => await this.gateway.answer(request)),
		};
	}

	get apiUrl(): string {
		return this.hosts.api.origin;
	}

	get filesUrl(): string {
		return this.hosts.files.origin;
	}

	get resultsUrl(): string {
		return this.hosts.results.origin;
	}

	get picturesUrl(): string {
		return this.hosts.pictures.origin;
	}

	get gatewayUrl(): string {
		return this.hosts.gateway.origin;
	}

	/** Every request on the wire, in order. */
	get requests(): RecordedRequest[] {
		return this.journal.requests;
	}

	/** Requests that carried the key to where it has no business. */
	get keyLeaks(): RecordedRequest[] {
		return this.journal.keyLeaks;
	}

	/** What was paid, in order, refunds up to date. */
	get ledger(): Payment[] {
		this.settle();
		return this.account.payments;
	}

	/** How many creates were charged, refunded ones included. */
	paidTasks(): number {
		return this.ledger.length;
	}

	/** Credits left on the account; may be set. */
	get credits(): number {
		this.settle();
		return this.account.remainingCredits;
	}

	set credits(credits: number) {
		this.settle();
		this.account.remainingCredits = credits;
	}

	/** Attempts to deliver callbacks, in order. */
	get callbacks(): CallbackDelivery[] {
		return this.callbackSender.log;
	}

	/** Uploads by the path of their link. */
	get files(): Map<string, StoredFile> {
		return this.filesService.stored;
	}

	/** How often an upload replaced an earlier file of the same name. */
	get overwrittenFiles(): number {
		return this.filesService.overwritten;
	}

	/** Seconds by which the service's clock is ahead, to let links and files expire. */
	get clockOffsetSeconds(): number {
		return this.clock.offsetSeconds;
	}

	set clockOffsetSeconds(seconds: number) {
		this.clock.offsetSeconds = seconds;
	}

	/** Milliseconds between successive queries of a task, alone or with others, failed ones included. */
	pollGaps(taskId: string): number[] {
		return this.journal.pollGaps(taskId);
	}

	/** Scripts what goes wrong on the wire. */
	inject(rule: FaultRule): Injection {
		return this.faults.inject(rule);
	}

	/** Scripts what becomes of the next created task, or tasks. Scripts are used up in order. */
	nextTask(script: TaskScript): void {
		this.scripts.push({ script, used: 0 });
	}

	/** Scripts what the gateway makes of the next request, or requests. Scripts are used up in order. */
	nextEdit(script: GatewayScript): void {
		this.gateway.nextEdit(script);
	}

	/** A documented error answer of the API host, to be injected. */
	refusal(kind: RefusalKind, details: RefusalDetails & { style?: ErrorStyle } = {}): StatusFault {
		const { style = this.options.errorStyle ?? 'B', ...rest } = details;
		return refusal(style, kind, rest);
	}

	/** Sends a callback by hand, once: a repetition, one out of order, or a forged body. */
	async sendCallback(taskId: string, body?: object): Promise<CallbackDelivery> {
		const task = this.tasks.get(taskId);
		if (!task?.request.callback_url) throw new Error(`${taskId} has no callback`);
		return await this.callbackSender.attempt(
			taskId,
			task.request.callback_url,
			body ?? task.view(),
		);
	}

	/** Sends a task's callback as the service does, with repetitions, when the test says so. */
	async deliverCallback(taskId: string): Promise<void> {
		const task = this.tasks.get(taskId);
		if (!task?.request.callback_url) throw new Error(`${taskId} has no callback`);
		await this.callbackSender.deliver(taskId, task.request.callback_url, task.view());
	}

	async listen(port?: number): Promise<void> {
		const { api, files, results, pictures, gateway } = this.hosts;
		const hosts = [api, files, results, pictures, gateway];
		try {
			for (const [index, host] of hosts.entries()) {
				await host.listen(port ? port + index : 0);
			}
		} catch (error) {
			await this.close();
			throw error;
		}
	}

	/** Drops open connections and pending callbacks. */
	async close(): Promise<void> {
		this.closing.abort();
		this.callbackSender.close();
		await Promise.all(Object.values(this.hosts).map(async (host) => await host.close()));
	}

	private host(name: RecordedRequest['host'], handler: Handler): Host {
		const { keepBodies = true, onRequest } = this.options;
		return new Host({
			name,
			handler,
			journal: this.journal,
			faults: this.faults,
			keepBodies,
			onRequest,
		});
	}

	private startTask(request: CreateBody, limits: ModelLimits, credits: number): Task {
		const task = new Task({
			request,
			limits,
			credits,
			script: this.scriptFor(request),
			defaultSeconds: this.taskSeconds,
			tellsBilling: this.options.billing ?? false,
			imagesAfterSeconds: this.options.imagesAfterSeconds ?? 0,
			resultsOrigin: this.resultsUrl,
			clock: this.clock,
			signal: this.closing.signal,
		});
		this.tasks.set(task.id, task);
		this.unsettled.add(task);
		if (request.callback_url) this.scheduleCallback(task, request.callback_url);
		return task;
	}

	private scriptFor(request: CreateBody): TaskScript {
		const entry = this.scripts.find(({ script, used }) => {
			return used < (script.times ?? 1) && (script.prompt?.test(request.prompt ?? '') ?? true);
		});
		if (!entry) return {};
		entry.used++;
		return entry.script;
	}

	/** The end of a task, also of one that nobody asks about. */
	private scheduleCallback(task: Task, url: string): void {
		const { end, callbackCopies = 1, callbackLate = 0 } = task.script;
		if (end === 'never') return;
		// Timers may fire a little early; the task has to be over by then.
		this.callbackSender.schedule((task.seconds + callbackLate) * 1000 + 5, async () => {
			await task.work;
			// Callbacks come after billing is settled.
			this.settle();
			const copies = Array.from({ length: callbackCopies }, async () => {
				await this.callbackSender.deliver(task.id, url, task.view());
			});
			await Promise.all(copies);
		});
	}

	/** Refunds the tasks that have failed or were cancelled by now. */
	private settle(): void {
		for (const task of this.unsettled) {
			if (!task.ended) continue;
			this.unsettled.delete(task);
			if (task.state !== 'completed' && !task.script.charged) this.account.refund(task.id);
		}
	}
}
