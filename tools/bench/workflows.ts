/** The workflows that are compared: this node, and what people build by hand without it. */

import type { IConnections, INode, INodeParameters } from 'n8n-workflow';
import { type SketchedNode, chain, items, to } from '../host/sketch';
import type { Simulator } from '../simulator';

/** What a workflow may need besides its input: where the service is, and the credentials in n8n. */
export interface Surroundings {
	simulator: Simulator;
	credentials: NonNullable<INode['credentials']>;
}

export interface Design {
	nodes: SketchedNode[];
	connections?: IConnections;
}

/** The nodes before it, then Edit Image. */
export function withThisNode(
	{ credentials }: Surroundings,
	input: SketchedNode[],
	image: INodeParameters,
	options: INodeParameters = {},
	typeVersion = 1,
): Design {
	const evolink: SketchedNode = {
		name: 'EvoLink',
		type: 'n8n-nodes-evolink.evolink',
		typeVersion,
		parameters: {
			operation: 'editImage',
			prompt: '={{ $json.prompt ?? "Replace the background with a beach" }}',
			images: { image: [image] },
			options,
		},
		credentials: { evolinkApi: credentials.evolinkApi },
	};
	return { nodes: [...input, evolink] };
}

/** Edit Image as it is when it is new, over items with a prompt each. */
export function withNewNode(
	surroundings: Surroundings,
	rows: object[],
	options: INodeParameters = {},
): Design {
	const url = `${surroundings.simulator.picturesUrl}/cat.png`;
	return withThisNode(surroundings, items(...rows), { source: 'url', url }, options, 1.1);
}

export interface LoopOptions {
	/** Seconds of the Wait node; null for no loop at all: create, ask once, download. */
	waitSeconds: number | null;
	/** Upload the binary field `data` first and send its link, instead of `imageUrl`. */
	uploads?: boolean;
	imageUrl?: string;
}

/** Makes HTTP Request nodes that send the API key. */
export function requestWith({ httpHeaderAuth }: Surroundings['credentials']) {
	return (name: string, parameters: INodeParameters): SketchedNode => ({
		name,
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		parameters: {
			authentication: 'genericCredentialType',
			genericAuthType: 'httpHeaderAuth',
			...parameters,
		},
		credentials: { httpHeaderAuth },
	});
}

/**
 * The nodes before it, then the loop that people build: HTTP Request creates all tasks, and then Wait,
 * HTTP Request (ask) and If go round with those that are not complete; HTTP Request downloads the others.
 * Batching is off everywhere, so that each node sends the requests of all its items at once.
 */
export function withLoop(
	{ simulator, credentials }: Surroundings,
	input: SketchedNode[],
	{ waitSeconds, uploads = false, imageUrl }: LoopOptions,
): Design {
	const request = requestWith(credentials);
	const upload = request('Upload', {
		method: 'POST',
		url: `${simulator.filesUrl}/api/v1/files/upload/stream`,
		sendBody: true,
		contentType: 'multipart-form-data',
		bodyParameters: {
			parameters: [
				{ parameterType: 'formBinaryData', name: 'file', inputDataFieldName: 'data' },
				{ name: 'file_name', value: '={{ $execution.id }}-{{ $itemIndex }}.png' },
			],
		},
	});
	const link = uploads ? '$json.data.file_url' : JSON.stringify(imageUrl);
	const create = request('Create', {
		method: 'POST',
		url: `${simulator.apiUrl}/v1/images/generations`,
		sendBody: true,
		contentType: 'json',
		specifyBody: 'json',
		jsonBody:
			"={{ JSON.stringify({ model: 'qwen-image-edit', image_urls: [" +
			`${link}], prompt: $json.prompt ?? 'Replace the background with a beach' }) }}`,
	});
	const ask = request('Ask', { url: `=${simulator.apiUrl}/v1/tasks/{{ $json.id }}` });
	const download: SketchedNode = {
		name: 'Download',
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		// Above the way back, so that n8n takes it first and the images are fetched as they get ready.
		position: [1500, -200],
		parameters: {
			url: '={{ $json.results[0] }}',
			options: { response: { response: { responseFormat: 'file' } } },
		},
	};
	const before = [...input, ...(uploads ? [upload] : []), create];
	if (waitSeconds === null) return { nodes: [...before, ask, download] };

	const wait: SketchedNode = {
		name: 'Wait',
		type: 'n8n-nodes-base.wait',
		typeVersion: 1.1,
		parameters: { resume: 'timeInterval', amount: waitSeconds, unit: 'seconds' },
	};
	const nodes = [...before, wait, ask, isComplete, download];
	const names = ['Start', ...before.map(({ name }) => name), 'Wait', 'Ask', 'Complete?'];
	const connections = { ...chain(names), 'Complete?': to('Download', 'Wait') };
	return { nodes, connections };
}

const isComplete: SketchedNode = {
	name: 'Complete?',
	type: 'n8n-nodes-base.if',
	typeVersion: 2.2,
	parameters: {
		conditions: {
			options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
			combinator: 'and',
			conditions: [
				{
					id: 'complete',
					leftValue: '={{ $json.status }}',
					rightValue: 'completed',
					operator: { type: 'string', operation: 'equals' },
				},
			],
		},
		options: {},
	},
};
