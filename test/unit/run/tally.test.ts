import { parseTask, type Task } from '../../../nodes/Evolink/api/task';
import { Tally } from '../../../nodes/Evolink/run/tally';
import { COMPLETED, FAILED } from '../taskAnswers';

function tallyOf(...bodies: object[]): string {
	const tally = new Tally();
	for (const body of bodies) tally.note(parseTask(body) as Task);
	return String(tally);
}

const paid = (id: string, credits: number, images = 1) => ({
	...COMPLETED,
	id,
	results: Array(images).fill('https://results.example.com/a.png'),
	usage: { credits_used: credits },
});

it('sums up images and credits, without the dust of binary sums', () => {
	const tasks = Array.from({ length: 12 }, (_, index) => paid(`task-${index}`, 2.3));
	expect(tallyOf(...tasks)).toBe('12 images, 27.6 credits');
});

it('counts a task once, however often it was read', () => {
	expect(tallyOf(paid('one', 1.5, 3), paid('one', 1.5, 3))).toBe('3 images, 1.5 credits');
});

it('counts a failed task that was charged', () => {
	const failed = { ...FAILED, billing: { charge_status: 'charged', charged_credits: 2 } };
	expect(tallyOf(paid('one', 1), failed)).toBe('1 image, 3 credits');
});

it('says nothing where the service does not', () => {
	expect(tallyOf(COMPLETED, FAILED)).toBe('');
	expect(tallyOf()).toBe('');
});
