import { isRecord } from '../Evolink/api/http/json';
import { BoundedMap } from '../Evolink/memory/boundedMap';

/** What started an execution (task and end state) with the time in Unix milliseconds. Plain JSON. */
export type Delivered = Record<string, number>;

/** The service gives up after less than a minute; the rest is for callbacks that somebody sends again by hand. */
const KEPT_MS = 3 * 24 * 60 * 60 * 1_000;
/** n8n loads and saves all of it with every delivery: about 100 KB. */
const MAX_KEPT = 2_000;
const MAX_NODES = 1_000;

/**
 * Remembers which ends of tasks have started an execution.
 *
 * n8n keeps the saved part in its database (static data), for restarts and for its other processes, but it reads
 * it at the start of a delivery and writes it at the end: deliveries at the same time do not see each other
 * there, and the last one overwrites what the others wrote. So this process also remembers by itself, and every
 * delivery saves all that the process knows. Two processes that are called within the same fraction of a second
 * can still both start: n8n gives nodes no lock that they share.
 */
export class DeliveredTasks {
	private readonly nodes = new BoundedMap<Delivered>(MAX_NODES);

	/**
	 * Records an end of a task, unless it is known. Nothing can come between the look and the record.
	 *
	 * @param node for whom; nodes do not share what they know
	 * @param saved what n8n has kept of earlier deliveries; not trusted
	 * @param now Unix milliseconds
	 * @returns what n8n shall keep; undefined where the end was known already
	 */
	record(
		node: string,
		end: string,
		saved: unknown,
		now: number,
		keptMs = KEPT_MS,
	): Delivered | undefined {
		const known: Delivered = { ...readSaved(saved, now), ...this.nodes.get(node) };
		const isKnown = Object.hasOwn(known, end) && now - known[end] < keptMs;
		if (!isKnown) known[end] = now;
		const kept = Object.fromEntries(
			Object.entries(known)
				.filter(([, time]) => now - time < keptMs)
				.sort(([, one], [, other]) => other - one)
				.slice(0, MAX_KEPT),
		);
		this.nodes.set(node, kept);
		return isKnown ? undefined : kept;
	}
}

/** A clock that was set back must not make entries that never grow old. */
function readSaved(saved: unknown, now: number): Delivered {
	if (!isRecord(saved)) return {};
	return Object.fromEntries(
		Object.entries(saved)
			.filter((entry): entry is [string, number] => typeof entry[1] === 'number')
			.map(([end, time]) => [end, Math.min(time, now)]),
	);
}
