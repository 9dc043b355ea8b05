import { optionsField } from '../parameters/options';
import { concurrencyOption } from '../parameters/spending';
import type { OperationForm } from '../run/run';

export const getCreditsForm: OperationForm = {
	menu: {
		name: 'Get Credits',
		description: 'Get the remaining credits of the account and the API key',
		action: 'Get credits',
	},

	fields: [optionsField(concurrencyOption)],
};
