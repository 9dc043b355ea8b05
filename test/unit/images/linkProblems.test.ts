import { problemsOfLink } from '../../../nodes/Evolink/images/linkProblems';

const EVOLINK = { name: 'EvoLink', reachesPrivateHosts: false };

function told(link: string, fetcher = EVOLINK): string | undefined {
	const [problem, ...more] = problemsOfLink(link, 'Image 1', 'URL', fetcher);
	expect(more).toEqual([]);
	return problem && `${problem.message} – ${problem.advice}`;
}

describe('A link that will not give an image', () => {
	/** The page, what it is called, and the link that is named instead. */
	it.each<[string, string, string?]>([
		[
			'https://drive.google.com/file/d/1A2b_3-C/view?usp=sharing',
			'a page of Google Drive',
			'https://drive.google.com/uc?export=download&id=1A2b_3-C',
		],
		[
			'https://drive.google.com/file/d/1A2b_3-C/view?usp=drive_link&resourcekey=0-xY',
			'a page of Google Drive',
			'https://drive.google.com/uc?export=download&id=1A2b_3-C&resourcekey=0-xY',
		],
		[
			'https://drive.google.com/open?usp=drive_fs&id=1A2b',
			'a page of Google Drive',
			'https://drive.google.com/uc?export=download&id=1A2b',
		],
		[
			'https://drive.google.com/file/u/0/d/1A2b/preview',
			'a page of Google Drive',
			'https://drive.google.com/uc?export=download&id=1A2b',
		],
		[
			'https://drive.google.com/a/example.com/file/d/1A2b/edit',
			'a page of Google Drive',
			'https://drive.google.com/uc?export=download&id=1A2b',
		],
		['https://docs.google.com/file/d/1A2b/edit', 'a page of Google Drive', 'id=1A2b'],
		['https://drive.google.com/drive/folders/1A2b?usp=sharing', 'a folder of Google Drive'],
		['https://drive.google.com/drive/u/0/my-drive', 'a folder of Google Drive'],
		['https://docs.google.com/presentation/d/1A2b/edit#slide=id.p', 'a page of Google Docs'],
		['https://photos.app.goo.gl/AbCdEf', 'an album or page of Google Photos'],
		['https://photos.google.com/share/AF1Q/photo/AF1Q', 'an album or page of Google Photos'],
		[
			'https://www.dropbox.com/s/abc/cat.png?dl=0',
			'a page of Dropbox',
			'https://www.dropbox.com/s/abc/cat.png?dl=1',
		],
		[
			'https://www.dropbox.com/scl/fi/abc/cat.png?rlkey=k&st=s&dl=0',
			'a page of Dropbox',
			'https://www.dropbox.com/scl/fi/abc/cat.png?rlkey=k&st=s&dl=1',
		],
		[
			'https://dropbox.com/s/abc/cat.png',
			'a page of Dropbox',
			'https://dropbox.com/s/abc/cat.png?dl=1',
		],
		['https://www.dropbox.com/scl/fo/abc/xyz?rlkey=k&dl=1', 'a folder of Dropbox'],
		['https://1drv.ms/i/s!Abc?e=x', 'a page of OneDrive'],
		['https://onedrive.live.com/?cid=1&id=2', 'a page of OneDrive'],
		[
			'https://acme.sharepoint.com/:i:/g/personal/x/Ea1?e=y',
			'a page of SharePoint',
			'https://acme.sharepoint.com/:i:/g/personal/x/Ea1?e=y&download=1',
		],
		['https://acme-my.sharepoint.com/:f:/g/personal/x/Ea1', 'a page of SharePoint'],
		['https://share.icloud.com/photos/0a1', 'a page of iCloud'],
		['https://app.box.com/s/abc', 'a page of Box'],
		['https://we.tl/t-AbC', 'a page of WeTransfer'],
		['https://wetransfer.com/downloads/1/2', 'a page of WeTransfer'],
		['https://mega.nz/file/a#b', 'a page of MEGA'],
		['https://imgur.com/AbC12de', 'an album or page of Imgur', 'https://i.imgur.com/AbC12de.png'],
		['https://gist.github.com/user/0a1b2c', 'a page of GitHub'],
		['https://en.wikipedia.org/wiki/Cat#/media/File:Cat.jpg', 'a page of Wikimedia'],
		[
			'https://www.dropbox.com/l/scl/fi/abc/cat.png?rlkey=k&dl=0',
			'a page of Dropbox',
			'https://www.dropbox.com/l/scl/fi/abc/cat.png?rlkey=k&dl=1',
		],
		['https://imgur.com/a/AbC12', 'an album or page of Imgur'],
		['https://imgur.com/gallery/a-cat-AbC12', 'an album or page of Imgur'],
		[
			'https://github.com/o/r/blob/main/img/a.png',
			'a page of GitHub',
			'https://raw.githubusercontent.com/o/r/main/img/a.png',
		],
		[
			'https://gitlab.com/g/s/r/-/blob/main/a.png',
			'a page of GitLab',
			'https://gitlab.com/g/s/r/-/raw/main/a.png',
		],
		[
			'https://huggingface.co/o/r/blob/main/a.png',
			'a page of Hugging Face',
			'https://huggingface.co/o/r/resolve/main/a.png',
		],
		[
			'https://en.wikipedia.org/wiki/File:Cat_(1).jpg',
			'a page of Wikimedia',
			'https://commons.wikimedia.org/wiki/Special:FilePath/Cat_(1).jpg',
		],
		[
			'https://unsplash.com/photos/a-cat-x1Y',
			'a page of Unsplash',
			'https://unsplash.com/photos/a-cat-x1Y/download',
		],
		['https://www.pexels.com/photo/cat-1/', 'a page and not a file'],
		['https://www.instagram.com/p/Abc/', 'a page and not a file'],
		['https://www.pinterest.de/pin/1/', 'a page and not a file'],
		['https://ibb.co/AbC', 'a page of an image host'],
		[
			'https://files.slack.com/files-pri/T1-F1/a.png',
			'a file that only those who are signed in to Slack can read',
		],
		[
			'https://n8n.example.com/rest/binary-data?id=filesystem-v2:x&action=view',
			'a file that only those who are signed in to n8n can read',
		],
	])('%s is %s', (...page) => {
		const [link, name, direct] = page;
		const text = told(link);
		expect(text).toContain(`Image 1: the URL is ${name}, not the image itself – `);
		if (direct === undefined) expect(text).not.toMatch(/Use http/);
		else {
			const [, named = ''] = /Use (\S+?)\.? instead/.exec(text ?? '') ?? [];
			expect(named).toContain(direct);
			expect(told(named)).toBeUndefined();
		}
	});

	it.each([
		'https://a.example.com/a.png https://b.example.com/b.png',
		'https://a.example.com/a.png\thttps://b.example.com/b.png',
		'https://a.example.com/a.png;https://b.example.com/b.png',
		'https://a.example.com/a.png; https://b.example.com/b.png',
		'https://a.example.com/a.png|https://b.example.com/b.png',
		'https://a.example.com/a.png | https://b.example.com/b.png',
		'https://a.example.com/a.png and https://b.example.com/b.png',
		'https://a.example.com/a.png www.example.com/b.png',
		'https://a.example.com/a.png,www.example.com/b.png',
		'https://a.example.com/a.pnghttps://b.example.com/b.png',
		'https://a.example.com/a.png；https://b.example.com/b.png',
	])('%s is more than one', (link) => {
		expect(told(link)).toMatch(/^Image 1: 'https:.*' is more than one URL – Separate .* commas/);
	});

	it.each([
		'http://localhost:5678/a.png',
		'https://127.0.0.1/a.png',
		'http://10.1.2.3/a.png',
		'http://192.168.1.5/a.png',
		'http://[::1]/a.png',
		'http://minio:9000/bucket/a.png',
		'https://nas.local/a.png',
		'http://host.docker.internal/a.png',
		'http://169.254.169.254/latest',
	])('%s is private', (link) => {
		expect(told(link)).toMatch(
			/^Image 1: the URL points to the private host .+, which EvoLink can't reach – Use a public URL/,
		);
		expect(told(link, { name: 'n8n', reachesPrivateHosts: true })).toBeUndefined();
	});

	it.each([
		'https://cdn.example.com/{{ $json.file }}',
		'https://cdn.example.com/%7B%7B%20$json.file%20%7D%7D',
		'https://cdn.example.com/{$json.file}',
		'https://cdn.example.com/{{file}}.png',
		'https://cdn.example.com/[object Object]',
	])('%s was not evaluated', (link) => {
		expect(told(link)).toMatch(/didn't evaluate – Switch the field 'URL' .* to 'Expression'/);
	});

	it('has a hint where a value may be missing in it, or it is of another kind', () => {
		for (const link of [
			'https://a.example.com/undefined',
			'https://a.example.com/i/null.png',
			'https://a.example.com/gallery.html',
			'https://a.example.com/a.pdf?x=1',
		]) {
			expect(problemsOfLink(link, 'Image 1', 'URL', EVOLINK)).toMatchObject([{ hintOnly: true }]);
		}
	});

	it.each([
		'https://example.com/cat.png',
		'https://example.com/a;v=1/b;jsessionid=2.png',
		'https://example.com/a%2Cb%3Bc.png?x=1;2&y=a|b',
		'https://example.com/my photo (1).png',
		'https://web.archive.org/web/2020/https://example.com/a.png',
		'https://res.cloudinary.com/demo/image/fetch/w_9,ar_16:9/https://a.example.com/a.png',
		'https://images.weserv.nl/?url=https://example.com/a.png&w=3',
		'https://images.weserv.nl/?url=www.example.com/a.png',
		'https://example.com/proxy?https://other.example.com/a.png',
		'https://drive.google.com/uc?export=view&id=1A2b',
		'https://drive.google.com/uc?id=1A2b&export=download',
		'https://drive.google.com/thumbnail?id=1A2b&sz=w1000',
		'https://drive.usercontent.google.com/download?id=1A2b',
		'https://lh3.googleusercontent.com/d/1A2b',
		'https://docs.google.com/drawings/d/1A2b/export/png',
		'https://www.dropbox.com/s/abc/cat.png?dl=1',
		'https://www.dropbox.com/s/abc/cat.png?raw=1',
		'https://www.dropbox.com/scl/fi/abc/cat.png?rlkey=k&raw=1&st=s',
		'https://dl.dropboxusercontent.com/s/abc/cat.png',
		'https://onedrive.live.com/download?cid=1&resid=2',
		'https://acme.sharepoint.com/:i:/g/personal/x/Ea1?e=y&download=1',
		'https://acme.sharepoint.com/sites/x/_layouts/15/download.aspx?share=1',
		'https://i.imgur.com/AbC12de.png',
		'https://raw.githubusercontent.com/o/r/main/a.png',
		'https://github.com/o/r/blob/main/a.png?raw=true',
		'https://github.com/o/r/raw/main/a.png',
		'https://github.com/user-attachments/assets/1-2',
		'https://commons.wikimedia.org/wiki/Special:FilePath/Cat.jpg',
		'https://upload.wikimedia.org/wikipedia/commons/a/ab/Cat.jpg',
		'https://images.unsplash.com/photo-1?w=3',
		'https://images.pexels.com/photos/1/a.jpeg',
		'https://live.staticflickr.com/1/2.jpg',
		'https://i.ibb.co/AbC/a.png',
		'https://app.box.com/shared/static/abc.png',
		'https://lh3.example.com/blob/a.png',
		'https://n8n.example.com/rest/binary-data/signed?token=x',
		'https://n8n.example.com/webhook/image',
		'https://undefined.example.com/nullable/a.png',
		'http://203.0.113.example.org/a.png',
		'http://93.184.216.34/a.png',
	])('%s is not judged', (link) => {
		expect(told(link)).toBeUndefined();
	});
});
