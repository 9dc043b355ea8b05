import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { until } from '../../tools/until';

describe('npm run simulator', () => {
	it('says how to call it, logs what was paid, and ends with Ctrl-C', async () => {
		const script = join(__dirname, '../../tools/simulator/main.ts');
		const child = spawn(process.execPath, ['--import', 'tsx', script, '--port', '0'], {
			cwd: join(__dirname, '..', '..'),
		});
		const exit = once(child, 'exit');
		let output = '';
		child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
		const found = (pattern: RegExp) => pattern.exec(output)?.[1] ?? '';
		try {
			await until(() => output.includes('/v1/tasks/<id>'));
			const response = await fetch(`${found(/API +(\S+)/)}/v1/images/generations`, {
				method: 'POST',
				headers: {
					authorization: `Bearer ${found(/Key +(\S+)/)}`,
					'content-type': 'application/json',
				},
				body: JSON.stringify({
					model: 'qwen-image-edit',
					prompt: 'Replace the background with a beach',
					image_urls: [found(/Pictures +(\S+)/)],
				}),
			});
			expect(response.status).toBe(200);
			await until(() => /POST \S+ → 200 .*paid 1 credits, 999 left/.test(output));
		} finally {
			child.kill('SIGINT');
		}
		expect(await exit).toEqual([0, null]);
	}, 120_000);
});
