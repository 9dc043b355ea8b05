import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { settleViolations, type Violation } from '../models/violations';
import { parameter, readChoice } from './reader';

export const validationOption: INodeProperties = {
	displayName: 'Validation',
	name: 'validation',
	type: 'options',
	options: [
		{
			name: 'Strict',
			value: 'strict',
			description: "Stop before anything is charged if an input exceeds the model's limits",
		},
		{
			name: 'Warn',
			value: 'warn',
			description: 'Send the request anyway and show a warning',
		},
	],
	default: 'strict',
	description:
		"What to do with prompts, images and options that exceed the model's limits, or that can't work",
};

/**
 * Refuses what breaks a documented limit or cannot work, where the option says so; of the rest the person is told by
 * hints.
 *
 * @throws {InvalidInputError}
 */
export function settle(
	context: IExecuteFunctions,
	itemIndex: number,
	violations: Violation[],
): void {
	const option = parameter(validationOption, 'options');
	const isStrict = readChoice(context, itemIndex, option, ['strict', 'warn']) === 'strict';
	context.addExecutionHints(
		...settleViolations(violations, isStrict).map((message) => ({
			message: `Item ${itemIndex}: ${message}`,
			location: 'outputPane' as const,
		})),
	);
}
