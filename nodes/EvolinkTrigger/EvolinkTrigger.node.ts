import {
	type IExecuteFunctions,
	type IHookFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
	NodeConnectionTypes,
} from 'n8n-workflow';

import { optionsField } from '../Evolink/parameters/options';
import {
	binaryPropertyNameField,
	downloadField,
	fileNameOption,
	itemPerImageOption,
	maxDownloadSizeOption,
	simplifyField,
} from '../Evolink/parameters/output';

const TEST_MODE =
	"<b>Use the test URL while you build your workflow</b>. Click 'Execute step', put the test URL into 'Callback URL' of an Edit Image node in another workflow, and run that. The execution shows up in the editor.";

export class EvolinkTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'EvoLink Trigger',
		name: 'evolinkTrigger',
		icon: { light: 'file:../../icons/evolink.svg', dark: 'file:../../icons/evolink.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description:
			'Edit images with AI (Qwen, Nano Banana, GPT Image, Seedream, Wan), or start when an edit is done',
		defaults: { name: 'EvoLink Trigger' },
		eventTriggerDescription: 'Waiting for EvoLink to call the test URL',
		activationMessage:
			"EvoLink can now call the production URL. Put it into 'Callback URL' of Edit Image.",
		triggerPanel: {
			header: 'Start when an EvoLink task is finished',
			executionsHelp: {
				inactive: `${TEST_MODE}<br /> <br /> <b>Use the production URL to run your workflow automatically</b>. Activate the workflow (n8n 2: publish it), and put the production URL into 'Callback URL' of Edit Image. The executions show up in the executions list, but not in the editor.`,
				active: `${TEST_MODE}<br /> <br /> <b>Use the production URL to run your workflow automatically</b>. The workflow is active: put the production URL into 'Callback URL' of Edit Image. The executions show up in the <a data-key="executions">executions list</a>, but not in the editor.`,
			},
			activationHint:
				"Once you've finished building your workflow, activate it (n8n 2: publish it) and put the production URL into 'Callback URL' of Edit Image.",
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'evolinkApi', required: true }],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				responseData: '',
				path: 'webhook',
			},
		],
		properties: [
			{
				displayName:
					"To set up:<br>1. Copy the production URL above into 'Callback URL' of an Edit Image node whose 'Wait' is 'Do Not Wait'.<br>2. Publish this workflow (n8n 1.x: activate it).<br>The URL must be public HTTPS; on self-hosted n8n, set WEBHOOK_URL.",
				name: 'callbackUrlNotice',
				type: 'notice',
				default: '',
			},
			{
				displayName: 'Trigger On',
				name: 'events',
				type: 'multiOptions',
				options: [
					{ name: 'Task Cancelled', value: 'cancelled', description: 'A task was cancelled' },
					{
						name: 'Task Completed',
						value: 'completed',
						description: 'The edited images are ready',
					},
					{ name: 'Task Failed', value: 'failed', description: 'A task failed' },
				],
				default: ['completed', 'failed', 'cancelled'],
				required: true,
			},
			{ ...downloadField, default: false },
			binaryPropertyNameField,
			simplifyField,
			optionsField(fileNameOption, itemPerImageOption, maxDownloadSizeOption, {
				displayName: 'Models',
				name: 'models',
				type: 'string',
				default: '',
				placeholder: 'e.g. qwen-image-edit',
				hint: 'Separate multiple IDs with commas',
				description: 'Only start for tasks of these models (IDs). If empty, starts for all models.',
			}),
		],
	};

	/** The address goes to the service with each task, so there is nothing to register or to take back. */
	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return true;
			},
			async create(this: IHookFunctions): Promise<boolean> {
				return true;
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				return true;
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const { receiveDelivery } = await import('./receiveDelivery');
		return await receiveDelivery(this);
	}

	/**
	 * The execution begins with the item that `webhook()` made. Images are fetched here and not there, so that
	 * a long download can be seen and stopped, outlives nothing, and loses no task that was acknowledged.
	 */
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { addImages } = await import('./addImages');
		return [await addImages(this)];
	}
}
