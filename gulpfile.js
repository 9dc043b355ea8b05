const { readFileSync } = require('node:fs');

const { build } = require('esbuild');
const { dest, parallel, series, src } = require('gulp');

// tsc compiles; gulp brings along what n8n reads beside the code.
const copy = (from, to) => () => src(from, { encoding: false }).pipe(dest(to));

const icons = copy('icons/*.svg', 'dist/icons');
const codex = copy('nodes/**/*.node.json', 'dist/nodes');

// tsc indents by four spaces, which are a sixth of the package; esbuild prints the same code with two.
const reprint = async () => {
	await build({ entryPoints: ['dist/**/*.js'], outdir: 'dist', allowOverwrite: true });
};

// Each library goes into the one file that imports it, with its licence.
const libraries = {
	'ipaddr.js': 'dist/nodes/Evolink/api/http/privateHost.js',
};

const bundleLibraries = async () => {
	for (const [library, file] of Object.entries(libraries)) {
		const licence = readFileSync(`node_modules/${library}/LICENSE`, 'utf8');
		await build({
			entryPoints: [file],
			outfile: file,
			allowOverwrite: true,
			bundle: true,
			minify: true,
			platform: 'node',
			target: 'node20',
			banner: { js: `/*!\nContains ${library}:\n\n${licence}*/` },
		});
	}
};

exports.assets = parallel(icons, codex, series(reprint, bundleLibraries));
