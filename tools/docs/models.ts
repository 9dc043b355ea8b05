/** The tables of models in docs/models.md, made from the catalogue. `npm run docs:models` writes them. */

import { IMAGE_MODELS } from '../../nodes/Evolink/models/catalogue';
import { describeCounts } from '../../nodes/Evolink/models/checkRequest';
import { formatName } from '../../nodes/Evolink/models/imageProblems';
import type { ImageModel, ParameterRule } from '../../nodes/Evolink/models/model';
import {
	describePixels,
	formatNumber,
	PARAMETERS,
	parametersOf,
} from '../../nodes/Evolink/models/parameters';

const START = '<!-- Made from the catalogue by `npm run docs:models`: -->';
const END = '<!-- End of what is made from the catalogue. -->';

/** @throws {Error} the page has no place for the tables */
export function withModelTables(page: string): string {
	const [before, rest] = page.split(START);
	const after = rest?.split(END)[1];
	if (after === undefined) throw new Error(`The page needs a line '${START}' and '${END}'`);
	return `${before}${START}\n\n${modelTables()}\n\n${END}${after}`;
}

function modelTables(): string {
	const limits = IMAGE_MODELS.map((model) => [
		linked(model),
		picturesIn(model),
		picturesOut(model),
		formats(model),
		eachPicture(model),
		prompt(model),
	]);
	const withOptions = IMAGE_MODELS.filter((model) => options(model).length > 0);
	return [
		table(
			['Model', 'Pictures in', 'Pictures out', 'Formats by link', 'Each picture', 'Prompt'],
			limits,
		),
		'<details>\n<summary>Options of each model, with what it does without them in bold</summary>',
		// A list: a table as wide as its widest row would be a third of the package.
		withOptions.map((model) => `- \`${model.id}\`: ${options(model).join(' · ')}`).join('\n'),
		'</details>',
	].join('\n\n');
}

function linked({ id, source }: ImageModel): string {
	return source.startsWith('https://') ? `[\`${id}\`](${source})` : `\`${id}\``;
}

function picturesIn({ images }: ImageModel): string {
	return images.max === 1 ? '1' : `1–${images.max}`;
}

function picturesOut({ results }: ImageModel): string {
	return results === 'own' ? 'one for each layer' : describeCounts(results).replace(' to ', '–');
}

function formats({ images }: ImageModel): string {
	const names = images.formats.map(formatName).join(', ');
	return images.transparency ? names : `${names}; no transparency`;
}

function eachPicture({ images }: ImageModel): string {
	const { minSide, maxSide, minPixels, maxPixels, maxRatio, maxMegabytes } = images;
	const parts: string[] = [];
	if (minSide !== undefined && maxSide !== undefined) parts.push(`${minSide}–${maxSide} px a side`);
	else if (minSide !== undefined) parts.push(`from ${minSide} px a side`);
	else if (maxSide !== undefined) parts.push(`to ${maxSide} px a side`);
	if (minPixels !== undefined) parts.push(`from ${formatNumber(minPixels)} px in all`);
	if (maxPixels !== undefined) parts.push(`to ${formatNumber(maxPixels)} px in all`);
	if (maxRatio !== undefined) parts.push(`to ${maxRatio}:1`);
	if (maxMegabytes !== undefined) parts.push(`${maxMegabytes} MB`);
	return parts.join(', ') || 'not documented';
}

function prompt({ prompt: limits }: ImageModel): string {
	const parts: string[] = [];
	if (limits.optional) parts.push('not needed');
	if (limits.maxCharacters !== undefined && !limits.lenient) {
		parts.push(`${formatNumber(limits.maxCharacters)} characters`);
	}
	if (limits.maxBytes !== undefined) parts.push(`${formatNumber(limits.maxBytes)} bytes`);
	if (limits.maxTokens !== undefined) parts.push(`${formatNumber(limits.maxTokens)} tokens`);
	if (limits.readCharacters !== undefined) {
		parts.push(`hint from ${formatNumber(limits.readCharacters)} characters`);
	}
	return parts.join(', ') || 'not documented';
}

function options(model: ImageModel): string[] {
	const parameters = parametersOf(model).map(([name, rule]) => {
		return `${PARAMETERS[name].displayName}: ${allowed(rule)}`;
	});
	const mask = model.mask ? [`Mask: PNG, ${model.mask.repaints} parts are repainted`] : [];
	return [...mask, ...parameters].sort((one, other) => one.localeCompare(other));
}

function allowed(rule: ParameterRule): string {
	switch (rule.kind) {
		case 'choice':
			return values(rule.values, rule.default);
		case 'size': {
			const named = rule.values.length > 0 ? [values(rule.values, rule.default)] : [];
			return [...named, describePixels(rule.pixels)].join(' or ');
		}
		case 'flag':
			return rule.default ? '**on**, off' : 'on, **off**';
		case 'integer':
			return `${rule.min}–${rule.max}`;
		case 'text':
			return `${rule.readCharacters} characters`;
	}
}

function values(all: readonly string[], byDefault?: string): string {
	return all.map((value) => (value === byDefault ? `**${value}**` : value)).join(', ');
}

/** As Prettier writes tables. */
function table(head: string[], rows: string[][]): string {
	const widths = head.map((title, column) =>
		Math.max(...[title, ...rows.map((row) => row[column])].map(({ length }) => length)),
	);
	const line = (cells: string[]) =>
		`| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
	return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
