import { createHash } from 'node:crypto';

import { Evolink } from '../../nodes/Evolink/Evolink.node';

/** SHA-256 of the node's form, in hex: tells whether the screenshots of it are out of date. */
export function formDigest(): string {
	const { properties, credentials } = new Evolink().description;
	return createHash('sha256')
		.update(JSON.stringify([properties, credentials]))
		.digest('hex');
}
