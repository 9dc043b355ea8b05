import {
	type ICredentialDataDecryptedObject,
	type IDataObject,
	type INode,
	type INodeParameters,
	type IWebhookData,
	type IWebhookResponseData,
	Workflow,
	type WorkflowExecuteMode,
} from 'n8n-workflow';
import { WebhookContext } from 'n8n-core';

import { EvolinkTrigger } from '../../nodes/EvolinkTrigger/EvolinkTrigger.node';
import type * as Receiving from '../../nodes/EvolinkTrigger/receiveDelivery';
import type { Simulator } from '../simulator';
import { additionalData } from './harness';

/** `EvolinkTrigger.webhook()` on n8n's own engine, in this process, without n8n's web server. */

export interface DeliveryOptions {
	simulator: Simulator;
	body: unknown;
	parameters?: INodeParameters;
	/** What n8n has saved for the workflow, loaded anew for each call as n8n does. */
	saved?: IDataObject;
	mode?: WorkflowExecuteMode;
	credential?: ICredentialDataDecryptedObject;
	/** Another process has classes of its own. */
	trigger?: EvolinkTrigger;
	workflowId?: string;
}

export interface DeliveryOutcome {
	status: number;
	started: boolean;
	result: IWebhookResponseData;
	/** What n8n would save. */
	saved: IDataObject;
	warnings: string[];
}

let workflows = 0;

export async function deliver(options: DeliveryOptions): Promise<DeliveryOutcome> {
	const { simulator, body, parameters = {}, mode = 'webhook' } = options;
	const trigger = options.trigger ?? new EvolinkTrigger();
	const node: INode = {
		id: 'trigger',
		name: 'EvoLink Trigger',
		type: 'n8n-nodes-evolink.evolinkTrigger',
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: { evolinkApi: { id: '1', name: 'EvoLink' } },
	};
	const workflow = new Workflow({
		id: options.workflowId ?? `workflow ${++workflows}`,
		nodes: [node],
		connections: {},
		active: true,
		nodeTypes: {
			getByName: () => trigger,
			getByNameAndVersion: () => trigger,
			getKnownTypes: () => ({}),
		},
		staticData: structuredClone(options.saved ?? {}),
	});
	const outcome: Partial<DeliveryOutcome> = {};
	const httpResponse = {
		headersSent: false,
		status(status: number) {
			outcome.status = status;
			return this;
		},
		json() {
			if (this.headersSent) throw new Error('Answered twice');
			this.headersSent = true;
			return this;
		},
	};
	const given = additionalData({
		simulator,
		parameters,
		...(options.credential ? { credential: options.credential } : {}),
	});
	const context = new WebhookContext(
		workflow,
		workflow.getNode(node.name) as INode,
		{ ...given, httpRequest: { body, headers: {} }, httpResponse } as never,
		mode,
		{ webhookDescription: { name: 'default' } } as IWebhookData,
		[],
		null,
	);
	const warnings: string[] = [];
	Object.defineProperty(context, 'logger', {
		value: { debug: () => undefined, warn: (message: string) => warnings.push(message) },
	});
	const result = await trigger.webhook.call(context);
	const saved = JSON.parse(JSON.stringify(workflow.staticData)) as IDataObject;
	const started = result.workflowData !== undefined;
	return { ...(outcome as DeliveryOutcome), result, started, saved, warnings };
}

/** The trigger as another process of n8n has it: with a memory of its own. */
export function inAnotherProcess(): EvolinkTrigger {
	const trigger = new EvolinkTrigger();
	jest.isolateModules(() => {
		const { receiveDelivery } = jest.requireActual<typeof Receiving>(
			'../../nodes/EvolinkTrigger/receiveDelivery',
		);
		trigger.webhook = async function () {
			return await receiveDelivery(this);
		};
	});
	return trigger;
}
