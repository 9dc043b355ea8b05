import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import { textOf } from '../api/http/json';
import type { TaskFilters, TaskSummary } from '../api/taskHistory';
import { optionsField, simplifyField } from '../parameters/fields';
import { defineOperation } from '../run/run';
import { rawJson } from '../run/taskItem';

interface GetManyTasksPlan {
	/** Infinity for all. */
	limit: number;
	filters: TaskFilters;
	simplify: boolean;
}

/** The account's task history, one output item per task, newest first. Free. */
export const getManyTasks = defineOperation<GetManyTasksPlan>({
	fields: [
		{
			displayName: 'Return All',
			name: 'returnAll',
			type: 'boolean',
			default: false,
			description: 'Whether to return all results or only up to a given limit',
		},
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 50,
			description: 'Max number of results to return',
			displayOptions: { show: { returnAll: [false] } },
		},
		{
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
					description: 'The ID of the model; empty for all',
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
					description: 'The state that the tasks are in',
				},
			],
		},
		simplifyField,
		optionsField(['concurrency']),
	],

	plan: ({ context }, itemIndex) => {
		const status = readFilter(context, 'status', itemIndex);
		const model = readFilter(context, 'model', itemIndex);
		return {
			limit: readLimit(context, itemIndex),
			filters: {
				...(status === undefined ? {} : { status }),
				...(model === undefined ? {} : { model }),
			},
			simplify: context.getNodeParameter('simplify', itemIndex, true) as boolean,
		};
	},

	async perform(run, { filters, limit, simplify }) {
		const tasks = await run.slots.run(async () => await run.client.listTasks(filters, limit));
		return tasks.map((task) => ({ json: simplify ? simplified(task) : rawJson(task.raw) }));
	},
});

function readLimit(context: IExecuteFunctions, itemIndex: number): number {
	if (context.getNodeParameter('returnAll', itemIndex, false) === true) return Infinity;
	const value: unknown = context.getNodeParameter('limit', itemIndex, 50);
	const limit = Math.floor(Number(value));
	if (!(limit >= 1)) {
		throw new InvalidInputError(
			`'Limit' is ${JSON.stringify(value)}; it must be a number from 1`,
			"Correct it, or switch 'Return All' on.",
		);
	}
	return limit;
}

function readFilter(
	context: IExecuteFunctions,
	name: keyof TaskFilters,
	itemIndex: number,
): string | undefined {
	return textOf(context.getNodeParameter(`filters.${name}`, itemIndex, ''))?.trim();
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
