import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';

import { Container } from '@n8n/di';
import { BinaryDataService } from 'n8n-core';
import type { INode, INodeExecutionData } from 'n8n-workflow';

import { samplePicture, type Simulator, startSimulator } from '../simulator';
import { binaryField, editImage, runWorkflow } from './harness';

/** A stop ends the checking of the items, too, and n8n goes on with other things meanwhile. */

let simulator: Simulator;
beforeAll(async () => {
	simulator = await startSimulator();
});
afterAll(async () => await simulator.close());
afterEach(() => jest.restoreAllMocks());

/** Items whose images are in a store of n8n's, not in the item. */
function storedItems(count: number): INodeExecutionData[] {
	return Array.from({ length: count }, (_, index) => ({
		json: { index },
		binary: {
			data: { id: `slow:${index}`, data: 'slow', fileName: 'a.png', mimeType: 'image/png' },
		},
	}));
}

/** A second, with what a busy machine adds to it: without the stop they go on for a minute or for ever. */
const BUSY_SECOND_MS = 20_000;

const FIELD = { images: { image: [{ source: 'binary', binaryPropertyName: 'data' }] } };

/** Runs until it is stopped, when `begun` has come. @returns milliseconds from the stop to the end */
async function stopOnce(
	begun: Promise<void>,
	items: INodeExecutionData[],
	node: Partial<INode> = {},
): Promise<number> {
	let stoppedAt = Number.NaN;
	const { run, arrived } = await runWorkflow({
		simulator,
		items,
		parameters: editImage(simulator, FIELD),
		node,
		onStarted: (stop) => {
			void begun.then(() => {
				stoppedAt = Date.now();
				stop();
			});
		},
	});
	expect(run.status).toBe('canceled');
	expect(arrived).toBe(0);
	expect(simulator.requests).toEqual([]);
	return Date.now() - stoppedAt;
}

const settings: Array<Partial<INode>> = [
	{},
	{ onError: 'continueRegularOutput' },
	{ retryOnFail: true, maxTries: 3, waitBetweenTries: 1 },
];

it.each(settings)('while a store does not answer: %j', async (node) => {
	let begin: () => void = () => undefined;
	const begun = new Promise<void>((resolve) => (begin = resolve));
	jest.spyOn(Container.get(BinaryDataService), 'getAsStream').mockImplementation(async () => {
		begin();
		return new Readable({ read: () => undefined });
	});
	expect(await stopOnce(begun, storedItems(3), node)).toBeLessThan(BUSY_SECOND_MS);
});

it('between 1,000 items of a slow store, of which no more are read', async () => {
	const image = await samplePicture('png', { width: 400, height: 400 });
	let reads = 0;
	let begin: () => void = () => undefined;
	const begun = new Promise<void>((resolve) => (begin = resolve));
	jest.spyOn(Container.get(BinaryDataService), 'getAsStream').mockImplementation(async () => {
		if (++reads === 3) begin();
		await sleep(50);
		return Readable.from([image]);
	});
	expect(await stopOnce(begun, storedItems(1_000))).toBeLessThan(BUSY_SECOND_MS);
	const readAtTheEnd = reads;
	await sleep(300);
	expect(reads).toBeLessThanOrEqual(readAtTheEnd + 1);
});

it('n8n does other things while 1,000 items are checked', async () => {
	const image = binaryField(
		await samplePicture('png', { width: 400, height: 400 }),
		'a.png',
		'image/png',
	);
	const items = Array.from({ length: 1_000 }, () => ({ json: {}, binary: { data: image } }));
	let turns = 0;
	let isRunning = true;
	const countTurns = () => {
		turns++;
		if (isRunning) setImmediate(countTurns);
	};
	// The last item is refused, so that nothing is sent.
	items.push({ json: {}, binary: { data: binaryField(Buffer.from('no'), 'a.png', 'image/png') } });
	let startedAt = 0;
	const { error } = await runWorkflow({
		simulator,
		items,
		parameters: editImage(simulator, FIELD),
		onStarted: () => {
			startedAt = Date.now();
			setImmediate(countTurns);
		},
	});
	isRunning = false;
	expect(error).toBeDefined();
	expect(simulator.requests).toEqual([]);
	// At least one turn in 200 ms, however slow the machine is.
	expect(turns).toBeGreaterThan((Date.now() - startedAt) / 200);
});
