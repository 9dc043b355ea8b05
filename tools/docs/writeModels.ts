/** `npm run docs:models`: writes the tables of models into the README. */

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { withModelTables } from './models';

const readme = resolve(__dirname, '..', '..', 'README.md');
writeFileSync(readme, withModelTables(readFileSync(readme, 'utf8')));
