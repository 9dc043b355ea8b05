/** Small SVG charts that can be read on light and on dark pages. */

/** Who a figure is about; decides the colour. */
export type Series = 'node' | 'nodeToo' | 'loop' | 'other';

export interface Bar {
	label: string;
	series: Series;
	value: number;
	/** How the value is written. */
	text: string;
}

export interface BarPanel {
	title: string;
	bars: Bar[];
}

export interface Line {
	label: string;
	series: Series;
	points: Array<{ x: number; y: number }>;
}

export interface LinePanel {
	title: string;
	/** Under the horizontal axis. */
	xTitle: string;
	lines: Line[];
	/** Both axes logarithmic; then with a dotted line for linear growth from the first point. */
	logarithmic?: boolean;
	/** How a value of the vertical axis is written. */
	text: (value: number) => string;
	/** Draws no circles on the points. */
	dense?: boolean;
}

const width = 820;
const padding = 24;

/** Panels side by side, each with the same bars; the labels stand once, on the left. */
export function barChart(panels: BarPanel[]): string {
	const labelWidth = 250;
	const gap = 70;
	const rowHeight = 30;
	const top = padding + 34;
	const { bars } = panels[0];
	const height = top + bars.length * rowHeight + padding / 2;
	const panelWidth = (width - 2 * padding - labelWidth) / panels.length - gap;
	const labels = bars.map(({ label }, row) =>
		text(padding, top + row * rowHeight + 15, label, { anchor: 'start' }),
	);
	const drawn = panels.flatMap((panel, index) => {
		const left = padding + labelWidth + index * (panelWidth + gap);
		const most = Math.max(...panel.bars.map(({ value }) => value));
		return [
			text(left, padding + 10, panel.title, { anchor: 'start', kind: 'title' }),
			...panel.bars.flatMap(({ series, value, text: written }, row) => {
				const length = Math.max(1.5, (value / most) * panelWidth);
				const y = top + row * rowHeight;
				return [
					`<rect class="${series}" x="${at(left)}" y="${at(y)}" width="${at(length)}" height="20" rx="3"/>`,
					text(left + length + 7, y + 15, written, { anchor: 'start' }),
				];
			}),
		];
	});
	return image(height, [...labels, ...drawn]);
}

/** Panels side by side, and one legend for all of them. */
export function lineChart(panels: LinePanel[]): string {
	const axisWidth = 56;
	const gap = 18;
	const height = 330;
	const top = padding + 62;
	const panelWidth = (width - 2 * padding - gap * (panels.length - 1)) / panels.length;
	const drawn = panels.map((panel, index) => {
		const left = padding + index * (panelWidth + gap);
		const frame = {
			left: left + axisWidth,
			right: left + panelWidth - 6,
			top,
			bottom: height - padding - 34,
		};
		return [
			text(left, padding + 44, panel.title, { anchor: 'start', kind: 'title' }),
			linePanel(panel, frame, `panel-${index}`),
		].join('\n');
	});
	return image(height, [legend(panels[0].lines), ...drawn]);
}

interface Frame {
	left: number;
	right: number;
	top: number;
	bottom: number;
}

interface Axis {
	ticks: number[];
	/** Pixels. */
	place: (value: number) => number;
}

function linePanel(panel: LinePanel, frame: Frame, id: string): string {
	const { lines, logarithmic = false, dense = false } = panel;
	const points = lines.flatMap((line) => line.points);
	const axis = logarithmic ? logarithmicAxis : linearAxis;
	const xAxis = axis(
		points.map(({ x }) => x),
		frame.left,
		frame.right,
	);
	const yAxis = axis(
		points.map(({ y }) => y),
		frame.bottom,
		frame.top,
	);
	const { left, right, top, bottom } = frame;
	const grid = yAxis.ticks.flatMap((tick) => {
		const y = yAxis.place(tick);
		return [
			`<path class="grid" d="M${at(left)} ${at(y)}H${at(right)}"/>`,
			text(left - 8, y + 4, panel.text(tick), { anchor: 'end' }),
		];
	});
	const below = xAxis.ticks.map((tick) =>
		text(xAxis.place(tick), bottom + 18, tick.toLocaleString('en-US'), { anchor: 'middle' }),
	);
	const path = (of: Line['points']) =>
		of
			.map(({ x, y }, index) => {
				return `${index === 0 ? 'M' : 'L'}${at(xAxis.place(x))} ${at(yAxis.place(y))}`;
			})
			.join('');
	const [first] = lines[0].points;
	const end = xAxis.ticks[xAxis.ticks.length - 1];
	const linear = [first, { x: end, y: (first.y * end) / first.x }];
	const curves = lines.flatMap(({ series, points: of }) => [
		`<path class="line ${series}" d="${path(of)}"/>`,
		...(dense
			? []
			: of.map(({ x, y }) => {
					return `<circle class="${series}" cx="${at(xAxis.place(x))}" cy="${at(yAxis.place(y))}" r="3.5"/>`;
				})),
	]);
	return [
		`<clipPath id="${id}"><rect x="${at(left - 5)}" y="${at(top - 5)}" width="${at(right - left + 10)}" height="${at(bottom - top + 10)}"/></clipPath>`,
		...grid,
		...below,
		text((left + right) / 2, bottom + 38, panel.xTitle, { anchor: 'middle', kind: 'quiet' }),
		`<g clip-path="url(#${id})">`,
		...(logarithmic ? [`<path class="linear" d="${path(linear)}"/>`] : []),
		...curves,
		'</g>',
	].join('\n');
}

/** From nothing to a round number above the greatest value. */
function linearAxis(values: number[], from: number, to: number): Axis {
	const most = Math.max(...values);
	const step = roundStep(most / 4);
	const count = Math.max(1, Math.ceil(most / step));
	const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
	return { ticks, place: (value) => from + (value / (count * step)) * (to - from) };
}

/** Whole powers of ten around the values. */
function logarithmicAxis(values: number[], from: number, to: number): Axis {
	const low = Math.floor(Math.log10(Math.min(...values)));
	const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
	const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
	return {
		ticks,
		place: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
	};
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(about: number): number {
	const power = 10 ** Math.floor(Math.log10(about));
	const digit = [1, 2, 5, 10].find((candidate) => candidate * power >= about) ?? 10;
	return digit * power;
}

function legend(lines: Line[]): string {
	const columnWidth = (width - 2 * padding) / lines.length;
	return lines
		.map(({ label, series }, index) => {
			const left = padding + index * columnWidth;
			return [
				`<path class="line ${series}" d="M${at(left)} ${padding + 6}h24"/>`,
				text(left + 32, padding + 10, label, { anchor: 'start' }),
			].join('\n');
		})
		.join('\n');
}

function text(
	x: number,
	y: number,
	content: string,
	{ anchor, kind = '' }: { anchor: 'start' | 'middle' | 'end'; kind?: '' | 'title' | 'quiet' },
): string {
	const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;');
	const style = kind === '' ? '' : ` class="${kind}"`;
	return `<text${style} x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped}</text>`;
}

/** A coordinate: tenths of a pixel are enough. */
function at(pixels: number): string {
	return String(Math.round(pixels * 10) / 10);
}

/** With a ground of its own, so that its colours fit whatever page it is on. */
function image(height: number, content: string[]): string {
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${at(height)}" width="${width}" height="${at(height)}" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13">
<style>
	.ground { fill: #ffffff; stroke: #d8dee4 } text { fill: #1f2328 } .title { font-weight: 600 } .quiet { fill: #59636e }
	.grid { stroke: #d8dee4 } .linear { stroke: #818b98; stroke-dasharray: 2 4; fill: none } .line { stroke-width: 2.2; stroke-linejoin: round }
	.node { fill: #1f6feb; stroke: #1f6feb } .nodeToo { fill: #8250df; stroke: #8250df } .loop { fill: #d9730d; stroke: #d9730d } .other { fill: #818b98; stroke: #818b98 }
	rect.node, rect.nodeToo, rect.loop, rect.other { stroke: none } path.line { fill: none }
	@media (prefers-color-scheme: dark) {
		.ground { fill: #0d1117; stroke: #30363d } text { fill: #e6edf3 } .quiet { fill: #9198a1 }
		.grid { stroke: #30363d } .node { fill: #58a6ff; stroke: #58a6ff } .nodeToo { fill: #bc8cff; stroke: #bc8cff } .loop { fill: #f0883e; stroke: #f0883e }
	}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${at(height - 1)}" rx="8"/>
${content.join('\n')}
</svg>
`;
}
