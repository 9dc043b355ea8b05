import { InvalidInputError } from '../api/errors/errors';

/** A limit of the model that a request breaks. */
export interface Violation {
	message: string;
	/** The way out. */
	advice: string;
	/** It is sent in any case, because the service may take it: the user only gets a hint. */
	hintOnly?: boolean;
	/** It is refused in any case. */
	always?: boolean;
}

/**
 * Refuses what breaks a limit; of the rest the user is told.
 *
 * @param strict false where the user only wants to be warned
 * @returns hints
 * @throws {InvalidInputError} for the first violation that is more than a hint
 */
export function settleViolations(violations: Violation[], strict: boolean): string[] {
	const broken = violations.find(({ hintOnly, always }) => always || (strict && !hintOnly));
	if (!broken) return violations.map(({ message, advice }) => `${message}. ${advice}`);
	const { message, advice, always } = broken;
	const unchecked = always ? '' : " To send it anyway, set the option 'Validation' to 'Warn'.";
	throw new InvalidInputError(message, `${advice}${unchecked}`);
}
