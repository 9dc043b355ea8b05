/** Starts executions as callers from outside do, and waits until nothing is left to happen. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../host/logs';
import type { Stage } from './stage';
import { HAND_BUILT_KINDS, type Kind, startPath } from './workflows';

/** One execution to be started. */
export interface Start {
	/** Among those of its kind. */
	number: number;
	kind: Kind;
	items: number;
}

/** Executions of these kinds in turn, with 1 to `most` items; those by n8n's Wait node have one. */
export function starts(count: number, kinds: readonly Kind[], most: number): Start[] {
	return Array.from({ length: count }, (_, index) => startOf(index, kinds, most));
}

function startOf(index: number, kinds: readonly Kind[], most: number): Start {
	const kind = kinds[index % kinds.length];
	const number = Math.floor(index / kinds.length);
	// 7 has no divisor in common with the sizes in use: all sizes, in mixed order, for each kind.
	const items = kind === 'waitNode' ? 1 : 1 + ((number * 7) % most);
	return { number, kind, items };
}

/** Says which item of which execution a task is for: what is paid twice has the same. */
export const promptOf = ({ number, kind }: Start, item: number) => `${kind} ${number} item ${item}`;

export const kindOf = (prompt = '') => prompt.split(' ')[0] as Kind;

/** Whether the prompt is of an execution that does without this node. */
export const isHandBuilt = (prompt?: string) =>
	HAND_BUILT_KINDS.some((kind) => kind === kindOf(prompt));

/** Calls the workflow's webhook at a webhook processor. @returns how it was answered, {@link TAKEN} if well */
async function call(stage: Stage, start: Start): Promise<string> {
	const list = Array.from({ length: start.items }, (_, item) => ({
		prompt: promptOf(start, item),
	}));
	try {
		const response = await fetch(
			stage.cluster.process('webhook-1').baseUrl + startPath(start.kind),
			{
				method: 'POST',
				headers: { 'content-type': 'application/json', connection: 'close' },
				body: JSON.stringify({ list }),
				signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
			},
		);
		return response.ok ? TAKEN : `status ${response.status}`;
	} catch (error) {
		return error instanceof DOMException ? 'no answer' : 'no connection';
	}
}

const TAKEN = 'taken';
const CALL_TIMEOUT_MS = 20_000;

/** How many calls were not taken, by reason: without an answer, whether the execution runs is not known. */
type Refused = Record<string, number>;

/**
 * Starts them so that never more than so many executions have not ended; each call waits for the answer of the one
 * before, as a caller with a queue of its own does. All at once, their tasks end together too, and more calls than a
 * webhook processor answers within 10 s come again and again.
 */
export async function startInFlight(
	stage: Stage,
	all: Start[],
	inFlight: number,
): Promise<Refused> {
	const answers: string[] = [];
	for (const start of all) {
		while ((await stage.open()) >= inFlight) await sleep(100);
		answers.push(await call(stage, start));
	}
	return refusedOf(answers);
}

function refusedOf(answers: string[]): Refused {
	const refused: Refused = {};
	for (const answer of answers) {
		if (answer !== TAKEN) refused[answer] = (refused[answer] ?? 0) + 1;
	}
	return refused;
}

/**
 * Starts executions of these kinds in turn at a constant pace, whatever happens to n8n, as long as something lasts.
 *
 * @returns how many calls
 */
export async function startDuring(
	stage: Stage,
	{ kinds, mostItems, perMinute }: { kinds: readonly Kind[]; mostItems: number; perMinute: number },
	lasting: Promise<void>,
): Promise<{ executions: number; refused: Refused }> {
	let isOver = false;
	const ending = lasting.finally(() => (isOver = true));
	const first = Date.now();
	const calls: Array<Promise<string>> = [];
	while (!isOver) {
		calls.push(call(stage, startOf(calls.length, kinds, mostItems)));
		const next = first + (calls.length * 60_000) / perMinute;
		await Promise.race([ending, sleep(Math.max(0, next - Date.now()))]);
	}
	await ending;
	return { executions: calls.length, refused: refusedOf(await Promise.all(calls)) };
}

/** The service calls for these tasks, so many each second. */
export async function deliver(
	{ simulator }: Stage,
	taskIds: Iterable<string>,
	perSecond: number,
): Promise<void> {
	for (const [index, id] of [...taskIds].entries()) {
		if (index > 0) await sleep(1000 / perSecond);
		void simulator.deliverCallback(id);
	}
}

const PARKED_WITHIN_MS = 300_000;

/**
 * Waits until so many executions of a kind are there and none of them is running.
 *
 * @returns how many of them are parked
 * @throws Error where that takes too long
 */
export async function untilParked(stage: Stage, kind: Kind, count: number): Promise<number> {
	const deadline = Date.now() + PARKED_WITHIN_MS;
	for (;;) {
		const rows = await stage.executionsOf(kind);
		const withStatus = (...statuses: string[]) =>
			rows.filter(({ status }) => statuses.includes(status)).length;
		// n8n answers a call before the execution is in its list.
		if (rows.length >= count && withStatus('new', 'running') === 0) return withStatus('waiting');
		if (Date.now() > deadline) throw new Error(`${withStatus('waiting')} of ${count} are parked`);
		await sleep(200);
	}
}

const QUIET_MS = 10_000;

/**
 * Waits until all tasks have ended and been told, and all executions have ended.
 *
 * @returns how many have not after so many seconds
 */
export async function untilDrained(
	stage: Stage,
	timeoutSeconds: number,
	log: Log,
): Promise<number> {
	const deadline = Date.now() + timeoutSeconds * 1000;
	let quietSince = Infinity;
	for (let round = 0; ; round++) {
		const open = await stage.open();
		const { tasks } = stage.simulator;
		const isQuiet = open === 0 && [...tasks.values()].every(({ ended }) => ended);
		quietSince = isQuiet ? Math.min(quietSince, Date.now()) : Infinity;
		if (Date.now() - quietSince > QUIET_MS) return 0;
		if (Date.now() > deadline) return open;
		if (round % 30 === 29) log(`${open} executions have not ended yet`);
		await sleep(1000);
	}
}
