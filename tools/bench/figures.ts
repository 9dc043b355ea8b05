/** Numbers as people read them. */

export const MEBIBYTE = 1024 * 1024;

/** The middle one, or between the two in the middle. */
export function median(numbers: number[]): number {
	const sorted = [...numbers].sort((a, b) => a - b);
	const middle = (sorted.length - 1) / 2;
	return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** To so many decimals, as a number: what is stored need not be more exact than it was measured. */
export function rounded(value: number, decimals = 2): number {
	return Number(value.toFixed(decimals));
}

/** With a thousands separator and a fixed number of decimals. */
export function format(value: number, decimals = 0): string {
	return value.toLocaleString('en-US', {
		minimumFractionDigits: decimals,
		maximumFractionDigits: decimals,
	});
}

/** Counts by what was counted: `3 no answer, 1 status 404`. */
export function listed(counts: Record<string, number>): string {
	const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
	return parts.join(', ') || 'none';
}

/** A table in Markdown, numbers to the right. */
export function table(header: string[], rows: string[][]): string {
	const rule = header.map((_, column) => (column === 0 ? '---' : '--:'));
	return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
