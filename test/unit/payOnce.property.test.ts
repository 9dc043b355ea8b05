import fc from 'fast-check';

import { EvolinkClient } from '../../nodes/Evolink/api/client';
import {
	EvolinkError,
	OutcomeUnknownError,
	StoppedError,
} from '../../nodes/Evolink/api/errors/errors';
import {
	assertSucceeded,
	type SeenTask,
	TaskWatch,
} from '../../nodes/Evolink/waiting/polling/taskWatch';
import { askEvent, createEvent, lastAskEvent } from './arbitraries';
import { ModelService } from './modelService';
import { VirtualClock } from './virtualClock';

const KEY = 'n8n-0123456789abcdef';
const BODY = { model: 'qwen-image-edit', prompt: 'Beach', image_urls: ['https://p.example.com/a'] };
const LAST_ANSWER_MS = 1_000;

const script = fc.record({
	creates: fc.array(createEvent, { maxLength: 10 }),
	asks: fc.array(askEvent, { maxLength: 25 }),
	afterScript: lastAskEvent,
	timeoutSeconds: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3_600 })),
	/** When the execution is stopped. */
	stopAfterMs: fc.option(fc.nat(400_000), { freq: 4, nil: Number.POSITIVE_INFINITY }),
});

// Jest itself fails a test in which a promise is rejected unseen.
it('whatever the service answers: paid at most once, in time, and nothing paid is lost', async () => {
	await fc.assert(
		fc.asyncProperty(script, async (given) => {
			const { creates, asks, afterScript, timeoutSeconds, stopAfterMs } = given;
			const clock = new VirtualClock();
			clock.stopAt = clock.startedAt + stopAfterMs;
			const service = new ModelService(clock, [...creates], [...asks], afterScript);
			const addresses = { baseUrl: 'https://api.example.com', filesBaseUrl: '' };
			const client = new EvolinkClient(service.send, clock, addresses);

			let createdId: string | undefined;
			let waitingSince = 0;
			let seen: SeenTask | undefined;
			let error: unknown;
			try {
				const created = await client.createTask(BODY, KEY);
				createdId = created.id;
				waitingSince = clock.now();
				const watch = new TaskWatch(client, clock);
				seen = await watch.untilEnded(created.id, timeoutSeconds, created);
				assertSucceeded(seen.task);
			} catch (thrown) {
				error = thrown;
			}

			expect(service.violations).toEqual([]);
			expect(service.tasks.length).toBeLessThanOrEqual(1);
			if (createdId !== undefined) {
				const limit = timeoutSeconds * 1_000 + LAST_ANSWER_MS;
				expect(clock.now() - waitingSince).toBeLessThanOrEqual(limit);
			}
			if (Number.isFinite(stopAfterMs)) expect(clock.elapsed).toBeLessThanOrEqual(stopAfterMs);

			if (error === undefined) {
				expect(seen?.task.id).toBe(service.tasks[0].id);
				return;
			}
			expect(error).toBeInstanceOf(EvolinkError);
			const { advice, trace } = error as EvolinkError;
			expect(advice).toMatch(/^[A-Z].*\.$/s);
			if (service.tasks.length === 0) return;
			// A stop while waiting knows of no task; the loop over all items names it (everyItem).
			if (error instanceof StoppedError && createdId !== undefined) return;
			const named = error instanceof OutcomeUnknownError ? error.idempotencyKey : trace.taskId;
			expect([KEY, service.tasks[0].id]).toContain(named);
		}),
		{ numRuns: 1_000 },
	);
});
