import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import type { EvolinkClient } from '../api/client';
import type { Clock } from '../api/clock';
import type { Send } from '../api/http';
import type { RequestMemory } from '../memory/requestMemory';

/** What an operation works with while the node runs once over its items. */
export interface Run {
	context: IExecuteFunctions;
	client: EvolinkClient;
	clock: Clock;
	/** Sends without the API key, for result links. */
	plainSend: Send;
	memory: RequestMemory;
}

/** An output item; the loop over all items adds which input item it belongs to. */
export type ItemResult = Pick<INodeExecutionData, 'json' | 'binary'>;

/** What an operation says of itself: what happens to one item. */
interface OperationDefinition<Plan> {
	/** The operation's parameters, without `displayOptions` for the operation. */
	fields: INodeProperties[];
	/** Reads and checks the item's parameters and data. Sends nothing. */
	plan(run: Run, itemIndex: number): Plan | Promise<Plan>;
	/** @returns the item's output, or several, or none */
	perform(run: Run, plan: Plan, itemIndex: number): Promise<ItemResult | ItemResult[]>;
}

/** Two steps, so that all items of a run can be checked before anything is sent for the first of them. */
export interface Operation {
	fields: INodeProperties[];
	/** Checks an item and gives the work that is then to be done for it. Sends nothing. */
	prepare(run: Run, itemIndex: number): Promise<() => Promise<ItemResult | ItemResult[]>>;
}

export function defineOperation<Plan>(definition: OperationDefinition<Plan>): Operation {
	return {
		fields: definition.fields,
		async prepare(run, itemIndex) {
			const plan = await definition.plan(run, itemIndex);
			return async () => await definition.perform(run, plan, itemIndex);
		},
	};
}
