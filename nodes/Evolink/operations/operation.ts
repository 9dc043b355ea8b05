import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import type { EvolinkClient } from '../api/client';
import type { Clock } from '../api/clock';
import type { Send } from '../api/http';
import type { RequestMemory } from '../memory/requestMemory';
import type { Parking } from '../waiting/parking';
import type { TaskWatch } from '../waiting/taskWatch';
import type { Budget } from './budget';
import type { Limit, PictureLimit } from './limit';

/** What an operation works with while the node runs once over its items. */
export interface Run {
	context: IExecuteFunctions;
	client: EvolinkClient;
	clock: Clock;
	/** Sends without the API key, for result links. */
	plainSend: Send;
	memory: RequestMemory;
	/** Waits for the tasks of all items together. */
	watch: TaskWatch;
	/** Tasks in flight, or other questions to the service. */
	slots: Limit;
	/** Pictures on their way to the service, or there and waiting for a slot. */
	uploads: PictureLimit;
	/** Pictures on their way to n8n. */
	downloads: PictureLimit;
	budget: Budget;
	/** For runs that wait for callbacks. */
	parking: Parking;
}

/** An output item; the loop over all items adds which input item it belongs to. */
export type ItemResult = Pick<INodeExecutionData, 'json' | 'binary'>;

/** What an operation says of itself: what happens to one item. All items are performed at once, within the limits of `Run`. */
interface OperationDefinition<Plan> {
	/** The operation's parameters, without `displayOptions` for the operation. */
	fields: INodeProperties[];
	/** Reads and checks the item's parameters and data. Sends nothing. */
	plan(run: Run, itemIndex: number): Plan | Promise<Plan>;
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
