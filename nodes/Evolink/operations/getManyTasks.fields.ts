import type { INodeProperties } from 'n8n-workflow';

import { optionsField } from '../parameters/options';
import { simplifyField } from '../parameters/output';
import { concurrencyOption } from '../parameters/spending';
import type { OperationForm } from '../run/run';

export const returnAllField: INodeProperties = {
	displayName: 'Return All',
	name: 'returnAll',
	type: 'boolean',
	default: false,
	description: 'Whether to return all results or only up to a given limit',
};

export const limitField: INodeProperties = {
	displayName: 'Limit',
	name: 'limit',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 50,
	description: 'Max number of results to return',
	displayOptions: { show: { returnAll: [false] } },
};

const filtersField: INodeProperties = {
	displayName: 'Filters',
	name: 'filters',
	type: 'collection',
	placeholder: 'Add filter',
	default: {},
	options: [
		{
			displayName: 'Model',
			name: 'model',
			type: 'string',
			default: '',
			placeholder: 'e.g. qwen-image-edit',
			description: 'Only return tasks of this model (ID)',
		},
		{
			displayName: 'Status',
			name: 'status',
			type: 'options',
			options: [
				{ name: 'Cancelled', value: 'cancelled' },
				{ name: 'Completed', value: 'completed' },
				{ name: 'Failed', value: 'failed' },
				{ name: 'Running', value: 'processing', description: 'Pending and processing' },
			],
			default: 'completed',
			description: 'Only return tasks with this status',
		},
	],
};

export const getManyTasksForm: OperationForm = {
	menu: {
		name: 'Get Many Tasks',
		description: 'Get many tasks of the account, newest first',
		action: 'Get many tasks',
	},

	fields: [
		returnAllField,
		limitField,
		filtersField,
		simplifyField,
		optionsField(concurrencyOption),
	],
};
