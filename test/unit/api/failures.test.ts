import { type IExecuteFunctions, NodeApiError, NodeOperationError, UserError } from 'n8n-workflow';

import { EvolinkClient } from '../../../nodes/Evolink/api/client';
import { describeFailure } from '../../../nodes/Evolink/api/http/failures';
import { keyedSend } from '../../../nodes/Evolink/api/http/http';
import { VirtualClock } from '../virtualClock';

const NODE = {
	id: 'n',
	name: 'EvoLink',
	type: 'n8n-nodes-evolink.evolink',
	typeVersion: 1,
	position: [0, 0] as [number, number],
	parameters: {},
};

function fault(code: string, syscall?: string, message = `${syscall ?? ''} ${code}`): Error {
	return Object.assign(new Error(message), { code, ...(syscall === undefined ? {} : { syscall }) });
}

/** As n8n hands it on. */
const wrapped = (error: Error) => new NodeApiError(NODE, error as never);
const axios = (error: Error & { code?: string }) =>
	Object.assign(new Error(error.message, { cause: error }), {
		name: 'AxiosError',
		code: error.code,
	});

it.each<[string, Error]>([
	['refused', fault('ECONNREFUSED', 'connect')],
	['unknown host', fault('ENOTFOUND', 'getaddrinfo')],
	['no lookup', fault('EAI_AGAIN', 'getaddrinfo')],
	['unreachable when connecting', fault('EHOSTUNREACH', 'connect')],
	['no network when connecting', fault('ENETUNREACH', 'connect')],
	['no answer when connecting', fault('ETIMEDOUT', 'connect')],
	['a firewall when connecting', fault('EPERM', 'connect')],
	[
		'refused at each address',
		Object.assign(new AggregateError([fault('ECONNREFUSED', 'connect')]), { code: 'ECONNREFUSED' }),
	],
	[
		'unreachable at each address',
		Object.assign(new AggregateError([fault('ETIMEDOUT', 'connect')]), { code: 'ETIMEDOUT' }),
	],
	['a bad certificate', fault('CERT_HAS_EXPIRED')],
])('not sent: %s', (_name, error) => {
	for (const given of [error, axios(error), wrapped(error), wrapped(axios(error))]) {
		expect(describeFailure(given, false).kind).toBe('notSent');
	}
});

it.each<[string, Error]>([
	['reset', fault('ECONNRESET', 'read')],
	['unreachable on an open connection', fault('EHOSTUNREACH', 'read')],
	['no network on an open connection', fault('ENETUNREACH', 'write')],
	['unreachable, nobody knows when', fault('EHOSTUNREACH')],
	['reset while reading, on a refused code', fault('ECONNREFUSED', 'read')],
	['hung up', fault('ECONNRESET', undefined, 'socket hang up')],
	['broken pipe', fault('EPIPE', 'write')],
	['no HTTP', fault('HPE_INVALID_CONSTANT')],
	['timed out on an open connection', fault('ETIMEDOUT', 'read')],
	['timed out', fault('ECONNABORTED')],
])('may have been sent: %s', (_name, error) => {
	for (const given of [error, axios(error), wrapped(error), wrapped(axios(error))]) {
		expect(describeFailure(given, false).kind).toBe('noAnswer');
	}
});

it.each<[string, Error, string]>([
	[
		'protection of private networks',
		new UserError('The request was blocked because it resolves to a restricted IP address'),
		'The request was blocked because it resolves to a restricted IP address',
	],
	[
		'a credential',
		new Error('Credentials could not be decrypted'),
		'Credentials could not be decrypted',
	],
	['an expression', new NodeOperationError(NODE, 'invalid syntax'), 'invalid syntax'],
	[
		'a header',
		fault('ERR_INVALID_CHAR', undefined, 'Invalid character in header'),
		'Invalid character in header',
	],
	['an address', fault('ERR_INVALID_URL', undefined, 'Invalid URL'), 'Invalid URL'],
])('not sent by n8n itself, in its own words: %s', (_name, error, reason) => {
	for (const given of [error, wrapped(error)]) {
		expect(describeFailure(given, false)).toMatchObject({ kind: 'blocked', reason });
	}
});

it('hands on what n8n says can be done', () => {
	const error = new UserError('Blocked', { description: 'Ask your n8n administrator.' });
	expect(describeFailure(wrapped(error), false).advice).toBe('Ask your n8n administrator.');
});

it.each(['constructor', '__proto__', 'toString'])('code %s is none of ours', (code) => {
	expect(describeFailure(fault(code), false).kind).toBe('noAnswer');
});

it('a create that n8n does not send is tried once, told in its words, and not called paid', async () => {
	const httpRequestWithAuthentication = jest.fn(async () => {
		throw wrapped(new UserError('Blocked for Bearer the-key-0123456789', { description: 'Ask.' }));
	});
	const logger = { debug: () => undefined };
	const context = {
		helpers: { httpRequestWithAuthentication },
		logger,
	} as unknown as IExecuteFunctions;
	const send = keyedSend(context, 'evolinkApi', 'the-key-0123456789');
	const addresses = { baseUrl: 'https://api.example.com', filesBaseUrl: '' };
	const client = new EvolinkClient(send, new VirtualClock(), addresses);
	const body = { model: 'm', prompt: 'p', image_urls: [] };
	const error: unknown = await client.createTask(body, 'key').catch((reason: unknown) => reason);
	expect(error).toMatchObject({
		message: expect.stringMatching(/n8n didn't send the request: Blocked for Bearer \[/) as string,
		advice: 'Ask.',
	});
	expect(error).not.toMatchObject({ message: expect.stringContaining('the-key') as string });
	expect(httpRequestWithAuthentication).toHaveBeenCalledTimes(1);
});
