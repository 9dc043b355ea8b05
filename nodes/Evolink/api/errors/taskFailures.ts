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
		advice: 'The content filter rejected the prompt or an image. Change them before you retry.',
	},
	invalid_parameters: {
		retryable: false,
		advice: "Check the prompt, the images and the model's limits before you retry.",
	},
	image_processing_error: {
		retryable: false,
		advice:
			"EvoLink couldn't read an image. Check that the URL is public and points to the image file itself (share links of Google Drive or Dropbox don't), or set 'Source' to 'Binary Field'.",
	},
	image_dimension_mismatch: {
		retryable: false,
		advice: "Resize the images to the model's limits before you retry.",
	},
	request_cancelled: {
		retryable: true,
		advice: 'The task was cancelled. Retry if you still need the image.',
	},
	generation_failed_no_content: {
		retryable: false,
		advice: 'The model produced no image. Try another prompt.',
	},
	service_error: {
		retryable: true,
		advice: 'EvoLink had an internal error. Retry in a few minutes.',
	},
	generation_timeout: {
		retryable: true,
		advice: 'The model took too long. Retry in a few minutes.',
	},
	resource_exhausted: {
		retryable: true,
		advice: 'The model is busy. Retry in 30 to 60 seconds.',
	},
	quota_exceeded: {
		retryable: true,
		advice: "Too many requests for this account. Lower the option 'Concurrency', or retry later.",
	},
	service_unavailable: {
		retryable: true,
		advice: 'The model is temporarily unavailable. Retry in one or two minutes.',
	},
	resource_not_found: { retryable: false, advice: 'Check the model and the IDs in the request.' },
	/** Of this package: a complete task whose images did not come. */
	no_images: {
		retryable: false,
		advice:
			"They may still arrive: get them later with 'Get Task' or 'Wait for Completion' and this task ID, which doesn't create a new task. If they don't arrive, contact EvoLink support.",
	},
	unknown_error: {
		retryable: false,
		advice: 'EvoLink gave no reason. Contact EvoLink support with the task ID.',
	},
	model_unavailable: { retryable: true, advice: 'Try again later, or select another model.' },
	upstream_error: {
		retryable: true,
		advice: "EvoLink's provider of the model failed. Retry in a few minutes.",
	},
	rate_limited: { retryable: true, advice: 'Too many requests. Retry in a minute.' },
};

export function isRetryableFailure(code: string): boolean {
	return kindOf(code)?.retryable ?? false;
}

/** What to do about it; where a retry is of use, the advice says so. */
export function adviceForTaskFailure(code: string): string {
	return (kindOf(code) ?? TASK_FAILURES.unknown_error).advice;
}

/** Codes come from outside: `constructor` is none of ours. */
function kindOf(code: string): FailureKind | undefined {
	return Object.hasOwn(TASK_FAILURES, code) ? TASK_FAILURES[code] : undefined;
}
