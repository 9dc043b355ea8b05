import type { Fault, ResultDelivery, Simulator } from '../simulator';
import { bytesOf, editImage, runWorkflow, sent } from './harness';
import { type Scenario, scenarios } from './scenarios';

/** Faults after the payment: while the task is asked for, and while its image is fetched. */

const poll = { host: 'api', method: 'GET', path: /^\/v1\/tasks\// } as const;
const html = '<!doctype html><title>Bad gateway</title>';
const soon = { 'retry-after': '0' };

function firstTask(simulator: Simulator) {
	const [task] = simulator.tasks.values();
	return task;
}

describe('A fault while the task is asked for', () => {
	const passes = (fault: (simulator: Simulator) => Fault) =>
		(async (simulator) => {
			simulator.nextTask({ estimatedTime: 0 });
			simulator.inject({ ...poll, fault: fault(simulator) });
			const { items, error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error).toBeUndefined();
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(sent(simulator).polls).toHaveLength(2);
			expect(simulator.paidTasks()).toBe(1);
		}) satisfies Scenario;

	/** Ends the wait at once; what to do stands there, and which task it was. */
	const ends = (fault: (simulator: Simulator) => Fault, message: RegExp, advice: RegExp) =>
		(async (simulator) => {
			simulator.inject({ ...poll, times: Infinity, fault: fault(simulator) });
			const parameters = editImage(simulator);
			const { items, error } = await runWorkflow({ simulator, parameters });
			expect(items).toEqual([]);
			expect(error?.message).toMatch(message);
			expect(error?.description).toMatch(advice);
			expect(error?.description).toContain(firstTask(simulator).id);
			expect(sent(simulator).polls).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);

			const continued = await runWorkflow({
				simulator,
				parameters,
				node: { onError: 'continueRegularOutput' },
			});
			expect(continued.items[0].json).toMatchObject({
				error: expect.stringMatching(message) as string,
				id: firstTask(simulator).id,
			});
			expect(simulator.paidTasks()).toBe(1);
		}) satisfies Scenario;

	const silence = (fault: Fault) =>
		(async (simulator) => {
			simulator.inject({ ...poll, times: Infinity, fault });
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { options: { timeout: 2 } }),
			});
			expect(error?.message).toContain("didn\'t finish within 2 seconds");
			expect(error?.message).toContain('there was no response in time');
			expect(error?.description).toContain(firstTask(simulator).id);
		}) satisfies Scenario;

	scenarios({
		'passes: 429': passes((simulator) => simulator.refusal('rateLimited', { headers: soon })),
		'passes: 500': passes((simulator) => simulator.refusal('internalError')),
		'passes: 502 as a web page': passes(() => ({ status: 502, body: html })),
		'passes: 503': passes((simulator) => simulator.refusal('unavailable')),
		'passes: a reset': passes(() => 'resetBefore'),
		'passes: half an answer': passes(() => 'answerThenBreak'),
		'passes: broken JSON': passes(() => 'brokenJson'),
		'passes: a web page with status 200': passes(() => ({ status: 200, body: html })),
		'passes: the answer for another task': passes(() => ({
			status: 200,
			body: { id: 'task-unified-1-another', status: 'completed', results: ['https://x.example'] },
		})),

		'that lasts ends with the time limit, the last cause and the task': async (simulator) => {
			simulator.inject({ ...poll, times: Infinity, fault: { status: 503, body: html } });
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { options: { timeout: 2 } }),
			});
			expect(error?.message).toContain("The task didn\'t finish within 2 seconds");
			expect(error?.message).toContain('HTTP status 503');
			expect(error?.description).toContain('It keeps running and has been charged');
		},
		'that is silence ends with the time limit too': silence('hang'),
		'that is half an answer and then silence ends with the time limit too':
			silence('answerThenHang'),

		'ends the wait: 401': ends(
			(simulator) => simulator.refusal('unauthorized'),
			/^EvoLink rejected the API key( \(unauthorized\))?$/,
			/Check the API key/,
		),
		'ends the wait: 402': ends(
			(simulator) => simulator.refusal('keyLimitReached', { style: 'C' }),
			/quota of this key/,
			/Increase the limit of this API key/,
		),
		'ends the wait: 403': ends(
			(simulator) => simulator.refusal('modelAccessDenied', { style: 'A' }),
			/Access denied/,
			/doesn't have permission for this/,
		),
		'a task that is not known yet is asked for again': async (simulator) => {
			simulator.inject({ ...poll, fault: simulator.refusal('taskNotFound') });
			const { items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(items[0].json.status).toBe('completed');
			expect(simulator.paidTasks()).toBe(1);
		},
		'a task that stays unknown ends the wait after some seconds: 404': async (simulator) => {
			simulator.inject({ ...poll, times: Infinity, fault: simulator.refusal('taskNotFound') });
			const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error?.message).toMatch(/Task not found or expired/);
			expect(error?.description).toMatch(/Check the ID/);
			expect(error?.description).toContain(firstTask(simulator).id);
			expect(sent(simulator).polls.length).toBeGreaterThan(1);
			expect(simulator.paidTasks()).toBe(1);
		},
		'ends the wait: 400': ends(
			(simulator) => simulator.refusal('invalidTaskId'),
			/Invalid task ID format/,
			/Check the parameters/,
		),
		'ends the wait: a redirect, which does not get the key': ends(
			(simulator) => ({ status: 302, headers: { location: `${simulator.picturesUrl}/cat.png` } }),
			/HTTP status 302/,
			/Check the base URLs/,
		),

		'unknown states keep the wait going': async (simulator) => {
			simulator.nextTask({ statuses: ['queued', 'moderating'], seconds: 5, estimatedTime: 0 });
			const { items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(items[0].json.status).toBe('completed');
			expect(sent(simulator).polls.length).toBeGreaterThan(1);
		},
		'a task that never ends is named when the time is up': async (simulator) => {
			simulator.nextTask({ end: 'never' });
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { options: { timeout: 1 } }),
			});
			const { id } = firstTask(simulator);
			expect(error?.message).toContain("The task didn't finish within 1 second");
			expect(error?.description).toMatch(/Increase 'Timeout \(Seconds\)'.*Wait for Completion/);
			expect(error?.description).toContain(`Task ID: ${id}`);
		},
	});
});

describe('An image', () => {
	const comesThrough = (delivery: ResultDelivery, downloads: number) =>
		(async (simulator) => {
			simulator.nextTask({ delivery });
			const { items, error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error).toBeUndefined();
			expect(bytesOf(items[0].binary?.data).length).toBeGreaterThan(1000);
			expect(sent(simulator).downloads).toHaveLength(downloads);
			expect(simulator.keyLeaks).toEqual([]);
		}) satisfies Scenario;

	/** Nothing that was paid is lost: task, links and expiry are in the error and in the error item. */
	const isMissed = (delivery: ResultDelivery, message: RegExp, downloads: number) =>
		(async (simulator) => {
			simulator.nextTask({ delivery });
			const parameters = editImage(simulator, { options: { maxDownloadSize: 1 } });
			const [{ items, error }, continued] = await Promise.all([
				runWorkflow({ simulator, parameters }),
				runWorkflow({ simulator, parameters, node: { onError: 'continueRegularOutput' } }),
			]);
			expect(items).toEqual([]);
			const { id } = firstTask(simulator);
			const link = `${simulator.resultsUrl}/${id}/1.png`;
			expect(error?.message).toMatch(message);
			expect(error?.message).toContain('The task is complete and has been charged');
			expect(error?.description).toContain(`Task ID: ${id}`);
			expect(error?.description).toContain(link);
			expect(error?.description).toMatch(/They expire at \d{4}-.*Z/);
			expect(error?.description).toContain('downloads it again free of charge');
			expect(continued.items[0].json).toEqual({
				error: expect.stringMatching(message) as string,
				id,
				results: [link],
				expires_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
			});
			expect(continued.items[0].binary).toBeUndefined();
			expect(sent(simulator).downloads).toHaveLength(2 * downloads);
			expect(simulator.paidTasks()).toBe(1);
		}) satisfies Scenario;

	scenarios({
		'comes through 503': comesThrough({ status: 503, statusTimes: 1 }, 2),
		'comes through 429': comesThrough({ status: 429, statusTimes: 2 }, 3),
		'comes through redirects of its host': comesThrough({ redirects: 2 }, 3),
		'comes from another origin without the key': comesThrough(
			{ redirects: 1, redirectTo: 'other' },
			2,
		),
		'comes through a lost connection': async (simulator) => {
			simulator.inject({ host: 'results', fault: 'resetBefore' });
			simulator.inject({ host: 'results', fault: 'answerThenBreak' });
			const { items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(items[0].binary?.data.mimeType).toBe('image/png');
		},
		'comes through a link that is not known yet': async (simulator) => {
			simulator.inject({ host: 'results', fault: { status: 404 } });
			const { items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(items[0].binary?.data.mimeType).toBe('image/png');
		},
		'comes through a web page in its place': async (simulator) => {
			simulator.inject({ host: 'results', fault: { status: 200, headers: soon, body: html } });
			const { items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(items[0].binary?.data.mimeType).toBe('image/png');
		},

		'that is gone (404) is an error with task, links and expiry': isMissed(
			{ status: 404 },
			/HTTP status 404/,
			4,
		),
		'that has expired (403) is an error with task, links and expiry': isMissed(
			{ status: 403 },
			/HTTP status 403/,
			1,
		),
		'that is too large is an error with task, links and expiry': isMissed(
			{ hugeBytes: 3 * 1024 * 1024 },
			/larger than 1 MB/,
			1,
		),
		'that is too large without saying so is an error': isMissed(
			{ hugeBytes: 64 * 1024 * 1024, announceLength: false },
			/larger than 1 MB/,
			1,
		),
		'that is none is an error with task, links and expiry': async (simulator) => {
			const fault = { status: 200, body: 'This is a text, and long enough for a picture.' };
			simulator.inject({ host: 'results', times: Infinity, fault });
			await isMissed({}, /text: 'This is a text.*, which is not an image/, 1)(simulator);
		},
		'that stays a web page is an error with task, links and expiry': async (simulator) => {
			const fault = { status: 200, headers: soon, body: html };
			simulator.inject({ host: 'results', times: Infinity, fault });
			await isMissed({}, /a web page, which is not an image/, 4)(simulator);
		},
		'whose connection breaks each time is an error with task, links and expiry': isMissed(
			{ truncated: 'connection' },
			/the connection was lost/,
			4,
		),
		'that is half a file each time is an error with task, links and expiry': isMissed(
			{ truncated: 'file' },
			/ends before the image does/,
			4,
		),
		'whose link redirects without end is an error': async (simulator) => {
			simulator.nextTask({ delivery: { redirects: Infinity } });
			const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error?.message).toContain('is complete and has been charged');
			expect(error?.description).toContain(firstTask(simulator).id);
		},
		'whose link redirects to another protocol is an error': async (simulator) => {
			simulator.nextTask({ delivery: { redirects: 1, redirectTo: 'file:///etc/hostname' } });
			const { error, items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(items).toEqual([]);
			expect(error?.message).toContain('is complete and has been charged');
		},
		'of a task of yesterday has expired, and Get Task says so': async (simulator) => {
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { download: false }),
			});
			simulator.clockOffsetSeconds = 25 * 3600;
			const { error } = await runWorkflow({
				simulator,
				parameters: { operation: 'getTask', taskId: items[0].json.id as string },
			});
			expect(error?.message).toContain('HTTP status 403');
			expect(error?.description).toContain('The URLs of edited images expire after 24 hours');
		},
		'of several that cannot be fetched does not lose the links of the others': async (
			simulator,
		) => {
			simulator.nextTask({ results: 3, delivery: [{}, { status: 403 }, {}] });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: { onError: 'continueRegularOutput' },
			});
			expect(items[0].json.results).toHaveLength(3);
			expect(items[0].json.error).toContain('HTTP status 403');
		},
	});
});
