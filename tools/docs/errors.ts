/** The error messages in docs/troubleshooting.md, made from the code. `npm run docs:errors` writes them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(__dirname, '..', '..');

export const TROUBLESHOOTING = join(root, 'docs', 'troubleshooting.md');

const START = '<!-- Made from the code by `npm run docs:errors`: -->';
const END = '<!-- End of what is made from the code. -->';

/** What a person reads, with … for what differs from case to case. */
interface ErrorText {
	message: string;
	/** What to do; empty where the code puts it together elsewhere. */
	advice: string;
}

/**
 * @returns markdown that is not formatted yet
 * @throws {Error} the page has no place for the messages
 */
export function withErrorTexts(page: string): string {
	const list = errorTexts().map(({ message, advice }) =>
		[`- **${escaped(message)}**`, ...(advice ? [`  ${escaped(advice)}`] : [])].join('\n'),
	);
	const [before, , after] = parts(page);
	return `${before}${START}\n\n${list.join('\n')}\n\n${END}${after}`;
}

/** The messages that the page has. */
export function messagesIn(page: string): string[] {
	const [, list] = parts(page);
	return [...list.matchAll(/^- \*\*(.+)\*\*$/gm)].map(([, message]) =>
		message.replace(/\\(?=[\p{P}\p{S}])/gu, ''),
	);
}

function parts(page: string): [before: string, list: string, after: string] {
	const [before, rest] = page.split(START);
	const [list, after] = rest?.split(END) ?? [];
	if (after === undefined) throw new Error(`The page needs a line '${START}' and '${END}'`);
	return [before, list, after];
}

/** Every error and hint that the nodes can show, by its message. */
export function errorTexts(): ErrorText[] {
	const sources = ['nodes', 'credentials'].flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true })
			.map(String)
			.filter((name) => name.endsWith('.ts'))
			.sort()
			.map((name) => parse(join(root, folder, name))),
	);
	const constants = new Map(sources.flatMap(constantsOf));
	const found = new Map<string, ErrorText>();
	for (const source of sources) {
		const visit = (node: ts.Node): void => {
			const [message = '', advice = ''] = textsOf(node).map((text) =>
				text ? worded(text, constants).trim() : '',
			);
			if (saysSomething(message) && !found.get(message)?.advice) {
				found.set(message, { message, advice: saysSomething(advice) ? advice : '' });
			}
			ts.forEachChild(node, visit);
		};
		visit(source);
	}
	return [...found.values()].sort((a, b) => (a.message < b.message ? -1 : 1));
}

/** What is put together from other texts only does not. */
function saysSomething(text: string): boolean {
	return text.replace(/[^\p{L}]/gu, '').length > 5;
}

function parse(file: string): ts.SourceFile {
	return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** Message and advice, where a node of the syntax tree is an error, the base of one, or a violation. */
function textsOf(node: ts.Node): Array<ts.Expression | undefined> {
	if (ts.isNewExpression(node) && /\wError$/.test(node.expression.getText())) {
		const [first, second] = node.arguments ?? [];
		return first && !isN8nError(node) ? [first, second] : [];
	}
	if (ts.isCallExpression(node) && /^super$|\.inOtherWords$/.test(node.expression.getText())) {
		return [node.arguments[0], node.arguments[1]];
	}
	if (ts.isObjectLiteralExpression(node)) {
		const valueOf = (name: string) =>
			node.properties.find(
				(property): property is ts.PropertyAssignment =>
					ts.isPropertyAssignment(property) && property.name.getText() === name,
			)?.initializer;
		return valueOf('message') && valueOf('advice') ? [valueOf('message'), valueOf('advice')] : [];
	}
	return [];
}

/** n8n's own classes take the node first, and get texts that are made elsewhere. */
function isN8nError({ expression }: ts.NewExpression): boolean {
	return /^Node(Api|Operation)Error$/.test(expression.getText());
}

/** Texts that have a name of their own. */
function constantsOf(source: ts.SourceFile): Array<[string, ts.Expression]> {
	return source.statements
		.filter(ts.isVariableStatement)
		.flatMap(({ declarationList }) =>
			declarationList.declarations.flatMap(
				({ name, initializer }): Array<[string, ts.Expression]> =>
					initializer ? [[name.getText(), initializer]] : [],
			),
		);
}

function worded(text: ts.Expression, constants: ReadonlyMap<string, ts.Expression>): string {
	const again = (part: ts.Expression) => worded(part, constants);
	const raw = (() => {
		if (ts.isStringLiteralLike(text)) return text.text;
		if (ts.isTemplateExpression(text)) {
			const spans = text.templateSpans.map((span) => again(span.expression) + span.literal.text);
			return text.head.text + spans.join('');
		}
		if (ts.isBinaryExpression(text) && text.operatorToken.kind === ts.SyntaxKind.PlusToken) {
			return again(text.left) + again(text.right);
		}
		if (ts.isParenthesizedExpression(text)) return again(text.expression);
		const named = ts.isIdentifier(text) ? constants.get(text.text) : undefined;
		return named && named !== text ? again(named) : '…';
	})();
	return raw.replace(/\s+/g, ' ').replace(/…(\s*…)+/g, '…');
}

/** As markdown shows it letter by letter. */
function escaped(text: string): string {
	return text.replace(/[\\`*_<>[\]|]/g, '\\$&');
}
