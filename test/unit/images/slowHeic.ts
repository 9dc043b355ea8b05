/** A pattern over and over. */
export function repeated(pattern: Buffer, bytes: number): Buffer {
	return pattern.length === 0 ? pattern : Buffer.alloc(bytes, pattern);
}

/**
 * A HEIC or AVIF of 160 KB with boxes that made a reader which looks for each of them from the beginning block n8n
 * for half a minute.
 */
export function slowHeic(brand = 'heic', sizes = 4_000, others = 10_000): Buffer {
	const properties = Buffer.concat([
		repeated(box('ispe', Buffer.alloc(12)), sizes * 20),
		repeated(box('free'), others * 8),
	]);
	const ftyp = box('ftyp', Buffer.from(`${brand}\0\0\0\0mif1${brand}`, 'latin1'));
	return Buffer.concat([ftyp, box('meta', Buffer.alloc(4), box('iprp', box('ipco', properties)))]);
}

function box(type: string, ...content: Buffer[]): Buffer {
	const body = Buffer.concat([Buffer.from(type), ...content]);
	const length = Buffer.alloc(4);
	length.writeUInt32BE(body.length + 4);
	return Buffer.concat([length, body]);
}
