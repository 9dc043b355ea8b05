import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { format, table } from '../../bench/figures';
import { type Outcome, readOutcome, type Visits, visitsOf } from '../outcome';
import { packPreviousRelease } from '../previousRelease';
import type { Scenario } from '../scenario';
import { onStage } from '../stage';
import { deliver, startInFlight, starts, untilDrained, untilParked } from '../starter';

interface UpgradeSizes {
	[name: string]: number;
	executions: number;
	mostItems: number;
	/** So many tasks end each second. */
	perSecond: number;
}

export interface UpgradeResult {
	parked: number;
	/** Executions that ended well after the upgrade. */
	succeeded: number;
	stuck: number;
	outcome: Outcome;
	visits: Visits;
}

const AN_HOUR = 3600;
const DRAIN_SECONDS = 180;

export const upgrade: Scenario<UpgradeResult, UpgradeSizes> = {
	name: 'upgrade',
	title: 'An upgrade under way',
	versions: ['2.41', '1.123'],
	sizes: { executions: 50, mostItems: 5, perSecond: 3 },
	short: { executions: 6, mostItems: 3, perSecond: 3 },

	async measure(bench, { executions, mostItems, perSecond }) {
		const folder = mkdtempSync(join(tmpdir(), 'n8n-scale-previous-'));
		try {
			const previous = await packPreviousRelease(folder);
			if (!previous) throw new Error('This clone lacks the history to build 0.1.0 from');
			return await onStage(
				{ ...bench, packageTarball: previous },
				{ workers: 1 },
				async (stage) => {
					const { cluster, simulator } = stage;
					await stage.install(['callback'], { timeout: 2 * AN_HOUR, typeVersion: 1, marks: true });
					// n8n turns webhooks on in the background.
					await sleep(3000);
					simulator.nextTask({ times: Infinity, seconds: AN_HOUR, callbackCopies: 0 });
					await startInFlight(stage, starts(executions, ['callback'], mostItems), Infinity);
					const parked = await untilParked(stage, 'callback', executions);
					bench.log(`${parked} executions are parked by 0.1.0; upgrading`);
					await cluster.upgrade(bench.packageTarball);

					simulator.clockOffsetSeconds += AN_HOUR;
					await deliver(stage, simulator.tasks.keys(), perSecond);
					const stuck = await untilDrained(stage, DRAIN_SECONDS, bench.log);
					const visits = visitsOf(stage, 'callback');
					const ended = await stage.executions();
					const succeeded = ended.filter(({ status }) => status === 'success').length;
					return { parked, succeeded, stuck, outcome: await readOutcome(stage), visits };
				},
			);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	},

	report(results) {
		const [{ sizes }] = results;
		const lines = results.map(({ version, result: { parked, succeeded, outcome, visits } }) => [
			`n8n ${version}`,
			format(parked),
			format(succeeded),
			`${format(outcome.withImage)} of ${format(outcome.paid)}`,
			format(outcome.paidTwice),
			format(visits.twice),
		]);
		return [
			`Executions are parked by release 0.1.0; all processes are stopped and started with this release; then ${sizes.perSecond} tasks end each second, and the service calls.`,
			'',
			table(['', 'parked', 'succeeded', 'images', 'paid twice', 'ran twice'], lines),
		].join('\n');
	},

	failings({ parked, succeeded, stuck, outcome, visits }, version) {
		return [
			succeeded !== parked && `${succeeded} of ${parked} executions succeeded`,
			stuck > 0 && `${stuck} executions never ended`,
			outcome.withImage !== outcome.paid && `${outcome.withImage} images of ${outcome.paid}`,
			outcome.paidTwice > 0 && `${outcome.paidTwice} items were paid twice`,
			version === '2.41' && visits.twice > 0 && `what follows ran twice for ${visits.twice} tasks`,
		].filter((failing) => failing !== false);
	},
};
