import { type ImageModel, makesSeveral } from './model';

/**
 * A model's name as the list of models shows it, for instance `GPT Image 2 · 1–16 images · mask · 4K`.
 * n8n shows no descriptions there, so the name carries what people choose by.
 */
export function listName(model: ImageModel, operation: 'edit' | 'generate'): string {
	const { images, parameters, results } = model;
	const sizes = [parameters.quality, parameters.resolution].flatMap((rule) =>
		rule?.kind === 'choice' ? rule.values : [],
	);
	const facts = [
		operation === 'edit' && (images.max === 1 ? '1 image' : `1–${images.max} images`),
		operation === 'generate' &&
			makesSeveral(model) &&
			`1–${Math.max(...countsOf(results))} results`,
		model.use === 'layers' && 'layers',
		operation === 'edit' && model.mask && 'mask',
		sizes.includes('4K') && '4K',
		model.isFast && 'fast',
		model.mayBeRetired && 'possibly retired',
	];
	return [model.name, ...facts.filter(Boolean)].join(' · ');
}

const countsOf = (results: ImageModel['results']) => (results === 'own' ? [1] : results);

/** The page about the model in EvoLink's documentation; undefined where its address is not known. */
export function pageOf({ source }: ImageModel): string | undefined {
	return source.startsWith('https://') ? source : undefined;
}
