/** Tests on real n8n: installs it on first use, boots it, drives it over HTTP. */
module.exports = {
	...require('./jest.config.js'),
	testPathIgnorePatterns: ['/node_modules/'],
	testMatch: ['**/e2e/*.test.ts'],
	globalSetup: './test/e2e/globalSetup.ts',
	testTimeout: 300_000,
};
