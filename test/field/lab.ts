import 'reflect-metadata';

import { Container } from '@n8n/di';
import { BinaryDataService, ErrorReporter, InstanceSettings, WorkflowExecute } from 'n8n-core';
import {
	createRunExecutionData,
	type IBinaryData,
	type IConnections,
	type IDataObject,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type INodeType,
	type IRun,
	type IWorkflowSettings,
	NodeConnectionTypes,
	Workflow,
} from 'n8n-workflow';

import { Evolink } from '../../nodes/Evolink/Evolink.node';
import { samplePicture, type Simulator, startSimulator } from '../simulator';
import {
	additionalData,
	binaryField,
	editImage,
	PassOn,
	type WorkflowOptions,
} from '../workflows/harness';

/** Workflows as people had them when they reported a bug of some node of this kind: see docs/facts/field-reports.md. */

const EVOLINK = 'n8n-nodes-evolink.evolink';

/** Hands its input to the first output five times, then to the second. */
class FiveRounds implements INodeType {
	description: INodeType['description'] = {
		...new PassOn().description,
		name: 'fiveRounds',
		outputs: [NodeConnectionTypes.Main, NodeConnectionTypes.Main],
	};

	async execute(this: IExecuteFunctions) {
		const state = this.getContext('node');
		state.done = Number(state.done ?? 0) + 1;
		return Number(state.done) <= 5 ? [this.getInputData(), []] : [[], this.getInputData()];
	}
}

const NODE_TYPES: Record<string, INodeType> = {
	passOn: new PassOn(),
	fiveRounds: new FiveRounds(),
	[EVOLINK]: new Evolink(),
};

export const to = (name: string) => ({ node: name, type: NodeConnectionTypes.Main, index: 0 });

export function node(
	name: string,
	type: string,
	parameters: INodeParameters = {},
	more: Partial<INode> = {},
): INode {
	return {
		id: `${name}-id`,
		name,
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters,
		...(type === EVOLINK ? { credentials: { evolinkApi: { id: '1', name: 'EvoLink' } } } : {}),
		...more,
	};
}

type GoOptions = Partial<WorkflowOptions> & { settings?: IWorkflowSettings };

let executions = 100;

/** Runs a workflow from its first node, on n8n's own engine. */
export async function go(
	simulator: Simulator,
	nodes: INode[],
	connections: IConnections,
	items: INodeExecutionData[],
	{ settings, ...more }: GoOptions = {},
): Promise<IRun> {
	Container.get(InstanceSettings);
	Object.assign(Container.get(BinaryDataService), { managers: {} });
	Object.assign(Container.get(ErrorReporter), { error: () => undefined });
	const workflow = new Workflow({
		id: 'workflow-1',
		nodes,
		connections,
		active: false,
		nodeTypes: {
			getByName: (type) => NODE_TYPES[type],
			getByNameAndVersion: (type) => NODE_TYPES[type],
			getKnownTypes: () => ({}),
		},
		settings: { executionOrder: 'v1', ...settings },
	});
	const start = workflow.getNode(nodes[0].name) as INode;
	const data = createRunExecutionData({
		executionData: {
			nodeExecutionStack: [{ node: start, data: { main: [items] }, source: null }],
		},
	});
	const executionId = String(executions++);
	const additional = additionalData({ simulator, parameters: {}, executionId, ...more });
	return await new WorkflowExecute(additional, 'manual', data).processRunExecutionData(workflow);
}

/** What a node handed on. */
export function out(run: IRun, name: string, output = 0): INodeExecutionData[] {
	const runs = run.data.resultData.runData[name] ?? [];
	return runs.flatMap(({ data }) => data?.main[output] ?? []);
}

/** What a person reads of the EvoLink node's error; empty texts where it did not fail. */
export function err(run: IRun): { message: string; description: string } {
	const { runData, error } = run.data.resultData;
	const failure = runData.EvoLink?.at(-1)?.error ?? error;
	return {
		message: failure?.message ?? '',
		description: failure?.description ?? '',
	};
}

/** A service and a PNG for all tests of a file: Start → EvoLink → After, its error output to Bad. */
export class Field {
	simulator!: Simulator;

	/** Of the PNG. */
	bytes!: Buffer;

	private png!: IBinaryData;

	constructor() {
		beforeAll(async () => {
			this.simulator = await startSimulator({ taskSeconds: 0.2 });
			this.bytes = await samplePicture('png');
			this.png = binaryField(this.bytes, 'original.png', 'image/png');
		});
		afterAll(async () => await this.simulator.close());
		beforeEach(() => {
			this.simulator.requests.splice(0);
		});
	}

	async run(
		parameters: INodeParameters,
		items: INodeExecutionData[],
		settings: Partial<INode> = {},
		more: GoOptions = {},
	): Promise<IRun> {
		const nodes = [
			node('Start', 'passOn'),
			this.evolink(parameters, settings),
			node('After', 'passOn'),
			node('Bad', 'passOn'),
		];
		const connections = {
			Start: { main: [[to('EvoLink')]] },
			EvoLink: { main: [[to('After')], [to('Bad')]] },
		};
		return await go(this.simulator, nodes, connections, items, more);
	}

	evolink(parameters: INodeParameters, settings: Partial<INode> = {}): INode {
		return node('EvoLink', EVOLINK, editImage(this.simulator, parameters), settings);
	}

	/** An item with a binary field `data`: the PNG, unless said otherwise. */
	item(json: IDataObject = {}, data: Partial<IBinaryData> = {}): INodeExecutionData {
		const binary = Object.keys(data).length === 0 ? { ...this.png } : (data as IBinaryData);
		return { json, binary: { data: binary } };
	}

	/** The PNG as a binary object. */
	get picture(): IBinaryData {
		return { ...this.png };
	}
}

/** Parameters of Edit Image: the image comes from this binary field. */
export function fromBinary(binaryPropertyName: string): INodeParameters {
	return { images: { image: [{ source: 'binary', binaryPropertyName }] } };
}
