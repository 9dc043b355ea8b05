import { optionsField } from '../parameters/options';
import { concurrencyOption } from '../parameters/spending';
import { defineOperation } from '../run/run';

/** The credits of the account and of the API key. Free. */
export const getCredits = defineOperation<undefined>({
	menu: {
		name: 'Get Credits',
		description: 'Get the remaining credits of the account and the API key',
		action: 'Get credits',
	},

	fields: [optionsField(concurrencyOption)],

	plan: () => undefined,

	async perform(run) {
		return { json: await run.slots.run(async () => await run.client.getCredits()) };
	},
});
