import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readNumber } from './reader';

/** The collection 'Options'. */
export function optionsField(...options: INodeProperties[]): INodeProperties {
	return collection({ displayName: 'Options', name: 'options' }, options);
}

/** A collection of options in alphabetical order. */
export function collection(
	names: Pick<INodeProperties, 'displayName' | 'name'>,
	options: INodeProperties[],
): INodeProperties {
	return {
		...names,
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [...options].sort(byDisplayName),
	};
}

/** Not with `localeCompare`, whose first call takes longer than loading the whole package. */
function byDisplayName(one: INodeProperties, other: INodeProperties): number {
	return Number(one.displayName > other.displayName) - Number(one.displayName < other.displayName);
}

/**
 * An option that is a number; its default where it is not set.
 *
 * @throws {InvalidInputError}
 */
export function readNumberOption(
	source: ParameterSource,
	itemIndex: number,
	option: INodeProperties,
	min: number,
	max: number,
): number {
	const advice = `Correct the option or remove it: the default is ${JSON.stringify(option.default)}.`;
	const number = readNumber(source, itemIndex, parameter(option, 'options'), { min, max }, advice);
	return number ?? (option.default as number);
}
