import type { IDataObject } from 'n8n-workflow';

import type { TaskFilters, TaskSummary } from '../api/taskHistory';
import { readSimplify } from '../parameters/output';
import {
	parameter,
	type ParameterSource,
	readBoolean,
	readNumber,
	readValue,
	toText,
} from '../parameters/reader';
import { defineOperation } from '../run/run';
import { rawJson } from '../run/taskItem';
import { limitField, returnAllField } from './getManyTasks.fields';

interface GetManyTasksPlan {
	/** Infinity for all. */
	limit: number;
	filters: TaskFilters;
	simplify: boolean;
}

/** The account's task history, one output item per task, newest first. Free. */
export const getManyTasks = defineOperation<GetManyTasksPlan>({
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
