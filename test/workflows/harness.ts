import 'reflect-metadata';

import { Container } from '@n8n/di';
import {
	BinaryDataService,
	ExecutionLifecycleHooks,
	InstanceSettings,
	WorkflowExecute,
} from 'n8n-core';
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
	type INodeParameters,
	type INodeType,
	type IRun,
	type IRunExecutionData,
	type IWorkflowExecuteAdditionalData,
	NodeConnectionTypes,
	Workflow,
} from 'n8n-workflow';

import { Evolink } from '../../nodes/Evolink/Evolink.node';
import type { Simulator } from '../simulator';

/** A whole workflow on n8n's own engine, in this process: Start → EvoLink → After. */

/** Hands its input on: the node before EvoLink and the one after it. */
class PassOn implements INodeType {
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

const NODE_TYPES: Record<string, INodeType> = {
	passOn: new PassOn(),
	'n8n-nodes-evolink.evolink': new Evolink(),
};

export interface WorkflowOptions {
	simulator: Simulator;
	/** Parameters of the EvoLink node. */
	parameters: INodeParameters;
	items?: INodeExecutionData[];
	/** Settings of the EvoLink node: retryOnFail, onError, … */
	node?: Partial<INode>;
	executionId?: string;
	credential?: ICredentialDataDecryptedObject;
	/** The saved data of an earlier execution, to go on with what it remembers. */
	resume?: IRunExecutionData;
	/** Called as soon as the workflow runs, with a way to stop it as n8n does. */
	onStarted?: (stop: () => void) => void;
}

export interface WorkflowResult {
	run: IRun;
	/** What the EvoLink node hands on to the next node; empty when it failed. */
	items: INodeExecutionData[];
	/** What goes to the error output. */
	errorItems: INodeExecutionData[];
	error?: { message: string; description?: string; httpCode?: string; context: IDataObject };
}

export async function runWorkflow(options: WorkflowOptions): Promise<WorkflowResult> {
	Container.get(InstanceSettings);
	Object.assign(Container.get(BinaryDataService), { managers: {} }); // binaries stay inline
	const workflow = buildWorkflow(options);
	const execute = new WorkflowExecute(
		additionalData(options),
		'manual',
		options.resume ?? startData(workflow, options.items ?? [{ json: {} }]),
	);
	const running = execute.processRunExecutionData(workflow);
	options.onStarted?.(() => running.cancel());
	const run = await running;
	const [taskData] = run.data.resultData.runData.EvoLink?.slice(-1) ?? [];
	const outputs = taskData?.data?.main ?? [];
	return {
		run,
		items: outputs[0] ?? [],
		errorItems: outputs[1] ?? [],
		...(taskData?.error
			? { error: taskData.error as unknown as NonNullable<WorkflowResult['error']> }
			: {}),
	};
}

function buildWorkflow({ parameters, node }: WorkflowOptions): Workflow {
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
	const to = (target: string) => ({
		main: [[{ node: target, type: NodeConnectionTypes.Main, index: 0 }]],
	});
	return new Workflow({
		id: 'workflow-1',
		nodes,
		connections: { Start: to('EvoLink'), EvoLink: to('After') },
		active: false,
		nodeTypes: {
			getByName: (type) => NODE_TYPES[type],
			getByNameAndVersion: (type) => NODE_TYPES[type],
			getKnownTypes: () => ({}),
		},
		settings: { executionOrder: 'v1' },
	});
}

function startData(workflow: Workflow, items: INodeExecutionData[]): IRunExecutionData {
	const start = workflow.getNode('Start') as INode;
	return createRunExecutionData({
		executionData: {
			nodeExecutionStack: [{ node: start, data: { main: [items] }, source: null }],
		},
	});
}

function additionalData(options: WorkflowOptions): IWorkflowExecuteAdditionalData {
	const { simulator } = options;
	const credential = options.credential ?? {
		apiKey: simulator.apiKey,
		baseUrl: simulator.apiUrl,
		filesBaseUrl: `${simulator.filesUrl}/`,
	};
	const credentialsHelper = {
		getParentTypes: () => [],
		isCredentialUsableByNode: () => true,
		getCredentialsProperties: () => [],
		getDecrypted: async () => ({ ...credential }),
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

/** Parameters of Edit Image with one linked picture. */
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
