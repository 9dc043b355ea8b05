import fc from 'fast-check';

import { fileStems, withEnding } from '../../../nodes/Evolink/images/fileNames';

const ID = 'task-unified-1757156493-imcg5zqt';

const stemOf = (path: string) => fileStems([`https://r.example.com${path}`], { taskName: ID })[0];

it.each([
	['the name in the link', '/x/beach.png', 'beach-1757156493-imcg5zqt'],
	['without the query', '/beach.png?sign=a.gif#b', 'beach-1757156493-imcg5zqt'],
	['a dot in the name', '/v1.2-beach.JPG', 'v1.2-beach-1757156493-imcg5zqt'],
	['a dot and a number at the end', '/photo.v1.2', 'photo.v1.2-1757156493-imcg5zqt'],
	['letters of other scripts', '/%E5%9B%BE.png', '图-1757156493-imcg5zqt'],
	['other letters, not escaped', '/Küste.webp', 'Küste-1757156493-imcg5zqt'],
	['the task in the link', `/${ID}-2.png`, `${ID}-2`],
	['no name', '/', ID],
	['an ending alone', '/.png', ID],
	['spaces', '/my%20beach.png', 'my_beach-1757156493-imcg5zqt'],
	['a broken escape', '/100%.png', '100_-1757156493-imcg5zqt'],
	['a way out of the folder', '/..%2f..%5cetc.png', '.._.._etc-1757156493-imcg5zqt'],
	['a zero byte', '/a%00.png', 'a_-1757156493-imcg5zqt'],
	['a change of direction', '/a%E2%80%AEgnp.png', 'a_gnp-1757156493-imcg5zqt'],
])('%s: %s', (_name, path, expected) => {
	expect(stemOf(path)).toBe(expected);
});

it('tells results of one task and of several apart', () => {
	const links = ['https://r.example.com/a/1.png', 'https://r.example.com/b/1.png'];
	const one = fileStems(links, { taskName: 'task-unified-1-a' });
	const other = fileStems(links, { taskName: 'task-unified-2-a' });
	expect(one).toEqual(['1-1-a', '1-1-a_1']);
	expect(new Set([...one, ...other]).size).toBe(4);
	expect(fileStems([undefined, undefined], { taskName: 'edited-1' })).toEqual([
		'edited-1',
		'edited-1_1',
	]);
});

it("takes the user's name as it is, but for what leads out of a folder", () => {
	const named = (fileName: string) => fileStems(['', ''], { fileName, taskName: ID });
	expect(named('Kunde 7: "neu"')).toEqual(['Kunde 7: "neu"', 'Kunde 7: "neu"_1']);
	expect(named('../a\\b\n')).toEqual(['.._a_b_', '.._a_b__1']);
});

it('puts the ending that fits the bytes, once', () => {
	expect(withEnding('a', 'jpeg')).toBe('a.jpg');
	expect(withEnding('a.JPEG', 'jpeg')).toBe('a.JPEG');
	expect(withEnding('a.png', 'webp')).toBe('a.png.webp');
});

it('whatever the links say, the names are short, plain and different', () => {
	const link = fc.oneof(fc.webUrl({ withQueryParameters: true, size: 'large' }), fc.string());
	fc.assert(
		fc.property(fc.array(link, { maxLength: 5 }), fc.string(), (links, taskName) => {
			const stems = fileStems(links, { taskName: `task-unified-${taskName}` });
			expect(new Set(stems).size).toBe(links.length);
			for (const stem of stems) {
				expect(stem).not.toMatch(/[/\\\p{Cc}]/u);
				expect(stem.length).toBeGreaterThan(0);
				expect(Buffer.byteLength(stem)).toBeLessThan(200);
			}
		}),
		{ numRuns: 1_000 },
	);
});
