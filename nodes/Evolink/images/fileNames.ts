import { parseUrl } from '../api/http/url';
import { FORMATS, type ImageFormat } from './format';

/** What the result files of a task are called. */
export interface Naming {
	/** As the user wants it, without the ending. */
	fileName?: string | undefined;
	/** What tells them from the results of all other tasks: the task's ID, for instance. */
	taskName: string;
}

/** A prefix that all tasks have in common. */
const TASK_PREFIX = /^task-unified-/;

/** File systems take 255 bytes; the rest is for what makes the name unique, and the ending. */
const MAX_STEM_BYTES = 120;

/** Endings that a name may have already, right or wrong. */
const ENDING = new RegExp(
	`\\.(?:${Object.values(FORMATS)
		.flatMap(({ extensions }) => extensions)
		.join('|')})$`,
	'i',
);

/**
 * The names of the result files of a task, without their endings: as the user wants them, or as their links say,
 * then with the task in them, so that no two results of an execution have the same name.
 *
 * @param links in order; undefined for an image that came without
 */
export function fileStems(
	links: Array<string | undefined>,
	{ fileName, taskName }: Naming,
): string[] {
	const task = withoutSeparators(taskName);
	const taken = new Set<string>();
	const counts = new Map<string, number>();
	return links.map((link, position) => {
		if (fileName !== undefined) {
			const stem = withoutSeparators(fileName);
			return position === 0 ? stem : `${stem}_${position}`;
		}
		const own = stemOf(link);
		const short = task.replace(TASK_PREFIX, '');
		const stem = own === '' ? task : own.includes(short) ? own : `${own}-${short}`;
		let unique = stem;
		let count = counts.get(stem) ?? 1;
		while (taken.has(unique.toLowerCase())) unique = `${stem}_${count++}`;
		counts.set(stem, count);
		taken.add(unique.toLowerCase());
		return unique;
	});
}

/** The name with the ending that fits the bytes, unless it has it already. */
export function withEnding(stem: string, format: ImageFormat): string {
	const { extensions } = FORMATS[format];
	const has = extensions.some((extension) => stem.toLowerCase().endsWith(`.${extension}`));
	return has ? stem : `${stem}.${extensions[0]}`;
}

/** What a link calls its file; '' where it has no name. */
function stemOf(link: string | undefined): string {
	const segment =
		parseUrl(link ?? '')
			?.pathname.split('/')
			.pop() ?? '';
	const stem = unescaped(segment).replace(ENDING, '');
	const plain = withoutSeparators(stem)
		.replace(/[\s<>:"|?*%\p{Cf}]+/gu, '_')
		.replace(/^\.+$/, '');
	return shortened(plain);
}

/** Path separators and control characters would lead out of a folder. */
function withoutSeparators(name: string): string {
	return name.replace(/[/\\\p{Cc}]/gu, '_').trim();
}

function unescaped(segment: string): string {
	try {
		return decodeURIComponent(segment);
	} catch {
		return segment; // Not all that looks escaped is.
	}
}

function shortened(text: string): string {
	let short = '';
	for (const character of text) {
		if (Buffer.byteLength(short + character) > MAX_STEM_BYTES) break;
		short += character;
	}
	return short;
}
