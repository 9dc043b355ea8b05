import { BoundedMap } from '../../../nodes/Evolink/memory/boundedMap';

it('keeps the newest entries', () => {
	const map = new BoundedMap<number>(2);
	map.set('a', 1);
	map.set('b', 2);
	map.set('a', 3);
	map.set('c', 4);
	expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([3, undefined, 4]);
});

it('makes what is missing once, and looking for it makes it the newest', () => {
	const map = new BoundedMap<{ key: string } | undefined>(2);
	const make = jest.fn((key: string) => ({ key }));
	const a = map.getOrAdd('a', () => make('a'));
	map.getOrAdd('b', () => make('b'));
	expect(map.getOrAdd('a', () => make('a'))).toBe(a);
	map.getOrAdd('c', () => make('c'));
	expect(map.get('a')).toBe(a);
	expect(map.get('b')).toBeUndefined();
	expect(make).toHaveBeenCalledTimes(3);
});
