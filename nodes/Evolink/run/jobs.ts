import { ApiError, DownloadError, EvolinkError, KeyConflictError } from '../api/errors/errors';
import { shortened } from '../api/errors/shortened';

/** What a person can do about a job whose task is of no use any more. */
export const NEW_JOB_KEY =
	"The same 'Job Key' always returns the same task. To create, and pay for, new images, use another one.";

/**
 * Does the work of an item with a job key. Its task may be of another day, so errors name the job and say how to ask anew.
 *
 * @throws {EvolinkError}
 */
export async function asJob<T>(jobKey: string | undefined, work: () => Promise<T>): Promise<T> {
	if (jobKey === undefined) return await work();
	return await work().catch((error: unknown) => {
		throw jobError(jobKey, error);
	});
}

function jobError(jobKey: string, error: unknown): unknown {
	const job = shortened(jobKey);
	if (error instanceof KeyConflictError) {
		return new KeyConflictError(
			`Job Key '${job}' has already been used for a different request`,
			error.idempotencyKey,
			error.trace,
			'Use another job key, or send exactly the same request as before, including the callback URL.',
		);
	}
	if (error instanceof DownloadError && error.linkIsDead) {
		return new DownloadError(
			`The image URLs of job '${job}' have expired: ${error.message}`,
			`EvoLink keeps images for 24 hours. ${NEW_JOB_KEY}`,
			error.trace,
			true,
		);
	}
	const { taskId } = error instanceof EvolinkError ? error.trace : {};
	if (error instanceof ApiError && error.status === 404 && taskId !== undefined) {
		return error.inOtherWords(
			`EvoLink no longer knows the task of job '${job}': ${error.message}`,
			NEW_JOB_KEY,
		);
	}
	return error;
}
