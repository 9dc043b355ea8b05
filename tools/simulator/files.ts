import { randomBytes } from 'node:crypto';

import type { Clock } from './clock';
import type { StatusFault } from './faults';
import type { Part, RecordedRequest } from './journal';
import type { Answer } from './server';
import { sniffFormat } from './sniffing';

/** Uploaded files live 72 hours (docs.evolink.ai, file-series). */
const FILE_LIFETIME_SECONDS = 72 * 3600;
/** 100 MB: upload policy of the vendor's clients. */
export const MAX_FILE_BYTES = 100 * 1024 * 1024;
const ALLOWED_FORMATS = ['jpeg', 'png', 'gif', 'webp'];

/** The code of a refusal stands in its body; the status follows from it unless told otherwise. */
const MESSAGES = {
	200: { status: 200, en: 'File uploaded successfully', zh: '文件上传成功' },
	400: { status: 400, en: 'Invalid request', zh: '请求参数错误' },
	401: { status: 401, en: 'Invalid or expired token', zh: '令牌无效或已过期' },
	403: { status: 403, en: 'Permission denied', zh: '没有权限' },
	404: { status: 404, en: 'Not found', zh: '资源不存在' },
	500: { status: 500, en: 'Internal server error', zh: '服务器内部错误' },
	40001: { status: 413, en: 'File is too large', zh: '文件过大' },
	40002: { status: 400, en: 'File type is not allowed', zh: '不支持的文件类型' },
	40003: { status: 403, en: 'File quota exceeded', zh: '文件数量超出配额' },
	40004: { status: 400, en: 'Download of the URL failed', zh: '从链接下载文件失败' },
	50001: { status: 500, en: 'Storage error', zh: '存储错误' },
} satisfies Record<number, { status: number; en: string; zh: string }>;

export type FilesCode = keyof typeof MESSAGES;

export interface StoredFile {
	fileId: string;
	/** Path of its public link. */
	path: string;
	fileName: string;
	originalName: string;
	contentType: string;
	data: Buffer;
	/** Milliseconds since the epoch, on the service's clock. */
	uploadedAt: number;
}

export interface FilesSetup {
	apiKey: string;
	clock: Clock;
	origin: () => string;
	language?: 'en' | 'zh';
	refuseWithStatus200: boolean;
	deletion: boolean;
	maxFileBytes: number;
}

/** The files host: takes uploads with a key, gives them to everybody. */
export class Files {
	/** Files by the path of their link. */
	readonly stored = new Map<string, StoredFile>();
	/** How often an upload replaced an earlier file of the same name. */
	overwritten = 0;

	constructor(private readonly setup: FilesSetup) {}

	answer(request: RecordedRequest): Answer {
		const { method, path, headers } = request;
		const file = this.find(path);
		if ((method === 'GET' || method === 'HEAD') && file) {
			return { status: 200, headers: { 'content-type': file.contentType }, body: file.data };
		}
		if (method === 'GET' && !path.startsWith('/api/')) return { status: 404, body: 'Not Found' };
		if (headers.authorization !== `Bearer ${this.setup.apiKey}`) return this.refuse(401, request);
		if (method === 'POST' && path === '/api/v1/files/upload/stream') return this.upload(request);
		if (method === 'DELETE' && this.setup.deletion) return this.delete(request);
		return this.refuse(404, request);
	}

	private find(path: string): StoredFile | undefined {
		const [, fileId] = /^\/api\/v1\/files\/download\/(\w+)$/.exec(path) ?? [];
		const file = fileId
			? [...this.stored.values()].find((stored) => stored.fileId === fileId)
			: this.stored.get(path);
		const now = this.setup.clock.now();
		return file && now < file.uploadedAt + FILE_LIFETIME_SECONDS * 1000 ? file : undefined;
	}

	/** Source: deeplearning-goethe/evolink-cli and the vendor's skill file; no docs page. */
	private delete(request: RecordedRequest): Answer {
		const [, fileId] = /^\/api\/v1\/files\/(\w+)$/.exec(request.path) ?? [];
		const file = [...this.stored.values()].find((stored) => stored.fileId === fileId);
		if (!file) return this.refuse(404, request);
		this.stored.delete(file.path);
		return { status: 200, body: { success: true, code: 200, msg: 'File deleted successfully' } };
	}

	private upload(request: RecordedRequest): Answer {
		const { parts } = request;
		if (!parts) return this.refuse(400, request, 'the body must be multipart/form-data');
		const upload = readUpload(parts);
		if (typeof upload === 'string') return this.refuse(400, request, upload);
		const { file, folder, fileName } = upload;
		if (file.data.length === 0) return this.refuse(400, request, 'file is empty');
		if (file.data.length > this.setup.maxFileBytes) return this.refuse(40001, request);
		const format = sniffFormat(file.data) ?? '';
		if (!ALLOWED_FORMATS.includes(format) || file.contentType !== `image/${format}`) {
			const type = `declared ${file.contentType}, found ${format || 'no picture'}`;
			return this.refuse(40002, request, type);
		}
		const stored: StoredFile = {
			fileId: `file_${randomBytes(8).toString('hex')}`,
			path: encodeURI(`/${folder}/${fileName}`),
			fileName,
			originalName: file.fileName ?? '',
			contentType: `image/${format}`,
			data: file.data,
			uploadedAt: this.setup.clock.now(),
		};
		if (this.stored.has(stored.path)) this.overwritten++;
		this.stored.set(stored.path, stored);
		return {
			status: 200,
			body: { success: true, ...this.message(200, request), data: this.describe(stored, folder) },
		};
	}

	/** https://docs.evolink.ai/en/api-manual/file-series/upload-stream */
	private describe(file: StoredFile, folder: string): object {
		const origin = this.setup.origin();
		return {
			file_id: file.fileId,
			file_name: file.fileName,
			original_name: file.originalName,
			file_size: file.data.length,
			mime_type: file.contentType,
			upload_path: folder,
			file_url: `${origin}${file.path}`,
			download_url: `${origin}/api/v1/files/download/${file.fileId}`,
			upload_time: chinaTime(file.uploadedAt),
			expires_at: chinaTime(file.uploadedAt + FILE_LIFETIME_SECONDS * 1000),
		};
	}

	private refuse(code: FilesCode, request: RecordedRequest, detail?: string): Answer {
		const status = this.setup.refuseWithStatus200 ? 200 : MESSAGES[code].status;
		const { msg } = this.message(code, request);
		const body = { success: false, code, msg: detail ? `${msg}: ${detail}` : msg };
		return { status, body };
	}

	private message(code: FilesCode, request: RecordedRequest): { code: number; msg: string } {
		const asksForChinese = /^zh\b/i.test(request.headers['accept-language'] ?? '');
		const language = this.setup.language ?? (asksForChinese ? 'zh' : 'en');
		return { code, msg: MESSAGES[code][language] };
	}
}

/** A refusal of the files host, to be injected; with status 200 only `success: false` shows it. */
export function filesRefusal(code: FilesCode, status: number = MESSAGES[code].status): StatusFault {
	return { status, body: { success: false, code, msg: MESSAGES[code].en } };
}

/** What an upload consists of, or what is wrong with it. */
function readUpload(parts: Part[]): { file: Part; folder: string; fileName: string } | string {
	const files = parts.filter(({ fileName }) => fileName !== undefined);
	const [file] = files;
	if (files.length !== 1 || file.name !== 'file') return 'exactly one part named file is needed';
	const known = ['file', 'file_name', 'fileName', 'upload_path', 'uploadPath'];
	const stranger = parts.find(({ name }) => !known.includes(name));
	if (stranger) return `unknown field ${stranger.name}`;

	const text = (...names: string[]) => {
		const fields = parts.filter((part) => part !== file && names.includes(part.name));
		return fields.map(({ data }) => data.toString('utf8'));
	};
	const names = text('file_name', 'fileName');
	const folders = text('upload_path', 'uploadPath');
	if (names.length > 1 || folders.length > 1) return 'a field is given twice';
	const fileName = (names[0] ?? file.fileName ?? '').trim();
	const folder = (folders[0] ?? 'uploads').replace(/^\/+|\/+$/g, '');
	if (fileName === '' || /[/\\]/.test(fileName)) return 'file_name is not a file name';
	if (folder.split('/').includes('..')) return 'upload_path is not a path';
	return { file, folder, fileName };
}

/** ISO 8601 with the offset of China, which the service writes. */
function chinaTime(milliseconds: number): string {
	const shifted = new Date(milliseconds + 8 * 3600 * 1000);
	return shifted.toISOString().replace(/\.\d+Z$/, '+08:00');
}
