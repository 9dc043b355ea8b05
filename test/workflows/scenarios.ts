import type { StartsAhead } from '../environment';
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator';

export type Scenario = (simulator: Simulator) => Promise<void>;

/**
 * Tests that spend their time waiting for the service. All of a file that are to run do so at the same time, each
 * with a service of its own, so that together they take as long as the longest (see test/environment.ts).
 */
export function scenarios(
	tests: Record<string, Scenario>,
	options: SimulatorOptions = { taskSeconds: 0.3 },
): void {
	for (const [name, scenario] of Object.entries(tests)) {
		let outcome: Promise<PromiseSettledResult<void>> | undefined;
		const startAhead = () => {
			outcome ??= settled(runScenario(scenario, options));
		};
		const test: (() => Promise<void>) & StartsAhead = Object.assign(
			async () => {
				startAhead();
				const result = await outcome;
				if (result?.status === 'rejected') throw result.reason;
			},
			{ startAhead },
		);
		it(name, test);
	}
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
