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

import { operationFields } from './operations';
import { runOperation, takeCallback } from './execute';
import { searchModels } from './parameters/searchModels';
import { PARKING_WEBHOOKS } from './waiting/parking/resumeAddress';

export class Evolink implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'EvoLink',
		name: 'evolink',
		icon: { light: 'file:../../icons/evolink.svg', dark: 'file:../../icons/evolink.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle:
			'={{ { editImage: "Edit Image", getCredits: "Get Credits", getManyTasks: "Get Many Tasks", getTask: "Get Task", waitForCompletion: "Wait for Completion" }[$parameter["operation"]] }}',
		description: 'Edit images with AI models through EvoLink',
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
			'The execution goes on when EvoLink calls, or when the time limit has passed',
		properties: [
			{
				displayName: 'Operation',
				name: 'operation',
				type: 'options',
				noDataExpression: true,
				options: [
					{
						name: 'Edit Image',
						value: 'editImage',
						description: 'Change one or more pictures as a prompt says',
						action: 'Edit an image',
					},
					{
						name: 'Get Credits',
						value: 'getCredits',
						description: 'Get what is left on the account and on the API key',
						action: 'Get the credits',
					},
					{
						name: 'Get Many Tasks',
						value: 'getManyTasks',
						description: "List the account's tasks, running and ended, newest first",
						action: 'Get many tasks',
					},
					{
						name: 'Get Task',
						value: 'getTask',
						description: 'Get the state of a task, and its pictures if it is complete',
						action: 'Get a task',
					},
					{
						name: 'Wait for Completion',
						value: 'waitForCompletion',
						description: 'Wait until a task ends, then get its pictures',
						action: 'Wait for completion of a task',
					},
				],
				default: 'editImage',
			},
			...operationFields,
		],
	};

	methods = {
		listSearch: {
			async searchModels(
				this: ILoadOptionsFunctions,
				filter?: string,
			): Promise<INodeListSearchResult> {
				return await searchModels(this, filter);
			},
		},
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [await runOperation(this)];
	}

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await takeCallback(this);
	}
}
