import { edited, errorText, type Fixture, items } from '../fixture';

/** The account's task history on real n8n: many items out of one. */
export function history(given: () => Fixture): void {
	it('lists the tasks of the account, each paired with the item that asked', async () => {
		const fixture = given();
		const { simulator } = fixture;
		await fixture.run([
			...items({ n: 1 }, { n: 2 }, { n: 3 }),
			fixture.editImage({ wait: 'none', options: { concurrency: 1 } }),
		]);
		const newestFirst = [...simulator.tasks.keys()].reverse();
		const execution = await fixture.run([
			...items({ limit: 2 }, { limit: 9 }),
			fixture.evolink({ operation: 'getManyTasks', limit: '={{ $json.limit }}' }),
		]);
		const output = edited(execution);
		expect(output.map(({ json }) => json.id)).toEqual([...newestFirst.slice(0, 2), ...newestFirst]);
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual(
			[0, 0, 1, 1, 1].map((item) => ({ item })),
		);
	});

	it('finds the task behind an error about an unknown outcome', async () => {
		const fixture = given();
		const { simulator } = fixture;
		const fault = { status: 504, handled: true };
		simulator.inject({ host: 'api', path: /generations/, times: Infinity, fault });
		expect(errorText(await fixture.run([fixture.editImage()]))).toContain('Get Many Tasks');
		const execution = await fixture.run([
			fixture.evolink({ operation: 'getManyTasks', returnAll: true }),
		]);
		expect(edited(execution).map(({ json }) => json.id)).toEqual([...simulator.tasks.keys()]);
	});
}
