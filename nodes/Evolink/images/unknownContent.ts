import { shortened } from '../api/errors/shortened';
import { isRecord, parseJson, textOf } from '../api/http/json';
import { formatOf } from './format';

/** What something is that is not an image of a known format, and how to get an image instead. */
export interface UnknownContent {
	/** 'a web page', for instance; undefined where nothing is known of it. */
	what?: string;
	advice: string;
}

const READ_IT = 'Connect a node that outputs the image file itself';

const DAMAGED: UnknownContent = {
	what: 'an image that was damaged because a node read it as text (UTF-8)',
	advice:
		"Keep it binary: in the HTTP Request node set 'Response Format' to 'File', in the Webhook node turn on 'Raw Body' or 'Binary File', and in a Code node don't call toString() on it.",
};

const MOVE_BASE64 =
	"Use n8n's 'Convert to File' node with the operation 'Move Base64 String to File' to turn base64 into a file";

const SAVE_AS = 'Save or export it as JPEG or PNG where it comes from.';

/** By the first bytes, in Latin-1. */
const SIGNATURES: Array<[RegExp, UnknownContent]> = [
	[/^(?:\xff\n|.{4}JXL )/s, { what: 'a JPEG XL image', advice: SAVE_AS }],
	[/^(?:\xffO\xffQ|.{4}jP {2})/s, { what: 'a JPEG 2000 image', advice: SAVE_AS }],
	[/^8BPS/, { what: 'a Photoshop document', advice: SAVE_AS }],
	[/^\0\0(?!\0)\p{Cc}\0/u, { what: 'an icon (ICO)', advice: SAVE_AS }],
	[
		// Built like TIFF, all that is not a TIFF image to be sent is one.
		/^(?:II\*\0|MM\0\*|....ftypcrx |FUJIFILMCCD-RAW|II[RU][OS\0]|FOVb)/s,
		{ what: "a camera's raw file", advice: SAVE_AS },
	],
	[
		/^%PDF/,
		{
			what: 'a PDF document',
			advice:
				'Turn its pages into images first, for instance by a conversion API that the HTTP Request node calls; "Extract From File" reads only the text.',
		},
	],
	[
		/^(?:PK\p{Cc}\p{Cc}|\p{Cc}\x8b)/u,
		{
			what: 'a compressed archive',
			advice: "Unpack it with n8n's 'Compression' node (operation 'Decompress') first.",
		},
	],
	[
		/^....ftyp/s,
		{
			what: 'a video, or an image in a format that is not supported',
			advice: `${READ_IT} as JPEG, PNG, WebP or GIF.`,
		},
	],
	// The first bytes of PNG, JPEG and WebP, each byte over 127 replaced or written in two.
	[/^(?:\xef\xbf\xbd|\xc2\x89)PNG/, DAMAGED],
	[/^(?:\xef\xbf\xbd|\xc3[\xbf\x98]){3}/, DAMAGED],
	[/^RIFF.{4,12}WEBP/s, DAMAGED],
];

const TEXTS: Array<[RegExp, UnknownContent]> = [
	[
		/<svg[\s>]/i,
		{
			what: 'an SVG drawing',
			advice:
				"Export it as PNG where it comes from, or convert it with a conversion API called by n8n's 'HTTP Request' node.",
		},
	],
	[
		/^<(?:!doctype html|html|head|body)/i,
		{
			what: 'a web page',
			advice:
				"The previous node got a page instead of the file: use the URL of the image file itself in the HTTP Request node, sign in there if needed, or use the service's own node (Google Drive: 'Download', Dropbox: 'Download').",
		},
	],
	[
		/^data:/i,
		{
			what: 'the text of a data URL',
			advice: `${MOVE_BASE64}; leave out everything up to the comma.`,
		},
	],
];

/** Enough to say what something is; more would hold n8n up. */
const READ_BYTES = 64 * 1024;

/**
 * Tells what a file is that is no image.
 *
 * @param content its first bytes; some thousand are enough
 * @param bytes of the whole file
 */
export function describeUnknown(content: Buffer, bytes = content.length): UnknownContent {
	const beginning = content.subarray(0, READ_BYTES);
	if (bytes === 0) {
		return {
			what: 'empty',
			advice: 'Check the previous node: it returned a file without content.',
		};
	}
	const latin1 = beginning.toString('latin1', 0, 64);
	const signature = SIGNATURES.find(([pattern]) => pattern.test(latin1));
	if (signature) return signature[1];
	// 'data:image/png;base64,…' decoded as if it were base64: decoders leave out what is none.
	if (/^dataimage\/?/.test(beginning.subarray(0, 24).toString('base64'))) {
		return {
			what: 'a data URL that was decoded together with its prefix',
			advice: `${MOVE_BASE64}; leave out 'data:image/…;base64,' first.`,
		};
	}
	const text = beginning
		.toString('utf8')
		.replace(/^\uFEFF/, '')
		.trimStart();
	if (text.startsWith('{') || text.startsWith('[')) return describeJson(text);
	const known = TEXTS.find(([pattern]) => pattern.test(text.slice(0, 2_000)));
	if (known) return known[1];
	return describeBase64(text) ?? describeText(text);
}

function describeJson(text: string): UnknownContent {
	const body = parseJson(text);
	const record = isRecord(body) ? body : {};
	const error = isRecord(record.error) ? (record.error.message ?? record.error.code) : record.error;
	const said =
		textOf(error) ?? textOf(record.message) ?? textOf(record.msg) ?? textOf(record.detail);
	const fromText = /"(?:error|message|msg)"\s*:\s*"([^"]{1,200})"/.exec(text)?.[1];
	const reason = said ?? fromText;
	if (record.type === 'Buffer') {
		return {
			what: 'a Buffer written as JSON',
			advice:
				"In the Code node, make binary data with 'await this.helpers.prepareBinaryData(buffer, fileName)'.",
		};
	}
	return {
		what: `JSON${reason === undefined ? '' : ` that says '${beginningOf(reason)}'`}`,
		advice:
			reason === undefined
				? `${MOVE_BASE64}, if the JSON contains the image as base64; or get the image from its URL with an HTTP Request node.`
				: 'The previous node got an error instead of the image: correct its request (URL, credentials).',
	};
}

const BASE64 = /^[A-Za-z0-9+/_-]{16,}={0,2}$/;

/** Base64 that was not decoded, or once too few. */
function describeBase64(text: string): UnknownContent | undefined {
	let encoded = text;
	for (let times = 1; times <= 2; times++) {
		const sample = encoded.slice(0, 4_096).replace(/\s+/g, '');
		if (!BASE64.test(sample)) return undefined;
		const decoded = Buffer.from(sample, 'base64');
		if (formatOf(decoded)) {
			return {
				what: `an image as base64 text${times > 1 ? ' that was encoded twice' : ''}`,
				advice: `${MOVE_BASE64}${times > 1 ? ', and encode it only once' : ''}; in a Code node put the base64 into 'data' of the binary field as it is.`,
			};
		}
		encoded = decoded.toString('latin1');
		if (/^data:/i.test(encoded)) return TEXTS[2][1];
	}
	return undefined;
}

function describeText(text: string): UnknownContent {
	return isBinary(Buffer.from(text))
		? { advice: `${READ_IT}; JPEG, PNG, WebP and GIF images can be sent.` }
		: {
				what: `text: '${beginningOf(text)}'`,
				advice: `${READ_IT}; a path or a URL isn't the file: use 'Read/Write Files from Disk' or 'HTTP Request' to get it.`,
			};
}

/** Whether these are bytes that no text has. */
export function isBinary(content: Buffer): boolean {
	const beginning = content.toString('utf8', 0, 200);
	// A character may be cut in two at the end.
	return /[^\P{Cc}\s]|\ufffd/u.test(content.length > 200 ? beginning.slice(0, -3) : beginning);
}

function beginningOf(text: string): string {
	return shortened(text.replace(/\s+/g, ' ').trim());
}

/** Completes a sentence: 'is not an image of a known format, but a web page'. */
export function isNoImage({ what }: UnknownContent): string {
	return what === 'empty'
		? 'is empty'
		: `is not an image of a known format${what === undefined ? '' : `, but ${what}`}`;
}
