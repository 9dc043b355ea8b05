import type { INode } from 'n8n-workflow';

import { outputItems } from '../../../tools/host/rest';
import { type SimulatorOptions, startSimulator } from '../../simulator';
import { edited, errorText, Fixture, items, lastRun } from '../fixture';

const RETRY: Partial<INode> = { retryOnFail: true, maxTries: 3, waitBetweenTries: 100 };
/** As a node that is added today. */
const NEW: Partial<INode> = { typeVersion: 1.1 };
const PROMPT = '=Row {{ $json.row }}.';

/** Ended, charged, full, dear: what the service does beyond its documents, on a real n8n. */
export function service(given: () => Fixture): void {
	/** Runs against a service with such options instead of the usual one. */
	async function against(
		options: SimulatorOptions,
		work: (fixture: Fixture) => Promise<void>,
	): Promise<void> {
		const { n8n, credential } = given();
		const simulator = await startSimulator({ taskSeconds: 1, ...options });
		try {
			const { apiKey, apiUrl, filesUrl } = simulator;
			const data = { apiKey, baseUrl: apiUrl, filesBaseUrl: filesUrl };
			const updated = await n8n.updateCredential(credential, data);
			await work(new Fixture(n8n, simulator, updated));
		} finally {
			await simulator.close();
		}
	}

	const rows = (count: number) =>
		items(...Array.from({ length: count }, (_, row) => ({ row: row + 1 })));

	describe('The service as it is', () => {
		it('waits for the images of a task that is complete without them', async () => {
			const fixture = given();
			const { simulator } = fixture;
			simulator.nextTask({ imagesAfter: 3, times: 2 });
			const execution = await fixture.run([
				fixture.editImage({}, { name: 'Edit' }),
				fixture.editImage({ wait: 'none' }, { name: 'Create' }),
				fixture.evolink({ operation: 'waitForCompletion', taskId: '={{ $json.id }}' }),
			]);
			const images = [...outputItems(execution, 'Edit'), ...edited(execution)];
			expect(images.map(({ json }) => json.status)).toEqual(['completed', 'completed']);
			for (const item of images) expect((await fixture.picture(item)).length).toBeGreaterThan(999);
			expect(simulator.paidTasks()).toBe(2);
		});

		it('creates no new task for one that failed and was charged, unless that is allowed', async () => {
			await against({ billing: true }, async (fixture) => {
				const { simulator } = fixture;
				const failing = { end: 'failed', code: 'service_error', charged: true } as const;
				simulator.nextTask({ ...failing, times: 2 });
				const failed = await fixture.run([fixture.editImage({}, RETRY)]);
				expect(errorText(failed)).toMatch(
					/EvoLink's billing: 1 credit charged[^]*A new task costs about 1 credit again/,
				);
				expect(simulator.paidTasks()).toBe(1);

				const options = { retryCharged: true };
				const [{ json }] = edited(await fixture.run([fixture.editImage({ options }, RETRY)]));
				expect(json).toMatchObject({ status: 'completed', credits_used: 1 });
				expect(simulator.paidTasks()).toBe(3);
			});
		});

		it('keeps a full account busy, without a failure', async () => {
			await against({ tasksAtATime: 2 }, async (fixture) => {
				const execution = await fixture.run([
					...rows(8),
					fixture.editImage({ prompt: PROMPT }, NEW),
				]);
				expect(edited(execution).map(({ json }) => json.status)).toEqual(
					Array(8).fill('completed'),
				);
				const { simulator } = fixture;
				expect(simulator.paidTasks()).toBe(8);
				const refused = simulator.requests.filter(({ status }) => status === 429);
				expect(refused.length).toBeGreaterThan(0);
				expect(refused.length).toBeLessThanOrEqual(16);
			});
		});

		it('creates nothing more once a create has failed', async () => {
			const fixture = given();
			const { simulator } = fixture;
			const create = { host: 'api', method: 'POST', path: /generations$/ } as const;
			const match = ({ body }: { body: Buffer }) => body.includes('Row 2.');
			simulator.inject({ ...create, match, fault: simulator.refusal('insufficientCredits') });
			simulator.inject({ ...create, times: Infinity, fault: { slow: 2_000 } });
			const execution = await fixture.run([
				...rows(60),
				fixture.editImage({ prompt: PROMPT }, NEW),
			]);
			expect(execution.status).toBe('error');
			expect(errorText(execution)).toContain('Insufficient quota');
			// Automatic concurrency begins with ten.
			expect(simulator.requests.filter(({ path }) => create.path.test(path))).toHaveLength(10);
		});

		it('buys within Max Credits and Keep Credits, by the quotes that Estimate Cost gives', async () => {
			await against({ quotes: true, billing: true, credits: 10 }, async (fixture) => {
				const { simulator } = fixture;
				const estimate = fixture.evolink(
					{
						operation: 'estimateCost',
						model: { __rl: true, mode: 'id', value: 'qwen-image-edit' },
					},
					{ name: 'Estimate' },
				);
				const dear = fixture.editImage({ options: { maxCredits: 0.5 } });
				const tooDear = await fixture.run([estimate, dear]);
				expect(outputItems(tooDear, 'Estimate')[0].json).toMatchObject({
					credits: 1,
					basis: 'exact',
				});
				expect(errorText(tooDear)).toContain("costs 1 credit, more than 'Max Credits' (0.5)");
				expect(simulator.paidTasks()).toBe(0);

				const onError = 'continueRegularOutput' as const;
				const options = { keepCredits: 8 };
				const execution = await fixture.run([
					...rows(4),
					fixture.editImage({ prompt: PROMPT, options }, { onError }),
				]);
				expect(edited(execution).map(({ json }) => json.status ?? json.error)).toEqual([
					'completed',
					'completed',
					...Array<unknown>(2).fill(expect.stringContaining("below 'Keep Credits' (8)")),
				]);
				expect(simulator.credits).toBe(8);
				expect(lastRun(execution).hints?.at(-1)?.message).toMatch(/2 credits$/);
			});
		});
	});
}
