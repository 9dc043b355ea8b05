import { creditsText } from '../api/errors/billing';
import type { Task } from '../api/task';

/** What the tasks of a run have made, and what the service says that it charged, each counted once. */
export class Tally {
	private readonly tasks = new Map<string, Task>();

	note(task: Task): void {
		this.tasks.set(task.id, task);
	}

	/** For instance `12 images, 27.6 credits`; '' where the service does not say what it charged. */
	toString(): string {
		const told = [...this.tasks.values()].filter(({ creditsUsed }) => creditsUsed !== undefined);
		if (told.length === 0) return '';
		const images = told.reduce((sum, { results }) => sum + results.length, 0);
		const credits = told.reduce((sum, { creditsUsed = 0 }) => sum + creditsUsed, 0);
		return `${images} ${images === 1 ? 'image' : 'images'}, ${creditsText(credits)}`;
	}
}
