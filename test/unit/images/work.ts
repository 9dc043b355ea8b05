/** Where bytes are read: Node.js's own objects, and what they inherit from. */
const READERS = [
	Buffer.prototype,
	Object.getPrototypeOf(Uint8Array.prototype) as object,
	DataView.prototype,
	TextDecoder.prototype,
];

const READS =
	/^(?:get[A-Z]|read|slice|subarray|indexOf|includes|toString|decode$|latin1Slice|utf8Slice|hexSlice)/;

/** Counts reads of bytes: a measure of work that does not depend on the machine. */
export async function readsOf(act: () => unknown): Promise<number> {
	let reads = 0;
	const restore: Array<() => void> = [];
	for (const reader of READERS) {
		for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(reader))) {
			const method: unknown = property.value;
			if (!READS.test(name) || typeof method !== 'function') continue;
			restore.push(() => void Object.defineProperty(reader, name, property));
			Object.defineProperty(reader, name, {
				...property,
				value(this: unknown, ...given: unknown[]) {
					reads++;
					return method.apply(this, given) as unknown;
				},
			});
		}
	}
	try {
		await act();
	} finally {
		for (const each of restore) each();
	}
	return reads;
}
