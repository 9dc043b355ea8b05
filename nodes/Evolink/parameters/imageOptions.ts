import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { InvalidInputError } from '../api/errors/errors';
import type { Reference } from '../images/inputImages';
import { IMAGE_MODELS } from '../models/catalogue';
import type { Violation } from '../models/violations';
import type {
	ImageModel,
	ParameterName,
	ParameterRule,
	ParameterValue,
	ParameterValues,
} from '../models/model';
import { nearestSize } from '../models/nearestSize';
import { describePixels, normalize, PARAMETERS } from '../models/parameters';
import { maskOptions } from './mask';
import {
	inFirstVersion,
	inLaterVersions,
	isFirstVersion,
	type VersionedSource,
} from './nodeVersion';
import { collection } from './options';
import { readValue, toRequiredText, wrongType } from './reader';

/** The options that follow from the catalogue, each shown for the models that take it. */

/** What the values of options are called where a capital letter does not do. */
const VALUE_NAMES: Readonly<Record<string, string>> = {
	jpeg: 'JPEG',
	min: 'Minimal',
	png: 'PNG',
	webp: 'WebP',
	xhigh: 'Extra High',
};

const NAMES = Object.keys(PARAMETERS) as ParameterName[];

function optionsOf(
	name: ParameterName,
	fieldOf: (rule: ParameterRule) => Field,
): INodeProperties[] {
	const { displayName, description } = PARAMETERS[name];
	return groupsOf(name, fieldOf).map(({ looks, models }) => ({
		displayName,
		name,
		description,
		...looks,
		displayOptions: { show: { '/model': idsOf(models) } },
	}));
}

/** Models whose rules for a parameter look the same share an option. */
function groupsOf<Looks>(
	name: ParameterName,
	looksOf: (rule: ParameterRule) => Looks,
): Array<{ looks: Looks; models: ImageModel[] }> {
	const groups = new Map<string, { looks: Looks; models: ImageModel[] }>();
	for (const model of IMAGE_MODELS) {
		const rule = model.parameters[name];
		if (!rule) continue;
		const looks = looksOf(rule);
		const key = JSON.stringify(looks);
		const group = groups.get(key) ?? { looks, models: [] };
		groups.set(key, group);
		group.models.push(model);
	}
	return [...groups.values()];
}

const idsOf = (models: readonly ImageModel[]) => models.map(({ id }) => id);

type Field = Pick<INodeProperties, 'type' | 'default' | 'typeOptions' | 'options' | 'hint'>;

/** Values of a size that are none of the service's. */
const SAME_AS_FIRST_IMAGE = { name: 'Same as First Image', value: 'sameAsFirstImage' };
const CUSTOM = { name: 'Custom', value: 'custom' };

function fieldFor(rule: ParameterRule, isSize = false): Field {
	switch (rule.kind) {
		case 'choice':
			return {
				type: 'options',
				options: [...rule.values.map(optionFor), ...(isSize ? [SAME_AS_FIRST_IMAGE] : [])],
				default: rule.default ?? rule.values[0],
			};
		case 'size':
			return {
				type: 'string',
				default: rule.default ?? '1024x1024',
				hint: `${[...rule.values, SAME_AS_FIRST_IMAGE.value].join(', ')} or ${describePixels(rule.pixels)}`,
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

/** Offered where a model names no sizes, but takes any within its limits. */
const COMMON_PIXELS = ['1024x1024', '1024x1536', '1536x1024', '1152x2048', '2048x1152'];

/** As in version 1, but a size is chosen from a list. */
function listFor(rule: ParameterRule): Field {
	if (rule.kind !== 'size') return fieldFor(rule, true);
	const values = rule.values.length > 0 ? rule.values : COMMON_PIXELS;
	return {
		type: 'options',
		options: [...values.map(optionFor), SAME_AS_FIRST_IMAGE, CUSTOM],
		default: rule.default ?? '1024x1024',
	};
}

/** For the models whose size can be any within their limits. */
function customSizeOptions(): INodeProperties[] {
	return groupsOf('size', (rule) => rule).flatMap(({ looks: rule, models }) =>
		rule.kind === 'size'
			? [
					{
						displayName: 'Custom Size',
						name: 'customSize',
						type: 'string',
						default: '',
						placeholder: 'e.g. 1536x1024',
						hint: describePixels(rule.pixels),
						description: "Width x height. Used if 'Size' is 'Custom'.",
						displayOptions: {
							show: { '/model': idsOf(models), size: [CUSTOM.value] },
						},
					} satisfies INodeProperties,
				]
			: [],
	);
}

function optionFor(value: string): INodePropertyOptions {
	return { name: VALUE_NAMES[value] ?? `${value[0].toUpperCase()}${value.slice(1)}`, value };
}

/** The same in all versions of the node: all but 'Size'. */
const COMMON_OPTIONS = new Map<ParameterName, INodeProperties[]>(
	NAMES.filter((name) => name !== 'size').map((name) => [
		name,
		optionsOf(name, (rule) => fieldFor(rule)),
	]),
);

const allOptions = (sizeFieldOf: (rule: ParameterRule) => Field) =>
	NAMES.flatMap((name) => COMMON_OPTIONS.get(name) ?? optionsOf(name, sizeFieldOf));

/** For the collection 'Options', where nodes of version 1 have them. */
export const imageOptionsOfFirstVersion = [
	...maskOptions(),
	...allOptions((rule) => fieldFor(rule, true)),
].map(inFirstVersion);

/** The collection of its own that later nodes have. */
export const imageOptionsField: INodeProperties = inLaterVersions({
	...collection({ displayName: 'Image Options', name: 'imageOptions' }, [
		...maskOptions(),
		...allOptions(listFor),
		...customSizeOptions(),
	]),
	placeholder: 'Add image option',
	displayOptions: {
		show: {
			service: ['evolink'],
			model: idsOf(
				IMAGE_MODELS.filter(({ mask, parameters }) => mask ?? Object.keys(parameters).length > 0),
			),
		},
	},
});

/**
 * The options that the user has set and the model takes, as the service writes them.
 *
 * @param firstImage for a size that is to be the same
 * @throws {InvalidInputError} an expression gives what no service takes, or the size of the first image is not known
 */
export function readImageOptions(
	source: VersionedSource,
	itemIndex: number,
	model: ImageModel | undefined,
	firstImage: Reference | undefined,
): { values: ParameterValues; hints: Violation[] } {
	const collectionName = isFirstVersion(source) ? 'options' : imageOptionsField.name;
	const read = (displayName: string, name: string) =>
		readValue(source, itemIndex, { displayName, path: `${collectionName}.${name}` });

	const values: ParameterValues = {};
	const hints: Violation[] = [];
	const mask = read('Mask', 'mask');
	if (mask && (mask.value ?? undefined) === undefined) hints.push(notSet('Mask', mask.value));
	for (const name of NAMES) {
		const { displayName } = PARAMETERS[name];
		const found = read(displayName, name);
		if (!found || found.value === '') continue;
		let { value } = found;
		if (value === undefined || value === null) {
			hints.push(notSet(displayName, value));
			continue;
		}
		const rule = model?.parameters[name];
		if (!rule) {
			hints.push(notSent(displayName, model));
			continue;
		}
		if (name === 'size' && value === CUSTOM.value) {
			value = toRequiredText(
				read('Custom Size', 'customSize')?.value ?? '',
				'Custom Size',
				"Enter width x height, e.g. 1536x1024, or select another 'Size'.",
			);
		}
		if (name === 'size' && value === SAME_AS_FIRST_IMAGE.value) {
			value = sizeOfFirstImage(rule, firstImage, values.resolution !== undefined);
		}
		values[name] = normalize(rule, requireScalar(value, displayName, rule));
	}
	return { values, hints };
}

/** @throws {InvalidInputError} its size is not known */
function sizeOfFirstImage(
	rule: ParameterRule,
	firstImage: Reference | undefined,
	goesWithResolution: boolean,
): string {
	const { width, height } = firstImage?.kind === 'binary' ? firstImage.facts : {};
	const size =
		width !== undefined && height !== undefined && (rule.kind === 'size' || rule.kind === 'choice')
			? nearestSize(rule, { width, height }, goesWithResolution)
			: undefined;
	if (size !== undefined) return size;
	throw new InvalidInputError(
		firstImage?.kind === 'link'
			? "'Size' is 'Same as First Image', but the first image is a URL, so its size isn't known"
			: "'Size' is 'Same as First Image', but the size of the first image isn't known",
		"Select another 'Size', or provide the first image as binary data: download it with an HTTP Request node and set 'Source' to 'Binary Field'.",
	);
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
		message: `'${displayName}' isn't sent, because its expression returns ${String(value)}`,
		advice: 'Check the expression.',
		hintOnly: true,
	};
}

/** Comes up where the model is an expression: otherwise n8n hides what the model does not take. */
export function notSent(displayName: string, model: ImageModel | undefined): Violation {
	return {
		message: `'${displayName}' isn't sent, because ${model ? `${model.name} doesn't support it` : 'the model is not in the list'}`,
		advice: "Add it under 'Additional Fields' instead.",
		hintOnly: true,
	};
}
