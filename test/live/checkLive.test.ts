import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { ALL, asTable, checkLive, costOf, costText } from '../../tools/live/checkLive';
import { Live, PROMPT } from '../../tools/live/live';
import { Receiver } from '../../tools/live/receiver';
import { MODELS, type Simulator, type SimulatorOptions, startSimulator } from '../simulator';

const CALLBACK_HOST = 'callbacks.example.com';
const CALLBACK_URL = `https://${CALLBACK_HOST}/secret-path?token=secret-token`;

/** What is printed when everything is tried against such a service. */
async function tried(
	options: SimulatorOptions,
	script: (simulator: Simulator) => Promise<void> | void = () => undefined,
) {
	const largestUpload = 12_000_000;
	const receiver = await Receiver.listen(0);
	const simulator = await startSimulator({
		taskSeconds: 0.3,
		maxFileBytes: largestUpload,
		callbackHosts: { [CALLBACK_HOST]: `http://127.0.0.1:${receiver.port}` },
		...options,
	});
	try {
		await script(simulator);
		const paidByOthers = simulator.paidTasks();
		const { apiKey, apiUrl: baseUrl, filesUrl: filesBaseUrl } = simulator;
		const live = new Live({
			...{ apiKey, baseUrl, filesBaseUrl, receiver },
			callbackUrl: CALLBACK_URL,
			largestUpload,
			pollMs: 100,
		});
		const cost = await costOf(live, ALL);
		const paidBefore = simulator.paidTasks() - paidByOthers;
		const outcomes = await checkLive(live, ALL);
		const paid = simulator.ledger.filter(({ refunded }) => !refunded).length - paidByOthers;
		return { outcomes, cost, paidBefore, paid, table: asTable(outcomes), apiKey };
	} finally {
		receiver.close();
		await simulator.close();
	}
}

/** Tasks that the account has created before, by their ages in hours. */
async function createTasksOfBefore(simulator: Simulator, ages: number[]): Promise<void> {
	for (const hours of ages) {
		simulator.clockOffsetSeconds = -hours * 3600;
		await fetch(`${simulator.apiUrl}/v1/images/generations`, {
			method: 'POST',
			headers: {
				Authorization: `Bearer ${simulator.apiKey}`,
				'Content-Type': 'application/json',
			},
			body: JSON.stringify({
				model: 'qwen-image-edit',
				prompt: PROMPT,
				image_urls: [`${simulator.picturesUrl}/cat.png`],
			}),
		});
		// Until it has fetched the image, at its own time.
		for (const task of simulator.tasks.values()) await task.work;
	}
	simulator.clockOffsetSeconds = 0;
}

type Tried = Awaited<ReturnType<typeof tried>>;

/** The assumptions with such a result, by their first words. */
const named = ({ outcomes }: Tried, wanted: string) =>
	outcomes.filter(({ result }) => result === wanted).map(({ row }) => row.assumption);

const seen = ({ outcomes }: Tried, words: RegExp) =>
	outcomes.filter(({ row }) => words.test(row.assumption)).map((outcome) => outcome.seen);

/** What the documents do not know, or what needs more than a quiet service. */
const UNDOCUMENTED = [
	'How a model is priced',
	'The service quotes',
	'Result links live',
	'Uploads can be listed',
	'An upload can be deleted',
	'`completed` may come',
	'What is reserved',
	'A task that has ended tells what it cost',
	'A task that has ended tells in `billing`',
	'`duration` is',
	'A failed task tells',
	'A 429 says',
];

describe('npm run check:live', () => {
	let documented: Tried;
	let asVendor: Tried;
	let broken: Tried;

	beforeAll(async () => {
		const limits = { ...MODELS['qwen-image-edit'], maxImages: 9, maxPromptLength: 9_999 };
		[documented, asVendor, broken] = await Promise.all([
			tried({ fileDeletion: false }),
			tried(
				{ billing: true, quotes: true, imagesAfterSeconds: 2, wrapAnswers: true },
				(simulator) => createTasksOfBefore(simulator, [30, 20]),
			),
			tried(
				{ ignoresKeys: true, callbackRetrySeconds: [0.1], models: { 'qwen-image-edit': limits } },
				(simulator) => {
					const path = /\/tasks\/batch$/;
					simulator.inject({
						host: 'api',
						path,
						times: 2,
						fault: simulator.refusal('rateLimited'),
					});
					simulator.inject({ host: 'results', times: Infinity, fault: { status: 403 } });
				},
			),
		]);
	}, 120_000);

	it('the service as documented: nothing is wrong, and what the documents do not know is not seen', () => {
		expect(named(documented, 'not held')).toEqual([]);
		const notSeen = named(documented, 'not seen');
		expect(notSeen).toEqual(UNDOCUMENTED.map((words) => expect.stringContaining(words) as string));
		expect(documented.cost).toMatchObject({ isQuoted: false, balance: 1000 });
	});

	it('the service as its newest clients know it: prices, billing and late images are seen too', () => {
		expect(named(asVendor, 'not held')).toEqual([]);
		expect(named(asVendor, 'not seen')).toEqual([
			'Uploads can be listed',
			'A 429 says by `Retry-After` when to come back',
		]);
		expect(seen(asVendor, /^`completed` may come/)).toEqual([
			expect.stringMatching(/^the images came [1-9]\.\d s later$/),
		]);
		expect(seen(asVendor, /^Result links live/)).toEqual(['alive after 20 h, dead after 30 h']);
		expect(seen(asVendor, /^A failed task tells/)).toEqual([
			'charge_status released, refund_status completed, charged_credits 0, refunded_credits 1',
		]);
		expect(asVendor.cost).toMatchObject({ isQuoted: true, creditsEach: 1 });
	});

	it('a service that breaks assumptions: each is named', () => {
		expect(named(broken, 'not held')).toEqual(
			[
				'The same request under the same key',
				'Another prompt under a known key',
				'Another callback URL alone',
				'Two equal creates',
				'Several tasks can be asked for at once',
				'A result link gives the image',
				'Under its key a failed task',
				'A call that is not answered with 2xx',
				'refuses four images',
				'refuses a prompt of 2,001',
				'A 429 says',
			].map((words) => expect.stringContaining(words) as string),
		);
		expect(seen(broken, /^The same request/)).toEqual([
			'ANOTHER TASK; no header idempotency-replayed',
		]);
		expect(seen(broken, /^A call that is not answered/)[0]).toMatch(/^2 calls, after \d\.\d s$/);
	});

	it('an account without credits shows nothing of creates', async () => {
		const poor = await tried({ credits: 0 });
		expect(named(poor, 'not held')).toEqual([]);
		const bought = poor.outcomes.filter(({ row }) => row.buys?.held);
		expect(bought.map(({ result, seen: words }) => [result, /402/.test(words)])).toEqual(
			Array(5).fill(['not seen', true]),
		);
		expect(poor.paid).toBe(0);
	}, 240_000);

	it('says what it costs before it pays, and keeps to it', () => {
		for (const { cost, paidBefore, paid } of [documented, asVendor, broken]) {
			expect(paidBefore).toBe(0);
			expect(paid).toBeLessThanOrEqual(cost.tasks.atMost);
		}
		// The one whose image cannot be fetched is refunded here.
		expect(asVendor.paid).toBe(asVendor.cost.tasks.held - 1);
		expect(broken.paid).toBeGreaterThan(broken.cost.tasks.held);
		expect(costText(asVendor.cost)).toMatch(
			/^This creates 5 tasks of .* \(5 credits\).* at most 17 /,
		);
		expect(costText(documented.cost)).toContain('2.3 credits for one is what was last seen');
	});

	it('gives a table without key, prompt, or secrets of addresses', () => {
		for (const { table, apiKey } of [documented, asVendor, broken]) {
			expect(table.split('\n')).toHaveLength(ALL.length + 2);
			for (const line of table.split('\n')) expect(line).toMatch(/^\|( [^|]+ \|){5}$/);
			for (const secret of [apiKey, PROMPT, 'secret-path', 'secret-token']) {
				expect(table).not.toContain(secret);
			}
		}
	});
});

describe('the command', () => {
	/** Runs it without a terminal. */
	async function run(args: string[], env: Record<string, string> = {}) {
		const script = join(__dirname, '../../tools/live/main.ts');
		const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
			cwd: join(__dirname, '..', '..'),
			env: { ...process.env, EVOLINK_API_KEY: '', ...env },
		});
		let output = '';
		let errors = '';
		child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
		child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
		const [code] = (await once(child, 'close')) as [number];
		return { code, output, errors };
	}

	it('needs a key, and pays nothing where nobody can be asked', async () => {
		const simulator = await startSimulator();
		const addresses = [`${simulator.apiUrl}/v1/`, '--files-base-url', simulator.filesUrl];
		const to = ['--base-url', ...addresses, '--largest-upload', '1'];
		const env = { EVOLINK_API_KEY: `Bearer ${simulator.apiKey}` };
		const [keyless, unasked, free] = await Promise.all([
			run(to),
			run(to, env),
			run([...to, '--free'], env),
		]);
		expect(keyless).toEqual({
			code: 1,
			output: '',
			errors: expect.stringContaining('Set EVOLINK_API_KEY') as string,
		});
		expect(unasked).toMatchObject({ code: 1, output: '' });
		expect(unasked.errors).toMatch(/at most 17 tasks|at most 17 \([^]*no terminal to ask at/);
		expect(free.code).toBe(0);
		expect(free.output).toMatch(/\| `GET \/v1\/models` .* \| held \| /);
		expect(simulator.paidTasks()).toBe(0);
		expect(simulator.requests.some(({ path }) => path === '/v1/images/generations')).toBe(false);
		expect(simulator.keyLeaks).toEqual([]);
		await simulator.close();
	}, 240_000);
});
