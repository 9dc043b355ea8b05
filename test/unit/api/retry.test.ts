import { ApiError } from '../../../nodes/Evolink/api/errors/errors';
import { repeatRead, retryAfterMs, retryDelayMs } from '../../../nodes/Evolink/api/http/retry';
import { VirtualClock } from '../virtualClock';

const NOW = Date.UTC(2026, 10, 21, 12);

describe('Retry-After', () => {
	it.each([
		['seconds', '7', 7_000],
		['seconds with white space', ' 7 ', 7_000],
		['a fraction', '0.5', 500],
		['at once', '0', 0],
		['one minute', '60', 60_000],
		['more than a minute is cut', '61', 60_000],
		['an hour is cut', '3600', 60_000],
		['a number without end is cut', '9'.repeat(400), 60_000],
		['an HTTP date', 'Sat, 21 Nov 2026 12:00:20 GMT', 20_000],
		['a date far away is cut', 'Sun, 22 Nov 2026 12:00:00 GMT', 60_000],
	])('%s: %s', (_name, header, expected) => {
		expect(retryAfterMs({ headers: { 'retry-after': header } }, NOW)).toBe(expected);
	});

	it.each([
		['a date in the past', 'Sat, 21 Nov 2026 11:59:00 GMT'],
		['a negative number', '-5'],
		['words', 'soon'],
		['words with a number', 'nonsense 7'],
		['nothing', ''],
	])('%s says nothing: the usual back-off holds', (_name, header) => {
		expect(retryAfterMs({ headers: { 'retry-after': header } }, NOW)).toBeUndefined();
	});

	it('may be missing', () => {
		expect(retryAfterMs({ headers: {} }, NOW)).toBeUndefined();
	});
});

describe('back-off', () => {
	const random = jest.spyOn(Math, 'random');
	afterAll(() => random.mockRestore());

	it.each([
		[1, 1_000],
		[2, 2_000],
		[3, 4_000],
		[4, 8_000],
		[5, 16_000],
		[6, 16_000],
		[5_000, 16_000],
	])('after try %d waits %d ms, and up to a quarter more at random', (tries, expected) => {
		random.mockReturnValue(0);
		expect(retryDelayMs(tries, undefined)).toBe(expected);
		random.mockReturnValue(0.999_999);
		expect(retryDelayMs(tries, undefined)).toBeGreaterThan(expected * 1.24);
		expect(retryDelayMs(tries, undefined)).toBeLessThanOrEqual(expected * 1.25);
	});

	it('never comes back sooner than the service asks', () => {
		random.mockReturnValue(0);
		expect(retryDelayMs(1, 30_000)).toBe(30_000);
		random.mockReturnValue(0.999_999);
		expect(retryDelayMs(1, 30_000)).toBeLessThanOrEqual(37_500);
	});

	it('leaves a second between tries even if the service says at once', () => {
		random.mockReturnValue(0);
		expect(retryDelayMs(1, 0)).toBe(1_000);
		expect(retryDelayMs(5, 0)).toBe(1_000);
	});
});

describe('repeatRead', () => {
	const fault = (message: string) =>
		({ ok: false, error: new ApiError(message, ''), mayPass: true }) as const;

	it('ends a lasting fault with the last cause', async () => {
		const clock = new VirtualClock();
		let tries = 0;
		const reading = repeatRead(clock, async () => fault(`fault ${++tries}`));
		await expect(reading).rejects.toThrow('fault 4');
		expect(tries).toBe(4);
		expect(clock.elapsed).toBeGreaterThanOrEqual(7_000);
	});

	it('outlives passing faults', async () => {
		const results = [fault('a'), fault('b'), { ok: true, value: 'picture' } as const];
		const read = repeatRead(new VirtualClock(), async () => results.shift() ?? fault('too often'));
		await expect(read).resolves.toBe('picture');
	});
});
