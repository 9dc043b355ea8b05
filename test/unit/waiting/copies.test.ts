import fc from 'fast-check';
import type { IExecuteFunctions } from 'n8n-workflow';
import { Parking, WOKEN_BY } from '../../../nodes/Evolink/waiting/parking/parking';
import { VirtualClock } from '../virtualClock';

/** n8n's list of processed data: read and written in two steps, so what another process wrote in between is lost. */
class ProcessedData {
	constructor(
		private readonly clock: VirtualClock,
		private readonly latencyMs: number,
		private entries?: string[],
	) {}

	async checkAndRecord(names: string[]): Promise<{ new: string[]; processed: string[] }> {
		const read = this.entries;
		await this.clock.pass(this.latencyMs);
		if (!read && this.entries) throw new Error('UNIQUE constraint failed');
		const known = read ?? [];
		this.entries = [...new Set([...known, ...names])];
		return {
			new: names.filter((name) => !known.includes(name)),
			processed: names.filter((name) => known.includes(name)),
		};
	}
}

/** A copy of a run that a call for the task at this position has woken, in a process of its own. */
function copy(list: ProcessedData, position: number): Parking {
	const memory = {
		node: {
			evolinkParked: { runIndex: 0, secret: 'secret' },
			evolinkInput: { items: [{ json: {} }], failures: {} },
		},
		flow: {},
	};
	return new Parking(
		{
			getContext: (type: 'node' | 'flow') => memory[type],
			evaluateExpression: () => 0,
			getInputData: () => [{ json: { [WOKEN_BY]: position } }],
			getNode: () => ({ type: 'n8n-nodes-evolink.evolink' }),
			getExecutionId: () => '1',
			helpers: {
				checkProcessedAndRecord: async (names: string[]) => await list.checkAndRecord(names),
			},
		} as unknown as IExecuteFunctions,
		'key',
	);
}

const ONE_DAY_MS = 86_400_000;

it('of two copies in two processes one goes on, whichever starts later', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.integer({ min: 0, max: ONE_DAY_MS }),
			fc.integer({ min: 0, max: 3_000 }),
			fc.integer({ min: 1, max: 70 }),
			fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 2, maxLength: 2 }),
			async (time, lagMs, latencyMs, positions) => {
				const clock = new VirtualClock(Date.UTC(2026, 10, 21) + time);
				const list = new ProcessedData(clock, latencyMs, []);
				const areCopies = await Promise.all(
					positions.map(async (position, index) => {
						const parking = copy(list, position);
						await clock.pass(index * lagMs);
						return await parking.isCopyElsewhere(clock);
					}),
				);
				expect(areCopies.filter((isCopy) => !isCopy)).toHaveLength(1);
			},
		),
		{ numRuns: 300 },
	);
});

it('of two copies that begin the list at one moment one goes on', async () => {
	jest.spyOn(Math, 'random').mockReturnValue(0);
	const clock = new VirtualClock();
	const list = new ProcessedData(clock, 10);
	const areCopies = await Promise.all(
		[0, 0].map(async (position) => await copy(list, position).isCopyElsewhere(clock)),
	);
	jest.restoreAllMocks();
	expect(areCopies.filter((isCopy) => !isCopy)).toHaveLength(1);
});

it('a run that is woken again long after, because its process has died, goes on', async () => {
	const clock = new VirtualClock();
	const list = new ProcessedData(clock, 10);
	expect(await copy(list, 0).isCopyElsewhere(clock)).toBe(false);
	await clock.pass(10_000);
	expect(await copy(list, 0).isCopyElsewhere(clock)).toBe(false);
});
