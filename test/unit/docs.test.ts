import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(__dirname, '..', '..');

function filesIn(folder: string, ending: string): string[] {
	return readdirSync(join(root, folder), { recursive: true })
		.map((name) => join(folder, String(name)))
		.filter((file) => file.endsWith(ending));
}

const read = (file: string) => readFileSync(join(root, file), 'utf8');

const pages = [
	...readdirSync(root).filter((name) => name.endsWith('.md')),
	...['docs', 'nodes', 'tools', 'examples'].flatMap((folder) => filesIn(folder, '.md')),
];

/** The links of a page, without code. */
function linksOf(page: string): string[] {
	const text = read(page)
		.replace(/```[\s\S]*?```/g, '')
		.replace(/`[^`\n]*`/g, '');
	return [...text.matchAll(/\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)/g)].map(([, link]) => link);
}

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(page: string): Set<string> {
	const anchors = new Set<string>();
	for (const [, heading] of read(page)
		.replace(/```[\s\S]*?```/g, '')
		.matchAll(/^#{1,6}\s+(.+)$/gm)) {
		const slug = heading
			.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
			.trim()
			.toLowerCase()
			.replace(/[^\p{L}\p{N}\s_-]/gu, '')
			.replace(/\s/g, '-');
		let anchor = slug;
		for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
		anchors.add(anchor);
	}
	return anchors;
}

describe('The documentation', () => {
	it.each(pages)('%s: every relative link leads somewhere', (page) => {
		const broken = linksOf(page).filter((link) => {
			if (/^[a-z]+:/i.test(link)) return false;
			const [path, anchor] = link.split('#');
			const target = resolve(root, path === '' ? page : join(dirname(page), decodeURI(path)));
			if (!existsSync(target)) return true;
			const isPage = target.endsWith('.md') && statSync(target).isFile();
			return Boolean(anchor && isPage && !anchorsOf(relative(root, target)).has(anchor));
		});
		expect(broken).toEqual([]);
	});

	it('is there where the product and npm link to it', () => {
		const home = 'https://github.com/n8n-nodes-evolink/n8n-nodes-evolink';
		const raw = 'https://raw.githubusercontent.com/n8n-nodes-evolink/n8n-nodes-evolink/main/';
		const sources = [
			...pages,
			...['nodes', 'credentials', 'examples'].flatMap((folder) =>
				['.ts', '.json'].flatMap((ending) => filesIn(folder, ending)),
			),
		];
		const links = sources.flatMap((file) =>
			[...read(file).matchAll(/https:\/\/[^\s"'`)<>\\]+/g)].map(([link]) => link),
		);
		const own = links.filter((link) => link.startsWith(home) || link.startsWith(raw));
		expect(own.length).toBeGreaterThan(5);
		const broken = own.filter((link) => {
			const [address, anchor] = link.split('#');
			const path = address.replace(raw, '').replace(home, '').replace('/blob/main/', '');
			if (path === '' && anchor === 'readme') return false; // GitHub's own.
			const page = path === '' ? 'README.md' : path;
			return !existsSync(join(root, page)) || Boolean(anchor && !anchorsOf(page).has(anchor));
		});
		expect(broken).toEqual([]);
	});

	it('has each decision and each fact page in its index', () => {
		for (const folder of ['docs/decisions', 'docs/facts']) {
			const listed = linksOf(join(folder, 'README.md')).map((link) => join(folder, link));
			const there = filesIn(folder, '.md').filter((file) => !file.endsWith('README.md'));
			expect(listed.sort()).toEqual(expect.arrayContaining(there.sort()));
		}
	});

	it('says nothing of files that are not there', () => {
		const missing = ['CONTRIBUTING.md', 'SECURITY.md', 'docs/architecture.md'].flatMap((page) =>
			[...read(page).matchAll(/`((?:nodes|tools|test|docs|examples|\.ci|\.github)\/[\w./-]+)`/g)]
				.map(([, path]) => path)
				.filter((path) => !/countTasks/.test(path) && !existsSync(join(root, path))),
		);
		expect(missing).toEqual([]);
	});
});

/** Between the heading and the next one. */
function stateTable(): string {
	return /## Where state lives\n([\s\S]*?)\n## /.exec(read('docs/architecture.md'))?.[1] ?? '';
}

describe('The table of where state lives (docs/architecture.md)', () => {
	const sources = filesIn('nodes', '.ts').map((file) => ({ file, text: read(file) }));

	it('has every key that is saved in an execution', () => {
		const notKeys = ['evolinkApi', 'evolinkTrigger'];
		const keys = sources.flatMap(({ text }) =>
			[...text.matchAll(/\bevolink(?:[A-Z]\w*|_\w+)/g)].map(([key]) => key),
		);
		const unknown = [...new Set(keys)].filter(
			(key) => !notKeys.includes(key) && !stateTable().includes(`\`${key}\``),
		);
		expect(unknown).toEqual([]);
	});

	it('has every memory of the process', () => {
		const memories = sources.flatMap(({ file, text }) =>
			[
				// What is written in capitals is a constant.
				...text.matchAll(
					/^(?:export )?const ([a-z]\w*)\b[^\n]* = new (?:Map|WeakMap|Set|BoundedMap|DeliveredTasks)\b/gm,
				),
				...text.matchAll(/^(?:export )?let (\w+)/gm),
			].map(([, name]) => `${name} in ${file}`),
		);
		const unknown = memories.filter(
			(memory) => !stateTable().includes(`\`${memory.split(' ')[0]}\``),
		);
		expect(unknown).toEqual([]);
	});

	it('has nothing that is no longer there', () => {
		const names = [...stateTable().matchAll(/^\| ((?:`\w+`(?:, )?)+)/gm)].flatMap(([, cell]) =>
			[...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
		);
		expect(names.length).toBeGreaterThan(5);
		const code = sources.map(({ text }) => text).join('\n');
		expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
	});
});
