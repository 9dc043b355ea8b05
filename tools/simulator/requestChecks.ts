import { BlockList, isIP } from 'node:net';

import type { CreateBody, ModelLimits } from './models';

/** What is wrong with a create request, and with which of its fields. */
export interface Complaint {
	param?: string;
	message: string;
}

const COMMON_FIELDS = ['model', 'prompt', 'image_urls', 'mask_url', 'callback_url'];

/** The first thing that the service would refuse in a create request for a known model. */
export function findComplaint(body: CreateBody, limits: ModelLimits): Complaint | undefined {
	return (
		promptComplaint(body.prompt, limits) ??
		imagesComplaint(body.image_urls, limits) ??
		maskComplaint(body, limits) ??
		parameterComplaint(body, limits) ??
		limits.together?.(body) ??
		(body.callback_url === undefined ? undefined : callbackComplaint(body.callback_url))
	);
}

function promptComplaint(prompt: unknown, limits: ModelLimits): Complaint | undefined {
	const param = 'prompt';
	if (limits.takesNoPrompt) {
		return prompt === undefined ? undefined : { param, message: 'prompt is not supported' };
	}
	if (prompt === undefined && limits.promptIsOptional) return undefined;
	if (typeof prompt !== 'string' || prompt.trim() === '') {
		return { param, message: 'prompt is required' };
	}
	if ([...prompt].length > (limits.maxPromptLength ?? Infinity)) {
		return { param, message: `prompt is longer than ${limits.maxPromptLength} characters` };
	}
	if (Buffer.byteLength(prompt) > (limits.maxPromptBytes ?? Infinity)) {
		return { param, message: `prompt is longer than ${limits.maxPromptBytes} bytes` };
	}
	if (prompt.trim().split(/\s+/).length > (limits.maxPromptWords ?? Infinity)) {
		return { param, message: 'prompt has too many tokens' };
	}
	return undefined;
}

function imagesComplaint(urls: unknown, limits: ModelLimits): Complaint | undefined {
	const param = 'image_urls';
	if (urls === undefined && limits.imagesAreOptional) return undefined;
	if (limits.maxImages === 0) return { param, message: 'image_urls is not supported' };
	if (!Array.isArray(urls) || urls.length === 0) {
		return { param, message: 'image_urls is required' };
	}
	if (urls.length > limits.maxImages) {
		return { param, message: `image_urls takes at most ${limits.maxImages} images` };
	}
	if (!urls.every(isHttpUrl)) {
		return { param, message: 'image_urls takes http and https URLs only' };
	}
	return undefined;
}

function maskComplaint(body: CreateBody, limits: ModelLimits): Complaint | undefined {
	const param = 'mask_url';
	if (body.mask_url === undefined) return undefined;
	if (!limits.mask) return { param, message: `mask_url is not supported by ${body.model}` };
	return isHttpUrl(body.mask_url) ? undefined : { param, message: 'mask_url must be a URL' };
}

function parameterComplaint(body: CreateBody, limits: ModelLimits): Complaint | undefined {
	for (const [param, value] of Object.entries(body)) {
		if (COMMON_FIELDS.includes(param)) continue;
		if (!Object.hasOwn(limits.parameters, param)) {
			return { param, message: `${param} is not supported by ${body.model}` };
		}
		const problem = limits.parameters[param](value, body);
		if (problem) return { param, message: `${param} ${problem}` };
	}
	return undefined;
}

/** Public HTTPS addresses of at most 2048 characters (callback_url on every image page). */
function callbackComplaint(callbackUrl: unknown): Complaint | undefined {
	const param = 'callback_url';
	if (typeof callbackUrl !== 'string' || !URL.canParse(callbackUrl)) {
		return { param, message: 'callback_url must be a URL' };
	}
	if (callbackUrl.length > 2048) {
		return { param, message: 'callback_url is longer than 2048 characters' };
	}
	const { protocol, hostname } = new URL(callbackUrl);
	if (protocol !== 'https:') return { param, message: 'callback_url must use HTTPS' };
	if (isPrivateHost(hostname)) {
		return { param, message: 'callback_url must not point to a private or local address' };
	}
	return undefined;
}

function isHttpUrl(value: unknown): boolean {
	return (
		typeof value === 'string' &&
		URL.canParse(value) &&
		['http:', 'https:'].includes(new URL(value).protocol)
	);
}

const PRIVATE_ADDRESSES = new BlockList();
for (const [network, prefix] of [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['169.254.0.0', 16],
	['172.16.0.0', 12],
	['192.168.0.0', 16],
] as const) {
	PRIVATE_ADDRESSES.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
	['::', 128],
	['::1', 128],
	['fc00::', 7],
	['fe80::', 10],
] as const) {
	PRIVATE_ADDRESSES.addSubnet(network, prefix, 'ipv6');
}

/** Whether a host name, as `URL` normalises it, is not on the public internet. */
export function isPrivateHost(hostname: string): boolean {
	const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
	if (/(^|\.)localhost$|\.local$/i.test(host)) return true;
	const version = isIP(host);
	// IPv4 addresses that are mapped into IPv6 are found by the IPv4 rules.
	return version !== 0 && PRIVATE_ADDRESSES.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
