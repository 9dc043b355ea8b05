/** A text that hardly says what the person meant, as a violation of a request is told. */
export interface TextProblem {
	message: string;
	/** The way out. */
	advice: string;
	/** It may be meant as it is. */
	hintOnly?: boolean;
}

/** What n8n fills in. Source: docs.n8n.io, Code > Built-in methods and variables. */
const VARIABLE = String.raw`\$(?:(?:agentInfo|binary|env|evaluateExpression|execution|fromAI|if|ifEmpty|input|items?|itemIndex|jmespath|json|max|min|node|nodeId|nodeVersion|now|pageCount|parameter|prevNode|rawParameter|request|response|runIndex|secrets|self|today|vars|workflow)\b|\(\s*["'\x60])`;

/** What stands in braces and is JavaScript: a variable of n8n's, a call such as DateTime.now(), or item.json. */
const CODE = new RegExp(String.raw`${VARIABLE}|\w\(|^\s*\w+(?:\?\.|\.|\[)["'\w]`);
/** Nothing but braces: what stands in them would have been the text. */
const ONLY_BRACES = /^\{\{[^{}]{1,300}\}\}$/;
/** { $json.title }, ${$json.title}, and {{ … $json.title without its second half. */
const BROKEN_BRACES = new RegExp(
	String.raw`\$?\{\s*${VARIABLE}[^{}]{0,300}\}?|\{\{[^{}]{0,300}?${VARIABLE}[^{}]{0,300}`,
);
/** The name of a value, and nothing else. */
const BARE_VARIABLE = new RegExp(String.raw`^=?\s*${VARIABLE}[\w.?[\]()"'\x60 -]*$`);
const MAX_BARE_VARIABLE = 200;
const VARIABLE_IN_TEXT = new RegExp(
	String.raw`\$(?:json|binary|input|node)(?:\.|\[["'])[\w.[\]"']+`,
);
/** By JavaScript, and as n8n's editor shows it. */
const STRINGIFIED_OBJECT = /\[object \w+\]|\[(?:Object|Array): [[{].{0,20}/;
const NOTHING =
	/^["'`]?(?:undefined|null|NaN|Invalid Date(?:Time)?|#(?:N\/A|REF!|VALUE!|NAME\?|ERROR!|NULL!|DIV\/0!))["'`]?(?:[\s,;]+(?:undefined|null|NaN))*[\s.,;]*$/;
const EMPTY_VALUE = /^(?:""|''|``|\{\s*\}|\[\s*\])$/;

/** @returns what n8n would have evaluated in an expression, for certain */
function expressionIn(text: string): string | undefined {
	if (ONLY_BRACES.test(text)) return text;
	if (text.length <= MAX_BARE_VARIABLE && isBareVariable(text)) return text;
	for (const { whole, inside } of inBraces(text)) {
		if (whole.startsWith('=') || CODE.test(inside)) return whole;
	}
	return BROKEN_BRACES.exec(text)?.[0];
}

const MAX_INSIDE = 300;

/** Every `{{ … }}`, with a `=` before it. */
function* inBraces(text: string): Generator<{ whole: string; inside: string }> {
	let end = 0;
	for (let start = text.indexOf('{{'); start >= 0; start = text.indexOf('{{', start + 2)) {
		if (end < start + 2) end = text.indexOf('}}', start + 2);
		if (end < 0) return;
		if (end - start > MAX_INSIDE) continue;
		const from = text[start - 1] === '=' ? start - 1 : start;
		yield { whole: text.slice(from, end + 2), inside: text.slice(start + 2, end) };
	}
}

function firstInBraces(text: string): string | undefined {
	for (const { whole } of inBraces(text)) return whole;
	return undefined;
}

/** `$json.title`, `$('My Form').item.json.title`; not `$now is the time`. */
function isBareVariable(text: string): boolean {
	return BARE_VARIABLE.test(text) && !/[\w)\]] +[\w$]/.test(text.replace(/(["'`]).*?\1/g, '""'));
}

/**
 * What n8n should have evaluated, or what is left of an expression that gave no text: in a field that is set to 'Fixed'
 * n8n keeps `{{ $json.title }}` as it is.
 *
 * @param displayName of the field
 */
export function problemOfText(displayName: string, text: string): TextProblem | undefined {
	const expression = expressionIn(text);
	if (expression !== undefined) {
		return {
			message: `'${displayName}' contains the expression ${quoted(expression)}, which n8n didn't evaluate`,
			advice: switchToExpression(displayName),
		};
	}
	const object = STRINGIFIED_OBJECT.exec(text)?.[0];
	if (object !== undefined) {
		return {
			message: `'${displayName}' contains '${object}': an expression returned an object instead of text`,
			advice:
				'Refer to one of its fields in the expression, e.g. {{ $json.title }}, or use {{ JSON.stringify($json.title) }}. If the text comes from an earlier node, correct it there.',
		};
	}
	if (NOTHING.test(text) || EMPTY_VALUE.test(text)) {
		return {
			message: `'${displayName}' is ${quoted(text)}, as if a value were missing`,
			advice:
				'Check the expression, or the earlier node that makes the text: the field it refers to may be missing in this item.',
		};
	}
	const left = firstInBraces(text) ?? VARIABLE_IN_TEXT.exec(text)?.[0];
	if (left !== undefined) {
		return {
			message: `'${displayName}' contains ${quoted(left)}, which is sent as it is`,
			advice: `If you meant a value: ${switchToExpression(displayName)}`,
			hintOnly: true,
		};
	}
	return undefined;
}

/** Whether a name or an address has an expression in it, or what is left of one: nothing is called so. */
export function isUnevaluated(text: string): boolean {
	return (
		firstInBraces(text) !== undefined ||
		STRINGIFIED_OBJECT.test(text) ||
		expressionIn(text) !== undefined
	);
}

export function switchToExpression(displayName: string): string {
	return `Switch the field '${displayName}' from 'Fixed' to 'Expression', and enter values as {{ $json.title }}. If the text comes from an earlier node, correct it there.`;
}

/** For the end of an advice on a value that may be such a text; with a blank in front. */
export function adviceIfUnevaluated(displayName: string, text: string): string {
	return isUnevaluated(text) ? ` ${switchToExpression(displayName)}` : '';
}

const MAX_QUOTED = 60;

function quoted(text: string): string {
	return text.length > MAX_QUOTED ? `'${text.slice(0, MAX_QUOTED)}…'` : `'${text}'`;
}
