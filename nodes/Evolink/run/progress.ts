import type { IExecuteFunctions, Logger } from 'n8n-workflow';

import type { Clock } from '../api/http/clock';
import type { RunIdentity } from '../memory/runIdentity';
import type { Tally } from './tally';

const CONSOLE_PAUSE_MS = 2_000;
const LOG_PAUSE_MS = 10_000;

/** Where a person follows a run: the log. */
export type Log = (message: string) => void;

/** n8n's log, each line with the node and the execution that it is about. */
export function logOf(
	logger: Pick<Logger, 'info'>,
	{ nodeName, executionId }: Pick<RunIdentity, 'nodeName' | 'executionId'>,
): Log {
	return (message) => logger.info(`EvoLink node "${nodeName}": ${message}`, { executionId });
}

/** Leaves out what comes sooner after the last one than somebody can read. */
function notTooOften(
	clock: Pick<Clock, 'now'>,
	pauseMs: number,
	tell: Log,
	toldAt = Number.NEGATIVE_INFINITY,
): Log {
	return (message) => {
		const now = clock.now();
		if (now - toldAt < pauseMs) return;
		toldAt = now;
		tell(message);
	};
}

/**
 * Tells how far a run over many items is. n8n shows a node's state only at its end; until then it passes on to
 * the browser's console what a manual run says, and keeps a log.
 */
export class Progress {
	private readonly startedAt: number;

	private readonly tellConsole: Log;

	private readonly tellLog: Log;

	private done = 0;

	constructor(
		private readonly clock: Pick<Clock, 'now'>,
		log: Log,
		private readonly n8n: Pick<IExecuteFunctions, 'addExecutionHints' | 'sendMessageToUI'>,
		private readonly items: number,
	) {
		this.startedAt = clock.now();
		const console: Log = (message) => n8n.sendMessageToUI(message);
		this.tellConsole = notTooOften(clock, CONSOLE_PAUSE_MS, console, this.startedAt);
		this.tellLog = notTooOften(clock, LOG_PAUSE_MS, log, this.startedAt);
	}

	/** An item is done, well or not. */
	noteItem(): void {
		this.done++;
		if (this.done < this.items) this.tell(`${this.done} of ${this.items} items done`);
	}

	/** All items are done. @param tally what they have made and cost */
	end(failures: number, tally: Tally): void {
		if (this.items < 2) return;
		const seconds = ((this.clock.now() - this.startedAt) / 1_000).toFixed(1);
		const failed = failures === 0 ? '' : `, ${failures} of them failed`;
		const sum = String(tally) && `: ${String(tally)}`;
		const message = `${this.items} items done in ${seconds} s${failed}${sum}`;
		this.n8n.addExecutionHints({ message, location: 'outputPane' });
		this.tell(message);
	}

	private tell(message: string): void {
		this.tellConsole(message);
		this.tellLog(message);
	}
}

/** Tells the log what a run waits for. */
export function logOfWaiting(clock: Pick<Clock, 'now'>, log: Log): Log {
	return notTooOften(clock, LOG_PAUSE_MS, log);
}
