import type { INodeExecutionData, IRun } from 'n8n-workflow';

import { startSimulator } from '../simulator';
import { until } from '../../tools/until';
import { editImage } from '../workflows/harness';
import { ParkedWorkflow } from '../workflows/parkedWorkflow';
import { out } from './lab';

// n8n#16163: n8n 1.x wakes a run twice; with Always Output Data it makes an empty item of a copy that gives none.
it.each([false, true])(
	'A run that is woken twice runs what follows once, Always Output Data %s',
	async (alwaysOutputData) => {
		const simulator = await startSimulator({ taskSeconds: 0.3 });
		try {
			const workflow = new ParkedWorkflow({
				simulator,
				parameters: editImage(simulator, { wait: 'callback' }),
				items: [{ json: { n: 1 } }],
				node: { alwaysOutputData },
			});
			await workflow.start();
			await until(() => [...simulator.tasks.values()].every(({ ended }) => ended));
			const id = workflow.parkedItems[0].json.id;
			const wakeUp = (): INodeExecutionData[][] => [
				[{ json: { id, status: 'completed', evolink_woken_by: 0 }, pairedItem: { item: 0 } }],
			];
			const runs = await Promise.all([workflow.wake(wakeUp()), workflow.wake(wakeUp())]);
			const after = runs.flatMap((run: IRun) => out(run, 'After'));
			expect(after).toHaveLength(1);
		} finally {
			await simulator.close();
		}
	},
);
