import { type IExecuteFunctions, sleep } from 'n8n-workflow';

import type { RunIdentity } from '../memory/runIdentity';

/** Tasks that are created within this time share a line. */
const BATCH_MS = 500;

/**
 * Writes down the IDs of paid tasks as they are created, where they outlast a stopped or crashed execution, whose
 * error n8n may not show: in n8n's log and, for a manual run, in the browser's console.
 */
export class PaidTasks {
	private batch: string[] = [];

	constructor(
		private readonly context: Pick<IExecuteFunctions, 'logger' | 'sendMessageToUI'>,
		private readonly identity: RunIdentity,
	) {}

	/** A task has been created. */
	note(taskId: string): void {
		this.batch.push(taskId);
		if (this.batch.length === 1) void sleep(BATCH_MS).then(() => this.writeBatch());
	}

	private writeBatch(): void {
		const count = this.batch.length;
		const message = `${count === 1 ? 'Task' : `${count} tasks`} created: ${this.batch.join(', ')}`;
		this.batch = [];
		this.context.logger.info(...this.logEntry(message));
		this.context.sendMessageToUI(message);
	}

	/** The execution was stopped. @param note what is paid; '' for nothing */
	noteStop(note: string): void {
		if (note === '') return;
		const message = `Stopped. ${note}`;
		this.context.logger.warn(...this.logEntry(message));
		this.context.sendMessageToUI(message);
	}

	private logEntry(message: string): [string, { executionId: string }] {
		const { nodeName, executionId } = this.identity;
		return [`EvoLink node "${nodeName}": ${message}`, { executionId }];
	}
}
