import { isDeepStrictEqual } from 'node:util';
import { type INodeParameters, type INodeTypeDescription, NodeHelpers } from 'n8n-workflow';
import type { WorkflowJson } from '../../tools/host/rest';

/**
 * What n8n would not take as it is written: an unknown node, version, parameter or value. n8n itself drops such
 * parameters without a word when it loads a workflow.
 */
export function problemsOf({ nodes }: WorkflowJson, types: INodeTypeDescription[]): string[] {
	return nodes.flatMap((node) => {
		const says = (problem: string) => `${node.name}: ${problem}`;
		const versions = types.filter(({ name }) => name === node.type);
		const type = versions.find(({ version }) => [version].flat().includes(node.typeVersion));
		if (!type) return [says(`there is no ${node.type} in version ${node.typeVersion}`)];
		const parameters =
			NodeHelpers.getNodeParameters(type.properties, node.parameters, true, false, node, type) ??
			{};
		const issues = NodeHelpers.getNodeParametersIssues(
			type.properties,
			{ ...node, parameters },
			type,
		);
		return [
			...dropped(node.parameters, parameters, '').map((path) => says(`'${path}' is dropped`)),
			...Object.entries(issues?.parameters ?? {})
				.filter(([name]) => !LEFT_TO_THE_USER.has(name))
				.map(([name, texts]) => says(`'${name}': ${texts.join(' ')}`)),
			...Object.keys(node.credentials ?? {})
				.filter((name) => !type.credentials?.some((credential) => credential.name === name))
				.map((name) => says(`it has no credential ${name}`)),
		];
	});
}

/** Folders, sheets and channels are each person's own. */
const LEFT_TO_THE_USER = new Set([
	'channelId',
	'documentId',
	'folderId',
	'folderToWatch',
	'sheetName',
]);

/** Paths of values that n8n does not keep. */
function dropped(given: unknown, kept: unknown, path: string): string[] {
	if (isDeepStrictEqual(given, kept)) return [];
	if (typeof given !== 'object' || given === null) return [path];
	if (typeof kept !== 'object' || kept === null) return [path];
	return Object.entries(given as INodeParameters).flatMap(([name, value]) =>
		dropped(value, (kept as INodeParameters)[name], path === '' ? name : `${path}.${name}`),
	);
}
