import type { IDataObject } from 'n8n-workflow';

import { type ApiError, NO_QUOTES, StoppedError } from './errors/errors';
import type { Clock } from './http/clock';
import { isRecord, numberOf, textOf } from './http/json';
import { type ReadResult, repeatRead } from './http/retry';

/**
 * What a task would cost, asked of the service itself. Free. No docs page: known from
 * deeplearning-goethe/evolink-cli (pricing-quote-client, test/fixture-rest), so a host may not have it.
 */

/** What the price of a task can depend on. */
export interface QuoteSubject {
	model: string;
	imageCount: number;
	/** How many reference images it has. */
	inputImages: number;
	/** The other fields of the create body: `quality`, `resolution`, `size`, … Prompt and links do not matter. */
	fields: IDataObject;
}

export interface Quote {
	credits: number;
	usd?: number;
	/** `exact` where the price depends on the request alone, `estimate` where it depends on what is used. */
	basis: 'exact' | 'estimate';
	/** ISO 8601. */
	expiresAt?: string;
	/** The service's own answer. */
	raw: IDataObject;
}

type Scalar = string | number | boolean;

/** A field that a model's price depends on, as its price rule declares it. */
interface PriceParameter {
	name: string;
	type?: string;
	default?: Scalar;
}

/** How a model is priced. */
export interface PriceRule {
	/** For instance `image_edit`. */
	operation?: string;
	parameters: PriceParameter[];
}

/** Body of `POST /v1/agent-estimates`. */
export interface QuoteRequest extends IDataObject {
	model_id: string;
	operation: string;
	parameters: Record<string, Scalar>;
	expected_usage: object & IDataObject;
}

/** Fields that mean the same in a create body, where a rule declares only one of them. */
const ALIASES: Readonly<Record<string, string>> = { resolution: 'quality', quality: 'resolution' };
/** Where no rule says on what the price depends. */
const USUAL_RULE: PriceRule = {
	parameters: ['image_count', 'size', 'quality', 'resolution'].map((name) => ({ name })),
};

/** What `Quotes` needs of the client. */
interface PriceSource {
	readPriceRule(model: string): Promise<ReadResult<PriceRule>>;
	readQuote(request: QuoteRequest): Promise<ReadResult<Quote>>;
}

/** Asks for prices; each rule, and each kind of request, once. */
export class Quotes {
	private readonly rules = new Map<string, Promise<PriceRule | undefined>>();

	private readonly known = new Map<string, Promise<Quote | undefined>>();

	constructor(
		private readonly client: PriceSource,
		private readonly clock: Clock,
	) {}

	/** @throws {EvolinkError} the host gives no quotes, or none for this request, or cannot be read now */
	async quote(subject: QuoteSubject): Promise<Quote> {
		const request = await this.requestFor(subject);
		return await repeatRead(this.clock, async () => await this.client.readQuote(request));
	}

	/**
	 * The price where the service tells it at once. Asked once for all requests of the same kind.
	 *
	 * @returns undefined where it does not: a host without quotes is no fault
	 * @throws {StoppedError}
	 */
	async quoteIfKnown(subject: QuoteSubject): Promise<Quote | undefined> {
		const request = await this.requestFor(subject);
		const kind = JSON.stringify(request);
		const known = this.known.get(kind) ?? this.quoteOnce(request);
		this.known.set(kind, known);
		return await known;
	}

	private async quoteOnce(request: QuoteRequest): Promise<Quote | undefined> {
		const answer = await this.client.readQuote(request);
		if (!answer.ok && answer.error instanceof StoppedError) throw answer.error;
		return answer.ok ? answer.value : undefined;
	}

	private async requestFor(subject: QuoteSubject): Promise<QuoteRequest> {
		const { model } = subject;
		const known = this.rules.get(model) ?? this.readRule(model);
		this.rules.set(model, known);
		return quoteRequest(subject, await known);
	}

	/** Without a rule it is asked by the usual names. */
	private async readRule(model: string): Promise<PriceRule | undefined> {
		const answer = await this.client.readPriceRule(model);
		if (!answer.ok && answer.error instanceof StoppedError) throw answer.error;
		return answer.ok ? answer.value : undefined;
	}
}

/** What is asked: only the fields that the model's price rule declares, under its names. */
export function quoteRequest(subject: QuoteSubject, rule: PriceRule = USUAL_RULE): QuoteRequest {
	const { model, imageCount, inputImages, fields } = subject;
	const all: IDataObject = { ...fields, image_count: imageCount, input_images: inputImages };
	const declared = new Set(rule.parameters.map(({ name }) => name));
	const parameters: QuoteRequest['parameters'] = {};
	for (const { name, type, default: usual } of rule.parameters) {
		const alias = declared.has(ALIASES[name]) ? undefined : ALIASES[name];
		const value = scalarOf(all[name]) ?? scalarOf(alias && all[alias]) ?? usual;
		if (value !== undefined) parameters[name] = type === 'enum' ? String(value) : value;
	}
	return {
		model_id: model,
		operation: rule.operation ?? (inputImages > 0 ? 'image_edit' : 'image_generation'),
		parameters,
		expected_usage: {},
	};
}

/** @returns undefined where the answer is no rule; `{meta, model: {operation, parameters, …}}` is one */
export function parsePriceRule(body: unknown): PriceRule | undefined {
	if (!isRecord(body)) return undefined;
	const data = isRecord(body.data) ? body.data : undefined;
	const rule = [body.model, data?.model, data, body].find(isRecord);
	const operation = textOf(rule?.operation);
	const listed = Array.isArray(rule?.parameters) ? (rule.parameters as unknown[]) : undefined;
	if (operation === undefined && listed === undefined) return undefined;
	return {
		...(operation === undefined ? {} : { operation }),
		parameters: (listed ?? []).flatMap(readParameter),
	};
}

function readParameter(parameter: unknown): PriceParameter[] {
	const name = isRecord(parameter) ? textOf(parameter.name) : undefined;
	if (!isRecord(parameter) || name === undefined) return [];
	const type = textOf(parameter.type);
	const usual = scalarOf(parameter.default);
	return [
		{
			name,
			...(type === undefined ? {} : { type }),
			...(usual === undefined ? {} : { default: usual }),
		},
	];
}

/** @returns undefined where the answer names no credits */
export function parseQuote(body: unknown): Quote | undefined {
	if (!isRecord(body)) return undefined;
	const quote = isRecord(body.data) ? body.data : body;
	const amounts = isRecord(quote.amounts) ? quote.amounts : {};
	const credits = numberOf(amounts.credits);
	if (credits === undefined || credits < 0) return undefined;
	const usd = numberOf(amounts.usd);
	const expiresAt = textOf(quote.expires_at);
	return {
		credits,
		...(usd === undefined ? {} : { usd }),
		basis: quote.settlement_basis === 'request_only' ? 'exact' : 'estimate',
		...(expiresAt === undefined ? {} : { expiresAt }),
		raw: quote as IDataObject,
	};
}

/** Says so where it is the host that has no quotes. */
export function explainQuoteFault(error: ApiError): ApiError {
	return error.isNotOffered ? error.inOtherWords(error.message, NO_QUOTES) : error;
}

function scalarOf(value: unknown): Scalar | undefined {
	if (typeof value === 'boolean') return value;
	if (typeof value === 'number' && Number.isFinite(value)) return value;
	return typeof value === 'string' && value !== '' ? value : undefined;
}
