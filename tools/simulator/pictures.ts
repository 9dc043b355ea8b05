import type { RecordedRequest } from './journal';
import { SAMPLES } from './samples';
import type { Answer } from './server';

/** The host of source images: anybody's web server, so to say. */
export async function answerImages(request: RecordedRequest): Promise<Answer> {
	if (!Object.hasOwn(SAMPLES, request.path)) {
		return { status: 404, body: '<!doctype html><title>Not Found</title>' };
	}
	const { contentType, bytes } = SAMPLES[request.path];
	return { status: 200, headers: { 'content-type': contentType }, body: await bytes() };
}
