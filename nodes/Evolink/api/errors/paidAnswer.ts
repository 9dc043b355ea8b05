import type { TaskTrace } from './errors';
import { redactedAroundLinks } from './redaction';
import { type HttpAnswer, requestIdOf } from '../http/messages';

/** A longer answer is kept in part only: it goes into the execution's data. */
const MAX_KEPT_CHARACTERS = 1024 * 1024;
const KEPT_OF_A_LONGER_ONE = 64 * 1024;
const MAX_EXCERPT_CHARACTERS = 300;
const MAX_LINK_CHARACTERS = 2_000;
/** More would only hide the first ones. */
const MAX_FINDS = 5;

const IDS = [/"(?:id|\w{1,40}_id|\w{1,40}Id)"\s*:\s*"?([\w.:-]{1,128})/g, /\b(task-[\w-]{6,120})/g];
const LINKS = /(https?:\/\/[^\s"'<>\\]{1,2000})/gi;

/**
 * What an answer still tells that is, or may be, paid for and cannot be read: its beginning, the IDs and the links
 * in it, so that somebody can find what was paid for.
 *
 * @returns `told` for a message; `trace` with the whole answer, below 1 MB, and the service's ID of the request
 */
export function tellPaidAnswer(answer: HttpAnswer): { told: string; trace: TaskTrace } {
	const text = redactedAroundLinks(answer.body.toString('utf8').replace(/^\ufeff/, '')).trim();
	const kept = text.length > MAX_KEPT_CHARACTERS ? `${text.slice(0, KEPT_OF_A_LONGER_ONE)}…` : text;
	const requestId = requestIdOf(answer);
	return {
		told: [
			text === '' ? 'it is empty' : `it begins with: ${excerptOf(text)}`,
			list('IDs in it', find(text, IDS)),
			// As JSON writes them: \/ and & escaped.
			list('links in it', find(text.replace(/\\\//g, '/').replace(/\\u0026/gi, '&'), [LINKS])),
		]
			.filter((part) => part !== '')
			.join('; '),
		trace: {
			...(requestId === undefined ? {} : { requestId }),
			...(kept === '' ? {} : { answer: kept }),
		},
	};
}

function excerptOf(text: string): string {
	const line = text.slice(0, MAX_LINK_CHARACTERS).replace(/[\s\p{Cc}]+/gu, ' ');
	return line.length > MAX_EXCERPT_CHARACTERS ? `${line.slice(0, MAX_EXCERPT_CHARACTERS)}…` : line;
}

function find(text: string, patterns: RegExp[]): string[] {
	const finds = new Set<string>();
	for (const pattern of patterns) {
		for (const [, value] of text.matchAll(pattern)) {
			finds.add(value);
			if (finds.size >= MAX_FINDS) return [...finds];
		}
	}
	return [...finds];
}

function list(what: string, finds: string[]): string {
	return finds.length === 0 ? '' : `${what}: ${finds.join(' , ')}`;
}
