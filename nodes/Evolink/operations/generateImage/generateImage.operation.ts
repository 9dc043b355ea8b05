import { imageOperation } from '../editImage/editImage.operation';
import { generateOnGateway } from '../editImage/editOnGateway';

/** Edit Image without images: the models that work from a prompt alone. */
export const generateImage = imageOperation(false, generateOnGateway);
