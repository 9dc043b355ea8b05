import type { IWebhookDescription } from 'n8n-workflow';

/** Where the calls go: a path below the execution's resume URL. */
export const PARKING_WEBHOOKS: IWebhookDescription[] = [
	{
		name: 'default',
		httpMethod: 'POST',
		responseMode: 'onReceived',
		responseData: '',
		path: 'callback',
		restartWebhook: true,
		isFullPath: true,
	},
];
