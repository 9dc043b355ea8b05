import { redacted, withoutSecrets } from '../../nodes/Evolink/api/errors/redaction';
import type { Assumption, Verdict } from './assumption';
import { account } from './assumptions/account';
import { callbacks } from './assumptions/callbacks';
import { limits } from './assumptions/limits';
import { tasks } from './assumptions/tasks';
import { uploads } from './assumptions/uploads';
import { wholeRun } from './assumptions/wholeRun';
import { type Live, MODEL, PROMPT, type Settings } from './live';

/** Those that cost nothing. */
export const FREE: Assumption[] = [...account, ...uploads];
export const ALL: Assumption[] = [...FREE, ...tasks, ...callbacks, ...limits, ...wholeRun];

export interface Outcome extends Verdict {
	row: Assumption;
}

/** What a run buys: if everything holds, and at most. */
export interface Cost {
	tasks: { held: number; atMost: number };
	/** Credits for one task; what the service says, else what was last seen. */
	creditsEach: number;
	isQuoted: boolean;
	/** Credits on the account, where the service says. */
	balance?: number;
}

/** Seen in the vendor's price list of October 2026 (docs/facts/evolink.md, 13). */
const LAST_SEEN_PRICE = 2.3;

/** What trying these assumptions costs. Free. */
export async function costOf(live: Live, rows: Assumption[]): Promise<Cost> {
	const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
	const quote = await live.quote().catch(() => undefined);
	const credits = await live.client.getCredits().catch(() => undefined);
	const { remaining_credits: balance } = (credits?.user ?? {}) as { remaining_credits?: number };
	return {
		tasks: {
			held: sum(rows.map(({ buys }) => buys?.held ?? 0)),
			atMost: sum(rows.map(({ buys }) => Math.max(buys?.held ?? 0, buys?.notHeld ?? 0))),
		},
		creditsEach: quote?.credits ?? LAST_SEEN_PRICE,
		isQuoted: quote !== undefined,
		...(balance === undefined ? {} : { balance }),
	};
}

/** What a person reads before paying. */
export function costText({
	tasks: { held, atMost },
	creditsEach,
	isQuoted,
	balance,
}: Cost): string {
	const credits = (count: number) => `${Math.round(count * creditsEach * 10_000) / 10_000} credits`;
	return [
		`This creates ${held} tasks of ${MODEL} (${credits(held)}) if every assumption holds and no task that fails is charged, and at most ${atMost} (${credits(atMost)}).`,
		isQuoted
			? `The service quotes ${creditsEach} credits for one.`
			: `The service quotes no price; ${creditsEach} credits for one is what was last seen.`,
		...(balance === undefined ? [] : [`On the account: ${balance} credits.`]),
	].join('\n');
}

/** Tries the assumptions one after another. A row that cannot be tried is not seen; the others go on. */
export async function checkLive(
	live: Live,
	rows: Assumption[],
	tell: (outcome: Outcome) => void = () => undefined,
): Promise<Outcome[]> {
	const outcomes: Outcome[] = [];
	for (const row of rows) {
		const verdict = await row.try(live).catch((error: Error): Verdict => {
			return { result: 'not seen', seen: `it could not be tried: ${error.message}` };
		});
		const outcome = { row, ...verdict, seen: await publishable(verdict.seen, live.settings) };
		outcomes.push(outcome);
		tell(outcome);
	}
	return outcomes;
}

/** As it can be pasted into docs/facts/evolink.md. */
export function asTable(outcomes: Outcome[]): string {
	const cell = (text: string) => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
	const lines = outcomes.map(({ row, result, seen }) =>
		[row.assumption, row.source, row.tried, result, seen].map(cell),
	);
	const head = ['assumption', 'source', 'tried', 'result', 'seen'];
	return [head, head.map(() => '---'), ...lines]
		.map((cells) => `| ${cells.join(' | ')} |`)
		.join('\n');
}

/** Without the key, the prompt, the callback URL, and what stands behind the host of any address. */
async function publishable(text: string, { apiKey, callbackUrl }: Settings): Promise<string> {
	const withoutKey = (await withoutSecrets(Buffer.from(text), apiKey)).toString('utf8');
	const withoutCallback =
		callbackUrl === undefined ? withoutKey : withoutKey.replaceAll(callbackUrl, '<callback URL>');
	return redacted(withoutCallback)
		.replaceAll(PROMPT, '<prompt>')
		.replace(/(https?:\/\/[^\s/?#"']+)[/?#][^\s"']*/gi, '$1/…');
}
