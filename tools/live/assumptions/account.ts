import { isSuccess } from '../../../nodes/Evolink/api/http/messages';
import { isRecord, listIn, textOf } from '../../../nodes/Evolink/api/http/json';
import { parsePriceRule } from '../../../nodes/Evolink/api/quotes';
import { DEFAULT_MODEL_ID, IMAGE_MODELS } from '../../../nodes/Evolink/models/catalogue';
import { type Assumption, held, judged, notHeld, notSeen } from '../assumption';
import { MODEL } from '../live';
import { isMissing, statusOf } from '../wire';

/** What can be asked about account, models and prices. Free. */
export const account: Assumption[] = [
	{
		assumption: '`GET /v1/models` lists the models that the key may use',
		source: '3 [CLIENT]',
		tried: 'asked, and the models of the node looked up in it',
		async try({ wire, settings }) {
			const answer = await wire.ask('GET', `${settings.baseUrl}/v1/models`);
			if (isMissing(answer)) return notSeen(statusOf(answer));
			const lines = isSuccess(answer) ? listIn(answer.json) : undefined;
			const ids = lines?.map((line) => (isRecord(line) ? textOf(line.id) : undefined));
			if (!ids) return notHeld(statusOf(answer));
			const missing = IMAGE_MODELS.map(({ id }) => id).filter((id) => !ids.includes(id));
			const seen = `${ids.length} models; of the node's ${IMAGE_MODELS.length} ${
				missing.length === 0 ? 'none is missing' : `these are missing: ${missing.join(', ')}`
			}`;
			return judged(ids.includes(DEFAULT_MODEL_ID), seen);
		},
	},
	{
		assumption: 'How a model is priced can be asked without a key',
		source: '13 [CLIENT]',
		tried: `the price rule of ${MODEL}, without the key`,
		async try({ wire, settings }) {
			const path = `/v1/catalog/models/${MODEL}/pricing-rules?view=full`;
			const url = `${settings.baseUrl}${path}`;
			const answer = await wire.ask('GET', url, { withKey: false });
			const withKey = answer.status === 401 ? await wire.ask('GET', url) : answer;
			if (isMissing(withKey)) return notSeen(statusOf(withKey));
			const rule = isSuccess(answer) ? parsePriceRule(answer.json) : undefined;
			if (!rule) return notHeld(statusOf(answer));
			const names = rule.parameters.map(({ name }) => name).join(', ') || 'none';
			return held(`operation ${rule.operation ?? 'not told'}; the price depends on: ${names}`);
		},
	},
	{
		assumption: 'The service quotes the price of a task before it is created',
		source: '13 [CLIENT]',
		tried: `\`POST /v1/agent-estimates\` for one image of ${MODEL}, as the node asks`,
		async try(live) {
			const { baseUrl } = live.settings;
			const quote = await live.quote().catch(() => undefined);
			const last = live.wire.answers
				.filter(({ url }) => url.href.startsWith(`${baseUrl}/v1/agent-estimates`))
				.at(-1);
			if (!last || isMissing(last)) return notSeen(last ? statusOf(last) : 'no answer');
			if (!quote) return notHeld(statusOf(last));
			const usd = quote.usd === undefined ? '' : `, $${quote.usd}`;
			return held(`${quote.credits} credits${usd}, ${quote.basis}`);
		},
	},
];
