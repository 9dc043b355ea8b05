import type { IExecuteFunctions } from 'n8n-workflow';

import type { Tally } from './tally';

const CONSOLE_PAUSE_MS = 2_000;
const LOG_PAUSE_MS = 10_000;

/**
 * Tells how far a run over many items is. n8n shows a node's state only at its end; until then it passes on to
 * the browser's console what a manual run says, and keeps a log.
 */
export class Progress {
	private readonly startedAt = Date.now();

	private toldConsoleAt = this.startedAt;

	private toldLogAt = this.startedAt;

	private done = 0;

	constructor(
		private readonly context: Pick<
			IExecuteFunctions,
			'addExecutionHints' | 'getExecutionId' | 'getNode' | 'logger' | 'sendMessageToUI'
		>,
		private readonly items: number,
	) {}

	/** An item is done, well or not. */
	noteItem(): void {
		this.done++;
		if (this.done < this.items) this.tell(`${this.done} of ${this.items} items done`);
	}

	/** All items are done. @param tally what they have made and cost */
	end(failures: number, tally: Tally): void {
		if (this.items < 2) return;
		const seconds = ((Date.now() - this.startedAt) / 1_000).toFixed(1);
		const failed = failures === 0 ? '' : `, ${failures} of them failed`;
		const sum = String(tally) && `: ${String(tally)}`;
		const message = `${this.items} items done in ${seconds} s${failed}${sum}`;
		this.context.addExecutionHints({ message, location: 'outputPane' });
		this.tell(message);
	}

	/** Not more often than somebody can read. */
	private tell(message: string): void {
		const { context } = this;
		const now = Date.now();
		if (now - this.toldConsoleAt >= CONSOLE_PAUSE_MS) {
			this.toldConsoleAt = now;
			context.sendMessageToUI(message);
		}
		if (now - this.toldLogAt >= LOG_PAUSE_MS) {
			this.toldLogAt = now;
			const executionId = context.getExecutionId();
			context.logger.info(`EvoLink node "${context.getNode().name}": ${message}`, { executionId });
		}
	}
}

/** Tells n8n's log what a run waits for, not more often than somebody can read. */
export function logOfWaiting(
	context: Pick<IExecuteFunctions, 'getExecutionId' | 'getNode' | 'logger'>,
): (message: string) => void {
	let toldAt = Number.NEGATIVE_INFINITY;
	return (message) => {
		const now = Date.now();
		if (now - toldAt < LOG_PAUSE_MS) return;
		toldAt = now;
		const executionId = context.getExecutionId();
		context.logger.info(`EvoLink node "${context.getNode().name}": ${message}`, { executionId });
	};
}
