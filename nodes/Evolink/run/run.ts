import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import type { EvolinkClient } from '../api/client';
import type { Clock } from '../api/http/clock';
import type { Send } from '../api/http/http';
import type { Limit } from '../api/http/limit';
import type { ImagesGatewayClient } from '../api/imagesGateway';
import type { Quotes } from '../api/quotes';
import type { RequestMemory } from '../memory/requestMemory';
import type { RunIdentity } from '../memory/runIdentity';
import type { Parking } from '../waiting/parking/park';
import type { TaskWatch } from '../waiting/polling/taskWatch';
import type { Budget } from './budget';
import type { ImageLimit } from './limits';
import type { PaidTasks } from './paidTasks';
import type { Progress } from './progress';
import type { Tally } from './tally';
import type { TaskSlots } from './taskSlots';
import type { UploadedFiles } from './uploadedFiles';

/** What the node works with while it runs once over its items, whatever the service. */
export interface RunBasics {
	context: IExecuteFunctions;
	identity: RunIdentity;
	clock: Clock;
	/** Sends without the API key, for result links. */
	plainSend: Send;
	memory: RequestMemory;
	paidTasks: PaidTasks;
	progress: Progress;
	/** Requests at a time, where no task is created. */
	slots: Limit;
	/** Images on their way to n8n. */
	downloads: ImageLimit;
	/** What the run has made and cost. */
	tally: Tally;
}

/** What an operation works with. */
export interface Run extends RunBasics {
	client: EvolinkClient;
	/** Whether the service is in a private network itself, so that it may reach others there. */
	isServicePrivate: boolean;
	/** Waits for the tasks of all items together. */
	watch: TaskWatch;
	/** Images on their way to the service, or there and waiting for a slot. */
	uploads: ImageLimit;
	/** What the run has uploaded. */
	uploadedFiles: UploadedFiles;
	budget: Budget;
	/** What the service says that tasks cost. */
	quotes: Quotes;
	/** Tasks in flight that this run creates. */
	taskSlots: TaskSlots;
	/** For runs that wait for callbacks. */
	parking: Parking;
}

/** What Edit Image works with where the service is an images gateway. */
export interface GatewayRun extends RunBasics {
	gateway: ImagesGatewayClient;
	/** Images that are held in requests, until these are answered. */
	inRequests: ImageLimit;
	/** Bytes of answers with images, until these are stored. */
	inAnswers: Limit;
	/** Whether the gateway is in a private network itself. */
	isServicePrivate: boolean;
}

/** An output item; the loop over all items adds which input item it belongs to. */
export type ItemResult = Pick<INodeExecutionData, 'json' | 'binary'>;

/** What happens to one item, in two steps. All items are performed at once, within the limits of the run. */
interface TwoSteps<Plan, R extends RunBasics> {
	/** Reads and checks the item's parameters and data. Sends nothing. */
	plan(run: R, itemIndex: number): Plan | Promise<Plan>;
	/** @returns the item's output, or several, or none */
	perform(run: R, plan: Plan, itemIndex: number): Promise<ItemResult | ItemResult[]>;
}

/** So that all items of a run can be checked before anything is sent for the first of them. */
export interface ItemWork<R extends RunBasics> {
	/** Checks an item and gives the work that is then to be done for it. Sends nothing. */
	prepare(run: R, itemIndex: number): Promise<() => Promise<ItemResult | ItemResult[]>>;
}

/** How an operation shows in the editor. */
export interface OperationForm {
	menu: MenuEntry;
	/** The operation's parameters, without `displayOptions` for the operation. */
	fields: INodeProperties[];
}

/** What an operation does. */
export interface Operation extends ItemWork<Run> {
	/** What it does where the service is an images gateway; undefined for what only EvoLink can do. */
	onGateway?: ItemWork<GatewayRun>;
}

/** How the operation appears in n8n: in the list of operations, and by its action when a node is added. */
export interface MenuEntry {
	name: string;
	description: string;
	action: string;
}

export function inTwoSteps<Plan, R extends RunBasics>(steps: TwoSteps<Plan, R>): ItemWork<R> {
	return {
		async prepare(run, itemIndex) {
			const plan = await steps.plan(run, itemIndex);
			return async () => await steps.perform(run, plan, itemIndex);
		},
	};
}

export function defineOperation<Plan>(
	definition: TwoSteps<Plan, Run> & Omit<Operation, 'prepare'>,
): Operation {
	return { ...definition, ...inTwoSteps(definition) };
}
