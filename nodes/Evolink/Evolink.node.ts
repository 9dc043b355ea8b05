import {
	type IExecuteFunctions,
	type ILoadOptionsFunctions,
	type INodeExecutionData,
	type INodeListSearchResult,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
	NodeConnectionTypes,
} from 'n8n-workflow';

import { properties, subtitle } from './operations';
import { NODE_VERSIONS } from './parameters/nodeVersion';
import { PARKING_WEBHOOKS } from './waiting/parking/webhooks';

/** What n8n needs to show the node; what the node does is loaded when it first runs. */
export class Evolink implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'EvoLink',
		name: 'evolink',
		icon: { light: 'file:../../icons/evolink.svg', dark: 'file:../../icons/evolink.dark.svg' },
		group: ['transform'],
		version: NODE_VERSIONS,
		defaultVersion: 1.1,
		subtitle,
		description:
			'Edit images with a text prompt, using Nano Banana, GPT Image, Seedream, Qwen Image Edit and other AI models',
		defaults: { name: 'EvoLink' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'evolinkApi',
				required: true,
				displayOptions: { hide: { service: ['imagesGateway'] } },
			},
			{
				name: 'imagesGatewayApi',
				required: true,
				displayOptions: { show: { service: ['imagesGateway'] } },
			},
		],
		webhooks: PARKING_WEBHOOKS,
		waitingNodeTooltip:
			'Execution will continue when EvoLink reports that the tasks are finished, or when the timeout is reached',
		properties,
	};

	methods = {
		listSearch: {
			async searchModels(
				this: ILoadOptionsFunctions,
				filter?: string,
			): Promise<INodeListSearchResult> {
				const { searchModels } = await import('./parameters/searchModels');
				return await searchModels(this, filter);
			},
		},
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { runOperation } = await import('./execute');
		return [await runOperation(this)];
	}

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const { takeCallback } = await import('./execute');
		return await takeCallback(this);
	}
}
