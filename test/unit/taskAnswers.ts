/** Answers of the service as its documentation shows them (docs.evolink.ai, get task detail). */

export const TASK_ID = 'task-unified-1756817821-4x3rx6ny';

export const PENDING = {
	created: 1756817821,
	id: TASK_ID,
	model: 'qwen-image-edit',
	object: 'image.generation.task',
	progress: 0,
	status: 'pending',
	task_info: { can_cancel: true, estimated_time: 30 },
	type: 'image',
	usage: { billing_rule: 'per_call', credits_reserved: 1, user_group: 'default' },
};

export const PROCESSING = {
	created: 1756817821,
	id: TASK_ID,
	model: 'qwen-image-edit',
	object: 'image.generation.task',
	progress: 45,
	status: 'processing',
	task_info: { can_cancel: true, estimated_time: 12 },
	type: 'image',
};

export const COMPLETED = {
	created: 1756817821,
	id: TASK_ID,
	model: 'gpt-4o-image',
	object: 'image.generation.task',
	progress: 100,
	results: ['http://example.com/image.jpg'],
	status: 'completed',
	task_info: { can_cancel: false },
	type: 'image',
};

/** The example of the page of error codes: without `created`, `type`, `task_info`, `error.type`. */
export const FAILED = {
	id: TASK_ID,
	object: 'image.generation.task',
	status: 'failed',
	model: 'gemini-3.1-flash-image-preview',
	progress: 0,
	error: {
		code: 'content_policy_violation',
		message: 'Content policy violation.\nYour request was blocked by safety filters...',
	},
};
