import { Quotes, type QuoteSubject } from '../api/quotes';
import { findModel } from '../models/catalogue';
import { readBodyFields } from '../parameters/bodyFields';
import { readImageOptions } from '../parameters/imageOptions';
import { readModel } from '../parameters/model';
import { readNumberOfImages } from '../parameters/numberOfImages';
import { readNumberOption } from '../parameters/options';
import { defineOperation } from '../run/run';
import { inputImagesOption } from './estimateCost.fields';

/** What a task would cost, as the service itself says. Free; nothing is created. */
export const estimateCost = defineOperation<QuoteSubject>({
	plan({ context }, itemIndex) {
		const model = readModel(context, itemIndex);
		const facts = findModel(model);
		const imageCount = readNumberOfImages(context, itemIndex);
		const { values } = readImageOptions(context, itemIndex, facts, undefined);
		return {
			model,
			imageCount,
			inputImages:
				facts?.images.need === 'none'
					? 0
					: readNumberOption(context, itemIndex, inputImagesOption, 0, 100),
			fields: readBodyFields(context, itemIndex, facts, {
				values,
				numberOfImages: imageCount,
				hasMask: false,
			}),
		};
	},

	async perform({ client, clock, slots }, subject) {
		const quotes = new Quotes(client, clock);
		const quote = await slots.run(async () => await quotes.quote(subject));
		return {
			json: {
				model: subject.model,
				credits: quote.credits,
				...(quote.usd === undefined ? {} : { usd: quote.usd }),
				basis: quote.basis,
				...(quote.expiresAt === undefined ? {} : { expires_at: quote.expiresAt }),
			},
		};
	},
});
