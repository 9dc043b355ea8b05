import type { INodeParameters } from 'n8n-workflow';

import { sent } from '../workflows/harness';
import { err, Field, out } from './lab';

const field = new Field();

// n8n#11954
describe('A value of another type is not "empty", and not dropped after paying', () => {
	it.each<[string, INodeParameters]>([
		['prompt', { prompt: '={{ $json.o }}' }],
		['model', { model: { __rl: true, mode: 'id', value: '={{ $json.o }}' } }],
		['taskId', { operation: 'getTask', taskId: '={{ $json }}' }],
	])('%s', async (_name, parameters) => {
		const json = { id: 'task-unified-1-a', o: { text: 'x' } };
		const run = await field.run(parameters, [{ json }]);
		expect(err(run).message).not.toMatch(/is empty/);
	});

	it('callback URL that is an object', async () => {
		const parameters = { wait: 'none', callbackUrl: '={{ $json.o }}' };
		const json = { o: { url: 'https://n8n.example.com/webhook/x' } };
		const run = await field.run(parameters, [{ json }]);
		expect(sent(field.simulator).creates).toHaveLength(0);
		expect(err(run).message).toMatch(/Callback URL/);
	});

	it('output field name by an expression that gives nothing or an object', async () => {
		for (const binaryPropertyName of ['={{ $json.zz }}', '={{ $binary.data }}']) {
			const run = await field.run({ binaryPropertyName }, [field.item()]);
			const names = Object.keys(out(run, 'After')[0]?.binary ?? {});
			expect(names).not.toContainEqual(expect.stringMatching(/undefined|object Object/));
		}
	});
});
