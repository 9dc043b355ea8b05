import type { IDataObject, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { isRecord, parseJson, textOf } from '../../api/http/json';

/**
 * The record of a parked run. It is kept in the node's context, so n8n saves it with the execution, and a later version
 * of this package may have to read it: the names of its keys stay.
 */

/** What the calls are held against. Plain JSON. */
export interface ParkedRun {
	/** The form of the record. Missing in 0.1.0, which wrote the same form. */
	version?: number;
	runIndex: number;
	secret: string;
	taskIds: string[];
	/** When n8n stops waiting. Unix milliseconds. */
	until: number;
	/** Who has claimed the run after its end, see `duplicateResume.ts`. */
	copy?: string;
}

/** What the node needs when it runs again; apart from `ParkedRun`, because it can be large. Plain JSON. */
export interface KeptInput {
	items: Array<Pick<INodeExecutionData, 'json' | 'binary'>>;
	/** The outcome of items that failed before the run was parked: they are not tried again. */
	failures: Record<number, INodeExecutionData>;
}

/** What n8n keeps for the node in an execution. */
export interface NodeContext extends IDataObject {
	evolinkParked?: ParkedRun & IDataObject;
	evolinkInput?: KeptInput & IDataObject;
}

const VERSION = 1;

/** Saves the record; n8n keeps it as long as the execution. */
export function saveParkedRun(
	context: NodeContext,
	parked: Omit<ParkedRun, 'version'>,
	input: KeptInput,
): void {
	context.evolinkParked = { version: VERSION, ...parked };
	context.evolinkInput = { ...input };
}

/** @returns undefined where this run of the node was not parked */
export function loadParkedRun(
	{ evolinkParked: parked, evolinkInput: input }: NodeContext,
	runIndex: number,
): { parked: ParkedRun; input: KeptInput } | undefined {
	return input && parked?.runIndex === runIndex ? { parked, input } : undefined;
}

export function clearParkedRun(context: NodeContext): void {
	delete context.evolinkParked;
	delete context.evolinkInput;
}

/**
 * The record as `webhook()` can see it: n8n lets it read the context of a node by expression only, and write nothing.
 *
 * @returns undefined where nothing is waited for, or not by a run that this version understands
 */
export function readParkedRun(
	context: Pick<IWebhookFunctions, 'evaluateExpression' | 'getNode'>,
): ParkedRun | undefined {
	// Braces would end the expression, and U+2028 ends a line in what n8n reads expressions with.
	const name = context.getNode().name.replace(/[^\w ]/g, escapeCharacter);
	const saved = context.evaluateExpression(
		`{{ JSON.stringify($("${name}").context.evolinkParked ?? null) }}`,
	);
	const parked = parseJson(textOf(saved) ?? 'null');
	if (!isRecord(parked) || typeof parked.secret !== 'string' || !Array.isArray(parked.taskIds)) {
		return undefined;
	}
	return (parked.version ?? VERSION) === VERSION ? (parked as unknown as ParkedRun) : undefined;
}

function escapeCharacter(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
