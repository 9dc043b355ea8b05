import type { INodeParameters } from 'n8n-workflow';
import type { SketchedNode } from '../../tools/host/sketch';

/**
 * n8n's Edit Image node as a person sets it who does what an advice says, and nothing else: what is not named keeps
 * the panel's default.
 *
 * @throws Error where the advice names no Edit Image node, or something that its panel does not have
 */
export function followAdvice(advice: string): SketchedNode {
	const recipe = /n8n's Edit Image node before this one \((.*?)\)\./.exec(advice)?.[1];
	if (recipe === undefined) throw new Error(`No Edit Image node in: ${advice}`);
	const [steps, ...settings] = recipe.split('; ');
	const fieldName = settingOf(settings, 'Property Name') ?? 'data';
	const format = settingOf(settings, 'Format')?.toLowerCase();
	const quality = settingOf(settings, 'Quality');
	return {
		name: 'Make It Fit',
		type: 'n8n-nodes-base.editImage',
		parameters: {
			...operationOf(steps),
			dataPropertyName: fieldName,
			options: {
				...(format === undefined ? {} : { format }),
				...(quality === undefined ? {} : { quality: Number(quality) }),
			},
		},
	};
}

function settingOf(settings: string[], name: string): string | undefined {
	return settings.find((setting) => setting.startsWith(`${name} `))?.slice(name.length + 1);
}

function operationOf(text: string): INodeParameters {
	const several = /^Multi Step: (.*)$/.exec(text)?.[1];
	if (several === undefined) return stepOf(text);
	const steps = several.split(/(?:^| )\d+\. /).slice(1);
	return { operation: 'multiStep', operations: { operations: steps.map(stepOf) } };
}

/** The names and values behind the words of the panel. */
function stepOf(text: string): INodeParameters {
	const [operation, ...settings] = text.split(', ');
	const [, width, height] = /^(\d+) × (\d+)$/.exec(settings[0]) ?? [];
	const size = { width: Number(width), height: Number(height) };
	switch (operation) {
		case 'Resize':
			return { operation: 'resize', ...size, resizeOption: resizeOptions[settings[1]] };
		case 'Crop':
			return {
				operation: 'crop',
				...size,
				positionX: Number(settingOf(settings, 'Position X')),
				positionY: Number(settingOf(settings, 'Position Y')),
			};
		case 'Create':
			return {
				operation: 'create',
				...size,
				backgroundColor: `${settingOf(settings, 'Background Color')}ff`,
			};
		case 'Composite':
			return {
				operation: 'composite',
				dataPropertyNameComposite: settingOf(settings, 'Composite Image Property') ?? '',
				operator: settingOf(settings, 'Operator') ?? '',
				positionX: 0,
				positionY: 0,
			};
		default:
			throw new Error(`n8n's Edit Image node has no operation '${operation}'`);
	}
}

const resizeOptions: Record<string, string> = {
	'Only if Larger': 'onlyIfLarger',
	'Minimum Area': 'minimumArea',
	Percent: 'percent',
};

/** The name of the model that an advice offers for the image as it is. */
export function offeredModel(advice: string): string | undefined {
	return /select a model that accepts it as it is, for example (.*?)\.(?: |$)/.exec(advice)?.[1];
}
