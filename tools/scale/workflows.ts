/** The workflows that are put under load: this node in its three ways of waiting, and what people build without it. */

import type { INodeParameters } from 'n8n-workflow';
import { requestWith, type Surroundings, withLoop } from '../bench/workflows';
import { PUBLIC_HOST } from '../host/cluster';
import type { WorkflowJson } from '../host/rest';
import { chain, type SketchedNode, to, workflowOf } from '../host/sketch';

/** Three ways of this node to wait, and two by hand: polling in a loop, and n8n's Wait node until the service calls. */
export type Kind = 'poll' | 'callback' | 'trigger' | 'loop' | 'waitNode';

export const NODE_KINDS = ['poll', 'callback', 'trigger'] as const satisfies Kind[];
export const HAND_BUILT_KINDS = ['loop', 'waitNode'] as const satisfies Kind[];

/** For people: ways of this node by their names in the editor, the others by what is built. */
export const kindNames: Record<Kind, string> = {
	poll: 'Poll Until Complete',
	callback: 'Suspend Until Callback',
	trigger: 'EvoLink Trigger',
	loop: 'by hand, Wait in a loop',
	waitNode: 'by hand, Wait until called',
};

export interface WorkflowOptions {
	/** Seconds after which a suspended execution goes on without a call. Default 600. */
	timeout?: number;
	/** A last node that leaves a mark for each task at the service: what is counted to see that nothing runs twice. */
	marks?: boolean;
	/** Default 1.1. */
	typeVersion?: number;
}

/** Where to start the workflow of a kind, below the address of a process. */
export const startPath = (kind: Kind) => `/webhook/scale-${kind}`;

/** The parameter that {@link WorkflowOptions.marks} leaves the task's ID in. */
export const MARK = 'mark';

const TRIGGER_ID = 'scale-delivery';

/** The workflows of a kind, to be stored and activated. Each is started with `{ list: [{ prompt }] }`. */
export function workflowsOf(
	kind: Kind,
	surroundings: Surroundings,
	options: WorkflowOptions = {},
): WorkflowJson[] {
	const evolink = evolinkNodes(surroundings, options);
	const isHandBuilt = HAND_BUILT_KINDS.some((one) => one === kind);
	const mark = options.marks ? [markNode(surroundings, isHandBuilt)] : [];
	const whole = (nodes: SketchedNode[]) => [workflowOf(kind, [...starts(kind), ...nodes, ...mark])];
	switch (kind) {
		case 'poll':
			return whole([evolink.edit({})]);
		case 'callback':
			return [callbackWorkflow(evolink, mark, options)];
		case 'trigger':
			return [
				workflowOf('trigger', [
					...starts(kind),
					evolink.edit({
						wait: 'none',
						callbackUrl: `https://${PUBLIC_HOST}/webhook/${TRIGGER_ID}/webhook`,
					}),
				]),
				workflowOf('delivery', [evolink.trigger, ...mark]),
			];
		case 'loop':
			return [loopWorkflow(surroundings, mark)];
		case 'waitNode':
			return whole(waitNodes(surroundings, options));
	}
}

/** Started by hand: finds the account's finished tasks, and fetches the images of those whose IDs are not given. */
export function sweepWorkflow(surroundings: Surroundings, knownIds: string[]): WorkflowJson {
	const evolink = evolinkNodes(surroundings, {});
	const isUnknown: SketchedNode = {
		name: 'Unknown',
		type: 'n8n-nodes-base.filter',
		typeVersion: 2.2,
		parameters: {
			conditions: {
				options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
				combinator: 'and',
				conditions: [
					{
						id: 'unknown',
						leftValue: `={{ ${JSON.stringify(knownIds)} }}`,
						rightValue: '={{ $json.id }}',
						operator: { type: 'array', operation: 'notContains', rightType: 'any' },
					},
				],
			},
		},
	};
	return workflowOf('sweep', [
		{ name: 'Start', type: 'n8n-nodes-base.manualTrigger' },
		evolink.history,
		isUnknown,
		evolink.fetch,
	]);
}

function starts(kind: Kind): SketchedNode[] {
	const path = `scale-${kind}`;
	return [
		{
			name: 'Start',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			webhookId: path,
			parameters: { httpMethod: 'POST', path, options: {} },
		},
		{
			name: 'Items',
			type: 'n8n-nodes-base.splitOut',
			parameters: { fieldToSplitOut: 'body.list', options: {} },
		},
	];
}

function evolinkNodes(
	{ simulator, credentials }: Surroundings,
	{ typeVersion = 1.1 }: WorkflowOptions,
) {
	const node = (name: string, parameters: INodeParameters): SketchedNode => ({
		name,
		type: 'n8n-nodes-evolink.evolink',
		typeVersion,
		parameters,
		credentials: { evolinkApi: credentials.evolinkApi },
	});
	return {
		edit: (parameters: INodeParameters) =>
			node('EvoLink', {
				operation: 'editImage',
				prompt: '={{ $json.prompt }}',
				images: { image: [{ source: 'url', url: `${simulator.picturesUrl}/cat.png` }] },
				...parameters,
			}),
		fetch: node('Fetch', { operation: 'waitForCompletion', taskId: '={{ $json.id }}' }),
		history: node('History', {
			operation: 'getManyTasks',
			returnAll: true,
			filters: { status: 'completed' },
		}),
		trigger: {
			name: 'Delivery',
			type: 'n8n-nodes-evolink.evolinkTrigger',
			webhookId: TRIGGER_ID,
			parameters: { download: true },
			credentials: { evolinkApi: credentials.evolinkApi },
		} satisfies SketchedNode,
	};
}

/** The safe pair of docs/waiting.md: what goes on because a call was lost is fetched by its task's ID. */
function callbackWorkflow(
	evolink: ReturnType<typeof evolinkNodes>,
	mark: SketchedNode[],
	{ timeout = 600 }: WorkflowOptions,
): WorkflowJson {
	const isTimedOut: SketchedNode = {
		name: 'Timed Out?',
		type: 'n8n-nodes-base.if',
		typeVersion: 2.2,
		parameters: {
			conditions: {
				options: { caseSensitive: true, leftValue: '', typeValidation: 'loose', version: 2 },
				combinator: 'and',
				conditions: [
					{
						id: 'timed-out',
						leftValue: '={{ $json.timed_out }}',
						rightValue: '',
						operator: { type: 'boolean', operation: 'true', singleValue: true },
					},
				],
			},
			looseTypeValidation: true,
		},
	};
	const nodes = [
		...starts('callback'),
		evolink.edit({ wait: 'callback', options: { timeout } }),
		isTimedOut,
		evolink.fetch,
		...mark,
	];
	const [next] = mark;
	return workflowOf('callback', nodes, {
		...chain(['Start', 'Items', 'EvoLink', 'Timed Out?']),
		'Timed Out?': next ? to('Fetch', next.name) : to('Fetch'),
		...(next && { Fetch: to(next.name) }),
	});
}

function loopWorkflow(surroundings: Surroundings, mark: SketchedNode[]): WorkflowJson {
	const [start, ...input] = starts('loop');
	const imageUrl = `${surroundings.simulator.picturesUrl}/cat.png`;
	const { nodes, connections } = withLoop(surroundings, input, { waitSeconds: 2, imageUrl });
	return workflowOf('loop', [start, ...nodes, ...mark], {
		...connections,
		...chain(['Download', ...mark.map(({ name }) => name)]),
	});
}

/** HTTP Request creates the task and names n8n's own resume address; the Wait node waits for the call. One item. */
function waitNodes(
	{ simulator, credentials }: Surroundings,
	{ timeout = 600 }: WorkflowOptions,
): SketchedNode[] {
	const request = requestWith(credentials);
	const body =
		"{ model: 'qwen-image-edit', prompt: $json.prompt, callback_url: $execution.resumeUrl, " +
		`image_urls: ['${simulator.picturesUrl}/cat.png'] }`;
	return [
		request('Create', {
			method: 'POST',
			url: `${simulator.apiUrl}/v1/images/generations`,
			sendBody: true,
			contentType: 'json',
			specifyBody: 'json',
			jsonBody: `={{ JSON.stringify(${body}) }}`,
		}),
		{
			name: 'Wait',
			type: 'n8n-nodes-base.wait',
			typeVersion: 1.1,
			webhookId: 'scale-wait',
			parameters: {
				resume: 'webhook',
				httpMethod: 'POST',
				limitWaitTime: true,
				limitType: 'afterTimeInterval',
				resumeAmount: timeout,
				resumeUnit: 'seconds',
				options: {},
			},
		},
		request('Ask', {
			url: `=${simulator.apiUrl}/v1/tasks/{{ $('Create').first().json.id }}`,
		}),
		{
			name: 'Download',
			type: 'n8n-nodes-base.httpRequest',
			typeVersion: 4.2,
			parameters: {
				url: '={{ $json.results[0] }}',
				options: { response: { response: { responseFormat: 'file' } } },
			},
		},
	];
}

/** @param isHandBuilt there the item with the image has no task in it; that of the node before has */
function markNode({ simulator }: Surroundings, isHandBuilt: boolean): SketchedNode {
	const id = isHandBuilt ? "$('Ask').item.json.id" : '$json.id';
	return {
		name: 'Mark',
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		parameters: { url: `=${simulator.picturesUrl}/cat.png?${MARK}={{ ${id} }}`, options: {} },
	};
}
