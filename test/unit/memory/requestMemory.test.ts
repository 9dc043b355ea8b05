import type { IDataObject } from 'n8n-workflow';

import {
	ApiError,
	BudgetError,
	OutcomeUnknownError,
	ImageLostError,
	StoppedError,
	TaskFailedError,
	WaitTimeoutError,
} from '../../../nodes/Evolink/api/errors/errors';
import { parseTask } from '../../../nodes/Evolink/api/task';
import { RequestMemory } from '../../../nodes/Evolink/memory/requestMemory';
import type { RunIdentity } from '../../../nodes/Evolink/memory/runIdentity';
import { runIdentity } from '../runIdentity';
import { FAILED, TASK_ID } from '../taskAnswers';

interface Place extends Partial<RunIdentity> {
	/** What n8n keeps for the node while it repeats it; the same object is the same memory. */
	kept?: object;
}

/** One run of the node, as n8n starts it. */
function run({ kept = {}, ...identity }: Place = {}): RequestMemory {
	return new RequestMemory(runIdentity(identity), kept as IDataObject);
}

const BODY = { model: 'qwen-image-edit', prompt: 'Beach', image_urls: [] };

function failure(code: string, retryable: boolean): TaskFailedError {
	const task = parseTask(FAILED);
	if (!task) throw new Error('The test needs a task');
	return new TaskFailedError(task, { code, message: '', retryable });
}

describe('idempotency keys', () => {
	it('have the form that the service takes', () => {
		const memory = run({ nodeId: 'ü'.repeat(300), workflowId: '' });
		for (const item of [0, 1, 99_999]) {
			expect(memory.claim(item, 'x').idempotencyKey).toMatch(/^[A-Za-z0-9._-]{16,96}$/);
		}
	});

	it('are the same when n8n runs the same execution again without any memory', () => {
		expect(run().claim(3, 'beach')).toEqual(run().claim(3, 'beach'));
	});

	it('are the same then, even if an expression in the prompt gives something else', () => {
		expect(run().claim(3, 'beach at 12:00').idempotencyKey).toBe(
			run().claim(3, 'beach at 12:05').idempotencyKey,
		);
	});

	it.each<[string, Place]>([
		['n8n', { instanceId: 'j' }],
		['execution', { executionId: '8' }],
		['workflow', { workflowId: 'x' }],
		['node', { nodeId: 'm' }],
		['node with the same id', { nodeName: 'EvoLink1' }],
		['run in a loop', { runIndex: 1 }],
	])('are others in another %s', (_name, place) => {
		const key = run().claim(0, 'beach').idempotencyKey;
		expect(run(place).claim(0, 'beach').idempotencyKey).not.toBe(key);
	});

	it('are two for two items that ask the same', () => {
		const memory = run();
		expect(memory.claim(0, 'beach').idempotencyKey).not.toBe(
			memory.claim(1, 'beach').idempotencyKey,
		);
	});

	it('differ from execution to execution even if n8n gave no id', () => {
		expect(run({ executionId: '' }).claim(0, 'beach').idempotencyKey).not.toBe(
			run({ executionId: '' }).claim(0, 'beach').idempotencyKey,
		);
	});

	it('are the same in a repetition without an id', () => {
		const kept = {};
		const memory = run({ executionId: '', kept });
		const { idempotencyKey } = memory.claim(0, 'beach');
		memory.endRun(false);
		expect(run({ executionId: '', kept }).claim(0, 'beach')).toMatchObject({ idempotencyKey });
	});
});

describe('a job key', () => {
	const keyIn = (place: Place, jobKey = 'order-7') =>
		run(place).claim(0, 'beach', jobKey).idempotencyKey;

	it.each<[string, Place]>([
		['execution', { executionId: '8' }],
		['workflow', { workflowId: 'x' }],
		['node', { nodeId: 'm', nodeName: 'Other' }],
		['run in a loop', { runIndex: 1 }],
		['kind of run', { isTool: true, mode: 'manual' }],
	])('makes the same key in another %s', (_name, place) => {
		expect(keyIn(place)).toBe(keyIn({}));
		expect(keyIn(place)).toMatch(/^[A-Za-z0-9._-]{16,96}$/);
	});

	it('makes another key in another n8n, and for another job', () => {
		expect(keyIn({ instanceId: 'j' })).not.toBe(keyIn({}));
		expect(keyIn({}, 'order-8')).not.toBe(keyIn({}));
	});

	it('stands for one request in a run', () => {
		const memory = run();
		memory.requireSameJob('order-7', 'beach');
		memory.requireSameJob('order-7', 'beach');
		memory.requireSameJob('order-8', 'forest');
		const refused = {
			message:
				"Job Key 'order-7' is already used for a different request by an earlier item of this run",
			advice:
				'Items with the same job key must have the same request. Use a different key for each job.',
		};
		const askForest = () => memory.requireSameJob('order-7', 'forest');
		expect(askForest).toThrow(expect.objectContaining(refused) as Error);
		expect(askForest).toThrow(expect.objectContaining(refused) as Error); // However often it is asked.
		memory.requireSameJob('order-7', 'beach');
	});

	it('is the same for two items of a run and two calls of a tool, each with a request of its own', () => {
		for (const isTool of [false, true]) {
			const memory = run({ isTool });
			const [one, two] = [0, 1].map((item) => memory.claim(item, 'beach', 'order-7'));
			expect(one).not.toBe(two);
			expect(one.idempotencyKey).toBe(two.idempotencyKey);
		}
	});

	it('that stays finds its request again among others of its place', () => {
		const kept = {};
		const first = run({ kept, isTool: true });
		first.claim(0, 'beach', 'order-7').taskId = 'task-7';
		first.claim(0, 'beach', 'order-8').taskId = 'task-8';
		first.claim(0, 'beach').taskId = 'task-9';
		first.endRun(false);
		const again = run({ kept, isTool: true });
		expect(again.claim(0, 'beach', 'order-8').taskId).toBe('task-8');
		expect(again.claim(0, 'beach', 'order-7').taskId).toBe('task-7');
	});

	it('that changes from try to try is another request', () => {
		const kept = {};
		const first = run({ kept });
		first.claim(0, 'beach', 'order-7').taskId = TASK_ID;
		first.endRun(false);
		expect(run({ kept }).claim(0, 'beach', 'order-8').taskId).toBeUndefined();
	});
});

describe('the output of a finished item', () => {
	const output = { json: { id: TASK_ID } };
	const finished = (kept: object, place: Place) => {
		const memory = run({ kept, ...place });
		const request = memory.claim(0, 'beach');
		request.taskId = TASK_ID;
		memory.keepOutput(request, output);
		memory.endRun(false);
	};
	const found = (kept: object, place: Place = {}) => {
		const memory = run({ kept, retryOnFail: true, ...place });
		return memory.outputOf(memory.claim(0, 'beach'));
	};

	it('is kept for the next try', () => {
		const kept = {};
		finished(kept, { retryOnFail: true });
		expect(found(JSON.parse(JSON.stringify(kept)) as object)).toEqual(output);
	});

	it('is not kept where n8n does not try again, nor taken from another execution', () => {
		const kept = {};
		finished(kept, { retryOnFail: false });
		expect(found(kept)).toBeUndefined();
		finished(kept, { retryOnFail: true });
		expect(found(kept, { executionId: '8' })).toBeUndefined();
	});
});

describe('the name of an upload', () => {
	const DIGESTS = ['0123456789abcdef', 'fedcba9876543210'];
	const nameIn = (place: Place, item = 0, digest = DIGESTS[0], jobKey?: string) => {
		const memory = run(place);
		const request = memory.claim(item, 'beach', jobKey);
		return memory.uploadNameOf(request, digest, jobKey !== undefined);
	};

	it('is the same in a re-run of the execution without any memory, and for all items of a run', () => {
		expect(nameIn({})).toMatch(/^n8n-[0-9a-f]{32}-0123456789ab$/);
		expect(nameIn({}, 5)).toBe(nameIn({}));
	});

	it.each<[string, Place]>([
		['execution', { executionId: '8' }],
		['node', { nodeId: 'm' }],
		['run in a loop', { runIndex: 1 }],
	])('is another in another %s', (_name, place) => {
		expect(nameIn(place)).not.toBe(nameIn({}));
	});

	it('is another for another image', () => {
		expect(nameIn({}, 0, DIGESTS[1])).not.toBe(nameIn({}));
	});

	it('is for one call of a tool alone', () => {
		const memory = run({ isTool: true });
		const names = [0, 0].map((item) =>
			memory.uploadNameOf(memory.claim(item, 'beach'), DIGESTS[0], false),
		);
		expect(names[0]).toMatch(/^n8n-[0-9a-f]{32}-0123456789ab$/);
		expect(names[0]).not.toBe(names[1]);
	});

	it('is the same for a job wherever it is asked', () => {
		const name = nameIn({}, 0, DIGESTS[0], 'order-7');
		expect(nameIn({ executionId: '8', nodeId: 'm' }, 3, DIGESTS[0], 'order-7')).toBe(name);
		expect(nameIn({}, 0, DIGESTS[0], 'order-8')).not.toBe(name);
	});
});

/** Two runs with one memory: what a first one left behind, and how a second one finds it. */
describe('a repetition', () => {
	function firstTry(kept: object, error?: Error, place: Place = {}) {
		const memory = run({ ...place, kept });
		const request = memory.claim(0, 'beach');
		request.body = BODY;
		if (!(error instanceof ApiError || error instanceof OutcomeUnknownError)) {
			request.taskId = TASK_ID;
		}
		if (error) memory.noteError(0, error);
		memory.endRun(error === undefined);
		return request;
	}

	it('of the same execution continues the task, even if the prompt has changed', () => {
		const kept = {};
		const first = firstTry(kept, new WaitTimeoutError(TASK_ID, 600));
		const again = run({ kept }).claim(0, 'another prompt');
		expect(again).toMatchObject({ taskId: TASK_ID, idempotencyKey: first.idempotencyKey });
	});

	it('survives being saved with the execution', () => {
		const kept = {};
		firstTry(kept, new WaitTimeoutError(TASK_ID, 600));
		const saved = JSON.parse(JSON.stringify(kept)) as object;
		expect(run({ kept: saved }).claim(0, 'beach').taskId).toBe(TASK_ID);
	});

	it('in another execution continues only what asks the same', () => {
		const kept = {};
		firstTry(kept, new WaitTimeoutError(TASK_ID, 600));
		const saved = JSON.stringify(kept);
		const same = run({ executionId: '8', kept: JSON.parse(saved) as object });
		expect(same.claim(0, 'beach').taskId).toBe(TASK_ID);
		const edited = run({ executionId: '8', kept: JSON.parse(saved) as object });
		expect(edited.claim(0, 'mountains').taskId).toBeUndefined();
	});

	it('does not take the task of another item or of another run in a loop', () => {
		const kept = {};
		firstTry(kept, new WaitTimeoutError(TASK_ID, 600));
		expect(run({ kept }).claim(1, 'beach').taskId).toBeUndefined();
		expect(run({ kept, runIndex: 1 }).claim(0, 'beach').taskId).toBeUndefined();
	});

	it('keeps finished items of a run that failed', () => {
		const kept = {};
		const memory = run({ kept });
		const [done, bad] = [memory.claim(0, 'beach'), memory.claim(1, 'mountains')];
		done.taskId = TASK_ID;
		memory.noteError(1, new ApiError('Bad', ''));
		memory.endRun(false);
		expect(run({ kept }).claim(0, 'beach').taskId).toBe(TASK_ID);
		expect(bad.taskId).toBeUndefined();
	});

	it('forgets everything when every item was handed on', () => {
		const kept = {};
		firstTry(kept);
		expect(run({ kept }).claim(0, 'beach').taskId).toBeUndefined();
		expect(JSON.stringify(kept)).not.toContain(TASK_ID);
	});

	it('asks anew, under a new key, after a failure that is worth another try', () => {
		const kept = {};
		const first = firstTry(kept, failure('service_error', true));
		const again = run({ kept }).claim(0, 'beach');
		expect(again.taskId).toBeUndefined();
		expect(again.body).toBeUndefined();
		expect(again.idempotencyKey).not.toBe(first.idempotencyKey);
	});

	it('asks anew for the one that failed, and finds the others that ask the same', () => {
		const kept = {};
		const first = run({ kept, isTool: true });
		Object.assign(first.claim(0, 'beach'), { body: BODY, taskId: 'task-1' });
		Object.assign(first.claim(1, 'beach'), { body: BODY, taskId: 'task-2' });
		first.noteError(0, failure('service_error', true));
		first.endRun(false);
		const again = run({ kept, isTool: true });
		expect([0, 1].map((item) => again.claim(item, 'beach').taskId)).toEqual(['task-2', undefined]);
	});

	it('meets the same failed task again where another try is no use', () => {
		const kept = {};
		firstTry(kept, failure('content_policy_violation', false));
		expect(run({ kept }).claim(0, 'beach').taskId).toBe(TASK_ID);
	});

	it('after an unknown outcome sends the same body under the same key', () => {
		const kept = {};
		const first = firstTry(kept, new OutcomeUnknownError('Lost', 'key'));
		const again = run({ kept }).claim(0, 'another prompt');
		expect(again).toMatchObject({
			body: BODY,
			mayBePaid: true,
			idempotencyKey: first.idempotencyKey,
		});
	});

	it('after an unknown outcome stays in doubt when the next try is refused', () => {
		const kept = {};
		firstTry(kept, new OutcomeUnknownError('Lost', 'key'));
		const memory = run({ kept });
		memory.claim(0, 'beach');
		memory.noteError(0, new ApiError('Invalid key', '', { status: 401 }));
		memory.endRun(false);
		expect(run({ kept }).claim(0, 'beach')).toMatchObject({ body: BODY, mayBePaid: true });
	});

	it('after a refusal makes its body anew: nothing was paid', () => {
		const kept = {};
		firstTry(kept, new ApiError('Invalid key', '', { status: 401 }));
		const again = run({ kept }).claim(0, 'corrected');
		expect(again.body).toBeUndefined();
		expect(again.mayBePaid).toBeUndefined();
	});
});

describe('an error', () => {
	const request = { body: BODY, uploads: [{ name: 'a' }] };
	function after(error: Error, more: object = {}) {
		const kept = {};
		const memory = run({ kept });
		Object.assign(memory.claim(0, 'beach'), request, more);
		Object.assign(memory.claim(1, 'beach'), request, more);
		memory.noteError(0, error);
		memory.endRun(false);
		const again = run({ kept });
		const [hit, neighbour] = [again.claim(0, 'beach'), again.claim(1, 'beach')];
		expect(neighbour).toMatchObject({ ...request, ...more });
		return hit;
	}

	it.each<[string, Error]>([
		['a refusal', new ApiError('Refused', '')],
		['a stop before it was sent', new StoppedError()],
		['a limit', new BudgetError('Too dear', '')],
	])('that means nothing was paid leaves nothing to continue: %s', (_name, error) => {
		const hit = after(error);
		expect([hit.body, hit.uploads]).toEqual([undefined, undefined]);
		expect(after(error, { mayBePaid: true })).toMatchObject(request);
		expect(after(error, { taskId: TASK_ID })).toMatchObject(request);
	});

	it('that says nothing of the payment changes nothing', () => {
		const hit = after(new Error('The disk is full'));
		expect(hit).toMatchObject(request);
		expect(hit.mayBePaid).toBeUndefined();
	});

	it('leaves a task that is known as it is', () => {
		const lost = after(new ImageLostError('Lost', ''), { taskId: TASK_ID });
		expect(lost.lost).toBeUndefined();
		const unknown = after(new OutcomeUnknownError('Lost', 'key'), { taskId: TASK_ID });
		expect(unknown.mayBePaid).toBeUndefined();
	});
});

it('what was asked in an earlier execution and is asked no more is forgotten', () => {
	const kept = {};
	const first = run({ kept });
	first.claim(0, 'beach').taskId = TASK_ID;
	first.endRun(false);
	run({ kept, executionId: '8' }).claim(0, 'mountains');
	expect(JSON.stringify(kept)).not.toContain(TASK_ID);
});

it('a run that was handed on leaves nothing in what n8n keeps', () => {
	const kept = {};
	const memory = run({ kept });
	memory.claim(0, 'beach').taskId = TASK_ID;
	memory.endRun(true);
	expect(kept).toEqual({ evolinkRequests: {} });
});

describe('what this run has paid', () => {
	it('is known for each item, the last task where there are several', () => {
		const memory = run();
		Object.assign(memory.claim(1, 'beach'), { body: BODY, taskId: 'task-1' });
		Object.assign(memory.claim(1, 'beach'), { body: BODY, taskId: 'task-2' });
		Object.assign(memory.claim(2, 'beach'), { body: BODY });
		expect([0, 1, 2].map((item) => memory.traceOf(item))).toEqual([{}, { taskId: 'task-2' }, {}]);
		expect(memory.traceOf(1)).not.toBe(memory.traceOf(2));
		expect(memory.traceOf(2)).not.toHaveProperty('taskId');
	});

	it.each([1, 2, 3, 4])('names the last of %i tasks of an item', (count) => {
		const memory = run();
		for (let index = 1; index <= count; index++) {
			Object.assign(memory.claim(0, 'beach'), { body: BODY, taskId: `task-${index}` });
		}
		expect(memory.traceOf(0)).toEqual({ taskId: `task-${count}` });
	});

	it('is found for one item without a look at thousands of others', () => {
		const listAll = jest.fn(Reflect.ownKeys);
		const memory = run({ kept: { evolinkRequests: new Proxy({}, { ownKeys: listAll }) } });
		for (const item of [0, 1, 2]) {
			Object.assign(memory.claim(item, 'beach'), { body: BODY, taskId: `task-${item}` });
		}
		memory.noteError(1, new StoppedError());
		expect(memory.traceOf(1)).toEqual({ taskId: 'task-1' });
		expect(memory.paidFor(1)).toMatchObject([{ taskId: 'task-1' }]);
		expect(listAll).not.toHaveBeenCalled();
		expect(memory.paid()).toHaveLength(3);
		expect(listAll).toHaveBeenCalled();
	});

	it('is what every round of a run claims, once', () => {
		const memory = run();
		Object.assign(memory.claim(0, 'beach'), { body: BODY, taskId: TASK_ID });
		memory.endRun(false);
		memory.claim(0, 'beach');
		expect(memory.paidFor(0)).toMatchObject([{ taskId: TASK_ID }]);
		memory.endRun(true);
		expect(memory.paid()).toEqual([]);
	});

	it('is not what an agent asked, whatever it asked', () => {
		const kept = {};
		const tool = run({ kept, isTool: true });
		Object.assign(tool.claim(0, 'run 0 item 5'), { body: BODY, taskId: TASK_ID });
		tool.endRun(false);
		expect(run({ kept }).paid()).toEqual([]);
	});

	it('sums up what was reserved, by an earlier try too', () => {
		const kept = {};
		const first = run({ kept });
		Object.assign(first.claim(0, 'beach'), { body: BODY, creditsReserved: 3 });
		Object.assign(first.claim(1, 'beach'), { body: BODY });
		Object.assign(first.claim(2, 'beach'), { creditsReserved: 7 });
		first.endRun(false);
		const again = run({ kept });
		Object.assign(again.claim(3, 'beach'), { body: BODY, creditsReserved: 0.5 });
		expect(again.reservedCredits).toEqual([3, 0.5]);
		expect(run({ kept, runIndex: 1 }).reservedCredits).toEqual([]);
	});

	it('counts a request that a gateway has accepted', () => {
		const memory = run();
		memory.claim(0, 'beach').pollUrl = 'https://gateway.example.com/jobs/7';
		memory.claim(1, 'beach');
		expect(memory.paid().map(({ itemIndex }) => itemIndex)).toEqual([0]);
	});

	it('as a tool is what this call asked for, not what others did', () => {
		const kept = {};
		const other = run({ kept, isTool: true });
		Object.assign(other.claim(0, 'beach'), { body: BODY, taskId: 'task-1' });
		const memory = run({ kept, isTool: true });
		Object.assign(memory.claim(0, 'beach'), { body: BODY, taskId: 'task-2' });
		expect(memory.paid().map(({ request }) => request.taskId)).toEqual(['task-2']);
	});

	it('is not mixed up with another run or with ten items more', () => {
		const kept = {};
		const first = run({ kept, runIndex: 12 });
		Object.assign(first.claim(34, 'beach'), { body: BODY, taskId: 'task-1' });
		first.endRun(false);
		expect(run({ kept, runIndex: 12 }).paid()).toMatchObject([{ itemIndex: 34 }]);
		expect(run({ kept, runIndex: 1 }).paid()).toEqual([]);
	});

	it('is listed in the order of the items, without what was refused or never sent', () => {
		const memory = run();
		for (const item of [4, 0, 2, 1, 3]) {
			const request = memory.claim(item, `${item}`);
			if (item !== 3) request.body = BODY;
			if (item === 4 || item === 0) request.taskId = `task-${item}`;
		}
		memory.noteError(1, new OutcomeUnknownError('Lost', 'key'));
		memory.noteError(2, new StoppedError());
		expect(memory.paid().map(({ itemIndex, request }) => [itemIndex, request.taskId])).toEqual([
			[0, 'task-0'],
			[1, undefined],
			[4, 'task-4'],
		]);
	});

	it('lists what an earlier try paid, for items that this one did not come to', () => {
		const kept = {};
		const first = run({ kept });
		Object.assign(first.claim(0, 'beach'), { body: BODY, taskId: 'task-0' });
		Object.assign(first.claim(1, 'beach'), { body: BODY, taskId: 'task-1' });
		first.endRun(false);
		const again = run({ kept });
		again.claim(0, 'beach');
		expect(again.paid().map(({ request }) => request.taskId)).toEqual(['task-0', 'task-1']);
		expect(run({ kept, runIndex: 1 }).paid()).toEqual([]);
	});

	it('leaves out a task that failed and was refunded', () => {
		const memory = run();
		Object.assign(memory.claim(0, 'beach'), { body: BODY, taskId: TASK_ID });
		memory.noteError(0, failure('service_error', true));
		expect(memory.paid()).toEqual([]);
	});

	it('still lists a paid task that was stopped while it was waited for', () => {
		const memory = run();
		const request = memory.claim(0, 'beach');
		Object.assign(request, { body: BODY, taskId: TASK_ID });
		memory.noteError(0, new StoppedError());
		expect(memory.paid()).toEqual([{ itemIndex: 0, request }]);
	});
});

describe("as an agent's tool, where every call is item 0 of run 0", () => {
	const tool = (kept: object) => run({ isTool: true, kept });

	it('the same ask continues after an error', () => {
		const kept = {};
		const memory = tool(kept);
		memory.claim(0, 'beach').taskId = TASK_ID;
		memory.noteError(0, new WaitTimeoutError(TASK_ID, 600));
		memory.endRun(false);
		expect(tool(kept).claim(0, 'beach').taskId).toBe(TASK_ID);
	});

	it('another ask after an error is another task', () => {
		const kept = {};
		const memory = tool(kept);
		memory.claim(0, 'beach').taskId = TASK_ID;
		memory.endRun(false);
		expect(tool(kept).claim(0, 'mountains').taskId).toBeUndefined();
	});

	it('the same ask after success is a new task with a new key', () => {
		const kept = {};
		const memory = tool(kept);
		const first = memory.claim(0, 'beach');
		first.taskId = TASK_ID;
		memory.endRun(true);
		const next = tool(kept).claim(0, 'beach');
		expect(next.taskId).toBeUndefined();
		expect(next.idempotencyKey).not.toBe(first.idempotencyKey);
	});

	it('the same ask twice at the same time is two tasks', () => {
		const kept = {};
		const [one, two] = [tool(kept).claim(0, 'beach'), tool(kept).claim(0, 'beach')];
		expect(one.idempotencyKey).not.toBe(two.idempotencyKey);
		one.taskId = TASK_ID;
		expect(two.taskId).toBeUndefined();
	});
});

describe('what an images gateway was asked', () => {
	const EDIT = { pictures: [{ link: 'https://cdn.example.com/1.png' }], raw: { data: [] } };

	it('is remembered in a second try: what arrived, and what is lost', () => {
		const kept = {};
		const first = run({ kept });
		first.claim(0, 'a').edit = EDIT;
		first.claim(1, 'b');
		first.noteError(1, new ImageLostError('Lost', 'Look there', { taskId: TASK_ID }));
		first.claim(2, 'c');
		first.noteError(2, new ApiError('Refused', ''));
		first.endRun(false);

		const saved = JSON.parse(JSON.stringify(kept)) as object;
		const second = run({ kept: saved });
		expect(second.claim(0, 'a').edit).toEqual(EDIT);
		expect(second.claim(1, 'b').lost).toEqual({
			message: 'Lost',
			advice: 'Look there',
			taskId: TASK_ID,
		});
		const refused = second.claim(2, 'c');
		expect([refused.edit, refused.lost]).toEqual([undefined, undefined]);
	});

	it('counts as paid, apart from refusals', () => {
		const memory = run();
		memory.claim(0, 'a').edit = EDIT;
		memory.claim(1, 'b');
		memory.noteError(1, new ImageLostError('Lost', ''));
		memory.claim(2, 'c');
		memory.noteError(2, new ApiError('Refused', ''));
		expect(memory.paid().map(({ itemIndex }) => itemIndex)).toEqual([0, 1]);
	});

	it('is forgotten once everything was handed on', () => {
		const kept = {};
		const first = run({ kept });
		first.claim(0, 'a').edit = EDIT;
		first.endRun(true);
		expect(JSON.stringify(kept)).not.toContain('cdn.example.com');
	});
});
