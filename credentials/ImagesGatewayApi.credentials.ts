import type { Icon, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

import { REDIRECTS_ARE_ERRORS, sendKey, TESTED_BASE_URL, unencryptedNotice } from './wellFormed';

/** For hosts that edit in one request (`POST /v1/images/generations` answers with the images). */
export class ImagesGatewayApi implements ICredentialType {
	name = 'imagesGatewayApi';

	displayName = 'Images Gateway API';

	icon: Icon = { light: 'file:../icons/evolink.svg', dark: 'file:../icons/evolink.dark.svg' };

	documentationUrl =
		'https://github.com/n8n-nodes-evolink/n8n-nodes-evolink/blob/main/docs/images-gateway.md';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: "Create one in the gateway's dashboard",
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. https://gateway.example.com',
			description: 'URL of the gateway without /v1. The API key is sent there.',
		},
		unencryptedNotice('baseUrl'),
	];

	authenticate = sendKey;

	/** No free call is common to all gateways; most list their models. */
	test: ICredentialTestRequest = {
		request: {
			baseURL: TESTED_BASE_URL,
			url: '/v1/models',
			disableFollowRedirect: true,
		},
		rules: [
			...REDIRECTS_ARE_ERRORS,
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message:
						"Invalid API key. Check that you copied the whole key from the gateway's dashboard.",
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 404,
					message:
						'The gateway has no list of models (GET /v1/models) to test with. If the Base URL is correct, the credential may still work.',
				},
			},
		],
	};
}
