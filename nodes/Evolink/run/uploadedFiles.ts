import type { IExecuteFunctions } from 'n8n-workflow';

import type { EvolinkClient, UploadedFile } from '../api/client';
import { ApiError, StoppedError } from '../api/errors/errors';
import type { FileUpload } from '../api/http/multipart';
import type { RememberedUpload } from '../memory/requestMemory';

interface SharedFile {
	/** Items that need it. */
	users: number;
	upload?: Promise<UploadedFile>;
	/** Undefined also where an earlier try has uploaded it and the host did not tell. */
	fileId?: string;
	/** Somebody needs it longer than this run. */
	isKept?: boolean;
}

/**
 * The files that a run uploads: the same image of several items once, and, where they are to be deleted, not before the
 * last of these items is done with it.
 */
export class UploadedFiles {
	private readonly files = new Map<string, SharedFile>();

	private readonly deletions: Array<Promise<void>> = [];

	private notDeleted?: Error;

	/** @param deletingClient goes on when the run has failed, because uploads of failed items are deleted, too */
	constructor(
		private readonly context: IExecuteFunctions,
		private readonly client: Pick<EvolinkClient, 'uploadFile'>,
		private readonly deletingClient: Pick<EvolinkClient, 'deleteFile'>,
	) {}

	/** An item needs these files: said for all items before the first of them is uploaded. */
	hold(uploads: RememberedUpload[]): void {
		for (const { name, fileId } of uploads) {
			const file = this.fileOf(name);
			file.users++;
			file.fileId ??= fileId;
		}
	}

	/**
	 * Uploads an image that the item holds, unless another item has done it.
	 *
	 * @param name the same for the same image
	 * @throws {EvolinkError}
	 */
	async upload(name: string, read: () => Promise<FileUpload>): Promise<UploadedFile> {
		const file = this.fileOf(name);
		const upload = (file.upload ??= read().then(
			async (content) => await this.client.uploadFile(content),
		));
		let isUploaded = false;
		try {
			const uploaded = await upload;
			file.fileId = uploaded.fileId;
			isUploaded = true;
			return uploaded;
		} finally {
			// The next item tries itself.
			if (!isUploaded && file.upload === upload) delete file.upload;
		}
	}

	/**
	 * An item needs these files no more, at least in this run.
	 *
	 * @param areDeleted whether they may go when nobody else needs them
	 */
	release(uploads: RememberedUpload[], areDeleted: boolean): void {
		for (const { name } of uploads) {
			const file = this.fileOf(name);
			file.users--;
			file.isKept ||= !areDeleted;
			if (file.users > 0 || file.isKept) continue;
			this.files.delete(name);
			this.deletions.push(this.delete(file));
		}
	}

	/** Waits until everything is deleted that is to be. Never rejects: a file that stays is no reason to lose an image. */
	async settled(): Promise<void> {
		await Promise.all(this.deletions.splice(0));
		const { notDeleted } = this;
		if (!notDeleted) return;
		const isOffered = !(notDeleted instanceof ApiError && notDeleted.isNotOffered);
		const cause = isOffered ? '' : " This account or host may not support 'Delete Uploads'.";
		this.context.addExecutionHints({
			message: `Uploaded files weren't deleted: ${notDeleted.message}.${cause} They expire 72 hours after the upload.`,
			location: 'outputPane',
		});
	}

	private fileOf(name: string): SharedFile {
		const file = this.files.get(name) ?? { users: 0 };
		this.files.set(name, file);
		return file;
	}

	private async delete({ fileId, upload }: SharedFile): Promise<void> {
		try {
			if (fileId !== undefined) await this.deletingClient.deleteFile(fileId);
			else if (upload) throw new Error("EvoLink's files host didn't return their IDs");
		} catch (error) {
			if (!(error instanceof StoppedError)) this.notDeleted ??= error as Error;
		}
	}
}
