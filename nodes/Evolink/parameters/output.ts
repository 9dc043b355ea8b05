import type { INodeProperties } from 'n8n-workflow';

import { isAgentTool } from '../memory/runIdentity';
import type { VersionedSource } from './nodeVersion';
import { readNumberOption } from './options';
import {
	parameter,
	type ParameterSource,
	readBoolean,
	readText,
	readValue,
	toRequiredText,
} from './reader';
import type { SetText } from './texts';

/** What the output items are like. */

export const downloadField: INodeProperties = {
	displayName: 'Download',
	name: 'download',
	type: 'boolean',
	default: true,
	description:
		'Whether to download the edited images as binary data. Their URLs expire after 24 hours.',
};

export const binaryPropertyNameField: INodeProperties = {
	displayName: 'Output Data Field Name',
	name: 'binaryPropertyName',
	type: 'string',
	default: 'data',
	required: true,
	placeholder: 'e.g. data',
	hint: 'Additional images get the suffix _1, _2, …',
	description: 'The name of the output binary field to put the edited image in',
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
	description: "Larger images aren't downloaded. The error contains their URL.",
	displayOptions: { hide: { '/wait': ['none'] } },
};

export const fileNameOption: INodeProperties = {
	displayName: 'File Name',
	name: 'fileName',
	type: 'string',
	default: '',
	placeholder: 'e.g. {{ $json.sku }}-edited',
	hint: 'Additional images get the suffix _1, _2, …',
	description:
		'Name of the image files, without extension. If empty, the name from the URL is used, made unique with the task ID.',
};

export const itemPerImageOption: INodeProperties = {
	displayName: 'Item per Image',
	name: 'itemPerImage',
	type: 'boolean',
	default: false,
	description: 'Whether to output each image as a separate item',
};

export const includeInputFieldsOption: INodeProperties = {
	displayName: 'Include Input Fields',
	name: 'includeInputFields',
	type: 'boolean',
	default: false,
	description:
		"Whether to keep the input item's JSON fields. If a field exists in both, the node's own is used.",
};

/** How the output of a task is made. */
export interface OutputSettings {
	download: boolean;
	binaryPropertyName: string;
	simplify: boolean;
	maxDownloadMegabytes: number;
	/** Of the result files, without the ending, where the user wants it otherwise than the link says. */
	fileName?: string;
	itemPerImage: boolean;
	includeInputFields: boolean;
}

/** @throws {InvalidInputError} */
export function readOutputSettings(source: VersionedSource, itemIndex: number): OutputSettings {
	const fileName = readText(source, itemIndex, parameter(fileNameOption, 'options'));
	return {
		// n8n hands on nothing of a tool but its JSON.
		download:
			readBoolean(source, itemIndex, parameter(downloadField), true) &&
			!isAgentTool(source.getNode()),
		binaryPropertyName: readBinaryPropertyName(source, itemIndex),
		simplify: readSimplify(source, itemIndex),
		maxDownloadMegabytes: readNumberOption(source, itemIndex, maxDownloadSizeOption, 1, 2048),
		...(fileName === '' ? {} : { fileName }),
		itemPerImage: readBoolean(source, itemIndex, parameter(itemPerImageOption, 'options'), false),
		includeInputFields: readBoolean(
			source,
			itemIndex,
			parameter(includeInputFieldsOption, 'options'),
			false,
		),
	};
}

/** For `problemsOfTexts`. */
export function textsOfOutput({ binaryPropertyName, fileName }: OutputSettings): SetText[] {
	return [
		[binaryPropertyNameField.displayName, binaryPropertyName],
		[fileNameOption.displayName, fileName],
	];
}

/** Where it is hidden, nothing is downloaded. */
function readBinaryPropertyName(source: ParameterSource, itemIndex: number): string {
	const { displayName, default: byDefault } = binaryPropertyNameField;
	const found = readValue(source, itemIndex, parameter(binaryPropertyNameField));
	const advice = "Enter a name for the binary field, e.g. 'data'.";
	return toRequiredText(found ? found.value : byDefault, displayName, advice);
}

/** @throws {InvalidInputError} */
export function readSimplify(source: ParameterSource, itemIndex: number): boolean {
	return readBoolean(source, itemIndex, parameter(simplifyField), true);
}
