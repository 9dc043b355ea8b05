import fc from 'fast-check';

import { parseTask } from '../../nodes/Evolink/api/task';
import type { AskEvent, CreateEvent } from './modelService';
import { answer, HTML, noAnswer, notSent, type Step, tooLarge } from './scriptedSend';

/** Everything that a service, a gateway, a proxy or a network has ever answered, and then some. */

const RETRY_AFTER = fc.oneof(
	fc.nat(300).map(String),
	fc.constantFrom('', 'soon', '-1', '0', 'Sat, 21 Nov 2026 12:00:30 GMT', 'Thu, 01 Jan 1970'),
);

const headers: fc.Arbitrary<Record<string, string>> = fc.oneof(
	fc.constant({}),
	RETRY_AFTER.map((value) => ({ 'retry-after': value })),
);

/** Codes that mean something to the client in other places must not mislead it here. */
const CODES = [
	'unauthorized',
	'insufficient_quota',
	'key_expired',
	'constructor',
	'__proto__',
	500,
];

const errorBody = fc.oneof(
	fc.constantFrom(HTML, '', 'upstream connect error', '{"error":', 'null', '[]'),
	fc.jsonValue(),
	fc.record({
		error: fc.record(
			{ code: fc.constantFrom<unknown>(...CODES), message: fc.jsonValue(), type: fc.string() },
			{ requiredKeys: [] },
		),
	}),
	fc.record({ success: fc.constant(false), code: fc.constantFrom(401, 40002), msg: fc.string() }),
);

function status(...statuses: number[]): fc.Arbitrary<Step> {
	return fc
		.tuple(fc.constantFrom(...statuses), errorBody, headers)
		.map(([code, body, head]) => answer(code, body, head));
}

/** An answer with status 200 in which no task can be found. */
const unreadable: fc.Arbitrary<Step> = fc
	.oneof(fc.constantFrom<unknown>(HTML, '', '{"id":"task-uni'), fc.jsonValue(), fc.object())
	.filter((body) => parseTask(body) === undefined)
	.map((body) => answer(200, body));

const HANGING: Step = { ...answer(200, ''), takesMs: 10 * 60_000 };

const lost: fc.Arbitrary<Step> = fc.constantFrom<Step>(noAnswer, tooLarge, HANGING);

export const taskFields = fc.record(
	{
		status: fc.oneof(
			fc.constantFrom('pending', 'processing', 'completed', 'failed', 'cancelled', 'canceled'),
			fc.jsonValue(),
		),
		progress: fc.oneof(fc.integer({ min: -10, max: 200 }), fc.jsonValue()),
		model: fc.jsonValue(),
		created: fc.oneof(fc.integer(), fc.double(), fc.constantFrom(8.64e12, 1e300), fc.jsonValue()),
		task_info: fc.oneof(fc.record({ estimated_time: fc.double() }), fc.jsonValue()),
		usage: fc.oneof(fc.record({ credits_reserved: fc.jsonValue() }), fc.jsonValue()),
		results: fc.oneof(fc.array(fc.webUrl()), fc.jsonValue()),
		result_data: fc.oneof(fc.record({ image_url: fc.webUrl() }), fc.jsonValue()),
		error: fc.oneof(fc.constant(null), fc.record({ code: fc.string() }), fc.jsonValue()),
	},
	{ requiredKeys: [] },
);

const unfinished: fc.Arbitrary<AskEvent> = fc
	.tuple(taskFields, fc.constantFrom('pending', 'processing', 'queued', 'PENDING', ''))
	.map(([body, state]) => ({ kind: 'state', body: { ...body, status: state }, ends: false }));

export const ended: fc.Arbitrary<AskEvent> = fc
	.tuple(taskFields, fc.constantFrom('completed', 'failed', 'cancelled', 'canceled'))
	.map(([body, state]) => ({ kind: 'state', body: { ...body, status: state }, ends: true }));

const passing: fc.Arbitrary<Step> = fc.oneof(
	status(408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524),
	fc.constantFrom<Step>(noAnswer, notSent, HANGING),
	fc.constantFrom(HTML, '', '{"id":"task-uni', 'null', '[]').map((body) => answer(200, body)),
	fc.constant(answer(200, { id: 'task-unified-other', status: 'completed' })),
);

const fatal = fc.oneof(status(400, 401, 402, 403, 404, 410), unreadable);

function fault(step: fc.Arbitrary<Step>): fc.Arbitrary<AskEvent> {
	return step.map((given) => ({ kind: 'fault', step: given }));
}

export const askEvent: fc.Arbitrary<AskEvent> = fc.oneof(
	{ arbitrary: unfinished, weight: 8 },
	{ arbitrary: fault(passing), weight: 6 },
	{ arbitrary: ended, weight: 1 },
	{ arbitrary: fault(fatal), weight: 1 },
);

/** What a task does for ever once the script is over. */
export const lastAskEvent: fc.Arbitrary<AskEvent> = fc.oneof(unfinished, fault(passing), ended);

export const createEvent: fc.Arbitrary<CreateEvent> = fc.oneof(
	fc.record({
		kind: fc.constant('accept' as const),
		more: taskFields.map((fields) => ({ ...fields, status: 'pending' })),
		takesMs: fc.nat(100_000),
	}),
	fc.record({
		kind: fc.constant('open' as const),
		paid: fc.boolean(),
		step: fc.oneof(
			lost,
			unreadable,
			status(408, 500, 502, 504, 520, 522, 524),
			headers.map((head) => answer(409, { error: { code: 'paid_outcome_unknown' } }, head)),
		),
	}),
	fc.record({
		kind: fc.constant('refuse' as const),
		step: status(302, 400, 401, 402, 403, 404, 413, 422),
	}),
	fc.record({
		kind: fc.constant('busy' as const),
		step: fc.oneof(status(429, 503), fc.constant(notSent)),
	}),
);
