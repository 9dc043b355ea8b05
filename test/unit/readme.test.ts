import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { withModelTables } from '../../tools/docs/models';

it('the tables of models in docs/models.md say what the catalogue says (npm run docs:models writes them)', () => {
	const page = readFileSync(resolve(__dirname, '..', '..', 'docs', 'models.md'), 'utf8');
	expect(page).toBe(withModelTables(page));
});
