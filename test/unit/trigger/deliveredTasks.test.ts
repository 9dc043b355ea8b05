import { DeliveredTasks } from '../../../nodes/EvolinkTrigger/deliveredTasks';

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 24 * 60 * 60 * 1_000;

describe('what has started an execution', () => {
	it('is known for the same end of the same task in the same node', () => {
		const tasks = new DeliveredTasks();
		expect(tasks.record('node', 'task-1 completed', undefined, NOW)).toEqual({
			'task-1 completed': NOW,
		});
		expect(tasks.record('node', 'task-1 completed', undefined, NOW + DAY)).toBeUndefined();
		expect(tasks.record('node', 'task-2 completed', undefined, NOW)).toBeDefined();
		expect(tasks.record('node', 'task-1 failed', undefined, NOW)).toBeDefined();
		expect(tasks.record('another node', 'task-1 completed', undefined, NOW)).toBeDefined();
	});

	it('is known after a restart, from what n8n has saved', () => {
		const saved = new DeliveredTasks().record('node', 'task-1 completed', undefined, NOW);
		const reborn = new DeliveredTasks();
		expect(reborn.record('node', 'task-1 completed', saved, NOW + 1)).toBeUndefined();
		expect(reborn.record('node', 'task-2 completed', saved, NOW + 1)).toEqual({
			'task-1 completed': NOW,
			'task-2 completed': NOW + 1,
		});
	});

	it('is saved in full by deliveries that did not see each other in the saved data', () => {
		const tasks = new DeliveredTasks();
		const earlier = { 'task-0 completed': NOW - DAY };
		tasks.record('node', 'task-1 completed', earlier, NOW);
		const last = tasks.record('node', 'task-2 completed', earlier, NOW + 1);
		expect(Object.keys(last ?? {}).sort()).toEqual([
			'task-0 completed',
			'task-1 completed',
			'task-2 completed',
		]);
	});

	it('is forgotten after three days, or after the time that is given', () => {
		const tasks = new DeliveredTasks();
		tasks.record('node', 'old completed', undefined, NOW);
		const kept = tasks.record('node', 'new completed', undefined, NOW + 3 * DAY);
		expect(Object.keys(kept ?? {})).toEqual(['new completed']);
		tasks.record('test', 'task-1 completed', undefined, NOW, 10_000);
		expect(tasks.record('test', 'task-1 completed', undefined, NOW + 9_999, 10_000)).toBe(
			undefined,
		);
		expect(tasks.record('test', 'task-1 completed', undefined, NOW + 10_000, 10_000)).toBeDefined();
	});

	it('takes no more than 100 KB, the oldest going first, however much is saved', () => {
		const saved = Object.fromEntries(
			Array.from({ length: 5_000 }, (_, index) => [
				`task-unified-1757156493-imcg${index} completed`,
				NOW - 5_000 + index,
			]),
		);
		const kept = new DeliveredTasks().record('node', 'task-new completed', saved, NOW) ?? {};
		expect(Object.keys(kept)).toHaveLength(2_000);
		expect(JSON.stringify(kept).length).toBeLessThan(150_000);
		expect(kept).toHaveProperty('task-new completed');
		expect(kept).toHaveProperty('task-unified-1757156493-imcg4999 completed');
		expect(kept).not.toHaveProperty('task-unified-1757156493-imcg0 completed');
	});

	it.each([null, 'text', 7, [], { 'task-1 completed': 'yesterday' }, { 'task-1 completed': null }])(
		'starts afresh where %j was saved',
		(saved) => {
			expect(new DeliveredTasks().record('node', 'task-1 completed', saved, NOW)).toEqual({
				'task-1 completed': NOW,
			});
		},
	);

	it('grows old although the clock was set back', () => {
		const saved = { 'task-1 completed': NOW + 100 * DAY };
		const tasks = new DeliveredTasks();
		expect(tasks.record('node', 'task-1 completed', saved, NOW)).toBeUndefined();
		expect(tasks.record('node', 'task-1 completed', undefined, NOW + 3 * DAY)).toBeDefined();
	});
});
