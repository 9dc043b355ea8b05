import type { INodeProperties } from 'n8n-workflow';

import { Quotes, type QuoteSubject } from '../api/quotes';
import { findModel } from '../models/catalogue';
import { readBodyFields } from '../parameters/bodyFields';
import {
	imageOptionsField,
	imageOptionsOfFirstVersion,
	readImageOptions,
} from '../parameters/imageOptions';
import { modelField, readModel } from '../parameters/model';
import { numberOfImagesField, readNumberOfImages } from '../parameters/numberOfImages';
import { optionsField, readNumberOption } from '../parameters/options';
import { concurrencyOption } from '../parameters/spending';
import { defineOperation } from '../run/run';

const inputImagesOption: INodeProperties = {
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

/** What a task would cost, as the service itself says. Free; nothing is created. */
export const estimateCost = defineOperation<QuoteSubject>({
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

	plan({ context }, itemIndex) {
		const model = readModel(context, itemIndex);
		const facts = findModel(model);
		const imageCount = readNumberOfImages(context, itemIndex);
		const { values } = readImageOptions(context, itemIndex, facts, undefined);
		return {
			model,
			imageCount,
			inputImages: readNumberOption(context, itemIndex, inputImagesOption, 0, 100),
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
