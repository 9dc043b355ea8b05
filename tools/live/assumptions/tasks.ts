import { setTimeout as sleep } from 'node:timers/promises';

import { isSuccess } from '../../../nodes/Evolink/api/http/messages';
import { isRecord, listIn, numberOf, textOf } from '../../../nodes/Evolink/api/http/json';
import { isCharged, parseTask, type Task } from '../../../nodes/Evolink/api/task';
import { formatOf } from '../../../nodes/Evolink/images/format';
import { type Assumption, held, judged, notHeld, notSeen, type Verdict } from '../assumption';
import { type Live, newKey, PROMPT, taskIn } from '../live';
import { type Answer, isAboutRequest, isMissing, statusOf } from '../wire';

/** Creating tasks, what is paid for them, and how they end. */
export const tasks: Assumption[] = [
	{
		assumption: 'A create with an `Idempotency-Key` makes a task',
		source: '4 [CLIENT]',
		tried: 'one task is created',
		buys: { held: 1, notHeld: 1 },
		async try(live) {
			const { created } = await live.bought();
			const fields = Object.keys(isRecord(created.json) ? created.json : {}).sort();
			return held(
				`${created.status} after ${created.milliseconds} ms; fields: ${fields.join(', ')}`,
			);
		},
	},
	{
		assumption: 'The same request under the same key gives the same task, and buys nothing',
		source: '4 [CLIENT]',
		tried: 'the create sent again, word by word',
		buys: { held: 0, notHeld: 1 },
		async try(live) {
			const { key, body, task } = await live.bought();
			const again = await live.create(body, key);
			if (!isSuccess(again)) return refused(again);
			const replayed = again.headers['idempotency-replayed'];
			const header =
				replayed === undefined
					? 'no header idempotency-replayed'
					: `idempotency-replayed: ${replayed}`;
			const isSame = parseTask(again.json)?.id === task.id;
			return judged(isSame, `${isSame ? 'the same task' : 'ANOTHER TASK'}; ${header}`);
		},
	},
	otherBody('Another prompt', async (live) => {
		return { ...(await live.bought()).body, prompt: `${PROMPT} at dawn` };
	}),
	otherBody('Another callback URL alone', async (live) => {
		const { body } = await live.bought();
		return { ...body, callback_url: 'https://example.com/check-live' };
	}),
	{
		assumption: 'Two equal creates at the same moment under one key are one task',
		source: '4 [CLIENT]',
		tried: 'both sent at once, and the one without a task again two seconds later',
		buys: { held: 1, notHeld: 2 },
		async try(live) {
			const key = newKey();
			const body = await live.body();
			const both = await Promise.all([live.create(body, key), live.create(body, key)]);
			const seen = both.map(statusOf).join(' and ');
			if (both.some((answer) => !isSuccess(answer))) await sleep(2_000);
			const settled = await Promise.all(
				both.map(async (answer) => (isSuccess(answer) ? answer : await live.create(body, key))),
			);
			if (!settled.some(isSuccess)) return notSeen(seen);
			const ids = new Set(settled.map((answer) => parseTask(answer.json)?.id));
			return judged(
				ids.size === 1 && !ids.has(undefined),
				`${seen}; in the end ${ids.size} task(s)`,
			);
		},
	},
	{
		assumption: 'A task is known to reads as soon as its create is answered',
		source: '– [nothing]',
		tried: 'the first read, right after the create',
		async try(live) {
			const { reads } = await live.bought();
			return judged(isSuccess(reads[0]), statusOf(reads[0]));
		},
	},
	{
		assumption: '`completed` may come before the images',
		source: '13 [3P: seen in practice]',
		tried: 'the reads of the task until its images were there',
		async try(live) {
			const { reads, ended } = await live.bought();
			const without = reads.filter(({ json }) => {
				const task = parseTask(json);
				return task?.status === 'completed' && task.results.length === 0;
			});
			if (without.length === 0) return notSeen(`not in ${reads.length} reads of one task`);
			const seconds = (reads[reads.length - 1].sentAt - without[0].sentAt) / 1_000;
			const end = ended.results.length > 0 ? 'the images came' : 'no image came';
			return held(`${end} ${seconds.toFixed(1)} s later`);
		},
	},
	{
		assumption: 'What is reserved at the create is what the service quoted',
		source: '13 [CLIENT]',
		tried: '`usage.credits_reserved` beside the quote',
		async try(live) {
			const reserved = (await live.bought()).task.creditsReserved;
			const quote = await live.quote().catch(() => undefined);
			if (reserved === undefined) return notSeen('no credits_reserved');
			if (!quote) return notSeen(`${reserved} credits reserved; no quote`);
			return judged(quote.credits === reserved, `${reserved} reserved, ${quote.credits} quoted`);
		},
	},
	{
		assumption: 'A task that has ended tells what it cost: `usage.credits_used`',
		source: '1.1, 13 [recorded answer]',
		tried: 'the last read of the task',
		async try(live) {
			const { ended } = await live.bought();
			const { raw } = ended;
			if (ended.creditsUsed === undefined) return notSeen(`no such field; ${fieldsOf(raw.usage)}`);
			return held(`${ended.creditsUsed} credits; ${fieldsOf(raw.usage)}`);
		},
	},
	{
		assumption: 'A task that has ended tells in `billing` whether it was charged',
		source: '13 [CLIENT]',
		tried: 'the last read of a complete task',
		async try(live) {
			const { ended } = await live.bought();
			return billingVerdict(ended, isCharged(ended));
		},
	},
	{
		assumption:
			'`duration` is the time of the whole task: links die 24 hours after created + duration',
		source: '13 [recorded answer]',
		tried: 'beside the moment in which the end was seen',
		async try(live) {
			const { ended, seenEndedAt } = await live.bought();
			const duration = numberOf(ended.raw.duration);
			if (duration === undefined || ended.endedAt === undefined) return notSeen('no duration');
			const apart = Math.abs(seenEndedAt - ended.endedAt) / 1_000;
			return judged(apart < 10, `${duration} s, ${apart.toFixed(1)} s from the end as seen here`);
		},
	},
	{
		assumption: 'Several tasks can be asked for at once; those that are not known are left out',
		source: '1.6 [CLIENT]',
		tried: '`POST /v1/tasks/batch` with the task and 49 made-up ids',
		async try(live) {
			const { task } = await live.bought();
			const strangers = Array.from({ length: 49 }, (_, index) => `task-unified-1-check${index}`);
			const answer = await askBatch(live, [task.id, ...strangers]);
			if (isMissing(answer)) return notSeen(statusOf(answer));
			const found = isSuccess(answer)
				? listIn(answer.json)?.map((line) => parseTask(line))
				: undefined;
			if (!found) return notHeld(statusOf(answer));
			const [first] = found;
			const isIt = found.length === 1 && first?.id === task.id && first.results.length > 0;
			return judged(isIt, `${found.length} task(s), ${first?.results.length ?? 0} link(s) in it`);
		},
	},
	{
		assumption: 'More than 50 ids in one question are refused',
		source: '1.6 [CLIENT]',
		tried: '`POST /v1/tasks/batch` with 51 ids',
		async try(live) {
			const ids = Array.from({ length: 51 }, (_, index) => `task-unified-1-check${index}`);
			const answer = await askBatch(live, ids);
			if (isMissing(answer)) return notSeen(statusOf(answer));
			return judged(!isSuccess(answer), statusOf(answer));
		},
	},
	{
		assumption: 'The account has a history, newest first, by status and page',
		source: '1.6 [CLIENT]',
		tried: '`GET /v1/tasks?status=completed`, two tasks a page',
		async try(live) {
			const { task } = await live.bought();
			const query = 'status=completed&page=1&page_size=2';
			const answer = await live.wire.ask('GET', `${live.settings.baseUrl}/v1/tasks?${query}`);
			if (isMissing(answer)) return notSeen(statusOf(answer));
			const lines = isSuccess(answer) ? listIn(answer.json)?.filter(isRecord) : undefined;
			if (!lines) return notHeld(statusOf(answer));
			const dates = lines.map((line) => numberOf(line.created_at ?? line.created) ?? 0);
			const isNewestFirst = dates.every((date, index) => index === 0 || date <= dates[index - 1]);
			const isThere = (await live.client.listTasks({}, 20)).some(({ id }) => id === task.id);
			return judged(
				isThere &&
					isNewestFirst &&
					lines.length <= 2 &&
					lines.every(({ status }) => textOf(status) === 'completed'),
				`${lines.length} line(s), the task is ${isThere ? 'there' : 'MISSING'}; ${fieldsOf(lines[0])}`,
			);
		},
	},
	{
		assumption: 'A result link gives the image without the key',
		source: '1.5 [CLIENT]',
		tried: 'the first link of the task, fetched without the key',
		async try(live) {
			const { ended } = await live.bought();
			const [link] = ended.results;
			if (link === undefined) return notSeen('no link');
			const { hops, answer } = await fetchResult(live, link);
			const format = formatOf(answer.body);
			const name = new URL(link).pathname.split('/').at(-1) ?? '';
			const ending = /\.\w+$/.exec(name)?.[0] ?? 'no ending';
			return judged(
				format !== undefined,
				`${answer.status}, ${format ?? 'no image'}, ${answer.headers['content-type'] ?? 'no type'}, name with ${ending}, ${hops} redirect(s), on ${answer.url.host}`,
			);
		},
	},
	{
		assumption:
			'An image that cannot be fetched fails the task or its create, and is told by a code',
		source: '1.4 [DOC]',
		tried: 'a create whose only image is an address with nothing there',
		buys: { held: 1, notHeld: 1 },
		async try(live) {
			const attempt = await live.failing();
			if ('refused' in attempt) {
				const seen = `refused: ${statusOf(attempt.refused)}`;
				return isAboutRequest(attempt.refused) ? held(seen) : notSeen(seen);
			}
			const { ended } = attempt;
			return judged(
				ended.failure !== undefined,
				`${ended.status} ${ended.failure?.code ?? ''}`.trim(),
			);
		},
	},
	{
		assumption: 'A failed task tells in `billing` whether it was charged',
		source: '13 [CLIENT]',
		tried: 'the last read of that failed task',
		async try(live) {
			const attempt = await live.failing();
			if ('refused' in attempt) return notSeen('the create was refused: there is no task');
			return billingVerdict(attempt.ended, !isCharged(attempt.ended));
		},
	},
	{
		assumption: 'Under its key a failed task stays failed (what Job Key says)',
		source: '4 [CLIENT]',
		tried: 'that create sent again, word by word',
		buys: { held: 0, notHeld: 1 },
		async try(live) {
			const attempt = await live.failing();
			if ('refused' in attempt) return notSeen('the create was refused: there is no task');
			const again = await live.create(attempt.body, attempt.key);
			if (!isSuccess(again)) return refused(again);
			const isSame = taskIn(again).id === attempt.ended.id;
			return judged(isSame, isSame ? 'the same task' : 'another task');
		},
	},
];

function otherBody(what: string, bodyOf: (live: Live) => Promise<object>): Assumption {
	return {
		assumption: `${what} under a known key is a conflict, and buys nothing`,
		source: '4 [CLIENT; status: nothing]',
		tried: 'sent under the key of the task',
		buys: { held: 0, notHeld: 1 },
		async try(live) {
			const { key, task } = await live.bought();
			const answer = await live.create(await bodyOf(live), key);
			if (!isSuccess(answer))
				return /\b409\b|conflict/.test(statusOf(answer)) ? held(statusOf(answer)) : refused(answer);
			const isSame = parseTask(answer.json)?.id === task.id;
			return notHeld(
				isSame ? 'no conflict: the first task came back' : 'no conflict: ANOTHER TASK',
			);
		},
	};
}

/** What should have been taken. */
function refused(answer: Answer): Verdict {
	return isAboutRequest(answer) ? notHeld(statusOf(answer)) : notSeen(statusOf(answer));
}

function billingVerdict({ billing }: Task, isAsExpected: boolean): Verdict {
	if (billing === undefined) return notSeen('no billing');
	const words = ['charge_status', 'refund_status', 'charged_credits', 'refunded_credits']
		.filter((name) => textOf(billing[name]) !== undefined)
		.map((name) => `${name} ${textOf(billing[name])}`);
	return judged(isAsExpected, words.join(', '));
}

async function askBatch(live: Live, ids: string[]): Promise<Answer> {
	const url = `${live.settings.baseUrl}/v1/tasks/batch`;
	return await live.wire.ask('POST', url, { body: { task_ids: ids } });
}

const MOST_HOPS = 5;

async function fetchResult(live: Live, link: string): Promise<{ hops: number; answer: Answer }> {
	let url = link;
	for (let hops = 0; ; hops++) {
		const answer = await live.wire.ask('GET', url, { withKey: false });
		const { location } = answer.headers;
		if (answer.status < 300 || answer.status > 399 || !location || hops >= MOST_HOPS) {
			return { hops, answer };
		}
		url = new URL(location, url).href;
	}
}

/** Names alone: values may be anything. */
function fieldsOf(value: unknown): string {
	const names = isRecord(value) ? Object.keys(value) : [];
	return names.length === 0 ? 'no fields' : `fields: ${names.sort().join(', ')}`;
}
