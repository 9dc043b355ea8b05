import { realClock } from '../../../nodes/Evolink/api/http/clock';

const HOUR = 3_600_000;

afterEach(() => jest.restoreAllMocks());

describe('the real clock', () => {
	it('starts with the time of day', () => {
		expect(Math.abs(realClock().now() - Date.now())).toBeLessThan(1_000);
	});

	it.each([
		['back', -HOUR],
		['ahead', HOUR],
	])('does not notice that the clock of the computer is set %s', (_name, by) => {
		const clock = realClock();
		const before = clock.now();
		const wrong = Date.now() + by;
		jest.spyOn(Date, 'now').mockReturnValue(wrong);
		expect(clock.now() - before).toBeGreaterThanOrEqual(0);
		expect(clock.now() - before).toBeLessThan(60_000);
	});

	it('sleeps as long as it should while the clock of the computer is set back', async () => {
		const clock = realClock();
		const before = clock.now();
		const sleeping = clock.sleep(600);
		const wrong = Date.now() - HOUR;
		jest.spyOn(Date, 'now').mockReturnValue(wrong);
		await sleeping;
		expect(clock.now() - before).toBeGreaterThanOrEqual(600);
	});
});
