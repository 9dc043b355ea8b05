import type { IConnections, INode, INodeParameters } from 'n8n-workflow';
import type { WorkflowJson } from './rest';

/** A node of a workflow for a test or a benchmark: what matters there, the rest is filled in. */
export interface SketchedNode extends Partial<Omit<INode, 'parameters'>> {
	name: string;
	type: string;
	parameters?: INodeParameters;
}

/** A workflow of such nodes. @param connections one after another when left out */
export function workflowOf(
	name: string,
	nodes: SketchedNode[],
	connections = chain(nodes.map((node) => node.name)),
): WorkflowJson {
	return {
		name,
		nodes: nodes.map((node, index) => ({
			id: `node-${index}`,
			typeVersion: 1,
			position: [index * 220, 0],
			parameters: {},
			...node,
		})),
		connections,
		settings: { executionOrder: 'v1' },
	};
}

/** Connects nodes one after another, each by its first output. */
export function chain(names: string[]): IConnections {
	return Object.fromEntries(names.slice(0, -1).map((name, index) => [name, to(names[index + 1])]));
}

/** A node's outputs, each to one node. */
export function to(...targets: string[]): IConnections[string] {
	return { main: targets.map((node) => [{ node, type: 'main', index: 0 }]) };
}

/** Two nodes of which the second, `Items`, gives these items. (A Code node's items cannot be referred to on 1.123.) */
export function items(...jsons: object[]): SketchedNode[] {
	return [
		{
			name: 'List',
			type: 'n8n-nodes-base.set',
			typeVersion: 3.4,
			parameters: { mode: 'raw', jsonOutput: JSON.stringify({ list: jsons }), options: {} },
		},
		{
			name: 'Items',
			type: 'n8n-nodes-base.splitOut',
			parameters: { fieldToSplitOut: 'list', options: {} },
		},
	];
}

/** An HTTP Request node that puts the file behind a link into the binary field `data`. */
export function download(url: string): SketchedNode {
	return {
		name: 'Get Picture',
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		parameters: {
			url,
			options: {
				response: { response: { responseFormat: 'file', outputPropertyName: 'data' } },
			},
		},
	};
}
