import { gatewayModelToGenerateField, modelToGenerateField } from '../../parameters/model';
import { promptToGenerateField } from '../../parameters/prompt';
import type { OperationForm } from '../../run/run';
import { imageFields } from '../editImage/editImage.fields';

export const generateImageForm: OperationForm = {
	menu: {
		name: 'Generate Image',
		description: 'Generate one or more images from a text prompt',
		action: 'Generate an image',
	},
	fields: imageFields(false, {
		gatewayModel: gatewayModelToGenerateField,
		model: modelToGenerateField,
		prompt: promptToGenerateField,
	}),
};
