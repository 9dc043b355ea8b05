/** Unit tests and whole workflows in-process; those on real n8n have jest.e2e.config.js and jest.editor.config.js. */
module.exports = {
	testEnvironment: './test/environment.ts',
	roots: ['<rootDir>/test'],
	testMatch: ['**/*.test.ts'],
	testPathIgnorePatterns: [
		'/node_modules/',
		'<rootDir>/test/e2e/',
		'<rootDir>/test/editor/',
		'<rootDir>/test/examples/',
		'<rootDir>/test/screenshots/',
		'<rootDir>/test/waysOut/',
	],
	transform: {
		'^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.all.json', diagnostics: false }],
	},
	// Most tests wait for the simulator's clock, so every core can take a worker.
	maxWorkers: '100%',
	testTimeout: 240_000,
};
