import { isSuccess } from '../../../nodes/Evolink/api/http/messages';
import { isRecord, textOf } from '../../../nodes/Evolink/api/http/json';
import { formatOf } from '../../../nodes/Evolink/images/format';
import { samplePicture } from '../../simulator/samples';
import { type Assumption, held, judged, notHeld, notSeen } from '../assumption';
import type { Live } from '../live';
import { type Answer, isMissing, statusOf } from '../wire';

/** Names, addresses and lives of uploaded files. Free. */
export const uploads: Assumption[] = [
	{
		assumption: 'An upload keeps the name that it was given, at the end of its address',
		source: '2 [DOC example]',
		tried: 'an upload by a name that nothing else has',
		async try(live) {
			const { url, fileName = 'not told' } = await live.upload();
			const { pathname, host } = new URL(url);
			const end = decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
			const seen = `file_name ${shape(fileName)}, address on ${host} ends in ${shape(end)}`;
			return judged(end === fileName && fileName.startsWith('check-live-'), seen);
		},
	},
	{
		assumption:
			'The address of an upload can be fetched at once, without the key, and gives the same bytes',
		source: '2 [DOC: public link]',
		tried: 'fetched right after the upload',
		async try(live) {
			const { url } = await live.upload();
			const answer = await live.wire.ask('GET', url, { withKey: false });
			const isSame = answer.body.equals(await samplePicture());
			const type = answer.headers['content-type'] ?? 'not told';
			return judged(
				isSame,
				`${answer.status}, ${type}, ${isSame ? 'the same bytes' : 'other bytes'}`,
			);
		},
	},
	{
		assumption:
			'The same name gives the same address again (what Job Key relies on), with the new content',
		source: '2 [CLIENT skill]',
		tried: 'two uploads of different images under one name, and the address fetched',
		async try(live) {
			const name = `check-live-same-${Date.now()}.png`;
			const first = await live.uploadImage(await samplePicture('png', { width: 400 }), name);
			const second = await samplePicture('png', { width: 410 });
			const { url } = await live.uploadImage(second, name);
			if (url !== first.url) return notHeld('another address');
			const { body } = await live.wire.ask('GET', url, { withKey: false });
			return held(`the same address; it gives the ${body.equals(second) ? 'new' : 'OLD'} content`);
		},
	},
	{
		assumption: 'An upload tells when it ends: after 72 hours',
		source: '2 [DOC]',
		tried: '`expires_at` of an upload',
		async try(live) {
			const { expiresAt } = await live.upload();
			if (expiresAt === undefined) return notSeen('no expires_at that can be read');
			const hours = Math.round((expiresAt - Date.now()) / 3_600_000);
			return judged(hours === 72, `in ${hours} hours`);
		},
	},
	{
		assumption: 'A file of a type that is no JPEG, PNG, GIF or WebP is refused',
		source: '2 [DOC]',
		tried: 'an upload of a BMP',
		async try(live) {
			const name = `check-live-${Date.now()}.bmp`;
			const { isTaken, seen } = await tryUpload(
				live,
				await samplePicture('bmp'),
				name,
				'image/bmp',
			);
			return judged(!isTaken, seen);
		},
	},
	{
		assumption: "The files host takes a file just below the limit of the vendor's clients (100 MB)",
		source: '2 [CLIENT]',
		tried: 'a PNG of 95 % of it',
		async try(live) {
			const { isTaken, seen } = await uploadOf(live, 0.95);
			return judged(isTaken, seen);
		},
	},
	{
		assumption: 'The files host refuses a file above that limit',
		source: '2 [CLIENT]',
		tried: 'a PNG of 101 % of it',
		async try(live) {
			const { isTaken, seen } = await uploadOf(live, 1.01);
			return judged(!isTaken, seen);
		},
	},
	{
		assumption: 'Uploads can be listed',
		source: '2 [CLIENT]',
		tried: '`GET /api/v1/files/list`',
		async try(live) {
			await live.upload();
			const list = `${live.settings.filesBaseUrl}/api/v1/files/list?page=1&pageSize=20`;
			const answer = await live.wire.ask('GET', list);
			if (isMissing(answer) || codeOf(answer) === '404') return notSeen(statusOf(answer));
			const data = isRecord(answer.json) && isRecord(answer.json.data) ? answer.json.data : {};
			const files = Array.isArray(data.files) ? (data.files as unknown[]) : undefined;
			const total = textOf(data.total) ?? 'not told';
			return judged(files !== undefined, files ? `total ${total}` : statusOf(answer));
		},
	},
	{
		assumption: 'An upload can be deleted by its file_id, and its address then gives nothing',
		source: '2 [CLIENT]',
		tried: '`DELETE /api/v1/files/{file_id}`, then its address fetched',
		try: tryDelete,
	},
];

/** A PNG with so much behind its end that it is this share of the limit. */
async function uploadOf(live: Live, share: number) {
	const { largestUpload = 100 * MEGABYTE } = live.settings;
	const png = await samplePicture();
	const padding = Buffer.alloc(Math.round(share * largestUpload) - png.length);
	return await tryUpload(live, Buffer.concat([png, padding]));
}

const MEGABYTE = 1024 * 1024;

async function tryUpload(live: Live, ...file: Parameters<Live['uploadImage']>) {
	const before = live.wire.answers.length;
	const isTaken = await live.uploadImage(...file).then(
		() => true,
		() => false,
	);
	const [answer] = live.wire.answers.slice(before);
	return { isTaken, seen: answer ? statusOf(answer) : 'no answer' };
}

async function tryDelete(live: Live) {
	const { url, fileId } = await live.uploadImage(await samplePicture('png', { width: 420 }));
	if (fileId === undefined) return notSeen('the upload told no file_id');
	const answer = await live.wire.ask(
		'DELETE',
		`${live.settings.filesBaseUrl}/api/v1/files/${fileId}`,
	);
	if (isMissing(answer) || codeOf(answer) === '404') return notSeen(statusOf(answer));
	const isRefused = !isSuccess(answer) || (isRecord(answer.json) && answer.json.success === false);
	if (isRefused) return notHeld(statusOf(answer));
	const { status, body } = await live.wire.ask('GET', url, { withKey: false });
	const isGone = formatOf(body) === undefined;
	return judged(
		isGone,
		`${answer.status}; the address then gives ${status}${isGone ? '' : ' and the image'}`,
	);
}

/** The files host refuses under HTTP 200 too. */
function codeOf({ json }: Answer): string | undefined {
	return isRecord(json) && json.success === false ? textOf(json.code) : undefined;
}

/** A name without what is random in it. */
function shape(name: string): string {
	return name.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '<uuid>');
}
