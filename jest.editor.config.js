/** What people see in n8n's editor: real n8n, as in the e2e tests, in a real browser. */
module.exports = {
	...require('./jest.e2e.config.js'),
	testMatch: ['**/editor/*.test.ts'],
	globalSetup: './test/editor/globalSetup.ts',
	testTimeout: 600_000,
};
