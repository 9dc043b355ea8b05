import { randomBytes } from 'node:crypto';
import sharp from 'sharp';

import type { CreateTaskBody } from '../../../nodes/Evolink/api/client';
import { samplePicture } from '../../simulator/samples';
import { type Assumption, held, judged, notHeld, notSeen, type Verdict } from '../assumption';
import { type Attempt, type Live, MODEL, PROMPT } from '../live';
import { isAboutRequest, statusOf } from '../wire';

/** The limits of the model, just inside and just outside. */
export const limits: Assumption[] = [
	{
		assumption: `${MODEL} takes three images, of 384 and of 3072 pixels a side, and 2,000 characters`,
		source: '6.1 [DOC; pages contradict each other]',
		tried: 'all of it in one create',
		buys: { held: 1, notHeld: 1 },
		async try(live) {
			const image_urls = [
				await uploaded(live, 384, 384),
				await uploaded(live, 3072, 400),
				(await live.upload()).url,
			];
			const body = await live.body({ image_urls, prompt: PROMPT.padEnd(2_000, '.') });
			return takenOrNot(await live.attempt(body));
		},
	},
	{
		assumption: `${MODEL} takes an image of 4,096 pixels a side (the node shows a hint above 3,072)`,
		source: '6.1 [DOC; pages contradict each other]',
		tried: 'a create with it',
		buys: { held: 1, notHeld: 0 },
		async try(live) {
			const body = await live.body({ image_urls: [await uploaded(live, 4096, 500)] });
			return takenOrNot(await live.attempt(body));
		},
	},
	outside('an image of 383 pixels a side', '6.1 [DOC]', async (live) => ({
		image_urls: [await uploaded(live, 383, 500)],
	})),
	outside('an image of 4,097 pixels a side', '6.1 [DOC]', async (live) => ({
		image_urls: [await uploaded(live, 4097, 500)],
	})),
	outside('an image of more than 10 MB', '6.1 [DOC]', async (live) => ({
		image_urls: [(await live.uploadImage(await largeImage())).url],
	})),
	outside('four images', '6.1 [DOC]', async (live) => ({
		image_urls: Array<string>(4).fill((await live.upload()).url),
	})),
	outside('a prompt of 2,001 characters', '6.1 [DOC; one page says 1,000]', async () => ({
		prompt: PROMPT.padEnd(2_001, '.'),
	})),
	outside('an image as a data URL', '12 [nothing]', async () => ({
		image_urls: [`data:image/png;base64,${(await samplePicture()).toString('base64')}`],
	})),
	outside('a callback URL with http://', '5 [DOC]', async () => ({
		callback_url: 'http://example.com/check-live',
	})),
];

/** Held where the create is refused or the task fails; otherwise it is paid for. */
function outside(
	what: string,
	source: string,
	changes: (live: Live) => Promise<Partial<CreateTaskBody>>,
): Assumption {
	return {
		assumption: `${MODEL} refuses ${what}`,
		source,
		tried: 'a create with it',
		buys: { held: 0, notHeld: 1 },
		async try(live): Promise<Verdict> {
			const attempt = await live.attempt(await live.body(await changes(live)));
			const fate = fateOf(attempt);
			if ('refused' in attempt) return isAboutRequest(attempt.refused) ? held(fate) : notSeen(fate);
			const { failure } = attempt.ended;
			return failure?.retryable ? notSeen(fate) : judged(failure !== undefined, fate);
		},
	};
}

function takenOrNot(attempt: Attempt): Verdict {
	const fate = fateOf(attempt);
	if ('refused' in attempt) return isAboutRequest(attempt.refused) ? notHeld(fate) : notSeen(fate);
	const { status, failure } = attempt.ended;
	return failure?.retryable ? notSeen(fate) : judged(status === 'completed', fate);
}

function fateOf(attempt: Attempt): string {
	if ('refused' in attempt) return `create refused: ${statusOf(attempt.refused)}`;
	const { status, failure } = attempt.ended;
	return failure === undefined ? `task ${status}` : `task ${status}: ${failure.code}`;
}

async function uploaded(live: Live, width: number, height: number): Promise<string> {
	return (await live.uploadImage(await samplePicture('png', { width, height }))).url;
}

/** A PNG of 1,900 × 1,900 pixels that no compression makes smaller than 10 MB. */
async function largeImage(): Promise<Buffer> {
	const side = 1_900;
	const raw = { width: side, height: side, channels: 3 } as const;
	return await sharp(randomBytes(side * side * 3), { raw })
		.png({ compressionLevel: 0 })
		.toBuffer();
}
