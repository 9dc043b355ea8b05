import 'reflect-metadata';

import { inspect } from 'node:util';

import { Container } from '@n8n/di';
import {
	BinaryDataService,
	ErrorReporter,
	ExecutionLifecycleHooks,
	InstanceSettings,
	LoadOptionsContext,
	WorkflowExecute,
} from 'n8n-core';
import { parse, stringify } from 'flatted';
import {
	createRunExecutionData,
	type IBinaryData,
	type ICredentialDataDecryptedObject,
	type ICredentialsHelper,
	type IDataObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type INodeListSearchItems,
	type INodeParameters,
	type INodeType,
	type IRun,
	type IRunExecutionData,
	type IWorkflowExecuteAdditionalData,
	type IWorkflowSettings,
	type NodeExecutionHint,
	NodeConnectionTypes,
	Workflow,
} from 'n8n-workflow';

import { Evolink } from '../../nodes/Evolink/Evolink.node';
import { type HostName, type Simulator, tasksAskedFor } from '../simulator';

/** A whole workflow on n8n's own engine, in this process: Start → EvoLink → After, or EvoLink in a loop. */

/** Hands its input on: the node before EvoLink and the one after it. */
export class PassOn implements INodeType {
	description: INodeType['description'] = {
		displayName: 'Pass On',
		name: 'passOn',
		group: ['transform'],
		version: 1,
		description: '',
		defaults: { name: 'Pass On' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		properties: [],
	};

	async execute(this: IExecuteFunctions) {
		return [this.getInputData()];
	}
}

/** Hands its input to the first output a number of times, then to the second. */
class Loop implements INodeType {
	description: INodeType['description'] = {
		...new PassOn().description,
		displayName: 'Loop',
		name: 'loop',
		outputs: [NodeConnectionTypes.Main, NodeConnectionTypes.Main],
		properties: [{ displayName: 'Times', name: 'times', type: 'number', default: 1 }],
	};

	async execute(this: IExecuteFunctions) {
		const state = this.getContext('node');
		const done = Number(state.done ?? 0);
		state.done = done + 1;
		const goesOn = done < (this.getNodeParameter('times', 0) as number);
		return goesOn ? [this.getInputData(), []] : [[], this.getInputData()];
	}
}

const NODE_TYPES: Record<string, INodeType> = {
	passOn: new PassOn(),
	loop: new Loop(),
	'n8n-nodes-evolink.evolink': new Evolink(),
	'n8n-nodes-evolink.evolinkTool': new Evolink(),
};

export interface WorkflowOptions {
	simulator: Simulator;
	/** Parameters of the EvoLink node. */
	parameters: INodeParameters;
	items?: INodeExecutionData[];
	/** Settings of the EvoLink node: retryOnFail, onError, … */
	node?: Partial<INode>;
	/** Settings of the workflow beside its execution order. */
	settings?: IWorkflowSettings;
	/** How often the EvoLink node runs in a loop. Default 1. */
	loops?: number;
	executionId?: string;
	/** What differs from a credential that works. */
	credential?: ICredentialDataDecryptedObject;
	/** Why n8n cannot read the credential: it was deleted, or encrypted with another key. */
	credentialFault?: () => Error | undefined;
	/** A failed execution that the user retries in n8n's list of executions. */
	retryOf?: WorkflowResult;
	/** Called as soon as the workflow runs, with a way to stop it as n8n does. */
	onStarted?: (stop: () => void) => void;
}

export interface WorkflowResult {
	run: IRun;
	/** What the EvoLink node hands on to the next node, in all its runs; empty when it failed. */
	items: INodeExecutionData[];
	/** What goes to the error output. */
	errorItems: INodeExecutionData[];
	/** What the editor shows beside the output. */
	hints: NodeExecutionHint[];
	error?: NodeFailure;
	/** How many items arrived at the node after EvoLink. */
	arrived: number;
}

/** The error of the node, as the editor shows it. */
export interface NodeFailure {
	message: string;
	description?: string | null;
	httpCode?: string | null;
	context: IDataObject;
}

/**
 * Runs the workflow until it ends.
 *
 * @throws {Error} the API key has leaked: into what n8n saves, or to a host that it is not for
 */
export async function runWorkflow(options: WorkflowOptions): Promise<WorkflowResult> {
	Container.get(InstanceSettings);
	Object.assign(Container.get(BinaryDataService), { managers: {} }); // binaries stay inline
	Object.assign(Container.get(ErrorReporter), { error: () => undefined }); // not on the console
	const workflow = buildWorkflow(options);
	const execute = new WorkflowExecute(
		additionalData(options),
		options.retryOf ? 'retry' : 'manual',
		options.retryOf
			? dataForRetry(workflow, options.retryOf)
			: startData(workflow, options.items ?? [{ json: {} }]),
	);
	const running = execute.processRunExecutionData(workflow);
	options.onStarted?.(() => running.cancel());
	const run = await running;
	assertKeyIsSafe(run, options.simulator);
	const { runData } = run.data.resultData;
	const runs = runData.EvoLink ?? [];
	const itemsOf = (output: number) => runs.flatMap(({ data }) => data?.main[output] ?? []);
	const error = runs.at(-1)?.error as NodeFailure | undefined;
	return {
		run,
		items: itemsOf(0),
		errorItems: itemsOf(1),
		hints: runs.flatMap(({ hints }) => hints ?? []),
		...(error ? { error } : {}),
		arrived: runData.After?.[0].data?.main[0]?.length ?? 0,
	};
}

/** What the editor's list of models shows. */
export async function listModels(
	options: WorkflowOptions,
	filter?: string,
): Promise<INodeListSearchItems[]> {
	Container.get(InstanceSettings);
	const workflow = buildWorkflow(options);
	const node = workflow.getNode('EvoLink') as INode;
	const additional = additionalData(options);
	additional.currentNodeParameters = options.parameters;
	const context = new LoadOptionsContext(workflow, node, additional, 'model');
	const { results } = await new Evolink().methods.listSearch.searchModels.call(context, filter);
	const [leak] = options.simulator.keyLeaks;
	if (leak) throw new Error(`The key went to ${leak.host}: ${leak.method} ${leak.path}`);
	return results;
}

/** Everything that n8n keeps of an execution is looked through, error causes and stacks included. */
function assertKeyIsSafe(run: IRun, { apiKey, gatewayKey, keyLeaks }: Simulator): void {
	const limits = { depth: null, maxArrayLength: null, maxStringLength: null, showHidden: true };
	const everything = inspect(run, limits);
	if ([apiKey, gatewayKey].some((key) => everything.includes(key))) {
		throw new Error('The key stands in the execution');
	}
	const [leak] = keyLeaks;
	if (leak) throw new Error(`The key went to ${leak.host}: ${leak.method} ${leak.path}`);
}

export function buildWorkflow({
	parameters,
	node,
	settings,
	loops = 1,
}: WorkflowOptions): Workflow {
	const nodes: INode[] = [
		{
			id: 'start',
			name: 'Start',
			type: 'passOn',
			typeVersion: 1,
			position: [0, 0],
			parameters: {},
		},
		{
			id: 'loop',
			name: 'Loop',
			type: 'loop',
			typeVersion: 1,
			position: [100, 0],
			parameters: { times: loops },
		},
		{
			id: 'evolink-node',
			name: 'EvoLink',
			type: 'n8n-nodes-evolink.evolink',
			typeVersion: 1,
			position: [200, 0],
			parameters,
			credentials: { evolinkApi: { id: '1', name: 'EvoLink' } },
			...node,
		},
		{
			id: 'after',
			name: 'After',
			type: 'passOn',
			typeVersion: 1,
			position: [400, 0],
			parameters: {},
		},
	];
	const name = node?.name ?? 'EvoLink';
	const to = (target: string) => [{ node: target, type: NodeConnectionTypes.Main, index: 0 }];
	return new Workflow({
		id: 'workflow-1',
		nodes,
		connections:
			loops === 1
				? { Start: { main: [to(name)] }, [name]: { main: [to('After')] } }
				: {
						Start: { main: [to('Loop')] },
						Loop: { main: [to(name), to('After')] },
						[name]: { main: [to('Loop')] },
					},
		active: false,
		nodeTypes: {
			getByName: (type) => NODE_TYPES[type],
			getByNameAndVersion: (type) => NODE_TYPES[type],
			getKnownTypes: () => ({}),
		},
		settings: { executionOrder: 'v1', ...settings },
	});
}

export function startData(workflow: Workflow, items: INodeExecutionData[]): IRunExecutionData {
	const start = workflow.getNode('Start') as INode;
	return createRunExecutionData({
		executionData: {
			nodeExecutionStack: [{ node: start, data: { main: [items] }, source: null }],
		},
	});
}

/** What n8n makes of the saved data of a failed execution before it goes on with it. */
function dataForRetry(workflow: Workflow, { run }: WorkflowResult): IRunExecutionData {
	const data = parse(stringify(run.data)) as IRunExecutionData;
	const { resultData, executionData } = data;
	delete resultData.error;
	const failedRuns = resultData.runData[resultData.lastNodeExecuted ?? ''];
	if (failedRuns?.at(-1)?.error) failedRuns.pop();
	for (const waiting of executionData?.nodeExecutionStack ?? []) {
		waiting.node = workflow.getNode(waiting.node.name) as INode;
	}
	return data;
}

export function additionalData(options: WorkflowOptions): IWorkflowExecuteAdditionalData {
	const { simulator } = options;
	const credential = {
		apiKey: simulator.apiKey,
		baseUrl: simulator.apiUrl,
		filesBaseUrl: `${simulator.filesUrl}/`,
		...options.credential,
	};
	const credentialsHelper = {
		getParentTypes: () => [],
		isCredentialUsableByNode: () => true,
		getCredentialsProperties: () => [],
		getDecrypted: async () => {
			const fault = options.credentialFault?.();
			if (fault) throw fault;
			return { ...credential };
		},
		preAuthentication: async () => undefined,
		authenticate: async (
			given: ICredentialDataDecryptedObject,
			_type: string,
			request: IHttpRequestOptions,
		) => ({
			...request,
			headers: { ...request.headers, Authorization: `Bearer ${given.apiKey as string}` },
		}),
	} as unknown as ICredentialsHelper;
	const executionId = options.executionId ?? '7';
	return {
		credentialsHelper,
		executionId,
		hooks: new ExecutionLifecycleHooks('manual', executionId, { id: 'workflow-1' } as never),
		webhookWaitingBaseUrl: 'https://n8n.example.com/webhook-waiting',
		formWaitingBaseUrl: 'https://n8n.example.com/form-waiting',
		variables: {},
		setExecutionStatus: () => undefined,
	} as unknown as IWorkflowExecuteAdditionalData;
}

/** Parameters of Edit Image with one linked image. */
export function editImage(simulator: Simulator, more: INodeParameters = {}): INodeParameters {
	return {
		operation: 'editImage',
		model: { __rl: true, mode: 'list', value: 'qwen-image-edit' },
		prompt: 'Replace the background with a beach',
		images: { image: [{ source: 'url', url: `${simulator.picturesUrl}/cat.png` }] },
		...more,
	};
}

/** A binary field as a storage node would give it. */
export function binaryField(content: Buffer, fileName: string, mimeType: string): IBinaryData {
	return { data: content.toString('base64'), fileName, mimeType };
}

export function bytesOf(binary: IBinaryData | undefined): Buffer {
	return Buffer.from(binary?.data ?? '', 'base64');
}

/** The requests of the node, not those of the service itself, by what they are for. */
export function sent(simulator: Simulator) {
	const requests = simulator.requests.filter(({ fromService }) => !fromService);
	const where = (host: HostName, method: string, path: RegExp) =>
		requests.filter(
			(request) => request.host === host && request.method === method && path.test(request.path),
		);
	return {
		all: requests,
		creates: where('api', 'POST', /^\/v1\/images\/generations$/),
		polls: requests.filter((request) => tasksAskedFor(request) !== undefined),
		uploads: where('files', 'POST', /^\/api\/v1\/files\/upload\/stream$/),
		downloads: [...where('results', 'GET', /./), ...where('pictures', 'GET', /./)],
	};
}

/** The different idempotency keys on the wire. */
export function keysOf(simulator: Simulator): unknown[] {
	return [...new Set(sent(simulator).creates.map(({ headers }) => headers['idempotency-key']))];
}
