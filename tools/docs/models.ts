/** The tables of models in docs/models.md, made from the catalogue. `npm run docs:models` writes them. */

import { IMAGE_MODELS } from '../../nodes/Evolink/models/catalogue';
import { describeCounts } from '../../nodes/Evolink/models/checkRequest';
import { formatName } from '../../nodes/Evolink/models/imageProblems';
import { describeSizeLimits } from '../../nodes/Evolink/models/wayOut';
import type { ImageModel, ParameterRule } from '../../nodes/Evolink/models/model';
import {
	describePixels,
	formatNumber,
	PARAMETERS,
	parametersOf,
} from '../../nodes/Evolink/models/parameters';
import { table } from './table';

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
		imagesIn(model),
		imagesOut(model),
		formats(model),
		eachImage(model),
		prompt(model),
	]);
	const withOptions = IMAGE_MODELS.filter((model) => options(model).length > 0);
	return [
		table(['Model', 'Images in', 'Images out', 'Formats (URL)', 'Each image', 'Prompt'], limits),
		'<details>\n<summary>Options of each model, with what it does without them in bold</summary>',
		// A list: a table as wide as its widest row would be a third of the package.
		withOptions.map((model) => `- \`${model.id}\`: ${options(model).join(' · ')}`).join('\n'),
		'</details>',
	].join('\n\n');
}

function linked({ id, source, mayBeRetired }: ImageModel): string {
	if (mayBeRetired) return `\`${id}\` (possibly retired)`;
	return source.startsWith('https://') ? `[\`${id}\`](${source})` : `\`${id}\``;
}

/** From 0 where the model works without, so that Generate Image has it. */
function imagesIn({ images }: ImageModel): string {
	const min = images.need === 'required' ? 1 : 0;
	return images.max === min ? String(min) : `${min}–${images.max}`;
}

function imagesOut({ results, use }: ImageModel): string {
	if (results !== 'own') return describeCounts(results).replace(' to ', '–');
	return use === 'layers' ? 'one for each layer' : 'as the model decides';
}

function formats({ images }: ImageModel): string {
	if (images.max === 0) return '';
	const names = images.formats.map(formatName).join(', ');
	return images.transparency ? names : `${names}; no transparency`;
}

function eachImage(model: ImageModel): string {
	const { maxMegabytes, max } = model.images;
	if (max === 0) return '';
	const size = describeSizeLimits(model);
	const parts = [
		...(size === undefined ? [] : [size]),
		...(maxMegabytes === undefined ? [] : [`${maxMegabytes} MB`]),
	];
	return parts.join(', ') || 'not documented';
}

function prompt({ prompt: limits }: ImageModel): string {
	const parts: string[] = [];
	if (limits.unused) return 'none';
	if (limits.optional) parts.push('not needed');
	if (limits.maxCharacters !== undefined && !limits.lenient) {
		parts.push(`${formatNumber(limits.maxCharacters)} characters`);
	}
	if (limits.maxBytes !== undefined) parts.push(`${formatNumber(limits.maxBytes)} bytes`);
	if (limits.maxTokens !== undefined) parts.push(`${formatNumber(limits.maxTokens)} tokens`);
	if (limits.readCharacters !== undefined) {
		parts.push(`warning above ${formatNumber(limits.readCharacters)} characters`);
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
