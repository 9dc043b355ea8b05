import { problemOfText, type TextProblem } from '../api/errors/unevaluated';

/** What a person sets as text: the field's display name, and its value where there is one. */
export type SetText = [displayName: string, text: string | undefined];

/** The same where nothing is paid: no reason to refuse. */
export function hintsOnTexts(texts: SetText[]): TextProblem[] {
	return problemsOfTexts(texts).map((problem) => ({ ...problem, hintOnly: true }));
}

/** What is wrong with texts whatever they are for: what n8n should have evaluated, see `problemOfText`. */
export function problemsOfTexts(texts: SetText[]): TextProblem[] {
	return texts.flatMap(([displayName, text]) =>
		text === undefined ? [] : (problemOfText(displayName, text) ?? []),
	);
}
