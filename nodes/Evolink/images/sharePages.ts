/** Pages that show a file, which a person copies the link of, and what is the file itself. */

export interface SharePage {
	/** What to call it in messages. */
	name: string;
	/** Of the link's host, in lower case. */
	host: RegExp;
	/** Of path and query: what is a page and not the file. */
	page: RegExp;
	/** The link to the file itself, where one can be made of the page's; `match` is that of `page`. */
	direct?: (url: URL, match: RegExpExecArray) => string | undefined;
	/** What makes the file readable, or how to get it where there is no direct link. */
	advice?: string;
}

const withQuery = (url: URL, name: string, value: string): string => {
	const direct = new URL(url);
	direct.searchParams.set(name, value);
	return direct.href;
};
const onHost = (url: URL, host: string, pathname: string): string =>
	`https://${host}${pathname}${url.search}`;

/**
 * By the form of their links, or as the service documents its direct links. The first that fits counts.
 * A service that is not here is not judged.
 */
export const SHARE_PAGES: readonly SharePage[] = [
	{
		name: 'a page of Google Drive',
		host: /^(drive|docs)\.google\.com$/,
		page: /^\/(?:a\/[^/]+\/|u\/\d+\/)?(?:file\/(?:u\/\d+\/)?d\/([\w-]+)|open\?(?:.*&)?id=([\w-]+))/,
		direct: (url, [, byPath, byQuery]) => {
			const key = url.searchParams.get('resourcekey');
			return `https://drive.google.com/uc?export=download&id=${byPath ?? byQuery}${key === null ? '' : `&resourcekey=${key}`}`;
		},
		advice: "Share the file with 'Anyone with the link'.",
	},
	{
		name: 'a folder of Google Drive',
		host: /^drive\.google\.com$/,
		page: /^\/(?:a\/[^/]+\/)?(?:drive\/|folderview|embeddedfolderview)/,
		advice: "Get its files with n8n's Google Drive node.",
	},
	{
		name: 'a page of Google Docs',
		host: /^docs\.google\.com$/,
		page: /^\/(?:a\/[^/]+\/)?(?:document|spreadsheets|presentation|forms|drawings)\/.*\/(?:edit|view|preview|viewform|htmlview|mobilebasic)\b/,
	},
	{
		name: 'an album or page of Google Photos',
		host: /^(photos\.google\.com|photos\.app\.goo\.gl)$/,
		page: /^\/./,
	},
	{
		name: 'a folder of Dropbox',
		host: /^(www\.)?dropbox\.com$/,
		page: /^\/(?:sh|scl\/fo|t|home|preview|request)\//,
		advice: "Share the file by itself, or get it with n8n's Dropbox node.",
	},
	{
		name: 'a page of Dropbox',
		host: /^(www\.)?dropbox\.com$/,
		page: /^\/(?:l\/)?(?:s|scl\/fi)\/(?!.*[?&](?:dl|raw)=1(?:&|$))/,
		direct: (url) => withQuery(url, 'dl', '1'),
	},
	{
		name: 'a page of OneDrive',
		host: /^(1drv\.ms|onedrive\.live\.com)$/,
		page: /^\/(?!download|.*[?&]download=1)./,
		advice: "Get the file with n8n's Microsoft OneDrive node.",
	},
	{
		name: 'a page of SharePoint',
		host: /\.sharepoint\.com$/,
		page: /^\/:[iu]:\/(?!.*[?&]download=1(?:&|$))/,
		direct: (url) => withQuery(url, 'download', '1'),
		advice: "Share it with 'Anyone with the link'.",
	},
	{
		name: 'a page of SharePoint',
		host: /\.sharepoint\.com$/,
		page: /^\/(?!.*[?&]download=1(?:&|$))(?::\w:\/|.*_layouts\/15\/(?!download\.aspx))/,
		advice: "Get the file with n8n's Microsoft SharePoint node.",
	},
	{
		name: 'a page of iCloud',
		host: /^(share\.icloud\.com|(www\.)?icloud\.com)$/,
		page: /^\/./,
	},
	{
		name: 'a page of Box',
		host: /(^|\.)box\.com$/,
		page: /^\/(?:s|v|file|folder)\//,
		advice: "Get the file with n8n's Box node.",
	},
	{
		name: 'a page of WeTransfer',
		host: /(^|\.)wetransfer\.com$|^we\.tl$/,
		page: /^\/./,
	},
	{
		name: 'a page of MEGA',
		host: /^mega\.(nz|io|co\.nz)$/,
		page: /^\/./,
	},
	{
		name: 'an album or page of Imgur',
		host: /^((www|m)\.)?imgur\.com$/,
		page: /^\/(?:(?:a|gallery|t|topic|user)\/|(\w{5,8})(?:\?|$))/,
		direct: (_url, [, id]) => (id === undefined ? undefined : `https://i.imgur.com/${id}.png`),
		advice: "In the browser, right-click the image and choose 'Copy image address'.",
	},
	{
		name: 'a page of GitHub',
		host: /^(www\.)?github\.com$/,
		page: /^\/([^/]+\/[^/]+)\/blob\/((?!.*[?&]raw=)[^?]+)/,
		direct: (_url, [, repository, file]) =>
			`https://raw.githubusercontent.com/${repository}/${file}`,
	},
	{
		name: 'a page of GitHub',
		host: /^gist\.github\.com$/,
		page: /^\/[\w-]+\/\w+\/?(?:\?|$)/,
		advice: "Open the file with its button 'Raw', and use that URL.",
	},
	{
		name: 'a page of GitLab',
		host: /(^|\.)gitlab\.com$/,
		page: /\/-\/blob\//,
		direct: (url) => onHost(url, url.host, url.pathname.replace('/-/blob/', '/-/raw/')),
	},
	{
		name: 'a page of Bitbucket',
		host: /^bitbucket\.org$/,
		page: /^\/[^/]+\/[^/]+\/src\//,
		direct: (url) =>
			onHost(url, url.host, url.pathname.replace(/^(\/[^/]+\/[^/]+)\/src\//, '$1/raw/')),
	},
	{
		name: 'a page of Hugging Face',
		host: /^huggingface\.co$/,
		page: /\/blob\//,
		direct: (url) => onHost(url, url.host, url.pathname.replace('/blob/', '/resolve/')),
	},
	{
		name: 'a page of Wikimedia',
		host: /\.(wikipedia|wikimedia)\.org$/,
		page: /^\/wiki\/(?!Special:(?:FilePath|Redirect))(?:(?:File|Image|Datei|Fichier|Archivo|Bild|Immagine):([^?]+))?/i,
		direct: (_url, [, file]) =>
			file === undefined
				? undefined
				: `https://commons.wikimedia.org/wiki/Special:FilePath/${file}`,
	},
	{
		name: 'a page of Unsplash',
		host: /^(www\.)?unsplash\.com$/,
		page: /^(\/photos\/[^/?]+)\/?(?:\?|$)/,
		direct: (_url, [, photo]) => `https://unsplash.com${photo}/download`,
	},
	{
		name: 'a page and not a file',
		host: /^((www\.)?(pexels|pixabay|flickr|instagram|facebook|canva|figma|behance|deviantart|artstation)\.com|flic\.kr|pin\.it|(\w+\.)?pinterest\.[a-z.]+)$/,
		page: /^\/(?!api\/|.*\.(?:jpe?g|png|webp|gif)(?:\?|$))./i,
		advice: "In the browser, right-click the image and choose 'Copy image address'.",
	},
	{
		name: 'a page of an image host',
		host: /^(ibb\.co|postimg\.cc|prnt\.sc|gyazo\.com|imgbox\.com)$/,
		page: /^\/(?!.*\.(?:jpe?g|png|webp|gif)(?:\?|$))\w/i,
		advice: "In the browser, right-click the image and choose 'Copy image address'.",
	},
	{
		name: 'a file that only those who are signed in to Slack can read',
		host: /(^|\.)slack\.com$/,
		page: /^\/(?:files\/|files-(?:pri|tmb)\/(?!.*[?&]pub_secret=))/,
		advice: "Get it with n8n's HTTP Request node and a Slack credential.",
	},
	{
		name: 'a file that WhatsApp gives only with an access token',
		host: /^lookaside\.fbsbx\.com$/,
		page: /^\/whatsapp/,
		advice: "Get it with n8n's HTTP Request node and a WhatsApp credential.",
	},
	{
		name: 'a file that only those who are signed in to n8n can read',
		host: /./,
		page: /^(?:\/[^?]*)?\/rest\/binary-data(?:\?|$)/,
	},
];
