/** `npm run docs:models`: writes the tables of models into docs/models.md. */

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { withModelTables } from './models';

const page = resolve(__dirname, '..', '..', 'docs', 'models.md');
writeFileSync(page, withModelTables(readFileSync(page, 'utf8')));
