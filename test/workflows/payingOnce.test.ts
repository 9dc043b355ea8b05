import type { INodeParameters } from 'n8n-workflow';

import { type Fault, type FaultRule, samplePicture, type Simulator } from '../simulator';
import { binaryField, editImage, keysOf, runWorkflow, sent } from './harness';
import { type Scenario, scenarios } from './scenarios';

/** Faults of the request that costs money. What counts is how often the service was paid. */

const create = { host: 'api', method: 'POST', path: /generations$/ } as const;

function inject(simulator: Simulator, fault: Fault, rule: Partial<FaultRule> = {}): void {
	simulator.inject({ ...create, ...rule, fault });
}

/** After a fault that may pass, the image comes, paid once, under one key and with one body. */
function comesThrough(fault: (simulator: Simulator) => Fault, times = 1): Scenario {
	return async (simulator) => {
		inject(simulator, fault(simulator), { times });
		const { items, error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
		expect(error).toBeUndefined();
		expect(items[0].binary?.data.mimeType).toBe('image/png');
		const { creates } = sent(simulator);
		expect(creates).toHaveLength(times + 1);
		expect(keysOf(simulator)).toHaveLength(1);
		expect(new Set(creates.map(({ body }) => body.toString())).size).toBe(1);
		expect(simulator.paidTasks()).toBe(1);
	};
}

/** A refusal is an error with advice, is not repeated, and costs nothing. */
function isRefused(
	fault: (simulator: Simulator) => Fault,
	status: string,
	message: RegExp,
	advice: RegExp,
): Scenario {
	return async (simulator) => {
		inject(simulator, fault(simulator), { times: Infinity });
		const { items, error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
		expect(items).toEqual([]);
		expect(error?.message).toMatch(message);
		expect(error?.description).toMatch(advice);
		expect(error?.httpCode).toBe(status);
		expect(sent(simulator).creates).toHaveLength(1);
		expect(simulator.paidTasks()).toBe(0);
	};
}

const html = '<!doctype html><title>Bad gateway</title>';
const soon = { 'retry-after': '0' };

describe('A fault of the create that passes', () => {
	scenarios({
		'429 with Retry-After in seconds': async (simulator) => {
			inject(simulator, simulator.refusal('rateLimited', { headers: { 'retry-after': '2' } }));
			const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error).toBeUndefined();
			const [refused, accepted] = sent(simulator).creates;
			expect(accepted.at - refused.at).toBeGreaterThanOrEqual(1990);
			expect(simulator.paidTasks()).toBe(1);
			expect(keysOf(simulator)).toHaveLength(1);
		},
		'429 with Retry-After as a date': async (simulator) => {
			const date = new Date(Date.now() + 2500);
			const headers = { 'retry-after': date.toUTCString() };
			inject(simulator, simulator.refusal('rateLimited', { headers }));
			const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error).toBeUndefined();
			expect(sent(simulator).creates[1].at).toBeGreaterThanOrEqual(date.setMilliseconds(0) - 10);
			expect(simulator.paidTasks()).toBe(1);
		},
		'429 without Retry-After': comesThrough((simulator) => simulator.refusal('rateLimited')),
		'429 again and again': comesThrough(
			(simulator) => simulator.refusal('rateLimited', { headers: soon }),
			5,
		),
		'503 with Retry-After': comesThrough((simulator) =>
			simulator.refusal('unavailable', { headers: soon }),
		),
		'503 as a web page': comesThrough(() => ({ status: 503, headers: soon, body: html })),
		'the connection is reset before the service knows of it': comesThrough(() => 'resetBefore'),
		'the connection is reset when the task is paid': comesThrough(() => 'resetAfter'),
		'the connection breaks in the answer': comesThrough(() => 'answerThenBreak'),
		'the answer ends in the middle': comesThrough(() => 'brokenJson'),
		'502 of a task that is paid': comesThrough((simulator) => ({
			...simulator.refusal('badGateway', { headers: soon }),
			handled: true,
		})),
		'502 of a task that was never made': comesThrough(() => ({
			status: 502,
			headers: soon,
			body: html,
		})),
		'504 of a task that is paid': comesThrough(() => ({
			status: 504,
			headers: soon,
			body: html,
			handled: true,
		})),
		...Object.fromEntries(
			[499, 500, 501, 521, 523, 525, 530, 599].map((status) => [
				`${status} of a task that is paid`,
				comesThrough(() => ({
					status,
					headers: soon,
					body: `error code: ${status}`,
					handled: true,
				})),
			]),
		),
		'500 of the service for a task that is paid': comesThrough((simulator) => ({
			...simulator.refusal('internalError', { headers: soon }),
			handled: true,
		})),
		'a web page with status 200 for a task that is paid': comesThrough(() => ({
			status: 200,
			headers: soon,
			body: html,
			handled: true,
		})),
		'an empty answer for a task that is paid': comesThrough(() => ({
			status: 200,
			headers: soon,
			body: '',
			handled: true,
		})),
		'the service is still at work on the request': comesThrough((simulator) =>
			simulator.refusal('paidOutcomeUnknown', { headers: soon }),
		),
		'a throttled request, then one of unknown outcome': async (simulator) => {
			inject(simulator, simulator.refusal('rateLimited', { headers: soon }), { times: 4 });
			inject(simulator, { status: 502, headers: soon, handled: true }, { times: 3 });
			const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error).toBeUndefined();
			expect(sent(simulator).creates).toHaveLength(8);
			expect(simulator.paidTasks()).toBe(1);
		},
	});
});

describe('A create of unknown outcome that stays unknown', () => {
	/** @param creates undefined where only the time limit ends the tries */
	const isInDoubt = (
		fault: (simulator: Simulator) => Fault,
		creates: number | undefined,
		paid: number,
		parameters: INodeParameters = {},
	) =>
		(async (simulator) => {
			inject(simulator, fault(simulator), { times: Infinity });
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, parameters),
			});
			expect(items).toEqual([]);
			expect(error?.message).toContain("It's unknown whether EvoLink created the task");
			expect(error?.message).toContain('task history of your EvoLink dashboard');
			const keys = keysOf(simulator);
			expect(keys).toHaveLength(1);
			expect(error?.message).toContain(keys[0]);
			const tries = sent(simulator).creates.length;
			if (creates === undefined) expect(tries).toBeGreaterThan(1);
			else expect(tries).toBe(creates);
			expect(simulator.paidTasks()).toBe(paid);
		}) satisfies Scenario;

	scenarios({
		'leaves IDs, links and the answer itself in the error, without secrets': async (simulator) => {
			const body = {
				job_id: 'job-7',
				image: 'https://cdn.example.com/a.png',
				key: simulator.apiKey,
			};
			const fault = { status: 200, headers: { ...soon, 'x-request-id': 'req-7' }, body };
			inject(simulator, fault, { times: Infinity });
			const { run, error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error?.message).toMatch(/job-7.*https:\/\/cdn\.example\.com\/a\.png/);
			expect(error?.description).toContain('Request ID: req-7.');
			const saved = JSON.stringify(run.data.resultData.error);
			expect(saved).toContain('\\"job_id\\":\\"job-7\\"');
			expect(saved).not.toContain(simulator.apiKey);
		},
		'is an error that says how to look for the task, when the answers are lost': isInDoubt(
			() => 'resetAfter',
			4,
			1,
		),
		'is an error, when a gateway answers': isInDoubt(
			() => ({ status: 504, headers: soon, body: html, handled: true }),
			4,
			1,
		),
		'is an error, when a web page answers': isInDoubt(
			() => ({ status: 200, headers: soon, body: html, handled: true }),
			4,
			1,
		),
		'is an error, when the service fails': isInDoubt(
			(simulator) => ({ ...simulator.refusal('internalError', { headers: soon }), handled: true }),
			4,
			1,
		),
		'is an error, when the service is not available up to the time limit': isInDoubt(
			(simulator) => simulator.refusal('unavailable', { headers: soon }),
			undefined,
			0,
			{ options: { timeout: 4 } },
		),
		'is an error, when the service says so': isInDoubt(
			(simulator) => simulator.refusal('paidOutcomeUnknown', { headers: soon }),
			4,
			0,
		),
		'is an error at once, when the key was used for another request': isInDoubt(
			(simulator) => simulator.refusal('idempotencyConflict'),
			1,
			0,
		),
		'is found again by Retry On Fail, under the same key': async (simulator) => {
			inject(simulator, { status: 504, headers: soon, body: html, handled: true }, { times: 4 });
			const { items, error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '=Edit {{ Math.random() }}' }),
				node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			});
			expect(error).toBeUndefined();
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(keysOf(simulator)).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		},
		'stays in doubt when the next try is refused': async (simulator) => {
			inject(simulator, { status: 504, headers: soon, body: html, handled: true }, { times: 4 });
			inject(simulator, simulator.refusal('unauthorized'), { times: Infinity });
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			});
			expect(error?.message).toContain("It's unknown whether EvoLink created the task");
			expect(keysOf(simulator)).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		},
		'is named with Continue, beside the images of the others': async (simulator) => {
			const match: FaultRule['match'] = ({ body }) => body.includes('doubt');
			inject(simulator, 'resetAfter', { match, times: Infinity });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, { prompt: '={{ $json.prompt }}' }),
				items: [{ json: { prompt: 'fine' } }, { json: { prompt: 'doubt' } }],
				node: { onError: 'continueRegularOutput' },
			});
			expect(items[0].json.status).toBe('completed');
			expect(Object.keys(items[1].json)).toEqual(['error']);
			expect(items[1].json.error).toMatch(/unknown .* task history .*idempotency key n8n-/);
			expect(simulator.paidTasks()).toBe(2);
		},
	});
});

describe('A create that is refused', () => {
	scenarios({
		'an error with status 200 is told in the words of the service': isRefused(
			() => ({ status: 200, body: { code: 402, msg: 'No credits left' } }),
			'402',
			/EvoLink rejected the request: No credits left/,
			/Top up the EvoLink account/,
		),
		'success: false with status 200 is told in the words of the service': isRefused(
			() => ({ status: 200, body: { success: false, message: 'No such size' } }),
			'200',
			/No such size/,
			/./,
		),
		'402 with a word as error keeps its code': isRefused(
			() => ({
				status: 402,
				body: { error: 'key_model_not_allowed', error_description: 'Not for this key' },
			}),
			'402',
			/Not for this key/,
			/doesn't have access to the model.*key_model_not_allowed/,
		),
		'402 tells its figures': isRefused(
			() => ({
				status: 402,
				body: {
					error: {
						code: 'insufficient_user_quota',
						message: 'Not enough',
						remaining_credits: 0.5,
						estimated_credits: 2.3,
						action_url: 'https://evolink.ai/dashboard/credits',
						reset_timezone: 'UTC',
					},
				},
			}),
			'402',
			/Not enough \(credits: needed 2\.3, remaining 0\.5\)/,
			/midnight \(UTC\)\. See https:\/\/evolink\.ai\/dashboard\/credits/,
		),
		'403 of Cloudflare is not blamed on the key': isRefused(
			() => ({ status: 403, body: 'error code: 1010' }),
			'403',
			/didn't reach EvoLink: a proxy or firewall responded .*403 \(error code: 1010\)/,
			/isn't caused by the API key/,
		),
		'407 is the proxy of n8n': isRefused(
			() => ({ status: 407, body: html }),
			'407',
			/didn't reach EvoLink: a proxy or firewall responded .*407/,
			/proxy requires authentication/,
		),
		'401 says to check the key': isRefused(
			(simulator) => simulator.refusal('unauthorized'),
			'401',
			/^EvoLink rejected the API key$/,
			/Check the API key in the 'EvoLink API' credential.*Invalid or expired token/,
		),
		'402 says to top up': isRefused(
			(simulator) => simulator.refusal('insufficientCredits'),
			'402',
			/Insufficient quota/,
			/Top up the EvoLink account .* Nothing was charged/,
		),
		'402 of the older documentation says to top up': isRefused(
			(simulator) => simulator.refusal('insufficientCredits', { style: 'A' }),
			'402',
			/Insufficient quota/,
			/Top up the EvoLink account/,
		),
		'402 for the key alone says to raise its limit': isRefused(
			(simulator) => simulator.refusal('keyLimitReached', { style: 'C' }),
			'402',
			/quota of this key is used up/,
			/Increase the limit of this API key/,
		),
		'403 says which permission to look at': isRefused(
			(simulator) => simulator.refusal('modelAccessDenied'),
			'403',
			/Access denied for this model/,
			/Enable it for the key.* or select another model/,
		),
		'404 says to check the base URL': isRefused(
			(simulator) => simulator.refusal('routeNotFound'),
			'404',
			/Invalid URL/,
			/the base URL/,
		),
		'400 says to check the parameters': isRefused(
			(simulator) => simulator.refusal('invalidRequest', { message: 'prompt is odd' }),
			'400',
			/prompt is odd/,
			/Check the parameters of this node/,
		),
		'413 says to send less': isRefused(
			(simulator) => simulator.refusal('tooLarge'),
			'413',
			/Request body too large/,
			/fewer or smaller images/,
		),
		'an API that redirects does not get the key sent on': async (simulator) => {
			const headers = { location: `${simulator.picturesUrl}/cat.png` };
			inject(simulator, { status: 307, headers }, { times: Infinity });
			const { error } = await runWorkflow({
				simulator,
				parameters: editImage(simulator, {
					images: { image: [{ source: 'url', url: headers.location }] },
				}),
			});
			expect(error?.description).toContain('Check the base URLs');
			expect(sent(simulator).all).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(0);
		},
		'a service that repeats the key in its message does not get it shown': async (simulator) => {
			const message = `No such key: ${simulator.apiKey}`;
			inject(simulator, simulator.refusal('unauthorized', { message }));
			const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
			expect(error?.description).toContain('No such key: [API key]');
		},
		'a 429 that lasts as long as the time limit ends with an error and costs nothing': async (
			simulator,
		) => {
			inject(simulator, simulator.refusal('rateLimited', { headers: soon }), { times: Infinity });
			for (const wait of ['poll', 'none']) {
				const startedAt = Date.now();
				const parameters = editImage(simulator, { wait, options: { timeout: 8 } });
				const { error } = await runWorkflow({ simulator, parameters });
				expect(Date.now() - startedAt).toBeGreaterThanOrEqual(8_000);
				expect(error?.message).toContain('Rate limit exceeded');
				expect(error?.description).toContain("Lower the option 'Concurrency'");
			}
			expect(sent(simulator).creates.length).toBeGreaterThan(4);
			expect(simulator.paidTasks()).toBe(0);
		},
		'after a top-up, Retry On Fail pays once': async (simulator) => {
			inject(simulator, simulator.refusal('insufficientCredits'));
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			});
			expect(items[0].json.status).toBe('completed');
			expect(simulator.paidTasks()).toBe(1);
		},
		'an internal error after the payment is not paid again by Retry On Fail': async (simulator) => {
			const fault = simulator.refusal('internalError', { headers: soon });
			inject(simulator, { ...fault, handled: true }, { times: 4 });
			const { items } = await runWorkflow({
				simulator,
				parameters: editImage(simulator),
				node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			});
			expect(items[0].json.status).toBe('completed');
			expect(simulator.paidTasks()).toBe(1);
		},
	});
});

describe('An upload', () => {
	const upload = { host: 'files', method: 'POST' } as const;
	const binary: INodeParameters = {
		images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
	};
	const run = async (simulator: Simulator, node = {}) =>
		await runWorkflow({
			simulator,
			parameters: editImage(simulator, binary),
			items: [
				{
					json: {},
					binary: { data: binaryField(await samplePicture('png'), 'a.png', 'image/png') },
				},
			],
			node,
		});
	const passes = (fault: Fault) =>
		(async (simulator) => {
			simulator.inject({ ...upload, fault });
			const { items, error } = await run(simulator);
			expect(error).toBeUndefined();
			expect(items[0].binary?.data.mimeType).toBe('image/png');
			expect(sent(simulator).uploads).toHaveLength(2);
			expect(simulator.files.size).toBe(1);
			expect(simulator.paidTasks()).toBe(1);
		}) satisfies Scenario;

	scenarios({
		'comes through a reset': passes('resetBefore'),
		'comes through a lost answer': passes('resetAfter'),
		'comes through 429': passes({ status: 429, headers: soon }),
		'comes through 503': passes({ status: 503, headers: soon, body: html }),
		'comes through a web page': passes({ status: 200, headers: soon, body: html }),
		'comes through broken JSON': passes('brokenJson'),
		'comes through a storage error with status 200': passes({
			status: 200,
			headers: soon,
			body: { success: false, code: 50001, msg: 'Storage error' },
		}),
		'that is refused is an error in the words of the service, and nothing is paid': async (
			simulator,
		) => {
			const body = { success: false, code: 40003, msg: 'File quota exceeded' };
			simulator.inject({ ...upload, times: Infinity, fault: { status: 200, body } });
			const { error } = await run(simulator);
			expect(error?.message).toContain('File quota exceeded');
			expect(sent(simulator).uploads).toHaveLength(1);
			expect(sent(simulator).creates).toEqual([]);
		},
		'that never succeeds ends with its last cause, and nothing is paid': async (simulator) => {
			simulator.inject({ ...upload, times: Infinity, fault: { status: 503, headers: soon } });
			const { error } = await run(simulator);
			expect(error?.message).toContain('Could not upload the image');
			expect(sent(simulator).uploads).toHaveLength(4);
			expect(sent(simulator).creates).toEqual([]);
		},
		'that fails in the first try of Retry On Fail is done in the second': async (simulator) => {
			simulator.inject({ ...upload, times: 4, fault: { status: 503, headers: soon } });
			const { items } = await run(simulator, {
				retryOnFail: true,
				maxTries: 2,
				waitBetweenTries: 1,
			});
			expect(items[0].json.status).toBe('completed');
			expect(simulator.paidTasks()).toBe(1);
		},
		'is not sent on by a files host that redirects': async (simulator) => {
			const headers = { location: `${simulator.picturesUrl}/cat.png` };
			simulator.inject({ ...upload, fault: { status: 307, headers } });
			const { error } = await run(simulator);
			expect(error?.message).toContain('Could not upload the image');
			expect(sent(simulator).all).toHaveLength(1);
		},
	});
});

describe('A service that ignores keys (docs/paying-once.md says what that costs)', () => {
	const lost = (simulator: Simulator, times: number) => inject(simulator, 'resetAfter', { times });

	scenarios(
		{
			'a task whose create was answered is resumed all the same, by Retry On Fail and by Retry':
				async (simulator) => {
					simulator.nextTask({ delivery: { status: 403, statusTimes: 2 } });
					const parameters = editImage(simulator);
					const node = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
					const failed = await runWorkflow({ simulator, parameters, node, executionId: '1' });
					expect(failed.error).toBeDefined();
					const retried = await runWorkflow({
						...{ simulator, parameters, node },
						executionId: '2',
						retryOf: failed,
					});
					expect(retried.items[0].json.status).toBe('completed');
					expect(simulator.paidTasks()).toBe(1);
				},
			'a create whose answer is lost three times buys four tasks, and the item has the last':
				async (simulator) => {
					lost(simulator, 3);
					const { items } = await runWorkflow({ simulator, parameters: editImage(simulator) });
					expect(items[0].json.id).toBe([...simulator.tasks.keys()].at(-1));
					expect(simulator.paidTasks()).toBe(4);
				},
			'it never buys more than four in one try': async (simulator) => {
				lost(simulator, Infinity);
				const { error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
				expect(error?.message).toContain("It's unknown whether");
				expect(simulator.paidTasks()).toBe(4);
			},
		},
		{ taskSeconds: 0.3, ignoresKeys: true },
	);
});
