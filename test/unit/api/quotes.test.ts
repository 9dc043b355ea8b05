import { EvolinkClient } from '../../../nodes/Evolink/api/client';
import type { EvolinkError } from '../../../nodes/Evolink/api/errors/errors';
import {
	parsePriceRule,
	parseQuote,
	quoteRequest,
	Quotes,
	type QuoteSubject,
} from '../../../nodes/Evolink/api/quotes';
import { answer, noAnswer, ScriptedSend, type Step } from '../scriptedSend';
import { VirtualClock } from '../virtualClock';

/** As the fixtures of the vendor's client have them, shortened. */
const RULE = {
	meta: { schema_version: '2', price_scope: 'public_default' },
	model: {
		model_id: 'qwen-image-3.0',
		operation: 'image_edit',
		settlement_basis: 'request_only',
		parameters: [
			{ name: 'image_count', type: 'integer', minimum: '1', maximum: '6', default: '1' },
			{ name: 'quality', type: 'enum', values: ['1K', '2K'], default: '1K' },
			{ name: 'input_images', type: 'integer', default: '0' },
		],
	},
};
const QUOTE = {
	estimate_id: 'est_1',
	price_scope: 'account',
	settlement_basis: 'request_only',
	currency: 'USD',
	amount: '0.04',
	amounts: { uc: '27200', credits: '2.72', usd: '0.04' },
	expires_at: '2026-11-25T12:05:00Z',
};
const SUBJECT: QuoteSubject = {
	model: 'qwen-image-3.0',
	imageCount: 2,
	inputImages: 1,
	fields: { seed: 7, resolution: '2K', model_params: { web_search: true }, watermark: false },
};

function setUp(...steps: Step[]) {
	const clock = new VirtualClock();
	const service = new ScriptedSend(clock, steps);
	const addresses = { baseUrl: 'https://api.example.com', filesBaseUrl: '' };
	return { service, quotes: new Quotes(new EvolinkClient(service.send, clock, addresses), clock) };
}

const asked = ({ requests }: ScriptedSend) => requests.map(({ method, url }) => `${method} ${url}`);
const RULE_ADDRESS =
	'GET https://api.example.com/v1/catalog/models/qwen-image-3.0/pricing-rules?view=full';
const QUOTE_ADDRESS = 'POST https://api.example.com/v1/agent-estimates';

describe('what is asked', () => {
	it('has the fields that the price rule declares, under its names, and its operation', () => {
		expect(quoteRequest(SUBJECT, parsePriceRule(RULE))).toEqual({
			model_id: 'qwen-image-3.0',
			operation: 'image_edit',
			parameters: { image_count: 2, quality: '2K', input_images: 1 },
			expected_usage: {},
		});
	});

	it('has the defaults of the rule for what is not set', () => {
		const rule = parsePriceRule(RULE);
		expect(quoteRequest({ ...SUBJECT, fields: {} }, rule).parameters).toMatchObject({
			quality: '1K',
		});
	});

	it('takes fields of one meaning apart where the rule does', () => {
		const parameters = [{ name: 'quality' }, { name: 'resolution' }];
		const fields = { quality: 'high', resolution: '2K' };
		expect(quoteRequest({ ...SUBJECT, fields }, { parameters }).parameters).toEqual(fields);
		const { parameters: told } = quoteRequest(
			{ ...SUBJECT, fields: { quality: 'high' } },
			{ parameters },
		);
		expect(told).toEqual({ quality: 'high' });
	});

	it.each([
		[1, 'image_edit'],
		[0, 'image_generation'],
	])('without a rule and with %p images: %s by the usual names', (inputImages, operation) => {
		expect(quoteRequest({ ...SUBJECT, inputImages })).toMatchObject({
			operation,
			parameters: { image_count: 2, resolution: '2K' },
		});
	});
});

describe('what is answered', () => {
	it('is credits, dollars, basis and expiry', () => {
		expect(parseQuote(QUOTE)).toMatchObject({
			credits: 2.72,
			usd: 0.04,
			basis: 'exact',
			expiresAt: '2026-11-25T12:05:00Z',
		});
		expect(parseQuote({ data: QUOTE })?.credits).toBe(2.72);
	});

	it.each(['actual_usage', 'request_then_actual', undefined])('%s is an estimate', (basis) => {
		expect(parseQuote({ ...QUOTE, settlement_basis: basis })?.basis).toBe('estimate');
	});

	it.each([{}, null, [], { amounts: {} }, { amounts: { credits: 'much' } }])('not %j', (body) => {
		expect(parseQuote(body)).toBeUndefined();
	});
});

describe('asking', () => {
	it('asks for the rule once, and for each kind of request once', async () => {
		const { service, quotes } = setUp(answer(200, RULE), answer(200, QUOTE));
		const same = { ...SUBJECT, fields: { ...SUBJECT.fields, seed: 8 } };
		const all = await Promise.all([SUBJECT, same].map((subject) => quotes.quoteIfKnown(subject)));
		expect(all.map((quote) => quote?.credits)).toEqual([2.72, 2.72]);
		expect(asked(service)).toEqual([RULE_ADDRESS, QUOTE_ADDRESS]);
		await quotes.quoteIfKnown({ ...SUBJECT, imageCount: 3 });
		expect(asked(service)).toEqual([RULE_ADDRESS, QUOTE_ADDRESS, QUOTE_ADDRESS]);
	});

	it.each([
		['an unknown address', answer(404)],
		['no answer', noAnswer],
		['no prices now', answer(503, { error: { code: 'pricing_unavailable', message: 'Later' } })],
	])('%s is no fault where the price is only good to know', async (_name, fault) => {
		const { service, quotes } = setUp(fault);
		await expect(quotes.quoteIfKnown(SUBJECT)).resolves.toBeUndefined();
		await quotes.quoteIfKnown(SUBJECT);
		expect(asked(service)).toEqual([RULE_ADDRESS, QUOTE_ADDRESS]);
	});

	it('a host without quotes is named as such', async () => {
		const { quotes } = setUp(answer(404, {}, { 'x-request-id': 'req-6' }));
		const error: unknown = await quotes.quote(SUBJECT).catch((reason: unknown) => reason);
		expect((error as EvolinkError).message).toContain('Could not get a price estimate');
		expect((error as EvolinkError).advice).toContain("doesn't quote prices");
		expect((error as EvolinkError).trace).toEqual({ requestId: 'req-6' });
	});

	it('a passing fault is tried again where the price is what is wanted', async () => {
		const { quotes } = setUp(answer(200, RULE), answer(503), noAnswer, answer(200, QUOTE));
		await expect(quotes.quote(SUBJECT)).resolves.toMatchObject({ credits: 2.72 });
	});
});
