import type { INodeProperties } from 'n8n-workflow';

import { imageOptionsField, imageOptionsOfFirstVersion } from '../parameters/imageOptions';
import { modelField } from '../parameters/model';
import { numberOfImagesField } from '../parameters/numberOfImages';
import { optionsField } from '../parameters/options';
import { concurrencyOption } from '../parameters/spending';
import type { OperationForm } from '../run/run';

export const inputImagesOption: INodeProperties = {
	displayName: 'Number of Input Images',
	name: 'inputImages',
	type: 'number',
	typeOptions: { minValue: 0, maxValue: 100 },
	default: 1,
	description: 'Number of reference images. Some models charge for each of them.',
};

/** The fields of Edit Image, without their condition on its 'Service'. */
function withoutService({
	show = {},
	...others
}: NonNullable<INodeProperties['displayOptions']> = {}): INodeProperties['displayOptions'] {
	const kept = Object.entries(show).filter(([name]) => name !== 'service');
	return { ...others, show: Object.fromEntries(kept) };
}

export const estimateCostForm: OperationForm = {
	menu: {
		name: 'Estimate Cost',
		description: 'Get the price of an image in advance, free of charge',
		action: 'Estimate the cost of an image',
	},

	fields: [
		{ ...modelField, displayOptions: undefined },
		{ ...numberOfImagesField, displayOptions: withoutService(numberOfImagesField.displayOptions) },
		{ ...imageOptionsField, displayOptions: withoutService(imageOptionsField.displayOptions) },
		optionsField(concurrencyOption, inputImagesOption, ...imageOptionsOfFirstVersion),
	],
};
