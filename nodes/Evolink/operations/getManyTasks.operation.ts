import type { IDataObject, INodeProperties } from 'n8n-workflow';

import type { TaskFilters, TaskSummary } from '../api/taskHistory';
import { optionsField } from '../parameters/options';
import { readSimplify, simplifyField } from '../parameters/output';
import {
	parameter,
	type ParameterSource,
	readBoolean,
	readNumber,
	readValue,
	toText,
} from '../parameters/reader';
import { concurrencyOption } from '../parameters/spending';
import { defineOperation } from '../run/run';
import { rawJson } from '../run/taskItem';

interface GetManyTasksPlan {
	/** Infinity for all. */
	limit: number;
	filters: TaskFilters;
	simplify: boolean;
}

const returnAllField: INodeProperties = {
	displayName: 'Return All',
	name: 'returnAll',
	type: 'boolean',
	default: false,
	description: 'Whether to return all results or only up to a given limit',
};

const limitField: INodeProperties = {
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

/** The account's task history, one output item per task, newest first. Free. */
export const getManyTasks = defineOperation<GetManyTasksPlan>({
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

	plan: ({ context }, itemIndex) => {
		const status = readFilter(context, 'Status', 'status', itemIndex);
		const model = readFilter(context, 'Model', 'model', itemIndex);
		return {
			limit: readLimit(context, itemIndex),
			filters: {
				...(status === undefined ? {} : { status }),
				...(model === undefined ? {} : { model }),
			},
			simplify: readSimplify(context, itemIndex),
		};
	},

	async perform(run, { filters, limit, simplify }) {
		const tasks = await run.slots.run(async () => await run.client.listTasks(filters, limit));
		return tasks.map((task) => ({ json: simplify ? simplified(task) : rawJson(task.raw) }));
	},
});

function readLimit(source: ParameterSource, itemIndex: number): number {
	if (readBoolean(source, itemIndex, parameter(returnAllField), false)) return Infinity;
	const advice = "Correct it, or turn on 'Return All'.";
	return Math.floor(readNumber(source, itemIndex, parameter(limitField), { min: 1 }, advice) ?? 50);
}

/** Undefined where the filter is not set, or is empty: an item without a value for it wants all. */
function readFilter(
	source: ParameterSource,
	displayName: string,
	name: keyof TaskFilters,
	itemIndex: number,
): string | undefined {
	const { value } = readValue(source, itemIndex, { displayName, path: `filters.${name}` }) ?? {};
	return toText(value ?? '', displayName) || undefined;
}

function simplified(task: TaskSummary): IDataObject {
	return {
		id: task.id,
		status: task.status,
		model: task.model,
		...(task.type === undefined ? {} : { type: task.type }),
		progress: task.progress,
		...(task.createdAt === undefined ? {} : { created_at: new Date(task.createdAt).toISOString() }),
		...(task.creditsUsed === undefined ? {} : { credits_used: task.creditsUsed }),
	};
}
