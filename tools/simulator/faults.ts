import type { HostName, RecordedRequest } from './journal';

/** An answer instead of the real one. */
export interface StatusFault {
	status: number;
	headers?: Record<string, string>;
	/** An object is sent as JSON, a string as it is (HTML when it starts with '<'). */
	body?: object | string;
	/** Let the request take effect first: a create is then paid although it seems to fail. */
	handled?: boolean;
}

/**
 * What can go wrong with a request.
 * - `resetBefore`: the connection is reset and the request has no effect.
 * - `resetAfter`: the request takes effect (a create is paid), its answer is lost.
 * - `hang`, `hangAfter`: no answer ever comes; without and with effect.
 * - `answerThenBreak`, `answerThenHang`: half of the real answer, then a lost connection or silence.
 * - `brokenJson`: a complete answer whose body ends in the middle.
 * - `{ slow }`: takes effect at once, the answer comes after so many milliseconds.
 */
export type Fault =
	| 'resetBefore'
	| 'resetAfter'
	| 'hang'
	| 'hangAfter'
	| 'answerThenBreak'
	| 'answerThenHang'
	| 'brokenJson'
	| { slow: number }
	| StatusFault;

export interface FaultRule {
	host: HostName;
	method?: string;
	path?: RegExp;
	/** A further condition, for instance on the prompt. */
	match?: (request: RecordedRequest) => boolean;
	/** How many matching requests pass unharmed first. Default 0. */
	after?: number;
	/** How many requests are hit then. Default 1; Infinity for a lasting fault. */
	times?: number;
	fault: Fault;
}

/** A scripted fault that was handed in. */
export interface Injection {
	/** How many requests it has hit so far. */
	readonly hits: number;
	/** Ends a lasting fault. */
	remove(): void;
}

/** The scripted faults: the first rule that matches a request and is due wins. */
export class Faults {
	private rules: Array<{ rule: FaultRule; seen: number; hits: number }> = [];

	inject(rule: FaultRule): Injection {
		const entry = { rule, seen: 0, hits: 0 };
		this.rules.push(entry);
		return {
			get hits() {
				return entry.hits;
			},
			remove: () => {
				this.rules = this.rules.filter((other) => other !== entry);
			},
		};
	}

	/** The fault for this request, used up by asking. */
	take(request: RecordedRequest): Fault | undefined {
		for (const entry of this.rules) {
			const { rule } = entry;
			if (entry.hits >= (rule.times ?? 1) || !matches(rule, request)) continue;
			entry.seen++;
			if (entry.seen <= (rule.after ?? 0)) continue;
			entry.hits++;
			return rule.fault;
		}
		return undefined;
	}
}

/** A short name of a fault, for logs. */
export function faultName(fault: Fault): string {
	if (typeof fault === 'string') return fault;
	return 'slow' in fault ? `slow ${fault.slow} ms` : `status ${fault.status}`;
}

function matches(rule: FaultRule, request: RecordedRequest): boolean {
	return (
		rule.host === request.host &&
		(rule.method === undefined || rule.method === request.method) &&
		(rule.path === undefined || rule.path.test(request.path)) &&
		(rule.match === undefined || rule.match(request))
	);
}
