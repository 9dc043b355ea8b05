/**
 * `npm run check:live`: for the owner of a key. Tries on the service itself what the node relies on and no page of the
 * documentation promises. **Costs money**, which it says and asks about first.
 */

import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';

import { ALL, asTable, checkLive, costOf, costText, FREE } from './checkLive';
import { Live } from './live';
import { Receiver } from './receiver';

const USAGE = `Tries on EvoLink itself what the node relies on, and prints a table for docs/facts/evolink.md.
The key is taken from the environment variable EVOLINK_API_KEY. It says what it costs and asks before it pays.

  --free                   only what costs nothing: account, prices, uploads
  --yes                    do not ask (for scripts)
  --base-url <url>         default https://api.evolink.ai
  --files-base-url <url>   default https://files-api.evolink.ai
  --callback-url <url>     a public https address of a tunnel to the port below, to see callbacks
  --callback-port <port>   where this command listens for them (default 8788)
  --largest-upload <MB>    what the files host is said to take (default 100); two files of that size are sent
  --help`;

interface Arguments {
	isFree: boolean;
	isAgreed: boolean;
	baseUrl: string;
	filesBaseUrl: string;
	callbackUrl?: string;
	callbackPort: number;
	/** Bytes. */
	largestUpload: number;
}

function readArguments(): Arguments | undefined {
	const { values } = parseArgs({
		options: {
			free: { type: 'boolean', default: false },
			yes: { type: 'boolean', default: false },
			'base-url': { type: 'string', default: 'https://api.evolink.ai' },
			'files-base-url': { type: 'string', default: 'https://files-api.evolink.ai' },
			'callback-url': { type: 'string' },
			'callback-port': { type: 'string', default: '8788' },
			'largest-upload': { type: 'string', default: '100' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) return undefined;
	const callbackUrl = values['callback-url'];
	if (callbackUrl !== undefined && !/^https:\/\//i.test(callbackUrl)) {
		throw new Error('--callback-url is a public https address: the service calls no other');
	}
	return {
		isFree: values.free,
		isAgreed: values.yes,
		baseUrl: readAddress('base-url', values['base-url']),
		filesBaseUrl: readAddress('files-base-url', values['files-base-url']),
		callbackUrl,
		callbackPort: readPort(values['callback-port']),
		largestUpload: readMegabytes('largest-upload', values['largest-upload']),
	};
}

function readAddress(name: string, value: string): string {
	const address = value.trim().replace(/(\/+v1)?\/*$/i, '');
	if (!URL.canParse(address)) throw new Error(`--${name} is an address`);
	return address;
}

function readPort(value: string): number {
	const port = Number(value);
	if (!Number.isInteger(port) || port < 0 || port > 65_535) {
		throw new Error('--callback-port is a port');
	}
	return port;
}

function readMegabytes(name: string, value: string): number {
	const megabytes = Number(value);
	if (!(megabytes > 0)) throw new Error(`--${name} is a number of megabytes`);
	return megabytes * 1024 * 1024;
}

async function main(): Promise<void> {
	const given = readArguments();
	if (!given) return print(USAGE);
	const apiKey = (process.env.EVOLINK_API_KEY ?? '').trim().replace(/^Bearer\s+/i, '');
	if (apiKey === '') throw new Error('Set EVOLINK_API_KEY to an API key of EvoLink.');
	const { isFree, isAgreed, callbackPort, ...settings } = given;
	const receiver =
		settings.callbackUrl === undefined ? undefined : await Receiver.listen(callbackPort);
	try {
		const live = new Live({ apiKey, ...settings, receiver });
		const rows = isFree ? FREE : ALL;
		if (!isFree && !(await isPaymentAgreed(live, isAgreed))) return print('Nothing was paid.');
		const outcomes = await checkLive(live, rows, ({ row, result }) => {
			note(`${result.padEnd(8)}  ${row.assumption}`);
		});
		print(`\n${asTable(outcomes)}`);
	} finally {
		receiver?.close();
	}
}

async function isPaymentAgreed(live: Live, isAgreed: boolean): Promise<boolean> {
	note(costText(await costOf(live, ALL)));
	if (isAgreed) return true;
	if (!process.stdin.isTTY) {
		throw new Error('There is no terminal to ask at. Nothing was paid; --yes pays without asking.');
	}
	const terminal = createInterface({ input: process.stdin, output: process.stderr });
	const answer = await terminal.question('Pay? Type yes: ');
	terminal.close();
	return answer.trim().toLowerCase() === 'yes';
}

/** Only the table goes to the standard output. */
function note(text: string): void {
	process.stderr.write(`${text}\n`);
}

function print(text: string): void {
	process.stdout.write(`${text}\n`);
}

main().catch((error: Error) => {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
});
