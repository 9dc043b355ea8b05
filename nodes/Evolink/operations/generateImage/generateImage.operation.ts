import { gatewayModelToGenerateField, modelToGenerateField } from '../../parameters/model';
import { promptToGenerateField } from '../../parameters/prompt';
import { imageOperation } from '../editImage/editImage.operation';
import { generateOnGateway } from '../editImage/editOnGateway';

/** Edit Image without images: the models that work from a prompt alone. */
export const generateImage = imageOperation({
	menu: {
		name: 'Generate Image',
		description: 'Generate one or more images from a text prompt',
		action: 'Generate an image',
	},
	takesImages: false,
	fields: {
		gatewayModel: gatewayModelToGenerateField,
		model: modelToGenerateField,
		prompt: promptToGenerateField,
	},
	onGateway: generateOnGateway,
});
