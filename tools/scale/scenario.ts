import type { HostVersion } from '../host/install';
import type { Log } from '../host/logs';

/** What every scenario is given. */
export interface Bench {
	version: HostVersion;
	packageTarball: string;
	log: Log;
}

/** How much of everything: names as on the command line, `--<scenario>-<name>`. */
export type Sizes = Record<string, number>;

/** One thing that is measured: how, how a person reads the result, and what must not be. */
export interface Scenario<Result, S extends Sizes = Sizes> {
	/** As on the command line and in `docs/scaling.json`. */
	name: string;
	/** The heading of its part of the page. */
	title: string;
	/** The versions of n8n that it is for, unless one is asked for. */
	versions: HostVersion[];
	sizes: S;
	/** For `--short`: some minutes in all. */
	short: S;
	/** The result is kept as JSON. */
	measure(bench: Bench, sizes: S): Promise<Result>;
	/** Its part of the page, in Markdown. */
	report(results: Array<{ version: HostVersion; result: Result; sizes: S }>): string;
	/** What is wrong with a result, in sentences; with any of them the command fails. */
	failings(result: Result, version: HostVersion): string[];
}
