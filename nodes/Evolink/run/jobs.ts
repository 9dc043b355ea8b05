import { ApiError, DownloadError, EvolinkError, KeyConflictError } from '../api/errors/errors';

/** What a person can do about a job whose task is of no use any more. */
export const NEW_JOB_KEY =
	"The same 'Job Key' always gives the same task. To create the images anew, and pay for them, use another one.";

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
	if (error instanceof KeyConflictError) {
		return new KeyConflictError(
			`Job Key '${jobKey}' was used for another request before`,
			error.idempotencyKey,
			error.trace,
			'Use another job key for another request, or ask for the same as before. The callback URL counts too.',
		);
	}
	if (error instanceof DownloadError && error.linkIsDead) {
		return new DownloadError(
			`The image links of job '${jobKey}' no longer work: ${error.message}`,
			`EvoLink keeps images for 24 hours. ${NEW_JOB_KEY}`,
			error.trace,
			true,
		);
	}
	const { taskId } = error instanceof EvolinkError ? error.trace : {};
	if (error instanceof ApiError && error.status === 404 && taskId !== undefined) {
		const { message, status, code } = error;
		const gone = new ApiError(
			`EvoLink no longer knows the task of job '${jobKey}': ${message}`,
			NEW_JOB_KEY,
			{ status, ...(code === undefined ? {} : { code }) },
		);
		gone.trace.taskId = taskId;
		return gone;
	}
	return error;
}
