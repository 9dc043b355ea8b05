import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { IMAGE_MODELS } from '../models/catalogue';
import {
	type ImageModel,
	makesSeveral,
	type ParameterName,
	type ParameterRule,
} from '../models/model';
import { describePixels, PARAMETERS } from '../models/parameters';

/** The parameters of Edit Image that follow from the catalogue, each shown for the models that take it. */

/** What the values of options are called where a capital letter does not do. */
const VALUE_NAMES: Readonly<Record<string, string>> = {
	jpeg: 'JPEG',
	min: 'Minimal',
	png: 'PNG',
	webp: 'WebP',
	xhigh: 'Extra High',
};

const idsOf = (models: readonly ImageModel[]) => models.map(({ id }) => id);

const modelsWithSeveralResults = IMAGE_MODELS.filter(makesSeveral);

/** Not required for n8n, which would not publish a workflow with a model that needs none: the node itself checks it. */
export const promptField: INodeProperties = {
	displayName: 'Prompt',
	name: 'prompt',
	type: 'string',
	typeOptions: { rows: 4 },
	default: '',
	placeholder: 'e.g. Replace the background with a beach',
	description:
		'What to change in the pictures. A few models work without, and then take apart all that they find.',
};

export const numberOfImagesField: INodeProperties = {
	displayName: 'Number of Images',
	name: 'numberOfImages',
	type: 'number',
	typeOptions: {
		minValue: 1,
		maxValue: Math.max(
			...modelsWithSeveralResults.flatMap(({ results }) => (results === 'own' ? [] : results)),
		),
	},
	default: 1,
	description: 'How many edited pictures to make; each is charged',
	displayOptions: { show: { service: ['evolink'], model: idsOf(modelsWithSeveralResults) } },
};

export const additionalFieldsOption: INodeProperties = {
	displayName: 'Additional Fields',
	name: 'additionalFields',
	type: 'json',
	default: '{}',
	placeholder: 'e.g. { "seed": 7 }',
	description: 'A JSON object that goes into the request body as it is, for what has no field here',
};

/** For the collection 'Options'. */
export const modelOptions: INodeProperties[] = [...maskOptions(), ...parameterOptions()];

/** One option for each way in which masks are read. */
function maskOptions(): INodeProperties[] {
	const descriptions = {
		transparent:
			'Link, or name of a binary field, of a PNG as large as the first picture. Its transparent parts are repainted, the others are kept.',
		white:
			'Link, or name of a binary field, of a PNG as large as the first picture. Its white parts are repainted, the black ones are kept.',
	};
	return (['transparent', 'white'] as const).map((repaints) => ({
		displayName: 'Mask',
		name: 'mask',
		type: 'string',
		default: '',
		placeholder: 'e.g. mask or https://example.com/mask.png',
		description: descriptions[repaints],
		displayOptions: shownFor(IMAGE_MODELS.filter(({ mask }) => mask?.repaints === repaints)),
	}));
}

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
	return { show: { '/model': idsOf(models) } };
}
