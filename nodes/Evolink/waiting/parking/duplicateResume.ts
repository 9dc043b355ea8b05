import { randomUUID } from 'crypto';

import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	IWebhookFunctions,
} from 'n8n-workflow';

import type { Clock } from '../../api/http/clock';
import { numberOf } from '../../api/http/json';
import { BoundedMap } from '../../memory/boundedMap';
import type { ParkedRun } from './parkedRun';

/**
 * n8n 1.x starts a run again that is no longer parked: when two calls reach two of its processes at one moment, or when
 * the time limit passes soon after a call has woken the run. Nothing of it must be handed on twice, so a
 * resumed run is claimed before anything is done. n8n 2 resumes once: all of this can go when n8n 1.x does.
 */

/**
 * Set in the first item of a run that a call wakes: the place of its task among the tasks. Only on n8n 1.x, and only
 * until the node has its input back.
 */
const WOKEN_BY = 'evolink_woken_by';

/** Reading and writing n8n's list of processed data takes some 10 ms; a turn is longer. */
const TURN_MS = 150;
const TURNS = 8;
/** From so long to twice as long, a second resume is told by that list: less than n8n needs to start again after a crash. */
const DUPLICATES_COME_WITHIN_MS = 4_000;
const MAX_REMEMBERED_RUNS = 1_000;

/** Which resume of a run this process works on, by execution and secret. */
const firstResumes = new BoundedMap<string>(MAX_REMEMBERED_RUNS);

/** For the first item of a run that a call wakes. */
export function wakeMark(context: IWebhookFunctions, taskPosition: number): IDataObject {
	// n8n 2 signs its addresses.
	const isSigned = 'signature' in (context.getQueryData() as IDataObject);
	return isSigned ? {} : { [WOKEN_BY]: taskPosition };
}

/** @returns the place of the task that woke the run; undefined where that does not matter */
export function readWakeMark([first]: INodeExecutionData[]): number | undefined {
	return numberOf(first?.json[WOKEN_BY]);
}

/** Claims a resumed run for this resume of it. @returns false for a second one in this process */
export function claimResume(executionId: string, parked: ParkedRun): boolean {
	const resume = (parked.copy ??= randomUUID());
	return firstResumes.getOrAdd(`${executionId} ${parked.secret}`, () => resume) === resume;
}

/**
 * Claims a resumed run for this process of n8n (in queue mode): as far as n8n 1.x lets a node do that, which is by a
 * list in its database that two processes can read before either writes. So they come one after the other, each
 * when its call's turn is: by the time of day, because one may start later than the other.
 *
 * @param wokenBy of `readWakeMark`
 * @returns false where another process has it
 */
export async function claimResumeAcrossProcesses(
	context: Pick<IExecuteFunctions, 'helpers'>,
	{ secret }: ParkedRun,
	wokenBy: number,
	clock: Clock,
): Promise<boolean> {
	const roundMs = TURNS * TURN_MS;
	const turnAt = ((wokenBy % TURNS) + Math.random() / 2) * TURN_MS;
	await clock.sleep((turnAt - (clock.now() % roundMs) + roundMs) % roundMs);
	const name = (time: number) => `${secret} ${time}`;
	// Not for long: the run may be woken again because the process that had it has died.
	const now = Math.floor(clock.now() / DUPLICATES_COME_WITHIN_MS);
	const own = randomUUID();
	const record = async () =>
		await context.helpers.checkProcessedAndRecord([name(now), name(now + 1), own], 'node', {
			mode: 'entries',
			maxEntries: MAX_REMEMBERED_RUNS,
		});
	// Two that begin the list at one moment make the second fail. Without a list, all is as n8n does it.
	const seen = await record()
		.catch(record)
		.catch(() => undefined);
	// With its own entry there, it is its first try that has come through after all.
	if (seen?.processed.includes(name(now)) && !seen.processed.includes(own)) return false;
	// The last to end writes the record that the user sees: let the others be done.
	await clock.sleep((TURNS + 2) * TURN_MS);
	return true;
}

/** Lets a second resume end here: with 'Always Output Data' n8n would run what follows with an empty item. */
export function handNothingOn(context: Pick<IExecuteFunctions, 'getExecuteData'>): void {
	context.getExecuteData().node.alwaysOutputData = false;
}
