import type { INode, INodeParameters } from 'n8n-workflow';

import type { WorkflowOptions } from '../workflows/harness';
import { Field, fromBinary, out } from './lab';

const field = new Field();

// n8n#25581, n8n#8744, n8n#23224, n8n-nodes-puppeteer#43
describe('An error before the first item does not hand the unedited original to the success output', () => {
	it.each<[string, INodeParameters, Partial<WorkflowOptions>, Partial<INode>]>([
		['bad base URL', {}, { credential: { baseUrl: 'mock-evolink.com' } }, {}],
		['no credential', {}, {}, { credentials: {} }],
		[
			'Max Credits by an expression that gives nothing',
			{ options: { maxCredits: '={{ $json.budget }}' } },
			{},
			{},
		],
		[
			'Concurrency refers to a missing node',
			{ options: { concurrency: "={{ $('Nope').item.json.x }}" } },
			{},
			{},
		],
	])('%s', async (_name, parameters, more, settings) => {
		const run = await field.run(
			{ ...fromBinary('data'), ...parameters },
			[field.item({ n: 1 })],
			{ onError: 'continueErrorOutput', ...settings },
			more,
		);
		expect(out(run, 'After')).toEqual([]);
		expect(out(run, 'Bad')).toHaveLength(1);
	});
});
