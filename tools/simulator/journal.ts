import type { IncomingHttpHeaders } from 'node:http';

export type HostName = 'api' | 'files' | 'results' | 'pictures' | 'gateway';

/** One part of a multipart body, as a strict parser sees it. */
export interface Part {
	name: string;
	/** Absent for plain fields. */
	fileName?: string;
	contentType: string;
	data: Buffer;
}

/** A request as it came over the wire, and what became of it. */
export interface RecordedRequest {
	/** Milliseconds since the epoch at which its headers arrived. */
	at: number;
	host: HostName;
	method: string;
	path: string;
	query: Record<string, string>;
	headers: IncomingHttpHeaders;
	body: Buffer;
	/** The body, where it is JSON. */
	json?: unknown;
	/** The body, where it is well-formed multipart. */
	parts?: Part[];
	/** Made by the simulated service itself (it fetches source images), not by a client. */
	fromService: boolean;
	/** Status of the answer; absent as long as none was sent, so also after a reset. */
	status?: number;
	/** Name of the injected fault that hit this request. */
	fault?: string;
	/** Credits that this request cost; absent when it was not a paid create. */
	charged?: number;
}

/** Marks the service's own requests to its hosts. */
export const SERVICE_AGENT = 'evolink-simulator';

/** Every request on the wire, in order. */
export class Journal {
	readonly requests: RecordedRequest[] = [];

	/** @param keys the key of each host that has one */
	constructor(private readonly keys: Partial<Record<HostName, string>>) {}

	/** Requests that carry the key where it has no business, or any credentials to foreign hosts. */
	get keyLeaks(): RecordedRequest[] {
		return this.requests.filter((request) => this.leaksKey(request));
	}

	/** Milliseconds between successive queries of one task, alone or with others, failed ones included. */
	pollGaps(taskId: string): number[] {
		const times = this.requests
			.filter((request) => tasksAskedFor(request)?.includes(taskId))
			.map(({ at }) => at);
		return times.slice(1).map((at, index) => at - times[index]);
	}

	private leaksKey({ host, path, query, headers, body }: RecordedRequest): boolean {
		const { authorization, ...otherHeaders } = headers;
		const ownKey = this.keys[host];
		if (ownKey === undefined && authorization !== undefined) return true;
		const text = [path, JSON.stringify(query), JSON.stringify(otherHeaders)].join('\n');
		return Object.values(this.keys).some((key) => {
			const isForeign = key !== ownKey && authorization?.includes(key);
			return isForeign || text.includes(key) || body.includes(key);
		});
	}
}

/** @returns undefined where the request is no question for tasks */
export function tasksAskedFor({ host, method, path, json }: RecordedRequest): string[] | undefined {
	if (host !== 'api') return undefined;
	if (method === 'POST' && path === '/v1/tasks/batch') {
		return (json as { task_ids?: string[] } | undefined)?.task_ids ?? [];
	}
	const [, taskId] = /^\/v1\/tasks\/([^/]+)$/.exec(path) ?? [];
	return method === 'GET' && taskId !== undefined ? [taskId] : undefined;
}
