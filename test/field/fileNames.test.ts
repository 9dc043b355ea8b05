import { Field, out } from './lab';

const field = new Field();

// comfyui-lumi-batcher#62, n8n#12631
it('The images of different items have different file names', async () => {
	const items = ['a', 'b', 'c'].map((p) => ({ json: { p } }));
	const run = await field.run({ prompt: '={{ $json.p }}' }, items);
	expect(new Set(out(run, 'After').map(({ binary }) => binary?.data.fileName)).size).toBe(3);
});
