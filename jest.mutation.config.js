/**
 * For `npm run test:mutation`: the tests that are to notice a change in what decides about money, secrets and what is
 * passed on. All in-process and without n8n's engine, because they run for every change.
 */
module.exports = {
	...require('./jest.config.js'),
	testEnvironment: '@stryker-mutator/jest-runner/jest-env/node',
	testMatch: [
		'<rootDir>/test/unit/api/client.test.ts',
		'<rootDir>/test/unit/api/createOutcome.test.ts',
		'<rootDir>/test/unit/memory/requestMemory.test.ts',
		'<rootDir>/test/unit/run/budget.test.ts',
		'<rootDir>/test/unit/trigger/receiveDelivery.test.ts',
		'<rootDir>/test/unit/waiting/parking/receiveCallback.test.ts',
		'<rootDir>/test/unit/waiting/parking/resumeAddress.test.ts',
	],
	maxWorkers: 1,
};
