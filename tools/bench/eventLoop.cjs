/**
 * Loaded into n8n by NODE_OPTIONS: writes down whenever its event loop was held up, with the processor time that
 * n8n's own thread used meanwhile. On a busy machine it also waits for its turn, which is not its doing.
 */
const { appendFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const file = process.env.N8N_BENCH_EVENT_LOOP;
const TICK_MS = 10;
const WORTH_TELLING_MS = 20;

if (isMainThread && file) {
	let at = performance.now();
	let used = process.threadCpuUsage();
	setInterval(() => {
		const now = performance.now();
		const usedNow = process.threadCpuUsage();
		const held = now - at - TICK_MS;
		if (held > WORTH_TELLING_MS) {
			const busy = (usedNow.user + usedNow.system - used.user - used.system) / 1000;
			appendFileSync(file, `${JSON.stringify({ at: Date.now(), held, busy })}\n`);
		}
		at = performance.now();
		used = process.threadCpuUsage();
	}, TICK_MS).unref();
}
