/** The example workflows on real n8n, each with its neighbours on this machine. Not part of `.ci/run`: see docs/release.md. */
module.exports = {
	...require('./jest.e2e.config.js'),
	testMatch: ['**/test/examples/*.test.ts'],
};
