import type { INode } from 'n8n-workflow';
import { edited, errorText, type Fixture, items, lastRun } from '../fixture';

const retryOnFail: Partial<INode> = { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 };

/** Nothing is paid twice, nothing paid is lost, whatever goes wrong. */
export function money(given: () => Fixture): void {
	const creates = ({ simulator }: Fixture) =>
		simulator.requests.filter(({ path }) => path === '/v1/images/generations');

	it('repeats a create whose answer was lost under the same key and body', async () => {
		const fixture = given();
		fixture.simulator.inject({ host: 'api', path: /generations/, fault: 'resetAfter' });
		const execution = await fixture.run([fixture.editImage()]);
		expect(edited(execution)[0].json.status).toBe('completed');
		const [first, second] = creates(fixture);
		expect(second.headers['idempotency-key']).toBe(first.headers['idempotency-key']);
		expect(second.body.equals(first.body)).toBe(true);
		expect(fixture.simulator.paidTasks()).toBe(1);
	});

	it('waits as the service says when it is throttled', async () => {
		const fixture = given();
		const fault = fixture.simulator.refusal('rateLimited', { headers: { 'retry-after': '2' } });
		fixture.simulator.inject({ host: 'api', path: /generations/, fault });
		const execution = await fixture.run([fixture.editImage()]);
		expect(edited(execution)[0].json.status).toBe('completed');
		const [first, second] = creates(fixture);
		expect(second.at - first.at).toBeGreaterThanOrEqual(2000);
	});

	const faultsAfterPaying = [
		['asking for the task', 'api', /tasks/, 403],
		['fetching the picture', 'results', /./, 403],
	] as const;

	it.each(faultsAfterPaying)(
		'continues a paid task when %s fails and n8n tries again',
		async (_, host, path, status) => {
			const fixture = given();
			fixture.simulator.inject({ host, path, method: 'GET', fault: { status } });
			const execution = await fixture.run([fixture.editImage({}, retryOnFail)]);
			expect(execution.status).toBe('success');
			expect(edited(execution)[0].json.status).toBe('completed');
			expect(fixture.simulator.paidTasks()).toBe(1);
			expect(creates(fixture)).toHaveLength(1);
		},
	);

	it('pays once although the prompt is another one in each try', async () => {
		const fixture = given();
		fixture.simulator.inject({ host: 'api', path: /tasks/, fault: { status: 403 } });
		const prompt = '=Beach at {{ $now.toMillis() }} {{ Math.random() }}';
		const execution = await fixture.run([fixture.editImage({ prompt }, retryOnFail)]);
		expect(execution.status).toBe('success');
		expect(fixture.simulator.paidTasks()).toBe(1);
	});

	it('continues the tasks of all items when one of them fails and n8n tries again', async () => {
		const fixture = given();
		fixture.simulator.nextTask({ prompt: /2/, end: 'failed', code: 'service_error' });
		const execution = await fixture.run([
			...items({ n: 1 }, { n: 2 }, { n: 3 }),
			fixture.editImage({ prompt: '=Beach {{ $json.n }}' }, retryOnFail),
		]);
		expect(edited(execution).map(({ json }) => json.status)).toEqual(Array(3).fill('completed'));
		const { simulator } = fixture;
		expect(simulator.ledger.filter(({ refunded }) => !refunded)).toHaveLength(3);
		expect(simulator.paidTasks()).toBe(4); // the failed one was refunded and asked anew
	});

	it('does not ask again for what would fail again', async () => {
		const fixture = given();
		fixture.simulator.nextTask({
			end: 'failed',
			code: 'content_policy_violation',
			times: Infinity,
		});
		const execution = await fixture.run([fixture.editImage({}, retryOnFail)]);
		const [task] = fixture.simulator.tasks.keys();
		expect(errorText(execution)).toContain(task);
		expect(errorText(execution)).toMatch(
			/Change them before you retry[^]*content_policy_violation/,
		);
		expect(fixture.simulator.paidTasks()).toBe(1);
	});

	it('names the paid tasks of the other items when one fails', async () => {
		const fixture = given();
		fixture.simulator.nextTask({ prompt: /2/, end: 'failed', code: 'invalid_parameters' });
		fixture.simulator.nextTask({ prompt: /1/, seconds: 20 });
		const execution = await fixture.run([
			...items({ n: 1 }, { n: 2 }),
			fixture.editImage({ prompt: '=Beach {{ $json.n }}' }),
		]);
		expect(execution.status).toBe('error');
		for (const id of fixture.simulator.tasks.keys()) expect(errorText(execution)).toContain(id);
	});

	it('keeps task id, links and expiry when the image cannot be fetched', async () => {
		const fixture = given();
		fixture.simulator.inject({ host: 'results', times: Infinity, fault: { status: 403 } });
		const execution = await fixture.run([
			fixture.editImage({}, { onError: 'continueRegularOutput' }),
		]);
		const [{ json }] = edited(execution);
		expect(json).toMatchObject({
			id: [...fixture.simulator.tasks.keys()][0],
			results: [expect.stringContaining(fixture.simulator.resultsUrl)],
			expires_at: expect.any(String) as string,
			error: expect.stringContaining('complete and has been charged') as string,
		});
	});

	it('continues a paid task when the user retries the failed execution', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		simulator.inject({ host: 'results', fault: { status: 403 } });
		const failed = await fixture.run([fixture.editImage()]);
		expect(failed.status).toBe('error');
		const retried = await n8n.retryExecution(failed.id, { loadWorkflow: true });
		const execution = await n8n.waitForExecution(retried);
		expect(execution.status).toBe('success');
		expect(lastRun(execution).data?.main[0]?.[0].binary?.data).toBeDefined();
		expect(simulator.paidTasks()).toBe(1);
	});

	it('says so when the outcome stays unknown, and pays nothing new', async () => {
		const fixture = given();
		fixture.simulator.inject({
			host: 'api',
			path: /generations/,
			times: Infinity,
			fault: 'resetAfter',
		});
		const execution = await fixture.run([fixture.editImage()]);
		expect(errorText(execution)).toMatch(/unknown whether[^]*task history[^]*idempotency key/);
		expect(fixture.simulator.paidTasks()).toBe(1);
	});
}
