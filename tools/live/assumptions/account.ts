import { isSuccess } from '../../../nodes/Evolink/api/http/messages';
import { isRecord, listIn, textOf } from '../../../nodes/Evolink/api/http/json';
import { parsePriceRule } from '../../../nodes/Evolink/api/quotes';
import type { TaskSummary } from '../../../nodes/Evolink/api/taskHistory';
import { formatOf } from '../../../nodes/Evolink/images/format';
import { DEFAULT_MODEL_ID, IMAGE_MODELS } from '../../../nodes/Evolink/models/catalogue';
import { type Assumption, held, judged, notHeld, notSeen } from '../assumption';
import { type Live, MODEL } from '../live';
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
	{
		assumption: 'Result links live for 24 hours',
		source: '1.5 [DOC]',
		tried:
			"the links of the account's latest tasks that are 1 to 23 hours old, or 25 hours and more",
		async try(live) {
			const tasks = await live.client.listTasks({ status: 'completed' }, 500).catch(() => []);
			const young = tasks.filter((task) => hoursOf(task) > 1 && hoursOf(task) < 23).at(-1);
			const old = tasks.find((task) => hoursOf(task) > 25);
			if (!young && !old) return notSeen('no such task in the history');
			const lives = [young && (await lifeOf(live, young)), old && (await lifeOf(live, old))];
			const isHeld = (!young || lives[0] === 'alive') && (!old || lives[1] === 'dead');
			const seen = [young, old].flatMap((task, index) =>
				task ? [`${lives[index]} after ${Math.floor(hoursOf(task))} h`] : [],
			);
			return judged(isHeld, seen.join(', '));
		},
	},
];

/** Since its create. */
function hoursOf({ createdAt = Number.NaN }: TaskSummary): number {
	return (Date.now() - createdAt) / 3_600_000;
}

/** Of the first result link. */
async function lifeOf({ wire, client }: Live, { id }: TaskSummary) {
	const [link] = (await client.getTask(id)).results;
	if (link === undefined) return 'no link';
	const { body } = await wire.ask('GET', link, { withKey: false });
	return formatOf(body) === undefined ? 'dead' : 'alive';
}
