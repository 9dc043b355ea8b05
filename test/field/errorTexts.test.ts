import type { INodeParameters } from 'n8n-workflow';

import { err, Field, fromBinary, out } from './lab';

const field = new Field();

// n8n#16130, n8n#37612, n8n#28455
describe('Error texts', () => {
	it('are short where base64 stands in another field', async () => {
		const b = Buffer.alloc(300_000, 7).toString('base64');
		const model = { __rl: true, mode: 'id', value: 'gpt-image-2' };
		const cases: INodeParameters[] = [
			fromBinary('={{ $json.b }}'),
			{ model, options: { mask: '={{ $json.b }}' } },
			{ options: { timeout: '={{ $json.b }}' } },
			{ wait: '={{ $json.b }}' },
			{ model, options: { size: '={{ $json.b }}' } },
		];
		for (const parameters of cases) {
			const run = await field.run(parameters, [{ json: { b } }]);
			expect(err(run).message.length).toBeLessThan(1000);
		}
	});

	it('name the image whose binary field has no data (pinned, or made by a Code node)', async () => {
		const item = field.item({}, { mimeType: 'image/png', fileName: 'a.png' });
		const run = await field.run(fromBinary('data'), [item]);
		expect(err(run).message).toMatch(/Image 1/);
	});

	it('tell that a data URL was decoded as base64', async () => {
		const url = `data:image/png;base64,${field.bytes.toString('base64')}`;
		const data = Buffer.from(url, 'base64').toString('base64');
		const run = await field.run(fromBinary('data'), [
			field.item({}, { mimeType: 'image/png', data }),
		]);
		const { message, description } = err(run);
		expect(`${message} ${description}`).toMatch(/data URL|data:image|base64/i);
	});

	it('say that an operation or a service does not exist', async () => {
		const operation = await field.run({ operation: 'editVideo' }, [{ json: {} }]);
		const service = await field.run({ service: '={{ "openai" }}' }, [{ json: {} }]);
		expect([err(operation).message, err(service).message]).not.toContainEqual(
			expect.stringMatching(/Cannot read properties|Could not find property/),
		);
	});
});

// n8n#18985, n8n#28546
describe('A text with a word such as ENOTFOUND', () => {
	it('is not replaced by n8n with one about an incorrect host', async () => {
		const images = { image: [{ source: 'url', url: 'https://nowhere.example/a.png' }] };
		const run = await field.run({ images }, [{ json: {} }], { onError: 'continueErrorOutput' });
		expect(out(run, 'Bad')[0].json.error).not.toMatch(/usually occurs due to an incorrect host/);
	});
});
