/** What a process remembers as long as it lives: so many entries at most, the oldest make way. */
export class BoundedMap<Value> {
	private readonly entries = new Map<string, Value>();

	constructor(private readonly maxEntries: number) {}

	get(key: string): Value | undefined {
		return this.entries.get(key);
	}

	/** The entry becomes the newest. */
	set(key: string, value: Value): void {
		this.entries.delete(key);
		this.entries.set(key, value);
		const [oldest] = this.entries.keys();
		if (this.entries.size > this.maxEntries) this.entries.delete(oldest);
	}

	/** What is there, or else what is made; either becomes the newest entry. */
	getOrAdd(key: string, make: () => Value): Value {
		const value = this.entries.has(key) ? (this.entries.get(key) as Value) : make();
		this.set(key, value);
		return value;
	}
}
