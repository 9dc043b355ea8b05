import { type Assumption, judged, notHeld, notSeen } from '../assumption';
import type { Live } from '../live';

/** What only all answers together can show. Last, when everything else was tried. */
export const wholeRun: Assumption[] = [
	{
		assumption: 'A 429 says by `Retry-After` when to come back',
		source: '4 [CLIENT]',
		tried: 'all answers of this run',
		async try({ wire }) {
			const throttled = wire.answers.filter(({ status }) => status === 429);
			if (throttled.length === 0) return notSeen(`no 429 in ${wire.answers.length} answers`);
			const waits = throttled.map(({ headers }) => headers['retry-after'] ?? 'none');
			return judged(
				!waits.includes('none'),
				`${throttled.length} times; values: ${[...new Set(waits)].join(', ')}`,
			);
		},
	},
	{
		assumption: 'Answers name their request: `x-request-id` or `x-oneapi-request-id`',
		source: '4 [CLIENT]',
		tried: 'all answers of the API in this run',
		async try(live) {
			const answers = ofTheApi(live);
			const count = (name: string) => answers.filter(({ headers }) => headers[name]).length;
			const [id, oneApiId] = [count('x-request-id'), count('x-oneapi-request-id')];
			if (id + oneApiId === 0) return notSeen(`in none of ${answers.length} answers`);
			return judged(true, `${id} and ${oneApiId} of ${answers.length} answers`);
		},
	},
	{
		assumption:
			'API and files host answer by themselves, without a redirect (the key follows none)',
		source: '– [nothing]',
		tried: 'all answers to requests with the key in this run',
		async try({ wire }) {
			const redirected = wire.answers.filter(
				({ withKey, status }) => withKey && status >= 300 && status < 400,
			);
			if (redirected.length === 0) return judged(true, 'no redirect');
			const [{ url, headers }] = redirected;
			const target = new URL(headers.location ?? url.href, url).host;
			return notHeld(`${redirected.length} redirects, the first from ${url.host} to ${target}`);
		},
	},
];

function ofTheApi({ wire, settings }: Live) {
	return wire.answers.filter(({ url }) => url.href.startsWith(`${settings.baseUrl}/`));
}
