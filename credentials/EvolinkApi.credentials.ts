import type { Icon, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

import { REDIRECTS_ARE_ERRORS, sendKey, TESTED_BASE_URL, unencryptedNotice } from './wellFormed';

const WHERE_TO_GET_A_KEY =
	'Get your key in the <a href="https://evolink.ai/dashboard" target="_blank">EvoLink dashboard</a>';

export class EvolinkApi implements ICredentialType {
	name = 'evolinkApi';

	displayName = 'EvoLink API';

	icon: Icon = { light: 'file:../icons/evolink.svg', dark: 'file:../icons/evolink.dark.svg' };

	documentationUrl = 'https://github.com/n8n-nodes-evolink/n8n-nodes-evolink#credentials';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: WHERE_TO_GET_A_KEY,
			hint: WHERE_TO_GET_A_KEY, // A description is out of sight until one points at the field's name.
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'https://api.evolink.ai',
			placeholder: 'e.g. https://api.evolink.ai',
			description: 'Only change this if EvoLink gave you a different URL',
		},
		unencryptedNotice('baseUrl'),
		{
			displayName: 'Files Base URL',
			name: 'filesBaseUrl',
			type: 'string',
			default: 'https://files-api.evolink.ai',
			placeholder: 'e.g. https://files-api.evolink.ai',
			description: 'Only change this if EvoLink gave you a different URL',
		},
		unencryptedNotice('filesBaseUrl'),
	];

	authenticate = sendKey;

	test: ICredentialTestRequest = {
		request: {
			baseURL: TESTED_BASE_URL,
			url: '/v1/credits',
			disableFollowRedirect: true,
		},
		// n8n takes rules of both kinds side by side; its type names one kind at a time.
		rules: [
			...REDIRECTS_ARE_ERRORS,
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message:
						'Invalid API key. Check that you copied the whole key from the EvoLink dashboard.',
				},
			},
			{
				type: 'responseSuccessBody',
				properties: {
					key: 'success',
					value: false,
					message:
						'Invalid API key. Check that you copied the whole key from the EvoLink dashboard.',
				},
			},
		] as ICredentialTestRequest['rules'],
	};
}
