import fc from 'fast-check';
import type { IExecuteFunctions } from 'n8n-workflow';
import { claimResumeAcrossProcesses } from '../../../../nodes/Evolink/waiting/parking/duplicateResume';
import { VirtualClock } from '../../virtualClock';

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

/** Whether a resume by a call for the task at this position, in a process of its own, goes on. */
async function claim(list: ProcessedData, position: number, clock: VirtualClock): Promise<boolean> {
	const parked = { runIndex: 0, secret: 'secret', taskIds: [], until: 0 };
	const helpers = {
		checkProcessedAndRecord: async (names: string[]) => await list.checkAndRecord(names),
	};
	const context = { helpers } as unknown as IExecuteFunctions;
	return await claimResumeAcrossProcesses(context, parked, position, clock);
}

const ONE_DAY_MS = 86_400_000;

it('of two resumes in two processes one goes on, whichever starts later', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.integer({ min: 0, max: ONE_DAY_MS }),
			fc.integer({ min: 0, max: 3_000 }),
			fc.integer({ min: 1, max: 70 }),
			fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 2, maxLength: 2 }),
			async (time, lagMs, latencyMs, positions) => {
				const clock = new VirtualClock(Date.UTC(2026, 10, 21) + time);
				const list = new ProcessedData(clock, latencyMs, []);
				const claims = await Promise.all(
					positions.map(async (position, index) => {
						await clock.pass(index * lagMs);
						return await claim(list, position, clock);
					}),
				);
				expect(claims.filter(Boolean)).toHaveLength(1);
			},
		),
		{ numRuns: 300 },
	);
});

it('of two resumes that begin the list at one moment one goes on', async () => {
	jest.spyOn(Math, 'random').mockReturnValue(0);
	const clock = new VirtualClock();
	const list = new ProcessedData(clock, 10);
	const claims = await Promise.all(
		[0, 0].map(async (position) => await claim(list, position, clock)),
	);
	jest.restoreAllMocks();
	expect(claims.filter(Boolean)).toHaveLength(1);
});

it('a run that is woken again long after, because its process has died, goes on', async () => {
	const clock = new VirtualClock();
	const list = new ProcessedData(clock, 10);
	expect(await claim(list, 0, clock)).toBe(true);
	await clock.pass(10_000);
	expect(await claim(list, 0, clock)).toBe(true);
});
