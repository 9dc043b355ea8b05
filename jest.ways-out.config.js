/**
 * The ways out that error texts name, followed on real n8n. Needs GraphicsMagick, as n8n's Edit Image node does. Not
 * part of `.ci/run`: see `.ci/before-release`.
 */
module.exports = {
	...require('./jest.e2e.config.js'),
	testMatch: ['**/test/waysOut/*.test.ts'],
	// GraphicsMagick and the simulator work on images of 24 megapixels and more.
	testTimeout: 300_000,
};
