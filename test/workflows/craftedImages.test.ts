import type { Simulator } from '../simulator';
import { readsOf } from '../unit/images/work';
import { slowHeic } from '../unit/images/slowHeic';
import { binaryField, bytesOf, editImage, runWorkflow, type WorkflowResult } from './harness';
import { scenarios } from './scenarios';

/** What n8n, the simulator and the node read in a run; the crafted file alone took 240 million reads. */
const MAX_READS = 2_000_000;

async function cheaply(act: () => Promise<WorkflowResult>): Promise<WorkflowResult> {
	let result: WorkflowResult | undefined;
	const reads = await readsOf(async () => {
		result = await act();
	});
	expect(reads).toBeLessThan(MAX_READS);
	return result as WorkflowResult;
}

describe('A file that is made to be slow costs no time', () => {
	scenarios({
		'as an input': async (simulator) => {
			const { error } = await cheaply(
				async () =>
					await runWorkflow({
						simulator,
						parameters: editImage(simulator, {
							images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] },
						}),
						items: [
							{ json: {}, binary: { data: binaryField(slowHeic(), 'a.heic', 'image/heic') } },
						],
					}),
			);
			expect(error?.message).toMatch(/Image 1 .* HEIC/);
		},

		'as a download': async (simulator: Simulator) => {
			simulator.nextTask({ delivery: { bytes: slowHeic() } });
			const { items } = await cheaply(
				async () => await runWorkflow({ simulator, parameters: editImage(simulator) }),
			);
			expect(bytesOf(items[0].binary?.data).equals(slowHeic())).toBe(true);
		},

		"as a gateway's base64": async (simulator: Simulator) => {
			simulator.nextEdit({ shape: 'base64', bytes: slowHeic() });
			const { items } = await cheaply(
				async () =>
					await runWorkflow({
						simulator,
						parameters: editImage(simulator, { service: 'imagesGateway' }),
						credential: { apiKey: simulator.gatewayKey, baseUrl: simulator.gatewayUrl },
						node: { credentials: { imagesGatewayApi: { id: '2', name: 'Gateway' } } },
					}),
			);
			expect(items[0].binary?.data.mimeType).toBe('image/heic');
		},
	});
});
