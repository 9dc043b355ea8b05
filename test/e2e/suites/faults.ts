import type { Fault, TaskScript } from '../../simulator';
import { edited, errorText, type Fixture, lastRun } from '../fixture';

/** Every kind of fault on the way, with what was paid. */
export function faults(given: () => Fixture): void {
	const html = { status: 200, body: '<html>Just a moment…</html>' };
	const throttled = { status: 429, headers: { 'retry-after': '1' } };

	const passing: Array<[string, 'api' | 'results', RegExp, Fault]> = [
		['creating is refused for load (503)', 'api', /generations/, { status: 503 }],
		['creating fails before it is done', 'api', /generations/, 'resetBefore'],
		[
			'creating ends in 502 although it is done',
			'api',
			/generations/,
			{ status: 502, handled: true },
		],
		[
			'creating ends in 504 although it is done',
			'api',
			/generations/,
			{ status: 504, handled: true },
		],
		...[500, 521, 530].map((status): [string, 'api', RegExp, Fault] => [
			`creating ends in ${status} although it is done`,
			'api',
			/generations/,
			{ status, body: `error code: ${status}`, handled: true },
		]),
		['creating gives a broken answer', 'api', /generations/, 'brokenJson'],
		['asking is throttled (429)', 'api', /tasks/, throttled],
		['asking gives 500', 'api', /tasks/, { status: 500 }],
		['asking gives a web page', 'api', /tasks/, html],
		['asking breaks off', 'api', /tasks/, 'answerThenBreak'],
		['downloading gives 503', 'results', /./, { status: 503 }],
		['downloading gives a web page', 'results', /./, html],
		['downloading breaks off', 'results', /./, 'answerThenBreak'],
	];

	it.each(passing)('edits, and pays once, when %s', async (_, host, path, fault) => {
		const fixture = given();
		const { simulator } = fixture;
		const rule = simulator.inject({ host, path, fault });
		const [item] = edited(await fixture.run([fixture.editImage()]));
		expect(item.json.status).toBe('completed');
		expect(item.binary?.data).toBeDefined();
		expect(rule.hits).toBe(1);
		expect(simulator.paidTasks()).toBe(1);
		expect(simulator.keyLeaks).toEqual([]);
	});

	const refusals: Array<[number, RegExp]> = [
		[400, /Check the parameters/],
		[401, /'EvoLink API' credential/],
		[402, /Top up/],
		[403, /proxy or firewall responded with HTTP status 403/],
		[409, /It's unknown whether/],
	];

	it.each(refusals)('says what to do about %i, and asks once', async (status, advice) => {
		const fixture = given();
		const { simulator } = fixture;
		simulator.inject({ host: 'api', path: /generations/, times: Infinity, fault: { status } });
		expect(errorText(await fixture.run([fixture.editImage()]))).toMatch(advice);
		expect(simulator.requests.filter(({ host }) => host === 'api')).toHaveLength(1);
	});

	it('says that it may have been paid when creating fails again and again', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const fault = { status: 530, headers: { 'retry-after': '0' }, handled: true };
		simulator.inject({ host: 'api', path: /generations/, times: Infinity, fault });
		const text = errorText(await fixture.run([fixture.editImage()]));
		expect(text).toMatch(
			/may have been charged: look for it with 'Get Many Tasks' .*idempotency key/,
		);
		expect(text).not.toContain('rejected the request');
		expect(simulator.paidTasks()).toBe(1);
	});

	// n8n replaces what contains such words by texts of its own.
	const words =
		'getaddrinfo ENOTFOUND nowhere.example, preexisting {{ $json.a }} <b>ECONNRESET</b>';

	it.each(['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const)(
		'says what the service says, whatever the words (%s)',
		async (onError) => {
			const fixture = given();
			fixture.simulator.nextTask({ end: 'failed', code: 'image_processing_error', message: words });
			const execution = await fixture.run([fixture.editImage({}, { onError })]);
			if (onError === 'stopWorkflow') {
				expect(errorText(execution)).toContain(words);
				const [task] = fixture.simulator.tasks.values();
				expect(lastRun(execution).error).toMatchObject({ context: { taskId: task.id } });
			} else {
				const [item] = edited(execution, onError === 'continueErrorOutput' ? 1 : 0);
				expect(item.json.error).toContain(words);
			}
		},
	);

	const endings: Array<[string, TaskScript]> = [
		['cancelled', { end: 'cancelled' }],
		['canceled', { end: 'canceled' }],
		['failed with request_cancelled', { end: 'failed', code: 'request_cancelled' }],
	];

	it.each(endings)(
		'ends the wait for a task that is %s, as error or as data',
		async (_, script) => {
			const fixture = given();
			fixture.simulator.nextTask({ ...script, times: 2 });
			const failed = await fixture.run([fixture.editImage()]);
			expect(failed.status).toBe('error');
			expect(errorText(failed)).toContain([...fixture.simulator.tasks.keys()][0]);
			const options = { onTaskFailure: 'output' };
			const [{ json }] = edited(await fixture.run([fixture.editImage({ options })]));
			expect(json).toMatchObject({ status: 'cancelled', failure: { retryable: true } });
		},
	);

	it('keeps waiting in states that it does not know', async () => {
		const fixture = given();
		fixture.simulator.nextTask({ statuses: ['queued', 'warming_up'], seconds: 2 });
		expect(edited(await fixture.run([fixture.editImage()]))[0].json.status).toBe('completed');
	});

	it('ends at the time limit and names the task', async () => {
		const fixture = given();
		fixture.simulator.nextTask({ end: 'never' });
		const options = { timeout: 3 };
		const text = errorText(await fixture.run([fixture.editImage({ options })]));
		expect(text).toContain([...fixture.simulator.tasks.keys()][0]);
		expect(text).toContain('within 3 seconds');
	});

	it.each(['hang', 'answerThenHang'] as const)(
		'ends at the time limit in silence (%s)',
		async (fault) => {
			const fixture = given();
			fixture.simulator.inject({ host: 'api', path: /tasks/, times: Infinity, fault });
			const options = { timeout: 2 };
			const text = errorText(await fixture.run([fixture.editImage({ options })]));
			expect(text).toMatch(/within 2 seconds; last response: .*there was no response in time/);
		},
	);

	it.each([
		['larger than the limit', { hugeBytes: 3_000_000, announceLength: false }, /larger than 1 MB/],
		['not an image', { html: true }, /not an image/],
	])('gives task and links where the result is %s', async (_, delivery, reason) => {
		const fixture = given();
		fixture.simulator.nextTask({ delivery });
		const options = { maxDownloadSize: 1 };
		const text = errorText(await fixture.run([fixture.editImage({ options })]));
		expect(text).toMatch(reason);
		expect(text).toContain([...fixture.simulator.tasks.keys()][0]);
		expect(text).toContain(fixture.simulator.resultsUrl);
	});

	it('follows a redirect of a result to another host without the key', async () => {
		const fixture = given();
		fixture.simulator.nextTask({ delivery: { redirects: 1, redirectTo: 'other' } });
		expect(edited(await fixture.run([fixture.editImage()]))[0].binary?.data).toBeDefined();
		expect(fixture.simulator.keyLeaks).toEqual([]);
	});

	it('does not follow a redirect of the API with the key', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const headers = { location: `${simulator.picturesUrl}/cat.png` };
		simulator.inject({ host: 'api', times: Infinity, fault: { status: 302, headers } });
		const execution = await fixture.run([fixture.evolink({ operation: 'getCredits' })]);
		expect(errorText(execution)).toContain('base URL');
		expect(simulator.requests.map(({ host }) => host)).toEqual(['api']);
	});
}

/** n8n 2 can keep nodes away from private networks, where the simulator is. n8n 1.123 knows no such setting. */
export function privateNetworks(given: () => Fixture): void {
	it("says what n8n's protection says, and does not call it paid", async () => {
		const fixture = given();
		const startedAt = Date.now();
		const text = errorText(await fixture.run([fixture.editImage()]));
		expect(Date.now() - startedAt).toBeLessThan(25_000); // A create that is sent again takes half a minute.
		expect(text).toMatch(/n8n didn't send the request: .*restricted IP address[^]*administrator/);
		expect(text).not.toMatch(/may have been charged|connection was lost/);
		expect(fixture.simulator.requests).toEqual([]);
	});
}
