import { shortened } from '../api/errors/shortened';
import { isUnevaluated, switchToExpression } from '../api/errors/unevaluated';
import { isPrivateHost } from '../api/http/privateHost';
import { parseUrl } from '../api/http/url';
import { SHARE_PAGES } from './sharePages';

/** Who fetches the images behind links. */
export interface Fetcher {
	/** For messages. */
	name: string;
	/** Whether it reaches hosts that the internet does not. */
	reachesPrivateHosts: boolean;
}

/** Why a link will not give an image, as a violation of a request is told. */
export interface LinkProblem {
	message: string;
	/** The way out. */
	advice: string;
	hintOnly?: boolean;
}

/**
 * What can be told of a link without fetching it. Such a task fails, and some services charge for that.
 *
 * @param link an http or https address
 * @param label what to call the image in messages
 * @param field the display name of the parameter that the link stands in
 */
export function problemsOfLink(
	link: string,
	label: string,
	field: string,
	fetcher: Fetcher,
): LinkProblem[] {
	const url = parseUrl(link);
	if (!url) return [];
	const what = `${label}: '${shortened(link)}'`;
	if (isUnevaluated(decoded(link))) {
		return [
			{
				message: `${what} contains an expression that n8n didn't evaluate`,
				advice: switchToExpression(field),
			},
		];
	}
	if (SEVERAL.test(link)) {
		return [
			{
				message: `${what} is more than one URL`,
				advice:
					'Separate URLs with commas or line breaks, or use an expression that returns an array.',
			},
		];
	}
	if (isPrivateHost(url.hostname) && !fetcher.reachesPrivateHosts) {
		return [
			{
				message: `${label}: the URL points to the private host ${shortened(url.hostname)}, which ${fetcher.name} can't reach`,
				advice: `Use a public URL, or ${asFile(field)}.`,
			},
		];
	}
	const page = pageProblem(url, label, field);
	if (page) return [page];
	const [, ending] = NO_IMAGE.exec(url.pathname) ?? [];
	if (ending !== undefined) {
		return [
			{
				message: `${label}: the URL ends in .${ending}, which is not an image`,
				advice: 'If the task fails, use the URL of an image file.',
				hintOnly: true,
			},
		];
	}
	if (MISSING_PART.test(url.pathname)) {
		return [
			{
				message: `${what} contains 'undefined' or 'null', as if a value were missing in it`,
				advice: 'If the task fails, check the expression that makes the URL.',
				hintOnly: true,
			},
		];
	}
	return [];
}

/** The way with which any image can be used. To follow a verb in the same sentence. */
function asFile(field: string): string {
	return `get the file with an earlier node and ${useFile(field)}`;
}

/** @param field the display name of the parameter that wants the image */
export function useFile(field: string): string {
	return field === 'URL'
		? "set 'Source' to 'Binary Field'"
		: `enter the name of its binary field in '${field}'`;
}

/** A second address beside the first. After a slash, or as the value of a parameter, it would be part of it. */
const SEVERAL =
	/(?:[\s,;|"'\u3001\uff0c\uff1b]|\.(?:jpe?g|png|webp|gif|bmp|tiff?))(?:https?:\/\/|www\.)/i;

/** A server may make an image of it all the same. */
const NO_IMAGE = /\.(html?|pdf|zip|docx?|xlsx?|pptx?|mp4|mov|csv|json)$/i;

const MISSING_PART = /\/(?:undefined|null|NaN)(?:\.\w+)?(?:\/|$)/;

function pageProblem(url: URL, label: string, field: string): LinkProblem | undefined {
	const path = `${url.pathname}${url.search}`;
	for (const { name, host, page, direct, advice } of SHARE_PAGES) {
		const match = host.test(url.hostname) ? page.exec(path) : null;
		if (!match) continue;
		const link = direct?.(url, match);
		return {
			message: `${label}: the URL is ${name}, not the image itself`,
			advice:
				link === undefined
					? `${advice ?? `To use it, ${asFile(field)}.`} Or use the URL of the image file itself.`
					: `Use ${link} instead, or ${asFile(field)}.${advice ? ` ${advice}` : ''}`,
		};
	}
	return undefined;
}

function decoded(link: string): string {
	try {
		return decodeURIComponent(link);
	} catch {
		return link; // A % that encodes nothing.
	}
}
