/**
 * Which room may import which: the map of docs/architecture.md, kept true by `npm run lint`.
 * Imports point downwards; a room may always import itself.
 */
const wire = ['api/http', 'api/errors'];
const api = ['api', ...wire];
const waiting = ['waiting', 'waiting/polling', 'waiting/parking'];
const below = [...waiting, 'images', 'models', 'memory', ...api];

/** The rooms of nodes/Evolink, and what each may import of the others. */
const rooms = {
	operations: ['run', 'parameters', ...below],
	run: ['parameters', ...below],
	parameters: below,
	waiting: ['memory', ...api],
	'waiting/parking': ['waiting', 'waiting/polling', 'memory', ...api],
	'waiting/polling': ['memory', ...api],
	models: ['images', ...api],
	images: ['memory', ...api],
	memory: api,
	api: wire,
	'api/http': ['api/errors'],
	'api/errors': ['api/http'],
};

/** Beyond the table: what a task is, as data. An error names the task that it is about. */
const vocabulary = ['^nodes/Evolink/api/task\\.ts$'];

/** Beyond the table: the node sends a key as its credential does. */
const key = ['^credentials/wellFormed\\.ts$'];

/** Libraries that gulp puts into the package. Everything else would be missing in n8n. */
const bundled = ['ipaddr\\.js'];

const within = (name) => `^nodes/Evolink/${name}/(?!${subrooms(name)})`;

/** Rooms inside a room are rooms of their own; other folders belong to the room. */
function subrooms(name) {
	const inner = Object.keys(rooms).filter((other) => other.startsWith(`${name}/`));
	return inner.length === 0
		? '$'
		: inner.map((other) => `${other.slice(name.length + 1)}/`).join('|');
}

const roomRules = Object.entries(rooms).map(([name, allowed]) => ({
	name: `room-${name.replace('/', '-')}`,
	comment: `nodes/Evolink/${name} may import ${allowed.join(', ') || 'no other room'}.`,
	severity: 'error',
	from: { path: within(name) },
	to: {
		path: '^(nodes|credentials)/',
		pathNot: [
			...[name, ...allowed].map(within),
			...(name.startsWith('api/') ? vocabulary : []),
			...(name === 'parameters' ? key : []),
		],
	},
}));

module.exports = {
	forbidden: [
		...roomRules,
		{
			name: 'trigger',
			comment: 'The trigger knows nothing of operations, of what runs them, or of models.',
			severity: 'error',
			from: { path: '^nodes/EvolinkTrigger/' },
			to: {
				path: '^(nodes|credentials)/',
				pathNot: [
					'^nodes/EvolinkTrigger/',
					...['run', 'parameters', ...waiting, 'images', 'memory', ...api].map(within),
				],
			},
		},
		{
			name: 'nobody-imports-the-trigger',
			severity: 'error',
			from: { path: '^nodes/Evolink/' },
			to: { path: '^(nodes/EvolinkTrigger|credentials)/', pathNot: key },
		},
		{
			name: 'credentials-stand-alone',
			comment: 'n8n loads a credential without its nodes.',
			severity: 'error',
			from: { path: '^credentials/' },
			to: { path: '^nodes/' },
		},
		{
			name: 'shipped-imports',
			comment: 'What is not here cannot be resolved in every installation of n8n.',
			severity: 'error',
			from: { path: '^(nodes|credentials)/' },
			to: {
				pathNot: [
					'^(nodes|credentials)/',
					'^crypto$',
					`^node_modules/(n8n-workflow|${bundled.join('|')})/`,
				],
			},
		},
		{
			name: 'tools-without-tests',
			comment: 'Tests use tools, not the other way round.',
			severity: 'error',
			from: { path: '^tools/' },
			to: { path: '^test/' },
		},
		{
			name: 'simulator-knows-no-node',
			comment: 'It is written from the documentation, so that a wrong idea is not in both.',
			severity: 'error',
			from: { path: '^tools/simulator/' },
			to: { path: '^(nodes|credentials)/' },
		},
		{
			name: 'no-circles',
			severity: 'error',
			from: { path: '^(nodes|credentials|tools|test)/' },
			to: { circular: true },
		},
		{
			name: 'resolvable',
			severity: 'error',
			from: { path: '^(nodes|credentials|tools|test)/' },
			to: { couldNotResolve: true },
		},
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.all.json' },
	},
};
