import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { ParameterSource } from './reader';

/** New nodes are of the last one. Saved nodes keep theirs, with its fields and its defaults. */
export const NODE_VERSIONS = [1, 1.1];

/** What is needed of n8n's context to read what differs between versions. */
export type VersionedSource = ParameterSource & Pick<IExecuteFunctions, 'getNode'>;

/** Nodes saved by 0.1: some options that are not set mean something else there. */
export function isFirstVersion(context: Pick<IExecuteFunctions, 'getNode'>): boolean {
	return context.getNode().typeVersion < 1.1;
}

/** A field, or an option of a collection, for nodes of version 1 only. */
export function inFirstVersion(field: INodeProperties): INodeProperties {
	return shownIn(field, [1]);
}

/** A field, or an option of a collection, for nodes of version 1.1 and later. */
export function inLaterVersions(field: INodeProperties): INodeProperties {
	return shownIn(field, [1.1]);
}

type Versions = NonNullable<NonNullable<INodeProperties['displayOptions']>['show']>['@version'];

function shownIn(field: INodeProperties, versions: Versions): INodeProperties {
	const { displayOptions } = field;
	return {
		...field,
		displayOptions: { ...displayOptions, show: { ...displayOptions?.show, '@version': versions } },
	};
}
