import {
	type IExecuteFunctions,
	type INode,
	NodeApiError,
	NodeOperationError,
	type OnError,
} from 'n8n-workflow';

import {
	ApiError,
	DownloadError,
	InvalidInputError,
	OutcomeUnknownError,
	TaskFailedError,
	WaitTimeoutError,
} from '../../../nodes/Evolink/api/errors/errors';
import { parseTask } from '../../../nodes/Evolink/api/task';
import { errorItem, nodeErrorFor } from '../../../nodes/Evolink/run/nodeError';
import { TASK_ID } from '../taskAnswers';

const NODE: INode = {
	id: 'n',
	name: 'EvoLink',
	type: 'n8n-nodes-evolink.evolink',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

const LINKS = ['https://r.example.com/a.png', 'https://r.example.com/b.png'];
const EXPIRES = '2026-11-22T12:00:00.000Z';
const download = new DownloadError('The task is complete, but: gone', 'Fetch it again.', {
	taskId: TASK_ID,
	results: LINKS,
	expiresAt: EXPIRES,
});
const refused = new ApiError('Invalid token', 'Check the key.', { status: 401 });

describe('the item of an error', () => {
	function itemOf(error: unknown, onError: OnError) {
		const context = { getNode: () => ({ ...NODE, onError }) } as IExecuteFunctions;
		return errorItem(context, error, 4);
	}

	describe('with "Continue"', () => {
		it.each([
			[
				'a refused input',
				new InvalidInputError("'Prompt' is empty", ''),
				{ error: "'Prompt' is empty" },
			],
			['a refusal of the service', refused, { error: 'Invalid token' }],
			[
				'a paid task',
				new WaitTimeoutError(TASK_ID, 5),
				{ error: "The task didn\'t finish within 5 seconds", id: TASK_ID },
			],
			[
				'a picture that could not be fetched',
				download,
				{ error: download.message, id: TASK_ID, results: LINKS, expires_at: EXPIRES },
			],
			[
				'an error of n8n',
				new NodeOperationError(NODE, 'No such field'),
				{ error: 'No such field' },
			],
			['a bug', new TypeError('x is not a function'), { error: 'x is not a function' }],
		])('%s', (_name, error, json) => {
			expect(itemOf(error, 'continueRegularOutput')).toEqual({ json, pairedItem: { item: 4 } });
		});

		it('an unknown outcome says where to look, and the key', () => {
			const error = new OutcomeUnknownError('Nobody knows', 'n8n-key');
			expect(itemOf(error, 'continueRegularOutput').json.error).toMatch(
				/^Nobody knows\. It may have been charged: .*task history.*n8n-key/,
			);
		});
	});

	// n8n 1.x moves an item to the error output only if its JSON has nothing but `error`.
	describe('with "Continue (using error output)" has one key, and everything in its text', () => {
		it.each([
			['a refused input', new InvalidInputError("'Prompt' is empty", ''), ["'Prompt' is empty"]],
			['a paid task', new WaitTimeoutError(TASK_ID, 5), ["didn't finish within", TASK_ID]],
			['a lost picture', download, [download.message, TASK_ID, ...LINKS, EXPIRES]],
			['an unknown outcome', new OutcomeUnknownError('Nobody knows', 'n8n-key'), ['n8n-key']],
			['a bug', new TypeError('x is not a function'), ['x is not a function']],
		])('%s', (_name, error, words) => {
			const { json, pairedItem } = itemOf(error, 'continueErrorOutput');
			expect(Object.keys(json)).toEqual(['error']);
			for (const word of words) expect(json.error).toContain(word);
			expect(pairedItem).toEqual({ item: 4 });
		});
	});
});

describe("n8n's error", () => {
	it('of a refusal is an API error with status, advice and item', () => {
		const error = nodeErrorFor(NODE, refused, 4, 'Two others are paid.');
		expect(error).toBeInstanceOf(NodeApiError);
		expect(error).toMatchObject({
			message: 'Invalid token',
			description: 'Check the key. Two others are paid.',
			httpCode: '401',
			context: { itemIndex: 4 },
		});
	});

	it("does not say 'canceled', which n8n would take for a stop by the user", () => {
		const error = { code: 'request_cancelled', message: 'It was canceled' };
		const task = parseTask({ id: TASK_ID, status: 'failed', error });
		if (!task?.failure) throw new Error('not a failed task');
		const { message } = nodeErrorFor(NODE, new TaskFailedError(task, task.failure), 0);
		expect(message).toContain('It was cancelled');
		expect(message).not.toContain('canceled');
	});

	const REPLACED = [
		...['ENOTFOUND', 'ECONNREFUSED', 'ETIMEDOUT', 'ECONNRESET', 'GETADDRINFO', 'ENOENT', 'EEXIST'],
		...['EPERM', 'EACCES', 'EISDIR', 'ENOTDIR', 'EAI_AGAIN', 'EHOSTUNREACH', 'ECONNABORTED'],
		...['a preexisting image', 'keepermark', 'getaddrinfo ENOTFOUND nowhere.example'],
	];
	it.each(REPLACED)('says what we wrote, also with %s in it', (word) => {
		const message = `The task failed: ${word}`;
		for (const error of [
			new ApiError(message, `Look at ${word}.`, { status: 502 }),
			new InvalidInputError(message, `Look at ${word}.`),
		]) {
			const nodeError = nodeErrorFor(NODE, error, 0);
			// As n8n saves it.
			const saved = JSON.parse(
				JSON.stringify({ ...nodeError, message: nodeError.message }),
			) as object;
			for (const each of [nodeError, saved]) {
				expect(each).toMatchObject({ message, description: `Look at ${word}.` });
			}
		}
	});

	it.each(['{{ $json.a }}', '<b>bold</b> & <script>', "it's `quoted`", 'a\nb'])(
		'leaves %p as it is',
		(text) => {
			const error = nodeErrorFor(NODE, new InvalidInputError(`No: ${text}`, `Mend ${text}`), 0);
			expect(error).toMatchObject({ message: `No: ${text}`, description: `Mend ${text}` });
		},
	);

	it('has what an error workflow and a person at the support need', () => {
		const trace = { taskId: TASK_ID, requestId: 'req-1', answer: '{"odd":true}' };
		const error = nodeErrorFor(NODE, new DownloadError('Gone', 'Fetch it.', trace), 2);
		expect(error.context).toMatchObject({ itemIndex: 2, ...trace });
		expect(error.description).toBe(`Fetch it. Task ID: ${TASK_ID}. Request ID: req-1.`);
	});

	it('of a lost image names task, links and expiry', () => {
		const error = nodeErrorFor(NODE, download, 0);
		expect(error).toBeInstanceOf(NodeOperationError);
		expect(error.message).toBe(download.message);
		for (const word of ['Fetch it again.', TASK_ID, ...LINKS, EXPIRES]) {
			expect(error.description).toContain(word);
		}
	});

	it('leaves an error of n8n as it is, and adds the item', () => {
		const given = new NodeOperationError(NODE, 'No such field');
		const error = nodeErrorFor(NODE, given, 4);
		expect(error).toBe(given);
		expect(error.context.itemIndex).toBe(4);
	});

	it('keeps the item that an error of n8n names itself', () => {
		const given = new NodeOperationError(NODE, 'No such field', { itemIndex: 2 });
		expect(nodeErrorFor(NODE, given, 4).context.itemIndex).toBe(2);
	});

	it('of a bug says where the bug is', () => {
		const whereTheBugIs = () => new TypeError('x is undefined');
		expect(nodeErrorFor(NODE, whereTheBugIs(), 0).stack).toContain('at whereTheBugIs (');
	});

	it('of a bug keeps its message and the note of what is paid', () => {
		const error = nodeErrorFor(NODE, new TypeError('x is not a function'), 1, 'One is paid.');
		expect(error).toBeInstanceOf(NodeOperationError);
		expect(error).toMatchObject({
			message: 'x is not a function',
			description: 'One is paid.',
			context: { itemIndex: 1 },
		});
	});
});
