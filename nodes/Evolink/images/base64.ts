import { breaks } from '../api/http/breaks';

/** A multiple of four: so many characters are three quarters as many bytes. */
const PIECE_CHARACTERS = 768 * 1024;
/** Escapes of JSON that base64 is sent with: PHP writes \/, others break it into lines, or write + as a code. */
const ESCAPES = /\\(?:u([0-9a-f]{4})|([^u]))/gi;
const ESCAPE_THAT_GOES_ON = /\\(?:u[0-9a-f]{0,3})?$/i;

/** Whether this may be base64, by its beginning; with the escapes of JSON or without. */
export function isBase64(text: Buffer): boolean {
	return /^(?:[\w+/=\s-]|\\[/nrtu])*\\?$/.test(text.toString('latin1', 0, 1_000));
}

/**
 * Decodes base64 piece by piece, so that n8n comes to its other work, **into the room that it stands in**, so that an
 * image is not held twice. What is none of its characters is left out.
 *
 * @param text with or without the escapes of JSON; changed
 * @param onPiece gets the bytes in their order
 */
export async function decodeInPlace(
	text: Buffer,
	onPiece: (bytes: Buffer) => void = () => undefined,
): Promise<Buffer> {
	const rest = breaks();
	let end = 0;
	let over = '';
	for (let start = 0; start < text.length; start += PIECE_CHARACTERS) {
		const piece = over + text.toString('latin1', start, start + PIECE_CHARACTERS);
		let written = text.write(piece, end, 'base64');
		over = '';
		if (written !== (piece.length / 4) * 3) {
			const isLast = start + PIECE_CHARACTERS >= text.length;
			const [goesOn] = (!isLast && ESCAPE_THAT_GOES_ON.exec(piece)) || [''];
			const characters = charactersOf(piece.slice(0, piece.length - goesOn.length));
			const whole = isLast ? characters.length : characters.length - (characters.length % 4);
			written = text.write(characters.slice(0, whole), end, 'base64');
			over = characters.slice(whole) + goesOn;
		}
		onPiece(text.subarray(end, end + written));
		end += written;
		await rest(piece.length);
	}
	return text.subarray(0, end);
}

function charactersOf(piece: string): string {
	const plain = piece.replace(ESCAPES, (_escape, code?: string, character?: string) =>
		code === undefined ? (character === '/' ? '/' : '') : String.fromCharCode(parseInt(code, 16)),
	);
	return plain.replace(/[^\w+/-]/g, '');
}
