const { readdirSync, readFileSync } = require('node:fs');
const { mkdir, writeFile } = require('node:fs/promises');
const { dirname } = require('node:path');

const { build, transform } = require('esbuild');
const { dest, parallel, src } = require('gulp');
const ts = require('typescript');

/**
 * tsc checks the types; gulp makes the package: what n8n reads beside the code, and the code in a few files. Loading a
 * file costs more than what is in it, so what the editor needs is one file, and what a node does is another one, loaded
 * when it first runs. docs/decisions/package.md has the figures.
 */
const { nodes, credentials } = require('./package.json').n8n;
const LATER = 'dist/nodes/later';

const copy = (from, to) => () => src(from, { encoding: false }).pipe(dest(to));
const icons = copy('icons/*.svg', 'dist/icons');
const codex = copy('nodes/**/*.node.json', 'dist/nodes');

/** TypeScript's own compiler: esbuild would ship the comments of class members. */
const compile = (path) =>
	ts.transpileModule(readFileSync(path, 'utf8'), {
		compilerOptions: { target: 'es2021', module: 'esnext', removeComments: true },
	}).outputText;

/** A method of ipaddr.js, as its source is written. */
const METHOD =
	/^ {4,8}(?:ipaddr|ipaddr\.IPv[46]|IPv[46]\.prototype)\.(\w+) = function [^]*?^ {4,8}\};$/gm;
/** The methods that are called, by ours or by one that is. */
const used = (code, ours) => {
	const left = code.replace(METHOD, (method, name) => {
		const isCalled = (code.replace(method, '') + ours).includes(`.${name}(`);
		return isCalled ? method : '';
	});
	return left === code ? code : used(left, ours);
};

/** The library that is shipped with the code, without what nobody calls, and its licence with it. */
const library = async (path) => {
	const ours = readFileSync('nodes/Evolink/api/http/privateHost.ts', 'utf8');
	const called = used(readFileSync(path, 'utf8'), ours);
	const { code } = await transform(called, { minify: true });
	const licence = readFileSync('node_modules/ipaddr.js/LICENSE', 'utf8');
	return `/*!\nContains ipaddr.js:\n\n${licence}*/\n${code}`;
};

/** All modules that are imported while the node runs, `await import('…')`, become the file that is loaded later. */
const loadedLater = {
	name: 'loaded-later',
	setup(bundle) {
		const modules = readdirSync('nodes', { recursive: true })
			.filter((file) => file.endsWith('.ts'))
			.flatMap((file) => importsLater(`nodes/${file}`));
		const contents = [...new Set(modules)].map((path) => `export * from '${path}';`).join('\n');
		bundle.onResolve({ filter: /.*/ }, ({ kind, path }) =>
			kind === 'dynamic-import' || path === LATER ? { path: LATER, namespace: 'later' } : undefined,
		);
		bundle.onLoad({ filter: /.*/, namespace: 'later' }, () => ({
			contents,
			resolveDir: __dirname,
		}));
		bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => ({ contents: compile(path) }));
		bundle.onLoad({ filter: /\/ipaddr\.js$/ }, async ({ path }) => ({
			contents: await library(path),
		}));
	},
};

function importsLater(file) {
	const found = readFileSync(file, 'utf8').matchAll(/\bimport\('([^']+)'\)/g);
	return [...found].map(([, path]) => `./${new URL(path, `file:///${file}`).pathname.slice(1)}`);
}

const entry = (file) => ({
	in: file.replace(/^dist\/(.*)\.js$/, '$1.ts'),
	out: file.replace(/\.js$/, ''),
});

const bundle = async () => {
	const { outputFiles } = await build({
		entryPoints: [...[...nodes, ...credentials].map(entry), { in: LATER, out: LATER }],
		outdir: '.',
		bundle: true,
		splitting: true,
		format: 'esm',
		platform: 'node',
		external: ['n8n-workflow'],
		chunkNames: 'dist/nodes/shared-[hash]',
		plugins: [loadedLater],
		legalComments: 'inline',
		write: false,
	});
	for (const { path, text } of outputFiles) {
		const { code } = await transform(toCommonJs(text), {
			minifyWhitespace: true,
			minifySyntax: true,
		});
		await mkdir(dirname(path), { recursive: true });
		await writeFile(path, oneLineEach(code));
	}
};

/** A declaration a line, for stack traces and for those who read what is installed. Names are kept. */
const oneLineEach = (code) =>
	code.replace(/(?<=[;}])(?=(async function|function|const|var) \w)/g, '\n');

/** esbuild splits ES modules only, and n8n loads CommonJS. Of its own output the few forms that it prints are known. */
const toCommonJs = (code) =>
	`"use strict";\n${code}`
		.replace(/^import (\{[^}]*\}) from ("[^"]+");$/gm, (_, names, from) => {
			return `const ${names.replaceAll(' as ', ': ')} = require(${from});`;
		})
		.replace(/^import ("[^"]+");$/gm, 'require($1);')
		.replace(/^export (\{[^}]*\});$/gm, (_, names) => {
			return `module.exports = ${names.replace(/(\w+) as (\w+)/g, '$2: $1')};`;
		})
		.replace(/\bimport\(("[^"]+")\)/g, 'Promise.resolve().then(() => require($1))');

exports.assets = parallel(icons, codex, bundle);
