import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator';

export type Scenario = (simulator: Simulator) => Promise<void>;

const starts: Array<() => void> = [];
const outcomes: Array<Promise<unknown>> = [];

// Runs before the first test of the file that imports this.
beforeAll(() => {
	for (const start of starts) start();
});
afterAll(async () => {
	await Promise.all(outcomes);
});

/**
 * Tests that spend their time waiting for the service. All of a file run at the same time, each with a
 * service of its own, so that together they take as long as the longest.
 */
export function scenarios(
	tests: Record<string, Scenario>,
	options: SimulatorOptions = { taskSeconds: 0.3 },
): void {
	for (const [name, scenario] of Object.entries(tests)) {
		let outcome: Promise<PromiseSettledResult<void>> | undefined;
		starts.push(() => {
			outcome = settled(runScenario(scenario, options));
			outcomes.push(outcome);
		});
		it(name, async () => {
			const result = await outcome;
			if (result?.status === 'rejected') throw result.reason;
		});
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
