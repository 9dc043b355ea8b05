import type { INodeParameters } from 'n8n-workflow';

import { until } from '../../tools/until';
import { create, createAndWait } from '../../tools/simulator/serviceCalls';
import { deliver, inAnotherProcess } from './delivery';
import { scenarios } from './scenarios';

describe('EvoLink Trigger', () => {
	scenarios({
		'starts once in several processes that see what the others have saved': async (simulator) => {
			const body = await createAndWait(simulator);
			const workflowId = 'several processes';
			const [one, two] = [inAnotherProcess(), inAnotherProcess()];
			const first = await deliver({ simulator, body, workflowId, trigger: one });
			expect(first.started).toBe(true);
			const { saved } = first;
			const again = await deliver({ simulator, body, workflowId, trigger: two, saved });
			expect(again.started).toBe(false);
			expect(again.result).toEqual({ noWebhookResponse: true });
		},

		'saves all ends that the process knows, also those that n8n has overwritten': async (
			simulator,
		) => {
			const workflowId = 'overwritten';
			const trigger = inAnotherProcess();
			const bodies = [await createAndWait(simulator), await createAndWait(simulator)];
			// Both were called with what was saved before: nothing.
			const [first, second] = await Promise.all(
				bodies.map(async (body) => await deliver({ simulator, body, workflowId, trigger })),
			);
			expect([first.started, second.started]).toEqual([true, true]);
			const sizes = [first, second].map(({ saved }) => JSON.stringify(saved).length);
			const last = sizes[0] > sizes[1] ? first : second;
			for (const body of bodies) {
				const reborn = inAnotherProcess();
				const { saved } = last;
				const again = await deliver({ simulator, body, workflowId, trigger: reborn, saved });
				expect(again.started).toBe(false);
			}
		},

		'starts for the same task in two workflows, and in a test beside production': async (
			simulator,
		) => {
			const body = await createAndWait(simulator);
			const outcomes = [
				await deliver({ simulator, body, workflowId: 'one' }),
				await deliver({ simulator, body, workflowId: 'two' }),
				await deliver({ simulator, body, workflowId: 'one', mode: 'manual' }),
				await deliver({ simulator, body, workflowId: 'one', mode: 'manual' }),
			];
			expect(outcomes.map(({ started }) => started)).toEqual([true, true, true, false]);
			expect(outcomes[2].saved).not.toHaveProperty('node:EvoLink Trigger');
		},

		'takes models as text, as several lines, or as an array': async (simulator) => {
			const body = await createAndWait(simulator);
			const starts = async (models: INodeParameters[string]) =>
				(await deliver({ simulator, body, parameters: { options: { models } } })).started;
			expect(await starts('qwen-image-edit')).toBe(true);
			expect(await starts('other,\n qwen-image-edit ')).toBe(true);
			expect(await starts(['other', 'qwen-image-edit'])).toBe(true);
			expect(await starts(' ')).toBe(true);
			expect(await starts('qwen-image')).toBe(false);
			expect(await starts(['other'])).toBe(false);
		},

		'is called again where an expression gives something else than models, and says so in the log':
			async (simulator) => {
				const body = await createAndWait(simulator);
				const parameters = { options: { models: { id: 'qwen-image-edit' } } };
				const outcome = await deliver({ simulator, body, parameters });
				expect(outcome).toMatchObject({ status: 503, started: false });
				expect(outcome.warnings).toEqual([
					expect.stringContaining("'Models' is an object; it must be text"),
				]);
			},

		'is called again, rather than failing, where its credential is of no use': async (
			simulator,
		) => {
			const body = await createAndWait(simulator);
			const credential = { baseUrl: 'nonsense' };
			const outcome = await deliver({ simulator, body, credential });
			expect(outcome).toMatchObject({ status: 503, started: false });
			expect(outcome.warnings).toEqual([
				expect.stringContaining("'Base URL' in the 'EvoLink API' credential"),
			]);
		},

		'says in the log what to do where the API was slow and then of no help': async (simulator) => {
			const body = await createAndWait(simulator);
			simulator.inject({ host: 'api', path: /tasks/, fault: { slow: 1000 } });
			const outcome = await deliver({ simulator, body: { ...body, id: `${body.id}-forged` } });
			expect(outcome).toMatchObject({ status: 202, started: false });
			expect(outcome.warnings).toEqual([
				expect.stringMatching(
					new RegExp(`${body.id}-forged.*No execution was started. Get the task with 'Get Task'`),
				),
			]);
		},

		'starts once, with the images, for a task whose images come after its callback': async (
			simulator,
		) => {
			const script = { seconds: 0, imagesAfter: Infinity };
			simulator.nextTask(script);
			const body = await createAndWait(simulator);
			expect(body.results).toBeNull();
			const workflowId = 'late images';
			const polls = () => simulator.requests.filter(({ path }) => path.endsWith(body.id)).length;
			const before = polls();
			const delivered = Promise.all([
				deliver({ simulator, body, workflowId }),
				deliver({ simulator, body, workflowId }),
			]);
			await until(() => polls() > before + 1);
			script.imagesAfter = 0;
			const outcomes = await delivered;
			expect(outcomes.map(({ status }) => status)).toEqual([202, 202]);
			expect(outcomes.map(({ started }) => started).sort()).toEqual([false, true]);
			const [{ result }] = outcomes.filter(({ started }) => started);
			const { json } = result.workflowData?.[0][0] ?? {};
			expect(json).toMatchObject({ status: 'completed', results: [expect.any(String)] });
			expect(json).not.toHaveProperty('failure');
		},

		'waits by itself for the end of a task where the API was slow': async (simulator) => {
			simulator.nextTask({ seconds: 1000, estimatedTime: null });
			const { body } = await create(simulator);
			simulator.inject({ host: 'api', path: /tasks/, fault: { slow: 1000 } });
			simulator.inject({ host: 'api', path: /tasks/, fault: { status: 401 } });
			const asked = () => simulator.requests.filter(({ path }) => path.startsWith('/v1/tasks/'));
			const delivered = deliver({ simulator, body });
			await until(() => asked().length === 2);
			simulator.clockOffsetSeconds += 1000;
			const outcome = await delivered;
			expect(outcome).toMatchObject({ status: 202, started: true, warnings: [] });
			expect(outcome.result.workflowData?.[0][0].json).toMatchObject({ status: 'completed' });
			expect(asked().map(({ fault }) => fault)).toEqual(['slow 1000 ms', 'status 401', undefined]);
		},
	});
});
