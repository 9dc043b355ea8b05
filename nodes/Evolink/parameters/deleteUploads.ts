import type { INodeProperties } from 'n8n-workflow';

import { parameter, type ParameterSource, readBoolean } from './reader';

export const deleteUploadsOption: INodeProperties = {
	displayName: 'Delete Uploads',
	name: 'deleteUploads',
	type: 'boolean',
	default: false,
	description:
		"Whether to delete the images that this node uploads from EvoLink's files host as soon as the task is finished. They expire after 72 hours otherwise. Not in effect with 'Job Key'.",
	displayOptions: { hide: { '/service': ['imagesGateway'], '/wait': ['none'] } },
};

/** @throws {InvalidInputError} */
export function readDeleteUploads(source: ParameterSource, itemIndex: number): boolean {
	return readBoolean(source, itemIndex, parameter(deleteUploadsOption, 'options'), false);
}
