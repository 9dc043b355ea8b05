import type { INodeProperties } from 'n8n-workflow';

import { Evolink } from '../../nodes/Evolink/Evolink.node';
import { nearestSize } from '../../nodes/Evolink/models/nearestSize';
import type { ParameterRule } from '../../nodes/Evolink/models/model';
import version1 from './fixtures/version1.json';

/** What nodes of version 1 promise, by path: the fixture was made from the description of 0.1.0 (b9cf147). */
type Promises = Record<string, { types: string[]; defaults: unknown[]; values: unknown[] }>;

const { description } = new Evolink();

function promisesOf(version: number): Promises {
	const promises: Promises = {};
	const walk = (fields: INodeProperties[], prefix: string) => {
		for (const field of fields) {
			const versions = field.displayOptions?.show?.['@version'];
			if (versions && !versions.includes(version)) continue;
			const path = prefix + field.name;
			const entry = (promises[path] ??= { types: [], defaults: [], values: [] });
			entry.types.push(field.type);
			entry.defaults.push(field.default);
			for (const option of field.options ?? []) {
				if ('value' in option) entry.values.push(option.value);
				else if ('values' in option) {
					const { name, values } = option;
					walk(values, `${path}.${name}.`);
				} else walk([option], `${path}.`);
			}
		}
	};
	walk(description.properties, '');
	return promises;
}

it('makes new nodes of version 1.1 and keeps those of version 1', () => {
	expect(description.version).toEqual([1, 1.1]);
	expect(description.defaultVersion).toBe(1.1);
});

it.each(Object.entries(version1 as Promises))(
	'keeps what version 1 promises of %s',
	(path, { types, defaults, values }) => {
		const now = promisesOf(1)[path];
		expect(now?.types).toEqual(expect.arrayContaining(types));
		expect(now?.defaults).toEqual(expect.arrayContaining(defaults));
		expect(now?.values).toEqual(expect.arrayContaining(values));
	},
);

it('orders the form of new nodes as a person fills it in', () => {
	const names = description.properties
		.filter(({ displayOptions: { show } = {} }) => {
			const { operation, '@version': versions } = show ?? {};
			return (
				(!operation || operation.includes('editImage')) && (!versions || versions.includes(1.1))
			);
		})
		.map(({ name }) => name);
	expect([...new Set(names)]).toEqual([
		'credentials',
		'operation',
		'gatewayModel',
		'model',
		'prompt',
		'images',
		'numberOfImages',
		'imageOptions',
		'wait',
		'callbackUrl',
		'download',
		'binaryPropertyName',
		'simplify',
		'options',
		'service',
	]);
});

it('differs in new nodes by the named defaults, and by options in a collection of their own', () => {
	const [first, later] = [promisesOf(1), promisesOf(1.1)];
	expect(later['images.image.source'].defaults).toEqual(['binary']);
	expect(first['options.size'].types).toContain('string');
	expect(new Set(later['imageOptions.size'].types)).toEqual(new Set(['options']));
	expect(later['imageOptions.size'].values).toEqual(
		expect.arrayContaining(['sameAsFirstImage', 'custom']),
	);
	const names = (promises: Promises, collection: string) =>
		Object.keys(promises)
			.filter((path) => path.startsWith(`${collection}.`))
			.map((path) => path.slice(collection.length + 1));
	const moved = names(later, 'imageOptions').filter((name) => name !== 'customSize');
	expect(names(first, 'options')).toEqual(expect.arrayContaining(moved));
	// The mask of images gateways, which have no Image Options.
	expect(names(later, 'options').filter((name) => moved.includes(name))).toEqual(['mask']);
});

describe('The size that is nearest to an image', () => {
	const ratios: ParameterRule = { kind: 'choice', values: ['auto', '1:1', '16:9', '9:16', '3:2'] };
	const PHONE: ParameterRule = { kind: 'choice', values: ['9:16', '9:19.5', '9:20'] };
	const pixels = (limits: object): ParameterRule => ({ kind: 'size', values: [], pixels: limits });
	const of = (rule: ParameterRule, width: number, height: number, goesWithResolution = false) =>
		nearestSize(
			rule as Extract<ParameterRule, { kind: 'size' | 'choice' }>,
			{ width, height },
			goesWithResolution,
		);

	it.each<[string, ParameterRule, number, number, string | undefined]>([
		['a ratio', ratios, 1920, 1080, '16:9'],
		['a ratio, upright', ratios, 1000, 1900, '9:16'],
		['a ratio, nearly', ratios, 1400, 1000, '3:2'],
		[
			'a named size',
			{ kind: 'choice', values: ['1024x1024', '1536x1024'] },
			3000,
			2000,
			'1536x1024',
		],
		['the size itself', pixels({ minSide: 512, maxSide: 2048 }), 800, 600, '800x600'],
		['scaled down', pixels({ minSide: 512, maxSide: 2048 }), 4000, 3000, '2048x1536'],
		['scaled up', pixels({ minSide: 512, maxSide: 2048 }), 100, 100, '512x512'],
		['a long strip', pixels({ minSide: 512, maxSide: 2048 }), 5000, 100, '2048x512'],
		['a ratio with a fraction', PHONE, 1170, 2532, '9:19.5'],
		['multiples', pixels({ minSide: 16, maxSide: 3840, multipleOf: 16 }), 1001, 999, '1008x992'],
		['nothing', { kind: 'choice', values: ['auto'] }, 10, 10, undefined],
	])('is %s', (_name, rule, width, height, expected) => {
		expect(of(rule, width, height)).toBe(expected);
	});

	it('is a ratio where a resolution is sent too', () => {
		const rule = { kind: 'size', values: ['1:1', '4:3'], pixels: { minSide: 512 } } as const;
		expect(of(rule, 800, 600, true)).toBe('4:3');
		expect(of(rule, 800, 600)).toBe('800x600');
	});
});
