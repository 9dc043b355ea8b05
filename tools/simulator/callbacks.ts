import { setMaxListeners } from 'node:events';

import { sendRequest } from './outgoing';

/** One attempt to deliver a callback. */
export interface Delivery {
	taskId: string;
	/** The public address that the client gave. */
	url: string;
	/** Where it was really sent; absent for a host that nobody mapped, which is never contacted. */
	sentTo?: string;
	/** From 1; at most four. */
	attempt: number;
	/** Milliseconds since the epoch. */
	at: number;
	body: object;
	/** Status of the receiver's answer. */
	status?: number;
	/** Why there was no answer. */
	error?: string;
	/** Whether the receiver took it (2xx). */
	accepted: boolean;
}

export interface CallbacksSetup {
	hosts: Record<string, string>;
	retrySeconds: number[];
	timeoutSeconds: number;
	signal: AbortSignal;
	onDelivery?: (delivery: Delivery) => void;
}

/**
 * Sends the task to its callback_url. 10 s timeout, up to three retries after 1, 2 and 4 s unless
 * the answer is 2xx (docs.evolink.ai, callback_url on every image page).
 */
export class Callbacks {
	readonly log: Delivery[] = [];
	private readonly timers = new Set<NodeJS.Timeout>();

	constructor(private readonly setup: CallbacksSetup) {
		// Any number of deliveries may be under way; Node.js takes more than ten listeners for a leak.
		setMaxListeners(0, setup.signal);
	}

	/** Does something later, unless the simulator is closed first. */
	schedule(milliseconds: number, action: () => Promise<void>): void {
		const timer = setTimeout(() => {
			this.timers.delete(timer);
			void action();
		}, milliseconds);
		this.timers.add(timer);
	}

	/** Delivers, retries included; never rejects. */
	async deliver(taskId: string, url: string, body: object, attempt = 1): Promise<void> {
		const delivery = await this.attempt(taskId, url, body, attempt);
		const wait = this.setup.retrySeconds[attempt - 1];
		if (delivery.accepted || wait === undefined || this.setup.signal.aborted) return;
		this.schedule(wait * 1000, async () => await this.deliver(taskId, url, body, attempt + 1));
	}

	/** A single attempt. */
	async attempt(taskId: string, url: string, body: object, attempt = 1): Promise<Delivery> {
		const sentTo = this.resolve(url);
		const base = { taskId, url, sentTo, attempt, at: Date.now(), body, accepted: false };
		const delivery: Delivery = { ...base, ...(await this.post(url, sentTo, body)) };
		if (this.setup.signal.aborted) return delivery;
		this.log.push(delivery);
		this.setup.onDelivery?.(delivery);
		return delivery;
	}

	close(): void {
		for (const timer of this.timers) clearTimeout(timer);
	}

	private async post(
		url: string,
		sentTo: string | undefined,
		body: object,
	): Promise<Pick<Delivery, 'accepted' | 'status' | 'error'>> {
		const { host } = new URL(url);
		if (sentTo === undefined) return { accepted: false, error: `${host} is not mapped` };
		try {
			const { status } = await sendRequest(sentTo, {
				method: 'POST',
				// As behind a reverse proxy: the receiver sees the public name it was called by.
				headers: {
					host,
					'x-forwarded-host': host,
					'x-forwarded-proto': 'https',
					'content-type': 'application/json',
				},
				body: JSON.stringify(body),
				timeoutSeconds: this.setup.timeoutSeconds,
				maxBytes: 1024 * 1024,
				signal: this.setup.signal,
			});
			return { status, accepted: status >= 200 && status < 300 };
		} catch (error) {
			return { accepted: false, error: (error as Error).message };
		}
	}

	private resolve(url: string): string | undefined {
		const { host, hostname, pathname, search } = new URL(url);
		const { hosts } = this.setup;
		const origin = hosts[host] ?? hosts[hostname] ?? hosts['*'];
		return origin === undefined ? undefined : `${origin.replace(/\/+$/, '')}${pathname}${search}`;
	}
}
