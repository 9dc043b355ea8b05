import { parseTask, type Task } from '../../../nodes/Evolink/api/task';
import { logOf, Progress } from '../../../nodes/Evolink/run/progress';
import { Tally } from '../../../nodes/Evolink/run/tally';
import { COMPLETED } from '../taskAnswers';

function setUp(items: number) {
	const said = { hints: [] as string[], console: [] as unknown[], log: [] as string[] };
	let now = 0;
	const clock = { now: () => now };
	const log = logOf(
		{ info: (message: string) => said.log.push(message) },
		{ nodeName: 'Edit', executionId: '7' },
	);
	const n8n = {
		addExecutionHints: ({ message }: { message: string }) => said.hints.push(message),
		sendMessageToUI: (message: unknown) => said.console.push(message),
	};
	const progress = new Progress(clock, log, n8n as never, items);
	const pass = (milliseconds: number) => {
		now += milliseconds;
	};
	/** So many items, one each second. */
	const work = (count: number) => {
		for (let item = 0; item < count; item++) {
			pass(1_000);
			progress.noteItem();
		}
	};
	return { said, progress, pass, work };
}

it('tells how many items are done: the console every 2 s, the log every 10 s, and a hint at the end', () => {
	const { said, progress, work } = setUp(25);
	work(25);
	const tally = new Tally();
	tally.note(parseTask({ ...COMPLETED, usage: { credits_used: 2.3 } }) as Task);
	progress.end(2, tally);
	expect(said.console.slice(0, 3)).toEqual([
		'2 of 25 items done',
		'4 of 25 items done',
		'6 of 25 items done',
	]);
	expect(said.log).toEqual([
		'EvoLink node "Edit": 10 of 25 items done',
		'EvoLink node "Edit": 20 of 25 items done',
	]);
	expect(said.hints).toEqual(['25 items done in 25.0 s, 2 of them failed: 1 image, 2.3 credits']);
});

it('says nothing of a single item', () => {
	const { said, progress, pass, work } = setUp(1);
	pass(60_000);
	work(1);
	progress.end(0, new Tally());
	expect(said).toEqual({ hints: [], console: [], log: [] });
});

it('says nothing but the end of a short run', () => {
	const { said, progress } = setUp(5);
	for (let item = 0; item < 5; item++) progress.noteItem();
	progress.end(0, new Tally());
	expect(said).toEqual({ hints: ['5 items done in 0.0 s'], console: [], log: [] });
});
