interface FailureKind {
	retryable: boolean;
	advice: string;
}

/**
 * Why tasks fail, with the vendor's advice.
 * Source: docs.evolink.ai, task management, error codes (13 codes); the last three only stand in the
 * vendor's public skill file.
 */
export const TASK_FAILURES: Readonly<Record<string, FailureKind>> = {
	content_policy_violation: {
		retryable: false,
		advice: 'The safety filter refused the prompt or a picture: change them.',
	},
	invalid_parameters: {
		retryable: false,
		advice: "Check the prompt, the pictures and the model's limits.",
	},
	image_processing_error: {
		retryable: false,
		advice: 'A picture could not be read: use another one, and check that its link is public.',
	},
	image_dimension_mismatch: {
		retryable: false,
		advice: "Resize the pictures to the model's limits.",
	},
	request_cancelled: {
		retryable: true,
		advice: 'The task was cancelled: send it again if needed.',
	},
	generation_failed_no_content: {
		retryable: false,
		advice: 'The model made no picture: try another prompt.',
	},
	service_error: { retryable: true, advice: 'The service had an internal fault: try again later.' },
	generation_timeout: { retryable: true, advice: 'The model took too long: try again later.' },
	resource_exhausted: {
		retryable: true,
		advice: 'The model is busy: try again in 30 to 60 seconds.',
	},
	quota_exceeded: {
		retryable: true,
		advice: "Too many requests for this account: slow down or lower the option 'Concurrency'.",
	},
	service_unavailable: {
		retryable: true,
		advice: 'The model is not available now: try again in one or two minutes.',
	},
	resource_not_found: { retryable: false, advice: 'Check the model and the IDs in the request.' },
	/** Of this package: a complete task whose images did not come. */
	no_images: {
		retryable: false,
		advice:
			"They may still come: get them later with 'Get Task' or 'Wait for Completion' and this task ID, which creates no new task. If they don't come, contact EvoLink support.",
	},
	unknown_error: {
		retryable: false,
		advice: 'The service gave no reason: contact EvoLink support with the task ID.',
	},
	model_unavailable: { retryable: true, advice: 'Try again later or pick another model.' },
	upstream_error: {
		retryable: true,
		advice: 'The provider behind EvoLink failed: try again later.',
	},
	rate_limited: { retryable: true, advice: 'Too many requests: wait a minute and try again.' },
};

export function isRetryableFailure(code: string): boolean {
	return kindOf(code)?.retryable ?? false;
}

/** What to do, and whether trying again is of use. */
export function adviceForTaskFailure(code: string): string {
	const { advice, retryable } = kindOf(code) ?? TASK_FAILURES.unknown_error;
	if (code === 'no_images') return advice;
	return `${advice} ${retryable ? 'Trying again makes sense.' : 'Trying the same again will not help.'}`;
}

/** Codes come from outside: `constructor` is none of ours. */
function kindOf(code: string): FailureKind | undefined {
	return Object.hasOwn(TASK_FAILURES, code) ? TASK_FAILURES[code] : undefined;
}
