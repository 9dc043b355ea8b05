import { Container } from '@n8n/di';
import { parse, stringify } from 'flatted';
import { BinaryDataService, InstanceSettings, WebhookContext, WorkflowExecute } from 'n8n-core';
import type {
	INode,
	INodeExecutionData,
	IRun,
	IRunExecutionData,
	IWebhookData,
	Workflow,
	WorkflowExecuteMode,
} from 'n8n-workflow';

import { Evolink } from '../../nodes/Evolink/Evolink.node';
import { additionalData, buildWorkflow, startData, type WorkflowOptions } from './harness';

export interface ParkedOptions extends WorkflowOptions {
	mode?: WorkflowExecuteMode;
	/** Where this n8n says that it is. */
	webhookWaitingBaseUrl?: string;
}

/** The answer to a call. */
export interface Answer {
	status?: number;
	/** Milliseconds until it was given. */
	after: number;
	/** What goes on when the call wakes the execution. */
	workflowData?: INodeExecutionData[][];
}

let executions = 0;

/** An execution that n8n parks, keeps in its database, and wakes, as n8n 1.123 and 2.41 do it. */
export class ParkedWorkflow {
	/** As it is in the database: a copy. */
	private saved!: IRunExecutionData;

	/** As it was when it was parked. */
	private parked!: IRunExecutionData;

	private workflow: Workflow;

	private readonly options: ParkedOptions;

	constructor(options: ParkedOptions) {
		this.options = { executionId: String(++executions), ...options };
		Container.get(InstanceSettings);
		Object.assign(Container.get(BinaryDataService), { managers: {} });
		this.workflow = buildWorkflow(this.options);
	}

	/** Runs until it parks or ends. */
	async start(): Promise<IRun> {
		const { items = [{ json: {} }], mode = 'manual' } = this.options;
		const run = await this.run(startData(this.workflow, items), mode);
		this.parked = this.saved;
		return run;
	}

	/** The parked items, as they go on when the time is up. */
	get parkedItems(): INodeExecutionData[] {
		return this.saved.executionData?.nodeExecutionStack[0].data.main[0] ?? [];
	}

	/** The context of the EvoLink node in the database. */
	get context(): Record<string, unknown> {
		return (this.saved.executionData?.contextData['node:EvoLink'] ?? {}) as Record<string, unknown>;
	}

	get executionId(): string {
		return String(this.options.executionId);
	}

	get bytesInDatabase(): number {
		return stringify(this.saved).length;
	}

	/** n8n's own clock wakes it. */
	async timeIsUp(): Promise<IRun> {
		return await this.run(this.load(), 'manual');
	}

	/** A call has woken it. */
	async wake(workflowData: INodeExecutionData[][] = []): Promise<IRun> {
		const data = parse(stringify(this.parked)) as IRunExecutionData;
		this.workflow = buildWorkflow(this.options);
		prepareWaking(data);
		const [entry] = data.executionData?.nodeExecutionStack ?? [];
		entry.node.disabled = false;
		entry.data.main = workflowData;
		return await this.run(parse(stringify(data)) as IRunExecutionData, 'manual');
	}

	/**
	 * A call of the service, up to the point at which n8n would go on with the execution.
	 *
	 * @param body what n8n makes of it
	 * @param sent what came over the wire, where that is something else
	 */
	async call(url: string, body: unknown, sent = JSON.stringify(body)): Promise<Answer> {
		const data = this.load();
		prepareWaking(data);
		const started = Date.now();
		const answer: Answer = { after: Number.NaN };
		const response = {
			get headersSent() {
				return answer.status !== undefined;
			},
			status(code: number) {
				answer.status = code;
				return response;
			},
			json() {
				answer.after = Date.now() - started;
				return response;
			},
		};
		const additional = additionalData(this.options);
		Object.assign(additional, {
			httpRequest: {
				query: Object.fromEntries(new URL(url).searchParams),
				body,
				rawBody: Buffer.from(sent),
			},
			httpResponse: response,
		});
		const node = this.workflow.getNode(this.options.node?.name ?? 'EvoLink') as INode;
		const webhook = { webhookDescription: { name: 'default' } } as unknown as IWebhookData;
		const context = new WebhookContext(
			this.workflow,
			node,
			additional,
			'manual',
			webhook,
			[],
			data,
		);
		const { workflowData } = await new Evolink().webhook.call(context);
		return { ...answer, ...(workflowData ? { workflowData } : {}) };
	}

	private async run(data: IRunExecutionData, mode: WorkflowExecuteMode): Promise<IRun> {
		const { webhookWaitingBaseUrl } = this.options;
		const additional = additionalData(this.options);
		if (webhookWaitingBaseUrl) Object.assign(additional, { webhookWaitingBaseUrl });
		const execute = new WorkflowExecute(additional, mode, data);
		const run = await execute.processRunExecutionData(this.workflow);
		this.saved = parse(stringify(run.data)) as IRunExecutionData;
		return run;
	}

	private load(): IRunExecutionData {
		this.workflow = buildWorkflow(this.options);
		return parse(stringify(this.saved)) as IRunExecutionData;
	}
}

/** What n8n does with a parked execution before it hands a call to the node. */
function prepareWaking(data: IRunExecutionData): void {
	const [entry] = data.executionData?.nodeExecutionStack ?? [];
	entry.node.disabled = true;
	delete data.waitTill;
	data.resultData.runData[data.resultData.lastNodeExecuted ?? ''].pop();
}
