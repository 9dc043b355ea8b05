import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { withModelTables } from '../../tools/docs/models';

it("the README's tables of models say what the catalogue says (npm run docs:models writes them)", () => {
	const readme = readFileSync(resolve(__dirname, '..', '..', 'README.md'), 'utf8');
	expect(readme).toBe(withModelTables(readme));
});
