import { FORMATS, type PictureFacts, type PictureFormat } from '../images/format';
import type { ImageModel } from './catalogue';

/** A limit of the model that a request breaks. */
export interface Violation {
	message: string;
	/** The way out. */
	advice: string;
}

const UNCHECKED = "Or set the option 'Validation' to 'Warn' to send it all the same.";

/** @param model undefined for a model that the catalogue does not know: nothing to check */
export function checkRequest(
	model: ImageModel | undefined,
	request: { prompt: string; imageCount: number; numberOfImages: number },
): Violation[] {
	if (!model) return [];
	const violations: Violation[] = [];
	const promptLength = Array.from(request.prompt).length;
	if (promptLength > model.maxPromptCharacters) {
		violations.push({
			message: `'Prompt' has ${promptLength} characters; ${model.name} takes at most ${model.maxPromptCharacters}`,
			advice: `Shorten the prompt. ${UNCHECKED}`,
		});
	}
	if (request.imageCount > model.maxImages) {
		violations.push({
			message: `'Images' gives ${request.imageCount} pictures; ${model.name} takes at most ${model.maxImages}`,
			advice: `Remove some pictures or pick a model that takes more. ${UNCHECKED}`,
		});
	}
	const { numberOfImages } = request;
	if (
		!Number.isInteger(numberOfImages) ||
		numberOfImages < 1 ||
		numberOfImages > model.maxResults
	) {
		violations.push({
			message: `'Number of Images' is ${numberOfImages}; ${model.name} makes 1 to ${model.maxResults}`,
			advice: `Set it to a whole number from 1 to ${model.maxResults}.`,
		});
	}
	return violations;
}

/** Checks a picture that is sent from a binary field; those behind links are checked by the service. */
export function checkPicture(
	model: ImageModel | undefined,
	label: string,
	facts: PictureFacts,
	bytes: number,
): Violation[] {
	if (!model) return [];
	const violations: Violation[] = [];
	// Rounded up: '10.0 MB' would look as if it were within a limit of 10 MB.
	const megabytes = Math.ceil((bytes / 1024 / 1024) * 10) / 10;
	if (megabytes > model.maxMegabytes) {
		violations.push({
			message: `${label} has ${megabytes.toFixed(1)} MB; ${model.name} takes at most ${model.maxMegabytes} MB`,
			advice: `Make the picture smaller, for instance with n8n's Edit Image node. ${UNCHECKED}`,
		});
	}
	if (!model.formats.includes(facts.format)) {
		violations.push({
			message: `${label} is a ${formatName(facts.format)} picture; ${model.name} takes ${model.formats.map(formatName).join(', ')}`,
			advice: `Convert the picture, for instance with n8n's Edit Image node. ${UNCHECKED}`,
		});
	}
	const sides = [facts.width, facts.height].filter((side) => side !== undefined);
	if (sides.some((side) => side < model.minSide || side > model.maxSide)) {
		violations.push({
			message: `${label} has ${sides.join(' × ')} pixels; ${model.name} takes ${model.minSide} to ${model.maxSide} pixels on each side`,
			advice: `Resize the picture, for instance with n8n's Edit Image node. ${UNCHECKED}`,
		});
	}
	if (facts.transparency && !model.transparency) {
		violations.push({
			message: `${label} is a PNG with transparency, which ${model.name} does not take`,
			advice: `Convert the picture to JPEG, for instance with n8n's Edit Image node. ${UNCHECKED}`,
		});
	}
	return violations;
}

function formatName(format: PictureFormat): string {
	return FORMATS[format].extensions[0].toUpperCase();
}
