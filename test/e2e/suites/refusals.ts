import type { INodeParameters } from 'n8n-workflow';
import { edited, errorText, type Fixture, items, lastRun } from '../fixture';

/** Bad input costs nothing and is explained. */
export function refusals(given: () => Fixture): void {
	const url = (address: string) => ({ images: { image: [{ source: 'url', url: address }] } });
	const bad: Array<[string, INodeParameters, RegExp]> = [
		['no picture', { images: {} }, /No image provided/],
		['an empty prompt', { prompt: '={{ "" }}' }, /'Prompt' is empty/],
		[
			'a prompt that is too long',
			{
				model: { __rl: true, mode: 'id', value: 'wan2.5-image-to-image' },
				prompt: '={{ "x".repeat(2001) }}',
			},
			/2001 characters.*2000/,
		],
		[
			'a way to wait that there is not',
			{ wait: '={{ "Poll" }}' },
			/'Wait' is "Poll".*poll, callback, none/,
		],
		['a link that is not http', url('ftp://example.com/cat.png'), /not a valid URL/],
		[
			'too many pictures',
			url('https://a.test/1, https://a.test/2, https://a.test/3, https://a.test/4'),
			/4 images.*3/,
		],
		[
			'a missing binary field',
			{ images: { image: [{ source: 'binary', binaryPropertyName: 'photo' }] } },
			/no binary field 'photo'/,
		],
		[
			'a callback to a private host',
			{ wait: 'none', callbackUrl: 'https://[::1]/x' },
			/'Callback URL'.*private/,
		],
		[
			'a callback without https',
			{ wait: 'none', callbackUrl: 'http://example.com/x' },
			/'Callback URL'.*HTTPS/,
		],
	];

	it.each(bad)('refuses %s before anything is sent', async (_, parameters, message) => {
		const fixture = given();
		const execution = await fixture.run([fixture.editImage(parameters)]);
		expect(execution.status).toBe('error');
		expect(lastRun(execution).error?.message).toMatch(message);
		expect(errorText(execution).split('\n')[1]).not.toBe('');
		expect(fixture.simulator.requests).toEqual([]);
	});

	it('goes on with the other items where the user wants that', async () => {
		const fixture = given();
		const prompts = items({ prompt: 'Make it blue' }, { prompt: '' }, { prompt: 'Make it red' });
		const node = fixture.editImage(
			{ prompt: '={{ $json.prompt }}' },
			{ onError: 'continueRegularOutput' },
		);
		const output = edited(await fixture.run([...prompts, node]));
		expect(output.map(({ json }) => json.status ?? json.error)).toEqual([
			'completed',
			"'Prompt' is empty",
			'completed',
		]);
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
		expect(fixture.simulator.paidTasks()).toBe(2);
	});

	it('sends failed items to the error output, with the task id', async () => {
		const fixture = given();
		fixture.simulator.nextTask({
			prompt: /bad/,
			end: 'failed',
			code: 'content_policy_violation',
			message: 'Blocked',
		});
		const prompts = items({ prompt: 'good' }, { prompt: 'bad' });
		const node = fixture.editImage(
			{ prompt: '={{ $json.prompt }}' },
			{ onError: 'continueErrorOutput' },
		);
		const execution = await fixture.run([...prompts, node]);
		expect(edited(execution, 0)).toHaveLength(1);
		const [failed] = edited(execution, 1);
		const [task] = [...fixture.simulator.tasks.values()].filter(
			({ request }) => request.prompt === 'bad',
		);
		expect(failed.json.error).toContain('Blocked');
		expect(failed.json.error).toContain(task.id);
	});

	it('explains a host that cannot be reached', async () => {
		const fixture = given();
		await fixture.n8n.updateCredential(fixture.credential, {
			apiKey: 'k'.repeat(20),
			baseUrl: 'http://127.0.0.1:9',
			filesBaseUrl: 'http://127.0.0.1:9',
		});
		const execution = await fixture.run([fixture.evolink({ operation: 'getCredits' })]);
		expect(errorText(execution)).toMatch(/connection was refused[^]*'EvoLink API' credential/);
	});
}
