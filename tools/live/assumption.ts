import type { Live } from './live';

/** What was seen of an assumption, in words that may be published: no key, no prompt, no secret of a link. */
export interface Verdict {
	result: 'held' | 'not held' | 'not seen';
	seen: string;
}

/** Something that the node relies on and that no page of the documentation promises. */
export interface Assumption {
	assumption: string;
	/** Section of docs/facts/evolink.md and the evidence there. */
	source: string;
	/** What is done to find out. */
	tried: string;
	/** Tasks that are bought for it: where it holds, and where it does not. Default none. */
	buys?: { held: number; notHeld: number };
	try(live: Live): Promise<Verdict>;
}

export const held = (seen: string): Verdict => ({ result: 'held', seen });
export const notHeld = (seen: string): Verdict => ({ result: 'not held', seen });
export const notSeen = (seen: string): Verdict => ({ result: 'not seen', seen });

/** Held or not, with the same words for both. */
export const judged = (isHeld: boolean, seen: string): Verdict =>
	isHeld ? held(seen) : notHeld(seen);
