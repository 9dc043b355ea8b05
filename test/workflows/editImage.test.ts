import sharp from 'sharp';

import { type Simulator, startSimulator } from '../simulator';
import { bytesOf, editImage, runWorkflow } from './harness';

describe('Edit Image', () => {
	let simulator: Simulator;
	beforeAll(async () => {
		simulator = await startSimulator({ taskSeconds: 1 });
	});
	afterAll(async () => await simulator.close());

	it('turns a link into an edited picture in the binary field', async () => {
		const { items, error } = await runWorkflow({ simulator, parameters: editImage(simulator) });
		expect(error).toBeUndefined();
		const picture = await sharp(bytesOf(items[0].binary?.data)).metadata();
		expect(picture.format).toBe('png');
	});
});
