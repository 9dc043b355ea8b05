import type { Bench } from './lab';

/** One thing that is measured: how, and how a person reads the result. */
export interface Scenario<Result> {
	/** As on the command line and in `docs/benchmark.json`. */
	name: string;
	/** The heading of its part of the report. */
	title: string;
	/** The result is kept as JSON. */
	measure(bench: Bench): Promise<Result>;
	/** Its part of the report, in Markdown. */
	report(result: Result): string;
	/** Images for the report (SVG), by file name. */
	plots(result: Result): Record<string, string>;
}
