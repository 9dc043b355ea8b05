import type { INodeProperties } from 'n8n-workflow';

import { additionalFieldsOption } from '../../parameters/additionalFields';
import { deleteUploadsOption } from '../../parameters/deleteUploads';
import { gatewayOptions, gatewayOptionsToGenerate } from '../../parameters/gateway';
import { imageOptionsField, imageOptionsOfFirstVersion } from '../../parameters/imageOptions';
import { imagesFields } from '../../parameters/images';
import { jobKeyOption } from '../../parameters/jobKey';
import { gatewayModelField, modelField } from '../../parameters/model';
import { numberOfImagesField } from '../../parameters/numberOfImages';
import { optionsField } from '../../parameters/options';
import {
	binaryPropertyNameField,
	downloadField,
	fileNameOption,
	includeInputFieldsOption,
	itemPerImageOption,
	maxDownloadSizeOption,
	simplifyField,
} from '../../parameters/output';
import { promptField } from '../../parameters/prompt';
import { serviceField } from '../../parameters/service';
import {
	concurrencyOption,
	keepCreditsOption,
	maxCreditsOption,
	retryChargedOption,
} from '../../parameters/spending';
import { validationOption } from '../../parameters/validation';
import {
	callbackUrlField,
	onTaskFailureOption,
	timeoutOption,
	waitField,
} from '../../parameters/waiting';
import type { OperationForm } from '../../run/run';

/** Its own versions of the fields in which Edit Image and Generate Image differ. */
type OwnFields = Record<'gatewayModel' | 'model' | 'prompt', INodeProperties>;

/** @param takesImages whether images go in, and a mask with them */
export function imageFields(takesImages: boolean, fields: OwnFields): INodeProperties[] {
	return [
		// n8n finds the defaults of a second operation in their order: what they depend on comes first there.
		...(takesImages ? [] : [serviceField]),
		fields.gatewayModel,
		fields.model,
		fields.prompt,
		...(takesImages ? imagesFields : []),
		numberOfImagesField,
		takesImages ? imageOptionsField : withoutMask(imageOptionsField),
		waitField,
		callbackUrlField,
		{
			...downloadField,
			displayOptions: { show: { service: ['evolink'] }, hide: { wait: ['none'] } },
		},
		{
			...binaryPropertyNameField,
			displayOptions: {
				show: { service: ['evolink'], download: [true] },
				hide: { wait: ['none'] },
			},
		},
		// What a gateway sends within its answer goes to a binary field even without a download.
		...[downloadField, binaryPropertyNameField].map((field) => ({
			...field,
			displayOptions: { show: { service: ['imagesGateway'] } },
		})),
		simplifyField,
		optionsField(
			additionalFieldsOption,
			concurrencyOption,
			keepCreditsOption,
			maxCreditsOption,
			fileNameOption,
			includeInputFieldsOption,
			itemPerImageOption,
			maxDownloadSizeOption,
			onTaskFailureOption,
			jobKeyOption,
			retryChargedOption,
			timeoutOption,
			validationOption,
			...imageOptionsOfFirstVersion.filter(({ name }) => takesImages || name !== 'mask'),
			...(takesImages ? [deleteUploadsOption, ...gatewayOptions] : gatewayOptionsToGenerate),
		),
		...(takesImages ? [serviceField] : []),
	];
}

function withoutMask({ options = [], ...field }: INodeProperties): INodeProperties {
	return { ...field, options: options.filter(({ name }) => name !== 'mask') } as INodeProperties;
}

export const editImageForm: OperationForm = {
	menu: {
		name: 'Edit Image',
		description: 'Edit one or more images with a text prompt',
		action: 'Edit an image',
	},
	fields: imageFields(true, {
		gatewayModel: gatewayModelField,
		model: modelField,
		prompt: promptField,
	}),
};
