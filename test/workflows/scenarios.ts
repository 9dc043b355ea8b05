import { setTimeout as sleep } from 'node:timers/promises';

import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator';

export type Scenario = (simulator: Simulator) => Promise<void>;

/**
 * Tests that spend their time waiting for the service. All of one call run at the same time, each with
 * a service of its own, so that together they take as long as the longest.
 */
export function scenarios(
	tests: Record<string, Scenario>,
	options: SimulatorOptions = { taskSeconds: 0.3 },
): void {
	const outcomes = new Map<string, Promise<PromiseSettledResult<void>>>();
	beforeAll(() => {
		for (const [name, scenario] of Object.entries(tests)) {
			outcomes.set(name, settled(runScenario(scenario, options)));
		}
	});
	afterAll(async () => {
		await Promise.all(outcomes.values());
	});
	it.each(Object.keys(tests))('%s', async (name) => {
		const outcome = await outcomes.get(name);
		if (outcome?.status === 'rejected') throw outcome.reason;
	});
}

/** Keeps a failure until its test asks for it. */
async function settled(work: Promise<void>): Promise<PromiseSettledResult<void>> {
	const [outcome] = await Promise.allSettled([work]);
	return outcome;
}

async function runScenario(scenario: Scenario, options: SimulatorOptions): Promise<void> {
	const simulator = await startSimulator(options);
	try {
		await scenario(simulator);
	} finally {
		await simulator.close();
	}
}

/** Waits until something is true. */
export async function until(condition: () => boolean, timeoutSeconds = 10): Promise<void> {
	const end = Date.now() + timeoutSeconds * 1000;
	while (!condition()) {
		if (Date.now() > end) throw new Error(`It never became true: ${condition.toString()}`);
		await sleep(20);
	}
}
