import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { INodeParameters, IWorkflowSettings } from 'n8n-workflow';

import { until } from '../../../tools/until';
import { download, edited, errorText, type Fixture, items, type TestNode } from '../fixture';

/** A node that gives one item with this as its binary field `data`. */
function code(binary: string, before = ''): TestNode {
	return {
		name: 'Code',
		type: 'n8n-nodes-base.code',
		typeVersion: 2,
		parameters: { jsCode: `${before}\nreturn [{ json: {}, binary: { data: ${binary} } }];` },
	};
}

const field = (binaryPropertyName: string): INodeParameters => ({
	wait: 'none',
	images: { image: [{ source: 'binary', binaryPropertyName }] },
});

/** Images from binary fields, as n8n's own nodes take them, and what is wrong with them. */
export function inputImages(given: () => Fixture): void {
	it('are taken by expressions that give binary data, or several', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const picture = download(`${simulator.picturesUrl}/cat.png`);
		const fields: Array<[string, string, number]> = [
			['By Object', '={{ $binary.data }}', 1],
			['By Node', "={{ $('Get Picture').item.binary.data }}", 1],
			['By Array', "={{ [$binary.data, $('Get Picture').first().binary.data] }}", 2],
			['By All', '={{ Object.values($binary) }}', 1],
			['By Names', '={{ Object.keys($binary) }}', 1],
		];
		const nodes = fields.map(([name, given]) => ({ ...fixture.editImage(field(given)), name }));
		const execution = await fixture.run([picture, ...nodes], {
			Start: { main: [[{ node: 'Get Picture', type: 'main', index: 0 }]] },
			'Get Picture': { main: [fields.map(([node]) => ({ node, type: 'main', index: 0 }))] },
		});
		expect(execution.status).toBe('success');
		const counts = [...simulator.tasks.values()].map(({ request }) => request.image_urls?.length);
		expect(counts.sort()).toEqual(fields.map(([, , count]) => count).sort());
		expect(simulator.paidTasks()).toBe(fields.length);
	});

	it('are found, or n8n says why not, with the setting "binary mode: combined"', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const nodes = [download(`${simulator.picturesUrl}/cat.png`), fixture.editImage(field('data'))];
		const settings = { binaryMode: 'combined' } as IWorkflowSettings;
		const execution = await fixture.run(nodes, undefined, settings);
		if (execution.status === 'success') {
			expect(edited(execution)).toHaveLength(1);
			expect(simulator.paidTasks()).toBe(1);
		} else {
			const text = errorText(execution);
			expect(text).not.toMatch(/may have been charged|connection was lost|Cannot read properties/);
			expect(simulator.paidTasks()).toBe(0);
		}
	});

	const broken: Array<[string, string, RegExp]> = [
		[
			'without its content',
			'{ mimeType: "image/png", fileName: "a.png" }',
			/Image 1 .*has no content[^]*Pinned data/,
		],
		[
			'that n8n has deleted',
			'{ mimeType: "image/png", fileName: "a.png", data: "filesystem-v2", id: "filesystem-v2:workflows/x/executions/temp/binary_data/none" }',
			/Image 1 .*n8n no longer has the file[^]*old executions/,
		],
		[
			'that is a web page',
			'await this.helpers.prepareBinaryData(Buffer.from("<!doctype html><title>Sign in</title>"), "a.png", "image/png")',
			/Image 1 .*not an image of a known format, but a web page/,
		],
		[
			'that was encoded twice',
			'await this.helpers.prepareBinaryData(Buffer.from(Buffer.from("\\x89PNG\\r\\n\\x1a\\n" + "x".repeat(90), "latin1").toString("base64")), "a.png", "image/png")',
			/Image 1 .*base64/,
		],
	];
	it.each(broken)(
		'a file %s is refused before anything is sent',
		async (_what, binary, message) => {
			const fixture = given();
			const nodes = [code(binary), fixture.editImage(field('data'))];
			expect(errorText(await fixture.run(nodes))).toMatch(message);
			expect(fixture.simulator.requests).toEqual([]);
		},
	);

	it('links and prompts that cannot be meant are refused before anything is sent', async () => {
		const fixture = given();
		const parameters: Array<[INodeParameters, RegExp]> = [
			[{ prompt: 'Put {{ $json.product }} on a beach' }, /'Prompt' contains the expression/],
			[{ prompt: '=Put {{ $json }} on a beach' }, /'Prompt' contains '\[object Object\]'/],
			[
				{ images: { image: [{ source: 'url', url: 'https://drive.google.com/file/d/1A/view' }] } },
				/a page of Google Drive[^]*uc\?export=download&id=1A/,
			],
		];
		for (const [given, message] of parameters) {
			const execution = await fixture.run([...items({ a: 1 }), fixture.editImage(given)]);
			expect(errorText(execution)).toMatch(message);
		}
		expect(fixture.simulator.requests).toEqual([]);
	});

	it('a stop while they are checked ends the execution at once', async () => {
		const fixture = given();
		const { n8n, simulator } = fixture;
		// Each of 3,000 items gives the same file of 8 MB: there is work for a minute.
		let isAsked = false;
		const file = Buffer.alloc(8 * 1024 * 1024, 7);
		const server = createServer((_request, response) => {
			isAsked = true;
			response.end(file);
		});
		await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
		const { port } = server.address() as AddressInfo;
		const nodes = [
			download(`http://127.0.0.1:${port}/`),
			...items(...Array.from({ length: 3_000 }, (_, n) => ({ n }))),
			fixture.editImage(field("={{ $('Get Picture').first().binary.data }}"), {
				onError: 'continueRegularOutput',
			}),
		];
		const executionId = await n8n.runWorkflow(await fixture.store(nodes));
		await until(() => isAsked);
		await sleep(3_000);
		const stoppedAt = Date.now();
		await n8n.stopExecution(executionId);
		const { status } = await n8n.waitForExecution(executionId, { timeoutMs: 60_000 });
		expect(status).toBe('canceled');
		expect(Date.now() - stoppedAt).toBeLessThan(45_000); // About one, on a machine with nothing else to do; without the stop, minutes.
		expect(simulator.requests).toEqual([]);
		server.close();
	});
}
