/** What became of every task that was paid: counted from n8n's executions and logs, and from the service's own books. */

import type { INodeExecutionData } from 'n8n-workflow';
import type { Execution } from '../host/rest';
import type { Stage } from './stage';
import { isHandBuilt, kindOf } from './starter';
import { type Kind, MARK, sweepWorkflow } from './workflows';

/** Each task that was paid for this node's executions counts in the first line that it fits. */
export interface Outcome {
	paid: number;
	/** Its image is in an execution, and can be read. */
	withImage: number;
	/** An execution names it, in its error or data. */
	named: number;
	/** n8n's log names it. */
	logged: number;
	/** Only Get Many Tasks knows it. */
	unknown: number;
	/** Of those without an image: fetched afterwards by Get Many Tasks and Wait for Completion. */
	swept: number;
	/** None of all that. */
	lost: number;
	/** Items whose task was paid more than once. */
	paidTwice: number;
}

/** How often what follows ran, for the tasks of some kinds of workflows. */
export interface Visits {
	tasks: number;
	/** Tasks for which it ran more than once. */
	twice: number;
}

export async function readOutcome(stage: Stage): Promise<Outcome> {
	const { simulator, cluster } = stage;
	const paid = ownTasks(stage);
	const seen = { images: new Set<string>(), texts: [] as string[] };
	const rows = await stage.executions();
	for (let at = 0; at < rows.length; at += READ_AT_A_TIME) {
		const some = rows.slice(at, at + READ_AT_A_TIME);
		await Promise.all(
			some.map(async ({ id }) => {
				const execution = await cluster.main.getExecution(id);
				seen.texts.push(JSON.stringify(execution.data));
				for (const task of await imagesIn(stage, execution)) seen.images.add(task);
			}),
		);
	}
	const text = seen.texts.join('\n');
	const log = cluster.logs();
	const without = paid.filter((id) => !seen.images.has(id));
	const named = without.filter((id) => text.includes(id));
	const logged = without.filter((id) => !text.includes(id) && log.includes(id));
	const unknown = without.length - named.length - logged.length;
	const swept = await sweep(stage, without);
	const payments = new Map<string, number>();
	for (const { taskId } of simulator.ledger) {
		const prompt = simulator.tasks.get(taskId)?.request.prompt ?? '';
		if (!isHandBuilt(prompt)) payments.set(prompt, (payments.get(prompt) ?? 0) + 1);
	}
	return {
		paid: paid.length,
		withImage: paid.length - without.length,
		named: named.length,
		logged: logged.length,
		unknown,
		swept: swept.size,
		lost: without.filter((id) => !swept.has(id) && !named.includes(id) && !logged.includes(id))
			.length,
		paidTwice: [...payments.values()].filter((times) => times > 1).length,
	};
}

const READ_AT_A_TIME = 8;

/** IDs of the tasks that this node has created, whatever n8n knows of them. */
function ownTasks({ simulator }: Stage): string[] {
	return [...simulator.tasks.values()]
		.filter(({ request }) => !isHandBuilt(request.prompt))
		.map(({ id }) => id);
}

/** @returns the tasks whose images this execution holds; each image is read */
async function imagesIn({ cluster }: Stage, execution: Execution): Promise<string[]> {
	const found: string[] = [];
	for (const { json, binary } of itemsOf(execution)) {
		const [image] = Object.values(binary ?? {});
		if (!image || typeof json.id !== 'string') continue;
		if ((await cluster.main.binaryData(image)).length > 0) found.push(json.id);
	}
	return found;
}

function itemsOf({ data }: Execution): INodeExecutionData[] {
	return Object.values(data.resultData.runData)
		.flat()
		.flatMap((run) => run.data?.main ?? [])
		.flatMap((items) => items ?? []);
}

/** As a person would: lists the account's finished tasks, leaves out those that are known, and fetches the others. */
async function sweep(stage: Stage, without: string[]): Promise<Set<string>> {
	if (without.length === 0) return new Set();
	const { main } = stage.cluster;
	const known = ownAndOthers(stage).filter((id) => !without.includes(id));
	const id = await stage.store(sweepWorkflow(stage.surroundings, known), false);
	const execution = await main.waitForExecution(await main.runWorkflow(id), {
		timeoutMs: 300_000,
		until: ['success'],
	});
	const images = await imagesIn(stage, execution);
	return new Set(images.filter((task) => without.includes(task)));
}

const ownAndOthers = ({ simulator }: Stage) => [...simulator.tasks.keys()];

/** Counts the marks that the last nodes of the workflows of a kind have left. */
export function visitsOf({ simulator }: Stage, kind: Kind): Visits {
	const counts = new Map<string, number>();
	for (const { query } of simulator.requests) {
		const task = query[MARK];
		const prompt = simulator.tasks.get(task)?.request.prompt;
		if (prompt && kindOf(prompt) === kind) counts.set(task, (counts.get(task) ?? 0) + 1);
	}
	return { tasks: counts.size, twice: [...counts.values()].filter((times) => times > 1).length };
}
