import { defineOperation } from '../run/run';

/** The credits of the account and of the API key. Free. */
export const getCredits = defineOperation<undefined>({
	plan: () => undefined,

	async perform(run) {
		return { json: await run.slots.run(async () => await run.client.getCredits()) };
	},
});
