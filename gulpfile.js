const { dest, parallel, src } = require('gulp');

// tsc compiles; gulp brings along what n8n reads beside the code.
const copy = (from, to) => () => src(from, { encoding: false }).pipe(dest(to));

const icons = copy('icons/*.svg', 'dist/icons');
const codex = copy('nodes/**/*.node.json', 'dist/nodes');

exports.assets = parallel(icons, codex);
