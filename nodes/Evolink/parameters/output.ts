import type { INodeProperties } from 'n8n-workflow';

import { readNumberOption } from './options';
import { parameter, type ParameterSource, readBoolean, readValue, toRequiredText } from './reader';

/** What the output items are like. */

export const downloadField: INodeProperties = {
	displayName: 'Download',
	name: 'download',
	type: 'boolean',
	default: true,
	description:
		'Whether to fetch the edited pictures into binary fields at once. Their links stop working after 24 hours.',
};

export const binaryPropertyNameField: INodeProperties = {
	displayName: 'Output Data Field Name',
	name: 'binaryPropertyName',
	type: 'string',
	default: 'data',
	required: true,
	placeholder: 'e.g. data',
	hint: 'Further pictures go to the same name with _1, _2, … at the end',
	description: 'The name of the binary field to put the edited picture in',
	displayOptions: { show: { download: [true] } },
};

export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

export const maxDownloadSizeOption: INodeProperties = {
	displayName: 'Max Download Size (MB)',
	name: 'maxDownloadSize',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 50,
	description: 'A picture that is larger is not fetched; its link is in the error',
	displayOptions: { hide: { '/wait': ['none'] } },
};

/** How the output of a task is made. */
export interface OutputSettings {
	download: boolean;
	binaryPropertyName: string;
	simplify: boolean;
	maxDownloadMegabytes: number;
}

/** @throws {InvalidInputError} */
export function readOutputSettings(source: ParameterSource, itemIndex: number): OutputSettings {
	return {
		download: readBoolean(source, itemIndex, parameter(downloadField), true),
		binaryPropertyName: readBinaryPropertyName(source, itemIndex),
		simplify: readSimplify(source, itemIndex),
		maxDownloadMegabytes: readNumberOption(source, itemIndex, maxDownloadSizeOption, 1, 2048),
	};
}

/** Where it is hidden, nothing is downloaded. */
function readBinaryPropertyName(source: ParameterSource, itemIndex: number): string {
	const { displayName, default: byDefault } = binaryPropertyNameField;
	const found = readValue(source, itemIndex, parameter(binaryPropertyNameField));
	const advice = "Enter a name for the binary field, for instance 'data'.";
	return toRequiredText(found ? found.value : byDefault, displayName, advice);
}

/** @throws {InvalidInputError} */
export function readSimplify(source: ParameterSource, itemIndex: number): boolean {
	return readBoolean(source, itemIndex, parameter(simplifyField), true);
}
