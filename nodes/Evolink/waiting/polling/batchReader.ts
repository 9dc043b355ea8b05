import { type EvolinkClient, MAX_BATCH } from '../../api/client';
import type { Task } from '../../api/task';

/** Where the host cannot tell tasks together, so many are asked for at a time. */
const ALONE_AT_A_TIME = 10;

/**
 * Reads several tasks once, together where the host can do that. Tasks that cannot be read now, or are not known, are
 * missing in the result. A host that does not answer is not asked further.
 *
 * @param timeoutMs for each request
 */
export async function readTasks(
	client: Pick<EvolinkClient, 'pollTask' | 'pollTasks'>,
	taskIds: string[],
	timeoutMs?: number,
): Promise<Map<string, Task>> {
	const tasks = new Map<string, Task>();
	for (const some of slices(taskIds, MAX_BATCH)) {
		const together = some.length > 1 ? await client.pollTasks(some, timeoutMs) : undefined;
		if (together?.ok) for (const [taskId, task] of together.value) tasks.set(taskId, task);
		if (together && !together.ok && together.mayPass) break;
		const alone = some.filter((taskId) => !tasks.has(taskId));
		for (const few of slices(alone, ALONE_AT_A_TIME)) {
			const answers = await Promise.all(
				few.map(async (taskId) => await client.pollTask(taskId, timeoutMs)),
			);
			for (const answer of answers) if (answer.ok) tasks.set(answer.value.id, answer.value);
			if (answers.every((answer) => !answer.ok && answer.mayPass)) return tasks;
		}
	}
	return tasks;
}

/** All, so many at a time. */
export function slices<T>(all: T[], length: number): T[][] {
	const count = Math.ceil(all.length / length);
	return Array.from({ length: count }, (_, index) =>
		all.slice(index * length, (index + 1) * length),
	);
}
