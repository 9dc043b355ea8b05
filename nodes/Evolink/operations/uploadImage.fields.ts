import type { INodeProperties } from 'n8n-workflow';

import { optionsField } from '../parameters/options';
import { concurrencyOption } from '../parameters/spending';
import type { OperationForm } from '../run/run';

export const inputField: INodeProperties = {
	displayName: 'Input Data Field Name',
	name: 'inputBinaryPropertyName',
	type: 'string',
	default: 'data',
	required: true,
	placeholder: 'e.g. data',
	description: 'The name of the binary field that holds the image',
};

export const uploadImageForm: OperationForm = {
	menu: {
		name: 'Upload Image',
		description: 'Upload an image from a binary field and get a public URL that works for 72 hours',
		action: 'Upload an image',
	},

	fields: [inputField, optionsField(concurrencyOption)],
};
