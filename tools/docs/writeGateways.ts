/** `npm run docs:gateways`: writes the table of gateways into docs/images-gateway.md. */

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { withGatewayTable } from './gateways';

const page = resolve(__dirname, '..', '..', 'docs', 'images-gateway.md');
writeFileSync(page, withGatewayTable(readFileSync(page, 'utf8')));
