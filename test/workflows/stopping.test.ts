import { setTimeout as sleep } from 'node:timers/promises';

import type { INode, INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { type ResultDelivery, samplePicture, type Simulator } from '../simulator';
import { binaryField, editImage, runWorkflow, sent } from './harness';
import { type Scenario, scenarios } from './scenarios';
import { until } from '../../tools/until';

/** Longer than the gap between two questions for a task, so that a further one would be seen. */
const WATCH_MS = 3500;

/** What was sent before the stop may arrive after it. */
const UNDER_WAY_MS = 500;

interface Stopping {
	parameters?: INodeParameters;
	items?: INodeExecutionData[];
	node?: Partial<INode>;
	/** When the user presses Stop. */
	when: (simulator: Simulator) => boolean;
	/** How many creates there are at the end. */
	creates: number;
	paid: number;
}

/** Stops the execution, and sees that it ends within a second and that nothing is sent after that. */
async function stopped(simulator: Simulator, { when, creates, paid, ...options }: Stopping) {
	let stoppedAt = Infinity;
	const result = await runWorkflow({
		simulator,
		...options,
		parameters: editImage(simulator, options.parameters),
		onStarted: (stop) => {
			void until(() => when(simulator)).then(() => {
				stoppedAt = Date.now();
				stop();
			});
		},
	});
	// With what a busy machine adds: without the stop each of them goes on for a minute at least.
	expect(Date.now() - stoppedAt).toBeLessThan(20_000);
	expect(result.run.status).toBe('canceled');
	expect(result.arrived).toBe(0);
	await sleep(WATCH_MS);
	const late = sent(simulator).all.filter(({ at }) => at > stoppedAt + UNDER_WAY_MS);
	expect(late).toEqual([]);
	expect(sent(simulator).creates).toHaveLength(creates);
	expect(simulator.paidTasks()).toBe(paid);
	return result;
}

const endless = (scenario: Scenario): Scenario => {
	return async (simulator) => {
		simulator.nextTask({ end: 'never', estimatedTime: 0, times: Infinity });
		await scenario(simulator);
	};
};
const downloadEnds = (delivery: ResultDelivery): Scenario => {
	return async (simulator) => {
		simulator.nextTask({ delivery });
		const { error } = await stopped(simulator, {
			when: () => sent(simulator).downloads.length > 0,
			creates: 1,
			paid: 1,
		});
		expect(error?.description).toContain([...simulator.tasks.keys()][0]);
	};
};
const isCreated = (simulator: Simulator) => simulator.tasks.size > 0;
const isPolled = (simulator: Simulator) => sent(simulator).polls.length > 0;
const fiveItems = Array.from({ length: 5 }, () => ({ json: {} }));

describe('When the user stops the execution', () => {
	scenarios({
		'polling ends and the error names the paid task': endless(async (simulator) => {
			const { error } = await stopped(simulator, { when: isPolled, creates: 1, paid: 1 });
			expect(error?.message).toBe('The execution was canceled');
			expect(error?.description).toContain([...simulator.tasks.keys()][0]);
		}),
		'no further item is started': endless(async (simulator) => {
			await stopped(simulator, {
				parameters: { options: { concurrency: 1 } },
				items: fiveItems,
				when: isPolled,
				creates: 1,
				paid: 1,
			});
		}),
		'no further item is started with Continue': endless(async (simulator) => {
			await stopped(simulator, {
				parameters: { options: { concurrency: 1 } },
				items: fiveItems,
				node: { onError: 'continueRegularOutput' },
				when: isPolled,
				creates: 1,
				paid: 1,
			});
		}),
		'Retry On Fail sends nothing more': endless(async (simulator) => {
			await stopped(simulator, {
				parameters: { options: { concurrency: 1 } },
				items: fiveItems,
				node: { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 },
				when: isPolled,
				creates: 1,
				paid: 1,
			});
		}),
		'a create that waits for its turn is not sent': async (simulator) => {
			const fault = simulator.refusal('rateLimited', { headers: { 'retry-after': '20' } });
			simulator.inject({ host: 'api', method: 'POST', fault });
			await stopped(simulator, {
				// Well after the answer has come in, and long before the next try.
				when: () => sent(simulator).creates.some(({ at }) => Date.now() - at > 1_000),
				creates: 1,
				paid: 0,
			});
		},
		'a create that is under way is not repeated, and may be paid': async (simulator) => {
			simulator.inject({ host: 'api', method: 'POST', times: Infinity, fault: { slow: 30_000 } });
			const { error } = await stopped(simulator, {
				node: { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 },
				when: isCreated,
				creates: 1,
				paid: 1,
			});
			expect(error?.message).toContain("It's unknown whether EvoLink created the task");
			expect(error?.message).toContain(
				sent(simulator).creates[0].headers['idempotency-key'] as string,
			);
		},
		'a download ends, and the error names the task': downloadEnds({ slow: 30_000 }),
		'a download that stands still half way ends too': downloadEnds({ truncated: 'stall' }),
		'nothing is created after an upload': async (simulator) => {
			simulator.inject({ host: 'files', method: 'POST', fault: { slow: 30_000 } });
			const image = binaryField(await samplePicture('png'), 'a.png', 'image/png');
			await stopped(simulator, {
				parameters: { images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } },
				items: [{ json: {}, binary: { data: image } }],
				when: () => sent(simulator).uploads.length > 0,
				creates: 0,
				paid: 0,
			});
		},
	});
});
