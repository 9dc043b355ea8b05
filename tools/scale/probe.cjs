/**
 * Loaded into each process of n8n by NODE_OPTIONS: on SIGUSR2 it writes down what is left after a garbage collection,
 * and what still keeps the process busy. "Last resort" is the collection that gives emptied pages back at once: after
 * any other V8 keeps them for some 10 s, and the resident memory tells of the load before.
 */
const { renameSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

process.on('SIGUSR2', () => {
	setFlagsFromString('--expose-gc');
	runInNewContext('gc')({ type: 'major', flavor: 'last-resort', execution: 'sync' });
	const resources = {};
	for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
	const file = `${process.env.N8N_SCALE_PROBE}/${process.pid}.json`;
	writeFileSync(`${file}.part`, JSON.stringify({ ...process.memoryUsage(), resources }));
	renameSync(`${file}.part`, file);
});
