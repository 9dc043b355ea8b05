import { err, Field, fromBinary } from './lab';

const field = new Field();

// n8n#22955, n8n#21203, n8n#23307, n8n#23470
describe('The binary field itself is given by an expression', () => {
	it.each([
		'={{ $binary.data }}',
		"={{ $('Start').item.binary.data }}",
		'={{ Object.keys($binary) }}',
		'={{ ["data"] }}',
	])('%s', async (name) => {
		const run = await field.run(fromBinary(name), [field.item()]);
		expect(err(run).message).not.toMatch(/is empty/);
	});

	it('combined mode (Execution Logic v2): json._files', async () => {
		const item = { json: { _files: { data: { ...field.picture } } } };
		const settings = { binaryMode: 'combined' } as const;
		const run = await field.run(fromBinary('_files.data'), [item], {}, { settings });
		expect(err(run).description).not.toMatch(/This item has no binary data/);
	});
});
