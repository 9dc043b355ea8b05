/** `npm run simulator`: the stand-in for EvoLink by itself, for people who develop without a key. */
import { parseArgs } from 'node:util';

import {
	startSimulator,
	type CallbackDelivery,
	type ErrorStyle,
	type RecordedRequest,
	type Simulator,
	type SimulatorOptions,
} from '.';

const USAGE = `A stand-in for the EvoLink service on this computer. Nothing is paid and no key is needed.

  --port <number>             port of the API; files, results, pictures, gateway follow (default 8787)
  --task-seconds <number>     how long a task takes (default 5)
  --credits <number>          what the account has at the start (default 1000)
  --error-style A|B|C         which generation of error bodies is answered (default B)
  --fail <code>               let every task fail, e.g. content_policy_violation
  --callbacks-to <origin>     where callbacks really go, whatever public host they name,
                              e.g. http://127.0.0.1:5678 (default: nowhere)
  --help

Without more it is as the documents have it, with idempotency keys, batch query, history and deletion of uploads
as the vendor's clients have them. What else those clients and white labels show, and what may be otherwise than
they show (docs/decisions/simulator.md has the evidence):

  --images-after <number>     seconds for which a completed task has no images yet (default 0)
  --billing                   tasks tell their billing, credits_used and duration
  --charge-failures           failed tasks are charged: with --fail, and --billing to tell it
  --quotes                    prices are told (price rules, agent-estimates)
  --tasks-at-a-time <number>  unfinished tasks that the account takes; then 429 without Retry-After
  --wrap-answers              creates and reads answer with {code, msg, data: task}
  --no-batch-query            several tasks cannot be asked for at once
  --no-file-deletion          uploads cannot be deleted
  --ignore-keys               each create is a task of its own, whatever its Idempotency-Key`;

interface Arguments {
	options: SimulatorOptions;
	/** Error code of every task. */
	fail?: string;
	/** Whether tasks that fail are charged. */
	chargesFailures: boolean;
}

function readArguments(): Arguments | undefined {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '8787' },
			'task-seconds': { type: 'string', default: '5' },
			'images-after': { type: 'string', default: '0' },
			billing: { type: 'boolean', default: false },
			quotes: { type: 'boolean', default: false },
			'wrap-answers': { type: 'boolean', default: false },
			'ignore-keys': { type: 'boolean', default: false },
			'no-batch-query': { type: 'boolean', default: false },
			'no-file-deletion': { type: 'boolean', default: false },
			'charge-failures': { type: 'boolean', default: false },
			credits: { type: 'string', default: '1000' },
			'tasks-at-a-time': { type: 'string', default: 'Infinity' },
			'error-style': { type: 'string', default: 'B' },
			fail: { type: 'string' },
			'callbacks-to': { type: 'string' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) return undefined;
	const errorStyle = values['error-style'].toUpperCase();
	if (!['A', 'B', 'C'].includes(errorStyle)) throw new Error('--error-style is A, B or C');
	const callbacksTo = values['callbacks-to'];
	if (callbacksTo !== undefined && !URL.canParse(callbacksTo)) {
		throw new Error('--callbacks-to is an origin such as http://127.0.0.1:5678');
	}
	return {
		fail: values.fail,
		chargesFailures: values['charge-failures'],
		options: {
			port: readNumber('port', values.port),
			taskSeconds: readNumber('task-seconds', values['task-seconds']),
			imagesAfterSeconds: readNumber('images-after', values['images-after']),
			billing: values.billing,
			quotes: values.quotes,
			wrapAnswers: values['wrap-answers'],
			ignoresKeys: values['ignore-keys'],
			batchQuery: !values['no-batch-query'],
			fileDeletion: !values['no-file-deletion'],
			credits: readNumber('credits', values.credits),
			tasksAtATime: readNumber('tasks-at-a-time', values['tasks-at-a-time']),
			errorStyle: errorStyle as ErrorStyle,
			callbackHosts: callbacksTo === undefined ? {} : { '*': callbacksTo },
			keepBodies: false,
		},
	};
}

function readNumber(name: string, value: string): number {
	const number = Number(value);
	if (value.trim() === '' || !(number >= 0)) throw new Error(`--${name} is a number`);
	return number;
}

function introduce(simulator: Simulator): void {
	const { apiUrl, filesUrl, resultsUrl, picturesUrl, gatewayUrl, apiKey, gatewayKey } = simulator;
	print(`EvoLink simulator. Ctrl-C ends it.

  API       ${apiUrl}        (credential "EvoLink API": Base URL)
  Files     ${filesUrl}        (credential "EvoLink API": Files Base URL)
  Results   ${resultsUrl}
  Pictures  ${picturesUrl}/cat.png /room.jpg /shirt.webp /tiny.png
  Gateway   ${gatewayUrl}        (credential "Images Gateway API", key ${gatewayKey})
  Key       ${apiKey}

Try:

  curl ${apiUrl}/v1/images/generations \\
    -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"model":"qwen-image-edit","prompt":"Replace the background with a beach","image_urls":["${picturesUrl}/cat.png"]}'
  curl ${apiUrl}/v1/tasks/<id> -H 'Authorization: Bearer ${apiKey}'
`);
}

function requestLine(request: RecordedRequest, simulator: Simulator): string {
	const { host, method, path, status, fault, charged, fromService } = request;
	const payment = simulator.ledger.at(-1);
	const notes = [
		fault && `fault: ${fault}`,
		fromService && 'by the service',
		charged && payment
			? `${payment.taskId}: paid ${charged} credits, ${simulator.credits} left`
			: undefined,
	].filter(Boolean);
	const note = notes.length ? `  (${notes.join('; ')})` : '';
	return `${host.padEnd(8)} ${method.padEnd(4)} ${path} → ${status ?? 'no answer'}${note}`;
}

function callbackLine({ taskId, url, attempt, status, error }: CallbackDelivery): string {
	return `callback ${taskId} → ${url}: ${status ?? error} (attempt ${attempt})`;
}

function log(line: string): void {
	print(`${new Date().toLocaleTimeString('en-GB')} ${line}`);
}

function print(text: string): void {
	process.stdout.write(`${text}\n`);
}

async function main(): Promise<void> {
	const given = readArguments();
	if (!given) return print(USAGE);
	const simulator: Simulator = await startSimulator({
		...given.options,
		onRequest: (request) => log(requestLine(request, simulator)),
		onCallback: (delivery) => log(callbackLine(delivery)),
	});
	const { fail: code, chargesFailures: charged } = given;
	if (code) simulator.nextTask({ times: Infinity, end: 'failed', code, charged });
	introduce(simulator);
	const stop = () => void simulator.close().then(() => process.exit(0));
	process.once('SIGINT', stop);
	process.once('SIGTERM', stop);
}

main().catch((error: Error) => {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
});
