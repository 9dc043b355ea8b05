import type { IExecuteFunctions } from 'n8n-workflow';

const SHORTEST_PAUSE_MS = 2_000;

/**
 * Tells how far a run over many items is. n8n shows a node's state only at its end; until then it passes on to
 * the browser's console what a manual run says, and writes the rest into its log.
 */
export class Progress {
	private readonly startedAt = Date.now();

	private toldAt = this.startedAt;

	private done = 0;

	constructor(
		private readonly context: Pick<
			IExecuteFunctions,
			'addExecutionHints' | 'getNode' | 'logger' | 'sendMessageToUI'
		>,
		private readonly items: number,
	) {}

	/** An item is done, well or not. */
	noteItem(): void {
		this.done++;
		const now = Date.now();
		if (this.done === this.items || now - this.toldAt < SHORTEST_PAUSE_MS) return;
		this.toldAt = now;
		this.tell(`${this.done} of ${this.items} items done`);
	}

	/** All items are done. */
	end(failures: number): void {
		if (this.items < 2) return;
		const seconds = ((Date.now() - this.startedAt) / 1_000).toFixed(1);
		const failed = failures === 0 ? '' : `, ${failures} of them failed`;
		const message = `${this.items} items done in ${seconds} s${failed}`;
		this.context.addExecutionHints({ message, location: 'outputPane' });
		this.tell(message);
	}

	private tell(message: string): void {
		this.context.logger.debug(`EvoLink node "${this.context.getNode().name}": ${message}`);
		this.context.sendMessageToUI(message);
	}
}
