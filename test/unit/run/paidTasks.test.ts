import { setTimeout as sleep } from 'node:timers/promises';

import { PaidTasks } from '../../../nodes/Evolink/run/paidTasks';
import { runIdentity } from '../runIdentity';

function setUp() {
	const said = { info: [] as string[], warn: [] as string[], console: [] as unknown[] };
	const context = {
		logger: {
			info: (message: string) => said.info.push(message),
			warn: (message: string) => said.warn.push(message),
		},
		sendMessageToUI: (message: unknown) => said.console.push(message),
	};
	return { said, paidTasks: new PaidTasks(context as never, runIdentity({ nodeName: 'Edit' })) };
}

it('writes the tasks of a moment into one line', async () => {
	const { said, paidTasks } = setUp();
	paidTasks.note('task-1');
	paidTasks.note('task-2');
	await sleep(700);
	paidTasks.note('task-3');
	await sleep(700);
	expect(said).toEqual({
		info: [
			'EvoLink node "Edit": 2 tasks created: task-1, task-2',
			'EvoLink node "Edit": Task created: task-3',
		],
		warn: [],
		console: ['2 tasks created: task-1, task-2', 'Task created: task-3'],
	});
});

it('writes again what is paid when the execution is stopped', () => {
	const { said, paidTasks } = setUp();
	paidTasks.noteStop('Already charged tasks: item 0: task-1.');
	paidTasks.noteStop('');
	expect(said).toEqual({
		info: [],
		warn: ['EvoLink node "Edit": Stopped. Already charged tasks: item 0: task-1.'],
		console: ['Stopped. Already charged tasks: item 0: task-1.'],
	});
});
