import { create, type ApiBody } from '../../tools/simulator/serviceCalls';
import { type Simulator, startSimulator } from '../simulator';
import { deliver, inAnotherProcess } from './delivery';

/** A thousand deliveries at one moment. Alone in a file: they take the processor from whatever runs beside them. */

const CALLS = 1_000;

let simulator: Simulator;
beforeEach(async () => {
	simulator = await startSimulator({ taskSeconds: 0 });
});
afterEach(async () => {
	await simulator.close();
});

/** Not more at a time than a socket's backlog takes. */
async function createTasks(count: number): Promise<ApiBody[]> {
	const bodies: ApiBody[] = [];
	while (bodies.length < count) {
		const some = await Promise.all(Array.from({ length: 50 }, async () => await create(simulator)));
		bodies.push(...some.map(({ body }) => body));
	}
	return bodies;
}

async function deliverAll(bodies: object[]) {
	const trigger = inAnotherProcess();
	const workflowId = 'load';
	return await Promise.all(
		bodies.map(async (body) => await deliver({ simulator, body, workflowId, trigger })),
	);
}

function requestsForTasks(): number {
	return simulator.requests.filter(({ path }) => path.startsWith('/v1/tasks')).length;
}

it('a thousand honest calls all start their executions, each once, with few requests', async () => {
	const outcomes = await deliverAll(await createTasks(CALLS));
	expect(outcomes.filter(({ started }) => started)).toHaveLength(CALLS);
	expect(outcomes.filter(({ status }) => status >= 300)).toEqual([]);
	expect(requestsForTasks()).toBeLessThanOrEqual(CALLS / 10);
	// What n8n loads and saves with each of them stays small.
	const sizes = outcomes.map(({ saved }) => JSON.stringify(saved).length);
	expect(Math.max(...sizes)).toBeLessThan(120_000);
}, 120_000);

it('a thousand forged calls start nothing, and are few requests', async () => {
	const { body } = await create(simulator);
	const forged = Array.from({ length: CALLS }, (_, index) => ({
		...body,
		id: `${body.id}-${index}`,
	}));
	const outcomes = await deliverAll(forged);
	expect(outcomes.filter(({ started }) => started)).toEqual([]);
	expect(requestsForTasks()).toBeLessThanOrEqual(CALLS / 10);
}, 120_000);
