import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { IMAGE_MODELS } from '../models/catalogue';
import type { Violation } from '../models/checkRequest';
import type {
	ImageModel,
	ParameterName,
	ParameterRule,
	ParameterValue,
	ParameterValues,
} from '../models/model';
import { describePixels, normalize, PARAMETERS } from '../models/parameters';
import { MASK, maskOptions } from './mask';
import { type ParameterSource, readValue, wrongType } from './reader';

/** The options that follow from the catalogue, each shown for the models that take it. */

/** What the values of options are called where a capital letter does not do. */
const VALUE_NAMES: Readonly<Record<string, string>> = {
	jpeg: 'JPEG',
	min: 'Minimal',
	png: 'PNG',
	webp: 'WebP',
	xhigh: 'Extra High',
};

export const imageOptions: INodeProperties[] = [...maskOptions(), ...parameterOptions()];

/** Models whose rules for a parameter look the same share an option. */
function parameterOptions(): INodeProperties[] {
	const names = Object.keys(PARAMETERS) as ParameterName[];
	return names.flatMap((name) => {
		const groups = new Map<string, { rule: ParameterRule; models: ImageModel[] }>();
		for (const model of IMAGE_MODELS) {
			const rule = model.parameters[name];
			if (!rule) continue;
			const looks = JSON.stringify(fieldFor(rule));
			const group = groups.get(looks) ?? { rule, models: [] };
			groups.set(looks, { rule, models: [...group.models, model] });
		}
		const { displayName, description } = PARAMETERS[name];
		return [...groups.values()].map(({ rule, models }) => ({
			displayName,
			name,
			description,
			...fieldFor(rule),
			displayOptions: shownFor(models),
		}));
	});
}

type Field = Pick<INodeProperties, 'type' | 'default' | 'typeOptions' | 'options' | 'hint'>;

function fieldFor(rule: ParameterRule): Field {
	switch (rule.kind) {
		case 'choice':
			return {
				type: 'options',
				options: rule.values.map(optionFor),
				default: rule.default ?? rule.values[0],
			};
		case 'size':
			return {
				type: 'string',
				default: rule.default ?? '1024x1024',
				hint: [...rule.values, describePixels(rule.pixels)].join(', '),
			};
		case 'flag':
			return { type: 'boolean', default: rule.default };
		case 'integer':
			return {
				type: 'number',
				typeOptions: { minValue: rule.min, maxValue: rule.max },
				default: rule.min,
			};
		case 'text':
			return { type: 'string', typeOptions: { rows: 2 }, default: '' };
	}
}

function optionFor(value: string): INodePropertyOptions {
	return { name: VALUE_NAMES[value] ?? `${value[0].toUpperCase()}${value.slice(1)}`, value };
}

function shownFor(models: readonly ImageModel[]): INodeProperties['displayOptions'] {
	return { show: { '/model': models.map(({ id }) => id) } };
}

/**
 * The options that the user has set and the model takes, as the service writes them.
 *
 * @throws {InvalidInputError} an expression gives what no service takes
 */
export function readImageOptions(
	source: ParameterSource,
	itemIndex: number,
	model: ImageModel | undefined,
): { values: ParameterValues; hints: Violation[] } {
	const values: ParameterValues = {};
	const hints: Violation[] = [];
	const mask = readValue(source, itemIndex, MASK);
	if (mask && (mask.value ?? undefined) === undefined) hints.push(notSet('Mask', mask.value));
	for (const name of Object.keys(PARAMETERS) as ParameterName[]) {
		const { displayName } = PARAMETERS[name];
		const found = readValue(source, itemIndex, { displayName, path: `options.${name}` });
		if (!found || found.value === '') continue;
		const { value } = found;
		if (value === undefined || value === null) {
			hints.push(notSet(displayName, value));
			continue;
		}
		const rule = model?.parameters[name];
		if (rule) values[name] = normalize(rule, requireScalar(value, displayName, rule));
		else hints.push(notSent(displayName, model));
	}
	return { values, hints };
}

/** Which values a model takes is checked with the request; here only that it is one. */
function requireScalar(value: unknown, displayName: string, rule: ParameterRule): ParameterValue {
	if (typeof value === 'string' || typeof value === 'boolean') return value;
	if (typeof value === 'number' && Number.isFinite(value)) return value;
	throw wrongType(displayName, value, WANTED[rule.kind]);
}

const WANTED: Record<ParameterRule['kind'], 'text' | 'number' | 'boolean'> = {
	choice: 'text',
	size: 'text',
	flag: 'boolean',
	integer: 'number',
	text: 'text',
};

function notSet(displayName: string, value: unknown): Violation {
	return {
		message: `'${displayName}' is not sent: its expression gives ${String(value)}`,
		advice: 'Check the expression.',
		hintOnly: true,
	};
}

/** Comes up where the model is an expression: otherwise n8n hides what the model does not take. */
export function notSent(displayName: string, model: ImageModel | undefined): Violation {
	return {
		message: `'${displayName}' is not sent: ${model ? `${model.name} does not take it` : 'the model is not in the list'}`,
		advice: "Send it as one of the 'Additional Fields'.",
		hintOnly: true,
	};
}
