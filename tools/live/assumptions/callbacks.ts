import { setTimeout as sleep } from 'node:timers/promises';

import { parseTask } from '../../../nodes/Evolink/api/task';
import { type Assumption, judged, notHeld, notSeen, type Verdict } from '../assumption';
import type { Live } from '../live';
import type { Call } from '../receiver';

/** How the service calls back. The first calls are refused, so that it repeats them. */
export const callbacks: Assumption[] = [
	row('A callback is a POST of JSON', '5 [3P]', async (live) => {
		const { method, contentType, headerNames } = (await callsOf(live))[0];
		const seen = `${method}, ${contentType || 'no content type'}; headers: ${headerNames.join(', ')}`;
		return judged(method === 'POST' && /\bjson\b/.test(contentType), seen);
	}),
	row('Its body is the task, as a read gives it', '5 [DOC]', async (live) => {
		const { ended } = await live.bought();
		const task = parseTask((await callsOf(live))[0].json);
		if (!task) return notHeld('no task that can be read');
		const isSame = task.id === ended.id && task.status === ended.status;
		return judged(
			isSame,
			`status ${task.status}, ${task.results.length} link(s), ${isSame ? 'the same task' : 'another task'}`,
		);
	}),
	row('It comes once the task has ended', '5 [DOC: after billing]', async (live) => {
		const { seenEndedAt } = await live.bought();
		const late = ((await callsOf(live))[0].at - seenEndedAt) / 1_000;
		return judged(late > -5 && late < 30, `${late.toFixed(1)} s after the end was seen`);
	}),
	row(
		'A call that is not answered with 2xx is repeated after 1, 2 and 4 s',
		'5 [DOC]',
		async (live) => {
			const calls = await callsOf(live);
			const gaps = calls.slice(1).map(({ at }, index) => (at - calls[index].at) / 1_000);
			const told = [1, 2, 4];
			// Never sooner; networks and busy services add to it.
			const fits = (gap: number, index: number) =>
				gap > told[index] - 0.5 && gap < told[index] + 15;
			const isSo = gaps.length === told.length && gaps.every(fits);
			return judged(
				isSo,
				`${calls.length} calls, after ${gaps.map((gap) => gap.toFixed(1)).join(', ') || '–'} s`,
			);
		},
	),
];

function row(
	assumption: string,
	source: string,
	look: (live: Live) => Promise<Verdict>,
): Assumption {
	return {
		assumption,
		source,
		tried: 'the task had the given callback URL',
		async try(live) {
			const { callbackUrl, receiver } = live.settings;
			if (callbackUrl === undefined || !receiver) return notSeen('no --callback-url was given');
			const calls = await callsOf(live);
			if (calls.length === 0) {
				return notSeen(
					`no call came; does the URL lead to port ${receiver.port} of this computer?`,
				);
			}
			return await look(live);
		},
	};
}

/** Longer than the longest documented wait before a repetition. */
const QUIET_MS = 6_000;

/** The calls about the task, once no more are to come. */
async function callsOf(live: Live): Promise<Call[]> {
	const { receiver, callbackTimeoutMs = 60_000 } = live.settings;
	if (!receiver) return [];
	const { seenEndedAt, task } = await live.bought();
	for (;;) {
		const calls = receiver.calls.filter(({ taskId = task.id }) => taskId === task.id);
		const last = calls.at(-1);
		const isOver =
			last === undefined
				? Date.now() - seenEndedAt > callbackTimeoutMs
				: calls.length > receiver.refusals || Date.now() - last.at > QUIET_MS;
		if (isOver) return calls;
		await sleep(100);
	}
}
