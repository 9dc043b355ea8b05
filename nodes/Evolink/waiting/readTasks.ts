import { type EvolinkClient, MAX_BATCH } from '../api/client';
import type { Task } from '../api/task';

/**
 * Reads several tasks once, together where the host can do that. Tasks that cannot be read now, or are not known, are
 * missing in the result.
 *
 * @param timeoutMs for each request
 */
export async function readTasks(
	client: Pick<EvolinkClient, 'askTask' | 'askTasks'>,
	taskIds: string[],
	timeoutMs?: number,
): Promise<Map<string, Task>> {
	const tasks = new Map<string, Task>();
	for (let start = 0; start < taskIds.length; start += MAX_BATCH) {
		const some = taskIds.slice(start, start + MAX_BATCH);
		const together = some.length > 1 ? await client.askTasks(some, timeoutMs) : undefined;
		const alone = together?.ok ? some.filter((taskId) => !together.value.has(taskId)) : some;
		if (together?.ok) for (const [taskId, task] of together.value) tasks.set(taskId, task);
		if (together && !together.ok && together.mayPass) continue;
		const answers = await Promise.all(
			alone.map(async (taskId) => await client.askTask(taskId, timeoutMs)),
		);
		for (const answer of answers) if (answer.ok) tasks.set(answer.value.id, answer.value);
	}
	return tasks;
}
